"""What lives as long as the run is set aside from collections, and garbage among it is found again in the end."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from jupyter_rtc_locust.users.long_lived import ALL_AGAIN_S, LongLived


class Ring:
    """Garbage that refers to itself, as soon as nobody else does."""

    def __init__(self) -> None:
        self.self = self


@pytest.fixture
def long_lived() -> Iterator[LongLived]:
    made = LongLived(0.0)
    yield made
    made.release()


def test_what_is_there_is_set_aside_until_the_run_is_over() -> None:
    thresholds = gc.get_threshold()
    long_lived = LongLived(0.0)
    assert gc.get_threshold() != thresholds
    long_lived.look(1.0)
    assert gc.get_freeze_count() > 1000
    long_lived.release()
    assert (gc.get_freeze_count(), gc.get_threshold()) == (0, thresholds)


def test_each_look_sets_aside_what_came_since(long_lived: LongLived) -> None:
    long_lived.look(1.0)
    kept = [Ring() for _ in range(100)]
    # How many are set aside says nothing: of those of before, some go when other threads let go of them.
    assert sum(isinstance(one, Ring) for one in gc.get_objects()) == len(kept)
    long_lived.look(1.1)
    assert not any(isinstance(one, Ring) for one in gc.get_objects()), "no collection looks at them again"


def test_what_is_garbage_before_it_is_looked_at_goes(long_lived: LongLived) -> None:
    ring = Ring()
    gone = weakref.ref(ring)
    del ring
    long_lived.look(1.0)
    assert gone() is None


def test_garbage_among_what_was_set_aside_is_found_when_all_is_looked_at_again(long_lived: LongLived) -> None:
    ring = Ring()
    gone = weakref.ref(ring)
    long_lived.look(1.0)
    del ring
    gc.collect()
    long_lived.look(2.0)
    assert gone() is not None
    long_lived.look(ALL_AGAIN_S)
    assert gone() is None
    assert gc.get_freeze_count() > 0, "and the rest is set aside again"
