"""Operations happen in order, each at its moment; what became of them is noted, and no error ends a run."""

import time

import gevent
import pytest

from jupyter_rtc_locust.errors import ServerUnusable
from jupyter_rtc_locust.faults.executor import FaultExecutor
from jupyter_rtc_locust.faults.plan import Away, DelaySaves, Evict, FaultOfServer, Offline, OutsideEdit, Restart

DEADLINE_S = 10.0


class Hands:
    """What an executor acts with: it notes what it was told, and a restart waits until it may be over."""

    def __init__(self, *faults, started: float | None = None, error: Exception | None = None, hold: bool = False):
        self.done: list[tuple[str, tuple[int, ...]]] = []
        self.error = error
        self.over = gevent.event.Event()
        if not hold:
            self.over.set()
        self.executor = FaultExecutor(
            faults,
            started=time.monotonic() if started is None else started,
            harm=self.harm,
            tell=self.tell,
        )

    def harm(self, fault: FaultOfServer, begins: bool) -> None:
        self.done.append((type(fault).__name__.lower() if begins else "as before", ()))
        assert self.over.wait(DEADLINE_S)
        if self.error is not None:
            raise self.error

    def tell(self, fault: Offline | Away, begins: bool) -> None:
        self.done.append(("off" if begins else "back", fault.users))


def wait_until(condition) -> None:
    until = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < until
        gevent.sleep(0.01)


def test_everything_happens_in_order_and_is_noted_with_its_times():
    offline, restart = Offline(users=(1,), since=0.0, until=0.3), Restart(at=0.1)
    hands = Hands(restart, offline)
    hands.executor.run()
    assert hands.done == [("off", (1,)), ("restart", ()), ("back", (1,))]
    first, second = hands.executor.noted
    assert (first.what, first.planned, first.outcome, first.users) == (restart.description, 0.1, "done", ())
    assert (second.what, second.planned, second.outcome, second.users) == (offline.description, 0.0, "done", (1,))
    assert first.began is not None and first.ended is not None and 0.1 <= first.began <= first.ended
    assert second.began is not None and second.ended is not None and second.began + 0.3 <= second.ended + 0.1


def test_what_is_late_happens_at_once_and_makes_all_behind_it_as_much_later():
    hands = Hands(Restart(at=1.1), Offline(users=(3,), since=1.0, until=1.3), started=time.monotonic() - 60.0)
    hands.executor.run()
    assert hands.done == [("off", (3,)), ("restart", ()), ("back", (3,))]
    restart, offline = hands.executor.noted
    assert 60.0 <= offline.began <= restart.began - 0.1 <= offline.ended - 0.3


def test_whoever_comes_back_after_a_restart_that_took_long_does_so_in_order_and_as_far_apart_as_planned():
    first, second = Offline(users=(1,), since=0.0, until=0.1), Offline(users=(2,), since=0.0, until=0.3)
    hands = Hands(Restart(at=0.05), first, second, hold=True)
    gevent.spawn_later(0.6, hands.over.set)
    hands.executor.run()
    assert hands.done[-2:] == [("back", (1,)), ("back", (2,))]
    restart, one, other = hands.executor.noted
    assert restart.ended <= one.ended <= other.ended - 0.2


def test_an_error_is_the_outcome_of_its_fault_and_the_others_happen_all_the_same():
    error = ServerUnusable("it did not come up.\nits log")
    hands = Hands(Restart(at=0.0), Offline(users=(1,), since=0.0, until=0.01), error=error)
    hands.executor.run()
    restart, offline = hands.executor.noted
    assert restart.outcome == "it did not come up." and restart.ended is None and not restart.as_planned
    assert offline.outcome == "done"


def test_when_the_run_ends_early_the_rest_never_happens_and_who_is_offline_comes_back():
    hands = Hands(
        Offline(users=(1,), since=0.0, until=900.0), Away(users=(2,), since=0.0, until=900.0), Restart(at=900.0)
    )
    running = gevent.spawn(hands.executor.run)
    wait_until(lambda: len(hands.done) == 2)
    hands.executor.end(1.0)
    running.join(DEADLINE_S)
    assert running.ready()
    assert hands.done == [("off", (1,)), ("off", (2,)), ("back", (1,))]
    offline, away, restart = hands.executor.noted
    assert offline.as_planned and offline.ended is not None
    assert away.outcome == "it was not over when the run ended" and not away.as_planned
    assert restart.outcome == "the run ended before" and restart.began is None


def test_a_fault_that_lasts_is_over_at_its_end_and_another_one_when_it_is_done():
    delay, evict, edit = DelaySaves(since=0.0, until=0.2, seconds=5.0), Evict(at=0.05), OutsideEdit(at=0.1)
    hands = Hands(delay, evict, edit)
    hands.executor.run()
    assert [what for what, _ in hands.done] == ["delaysaves", "evict", "outsideedit", "as before"]
    assert [one.outcome for one in hands.executor.noted] == ["done"] * 3
    slow, dropped, changed = hands.executor.noted
    assert slow.began < dropped.began <= dropped.ended <= changed.began <= changed.ended <= slow.ended
    assert all(one.users == () for one in hands.executor.noted), "they concern everybody"
    assert not hands.executor.server_was_away_since(0.0), "it answers all the time"


def test_saves_take_no_longer_when_the_run_ends_early():
    hands = Hands(DelaySaves(since=0.0, until=900.0, seconds=5.0))
    running = gevent.spawn(hands.executor.run)
    wait_until(lambda: bool(hands.done))
    hands.executor.end(1.0)
    running.join(DEADLINE_S)
    assert hands.done == [("delaysaves", ()), ("as before", ())]
    assert hands.executor.noted[0].as_planned


@pytest.mark.parametrize("in_time", [True, False])
def test_a_restart_under_way_at_the_end_is_waited_for(in_time):
    hands = Hands(Restart(at=0.0), hold=True)
    running = gevent.spawn(hands.executor.run)
    wait_until(lambda: bool(hands.done))
    if in_time:
        gevent.spawn_later(0.05, hands.over.set)
    hands.executor.end(DEADLINE_S if in_time else 0.05)
    assert hands.executor.noted[0].outcome == ("done" if in_time else "it was not over when the run ended")
    hands.over.set()
    running.join(DEADLINE_S)
    assert running.ready()


def test_a_server_that_is_away_by_a_fault_need_not_answer():
    hands = Hands(Restart(at=0.0), hold=True)
    before = time.monotonic()
    assert not hands.executor.server_was_away_since(before)
    running = gevent.spawn(hands.executor.run)
    wait_until(lambda: bool(hands.done))
    assert hands.executor.server_was_away_since(time.monotonic())
    hands.over.set()
    running.join(DEADLINE_S)
    assert hands.executor.server_was_away_since(before), "whoever was asked before it came back"
    assert not hands.executor.server_was_away_since(time.monotonic() + 0.001)
