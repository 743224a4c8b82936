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


def test_what_a_full_collection_has_left_is_set_aside_until_the_run_is_over() -> None:
    thresholds = gc.get_threshold()
    long_lived = LongLived(0.0)
    long_lived.look(1.0)
    assert gc.get_freeze_count() == 0, "there was no full collection"
    gc.collect()
    long_lived.look(2.0)
    assert gc.get_freeze_count() > 1000
    long_lived.release()
    assert (gc.get_freeze_count(), gc.get_threshold()) == (0, thresholds)


def test_a_full_collection_looks_at_what_came_since_only(long_lived: LongLived) -> None:
    gc.collect()
    long_lived.look(1.0)
    set_aside = gc.get_freeze_count()
    kept = [Ring() for _ in range(100)]
    gc.collect()
    assert len(gc.get_objects()) < set_aside
    long_lived.look(2.0)
    assert gc.get_freeze_count() >= set_aside + len(kept)


def test_garbage_among_what_was_set_aside_is_found_when_all_is_looked_at_again(long_lived: LongLived) -> None:
    ring = Ring()
    gone = weakref.ref(ring)
    gc.collect()
    long_lived.look(1.0)
    del ring
    gc.collect()
    long_lived.look(2.0)
    assert gone() is not None
    gc.collect()
    long_lived.look(ALL_AGAIN_S)
    gc.collect()
    assert gone() is None
    long_lived.look(ALL_AGAIN_S + 1)
    assert gc.get_freeze_count() > 0, "and the rest is set aside again"
