"""What the coordinator notes of a run: who still has to answer."""

import pytest

from jupyter_rtc_locust.coordination.rounds import Collection
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.settings import Settings


@pytest.fixture
def state():
    return RunState("run", 1, Settings(), "http://h", None, started=1000.0)


def test_a_process_is_waited_for_until_it_answered_or_is_lost(state):
    state.processes = {"a", "b", "c"}
    assert state.pending(state.end) == {"a", "b", "c"}
    state.end.answers["a"] = {}
    state.end.lost.add("b")
    assert state.pending(state.end) == {"c"}


def test_a_process_that_began_in_the_middle_of_a_checkpoint_is_asked_only_at_the_end(state):
    state.processes = {"a", "b", "late"}
    state.checkpoint = Collection(1, asked=frozenset({"a", "b"}))
    assert state.pending(state.checkpoint) == {"a", "b"}
    assert state.pending(state.end) == {"a", "b", "late"}


def test_a_checkpoint_and_the_end_are_collected_apart_and_what_is_over_is_taken_no_more(state):
    state.checkpoint = Collection(3)
    assert state.collection(3) is state.checkpoint
    assert state.collection(0) is state.end
    assert state.collection(2) is None
    state.checkpoint.answers["a"] = {}
    state.processes = {"a"}
    assert state.pending(state.end) == {"a"}


def test_times_are_told_since_the_start_of_the_run(state):
    assert state.since_start(1012.5) == 12.5
