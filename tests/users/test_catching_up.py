"""What has come is applied soon, in portions, and an error of one replica is told and costs the others nothing."""

from __future__ import annotations

import gevent
import pytest

from jupyter_rtc_locust.users import catching_up
from jupyter_rtc_locust.users.catching_up import CatchingUp
from users.fake_room import wait_until


class Slow:
    """A replica that takes its time to apply what waits, and notes it."""

    def __init__(self, done: list[object], error: BaseException | None = None) -> None:
        self.done = done
        self.error = error

    def catch_up(self) -> None:
        if self.error is not None:
            raise self.error
        self.done.append(self)


def test_everybody_who_is_behind_is_caught_up_without_being_asked() -> None:
    done: list[object] = []
    catching = CatchingUp()
    slow = [Slow(done) for _ in range(5)]
    for one in slow:
        catching.soon(one, pytest.fail)  # type: ignore[arg-type]
    assert done == []
    wait_until(lambda: done == slow)
    later = Slow(done)
    catching.soon(later, pytest.fail)  # type: ignore[arg-type]
    wait_until(lambda: done[-1] is later)


def test_who_cannot_catch_up_is_told_and_the_others_are_caught_up() -> None:
    done: list[object] = []
    told: list[BaseException] = []
    broken, well = Slow(done, RuntimeError("it broke")), Slow(done)
    catching = CatchingUp()
    for one in (broken, well):
        catching.soon(one, told.append)  # type: ignore[arg-type]
    wait_until(lambda: done == [well])
    assert [str(error) for error in told] == ["it broke"]


def test_between_portions_the_loop_has_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catching_up, "_WORK_S", 0.0)  # one replica is a portion
    done: list[object] = []
    turns: list[int] = []
    catching = CatchingUp()
    slow = [Slow(done) for _ in range(4)]
    for one in slow:
        catching.soon(one, pytest.fail)  # type: ignore[arg-type]
    watcher = gevent.get_hub().loop.prepare()
    watcher.start(lambda: turns.append(len(done)))
    wait_until(lambda: done == slow)
    watcher.stop()
    watcher.close()
    assert {1, 2, 3} <= set(turns), "each time somebody was caught up, the loop went round"
