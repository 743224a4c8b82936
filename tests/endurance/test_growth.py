"""The line through samples of memory, and the table of them."""

from __future__ import annotations

import pytest

from endurance.growth import Sample, growth, table


def samples_of(minutes: int, base_mb: float, mb_a_minute: float) -> list[Sample]:
    return [Sample(60.0 * minute, base_mb + minute * mb_a_minute, 6.0 * minute) for minute in range(minutes + 1)]


def test_a_straight_line_is_found_as_it_is() -> None:
    found = growth(samples_of(20, 100, 2.5), begin_s=600, end_s=1200)
    assert found is not None
    assert found.mb_a_minute == pytest.approx(2.5)
    assert (found.first_mb, found.last_mb) == (125.0, 150.0)


def test_what_lies_before_the_beginning_or_behind_the_end_does_not_count() -> None:
    steep = [Sample(60.0 * minute, 1_000.0 * minute, 0.0) for minute in range(10)]
    flat = [Sample(60.0 * minute, 9_000.0, 0.0) for minute in range(10, 21)]
    gone = [Sample(1_300.0, 0.0, 0.0)]
    found = growth([*steep, *flat, *gone], begin_s=600, end_s=1200)
    assert found is not None
    assert found.mb_a_minute == pytest.approx(0.0)


def test_one_sample_is_no_line() -> None:
    assert growth(samples_of(20, 100, 1)[:1], begin_s=0, end_s=1200) is None


def test_the_table_has_a_line_for_each_so_many_seconds() -> None:
    lines = table(samples_of(10, 100, 2), 120.0)
    assert len(lines) == 1 + 6
    assert lines[-1].split() == ["10.0", "120.0", "+4.0", "10%"]
