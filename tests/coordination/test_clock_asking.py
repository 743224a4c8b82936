"""When the run began, by a worker's own clock: as its master says, and not as late as a message came."""

import pytest

from jupyter_rtc_locust.coordination import clock_asking
from jupyter_rtc_locust.coordination.clock_asking import ClockAsking
from runs.patches import replace_in

BEGAN = 1000.0
"""By the worker's clock."""


@pytest.fixture
def asking(monkeypatch):
    made = ClockAsking("run", lambda *_: None)

    def exchange(asked, there, back, run="run"):
        replace_in(monkeypatch, clock_asking, "time", monotonic=lambda: asked + there + back)
        made.hear({"run": run, "asked": asked, "told": asked + there - BEGAN})

    made.exchange = exchange
    return made


def test_the_quickest_answer_says_when_the_run_began_whatever_was_supposed(asking):
    asking.exchange(1005.0, 3.0, 0.1)
    asking.exchange(1006.0, 0.001, 0.001)
    asking.exchange(1007.0, 0.0, 2.0)
    assert asking.run_started(BEGAN + 4.0) == pytest.approx(BEGAN)


@pytest.mark.parametrize("supposed", [BEGAN - 0.4, BEGAN + 0.4])
def test_what_is_nearly_right_is_kept(asking, supposed):
    asking.exchange(1005.0, 0.001, 0.001)
    assert asking.run_started(supposed) == supposed


def test_who_never_heard_an_answer_goes_by_what_it_was_told_with_its_seat(asking):
    asking.exchange(1005.0, 0.0, 0.0, run="another")
    assert asking.run_started(BEGAN + 4.0) == BEGAN + 4.0
    assert asking.as_evidence(lambda moment: moment) == []


def test_exchanges_are_told_in_seconds_since_the_start_of_the_run(asking):
    asking.exchange(1005.0, 0.25, 0.25)
    began = asking.run_started(BEGAN + 4.0)
    assert asking.as_evidence(lambda moment: moment - began) == [[5.0, 5.25, 5.5]]
