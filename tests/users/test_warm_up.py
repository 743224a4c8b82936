"""When the seconds of a run's beginning are closed: each that may be its warm-up's last, and is to come."""

from types import SimpleNamespace

import pytest

from jupyter_rtc_locust.users import warm_up


class Recorder:
    def __init__(self):
        self.closed = []

    def close(self, second):
        self.closed.append(second)


@pytest.fixture
def clock(monkeypatch):
    """A clock that waiting sets forward."""
    moment = [100.0]

    def sleep(seconds):
        moment[0] += seconds

    # In that module alone: whole runs of other tests are under way in threads of this process.
    monkeypatch.setattr(warm_up, "gevent", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(warm_up, "time", SimpleNamespace(monotonic=lambda: moment[0]))
    return moment


@pytest.mark.parametrize(
    ("asked", "elapsed", "closed"),
    [
        (None, 0.0, [float(second) for second in range(1, 11)]),
        (None, 7.5, [8.0, 9.0, 10.0]),
        (None, 60.0, []),
        (2.5, 0.0, [2.5]),
        (2.5, 3.0, []),
        (0.0, 0.0, []),
    ],
)
def test_each_moment_at_which_the_warm_up_may_end_is_closed_when_it_comes(clock, asked, elapsed, closed):
    recorder, started = Recorder(), clock[0] - elapsed
    warm_up.close_seconds(recorder, started, asked)
    assert recorder.closed == closed
    assert clock[0] == pytest.approx(started + (closed[-1] if closed else elapsed))
