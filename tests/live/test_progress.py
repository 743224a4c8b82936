"""A run in one line."""

from __future__ import annotations

import pytest

from jupyter_rtc_locust.live.looks import COUNTED, DocumentLook, Look, Strain
from jupyter_rtc_locust.live.picture import STATES, Picture, RunFacts
from jupyter_rtc_locust.live.progress import progress_line
from jupyter_rtc_locust.timing.histogram import Histogram


def times(*milliseconds: float) -> Histogram:
    made = Histogram()
    for each in milliseconds:
        made.record(each)
    return made


def picture(*, failures: int = 0, echoes: tuple[float, ...] = (3.2,), lag: float = 1.0) -> Picture:
    made = Picture([(f"run/{number}.ipynb", "notebook") for number in range(3)])
    documents = tuple(
        DocumentLook(number, users=4, edited_at=9.5 if number else None, copies=None if number else ((b"x", 4),))
        for number in range(3)
    )
    counts = dict.fromkeys(COUNTED, 0) | {"edits": 1234, "failures": failures}
    strain = Strain(times(lag), Histogram(), 10.0, 1)
    made.take("a", Look("a", 10.0, counts, {"update echo": times(*echoes)}, strain, documents), 10.0)
    return made


def line(state: str = "editing", duration_s: float | None = None, now: float = 10.5, **more: object) -> str | None:
    return progress_line(picture(**more), now, RunFacts(state, duration_s=duration_s))  # type: ignore[arg-type]


def test_it_tells_the_time_people_edits_echoes_and_agreement() -> None:
    assert line(duration_s=52.9) == "42 s left, 12 users, 1,234 edits, echo p95 3.2 ms; 3 documents: 2 typing, 1 equal"


@pytest.mark.parametrize(
    ("duration_s", "now", "told"),
    [(None, 10.5, "at 10 s"), (100.0, 10.5, "1:29 left"), (8000.0, 10.5, "2:13:09 left"), (5.0, 10.5, "0 s left")],
)
def test_time_is_told_as_people_say_it(duration_s: float | None, now: float, told: str) -> None:
    assert str(line(duration_s=duration_s, now=now)).startswith(f"{told}, ")


def test_what_is_wrong_is_told_and_what_is_not_is_not() -> None:
    assert "1 failure, the load generator is late;" in str(line(failures=1, lag=500.0))
    assert "failure" not in str(line()) and "late" not in str(line())


def test_what_will_leave_the_run_inconclusive_is_counted_since_the_log_has_said_what_it_is() -> None:
    """Where a server lets nobody in, nobody is at work for a reason, and is not merely on the way."""
    nobody = Picture([])
    told = progress_line(nobody, 3.0, RunFacts("editing", problems=("ada/a was not opened: 403.", "ada/b was not.")))
    assert told == "at 3 s, 0 users, 0 edits, no echo lately, 2 problems; 0 documents"
    assert "problem" not in str(line())


def test_a_pause_and_a_comparison_are_told() -> None:
    assert "editing is paused, 12 users" in str(line("paused"))
    assert "comparing, 12 users" in str(line("comparing"))


def test_without_an_echo_there_is_no_percentile() -> None:
    assert "no echo lately" in str(line(echoes=()))


@pytest.mark.parametrize("state", [one for one in STATES if one not in ("editing", "paused", "comparing")])
def test_nothing_is_told_while_nobody_is_at_work(state: str) -> None:
    assert line(state) is None


def test_users_of_a_process_that_is_silent_are_told_apart() -> None:
    made = picture()
    look = DocumentLook(0, users=3, edited_at=None, copies=None)
    counts = dict.fromkeys(COUNTED, 0)
    made.take("b", Look("b", 20.0, counts, {}, Strain(times(1.0), Histogram(), 10.0, 1), (look,)), 20.0)
    told = str(progress_line(made, 20.5, RunFacts("editing")))
    assert "3 users (12 more in a silent process), 1,234 edits" in told
