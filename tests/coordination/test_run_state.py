"""What the coordinator notes of a run: who still has to answer, and how long the server was silent."""

import pytest

from jupyter_rtc_locust.coordination.rounds import Collection
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.settings import HTTP_TRY_DEADLINE_S, Settings


@pytest.fixture
def state():
    return RunState("run", 1, Settings(), "http://h", None, started=1000.0)


def test_a_process_is_waited_for_until_it_answered_or_is_lost(state):
    state.processes = {"a", "b", "c"}
    assert state.pending(state.end) == {"a", "b", "c"}
    state.end.answers["a"] = {}
    state.end.lost.add("b")
    assert state.pending(state.end) == {"c"}


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


def test_a_silence_as_long_as_the_deadline_is_remembered_with_its_moment_and_its_length(state):
    state.silent_since = 1005.0
    state.note_silence_over(1005.0 + HTTP_TRY_DEADLINE_S)
    assert state.server_silences == [(5.0, HTTP_TRY_DEADLINE_S)]
    assert state.silent_since is None


def test_a_shorter_silence_is_forgotten(state):
    state.silent_since = 1005.0
    state.note_silence_over(1005.0 + HTTP_TRY_DEADLINE_S - 0.1)
    assert state.server_silences == []
    assert state.silent_since is None


def test_an_answer_without_a_silence_before_it_changes_nothing(state):
    state.note_silence_over(2000.0)
    assert state.server_silences == []
