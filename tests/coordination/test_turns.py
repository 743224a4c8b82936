"""Turns of the loop: others go on during long work, and short work is not held up."""

import gevent
import pytest

from jupyter_rtc_locust.coordination import turns as module
from jupyter_rtc_locust.coordination.turns import Turns
from runs.patches import replace_in


@pytest.fixture
def clock(monkeypatch):
    """A clock that moves when a test says so."""
    now = [100.0]
    replace_in(monkeypatch, module, "time", monotonic=lambda: now[0])
    return now


def test_a_turn_is_taken_when_the_last_one_is_long_ago_and_not_before(clock, monkeypatch):
    slept = []
    replace_in(monkeypatch, module, "gevent", sleep=slept.append)
    turns = Turns()
    for _ in range(100):
        turns()
    assert not slept
    for _ in range(5):
        clock[0] += 0.03
        turns()
        turns()
    assert len(slept) == 5


def test_others_have_their_turn():
    going_on = gevent.spawn(lambda: "done")
    Turns().take()
    assert going_on.ready()
