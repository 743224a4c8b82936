from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges

SPANS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 30), st.integers(0, 8)).map(
        lambda one: (one[0], one[1], one[1] + one[2])
    ),
    max_size=12,
)


def ids_of(spans):
    return {(client, clock) for client, start, end in spans for clock in range(start, end)}


@settings(deadline=None)
@given(SPANS, SPANS)
def test_the_operations_are_those_of_sets_of_ids(left, right):
    left_ranges, right_ranges = ClockRanges.of(left), ClockRanges.of(right)
    left_ids, right_ids = ids_of(left), ids_of(right)
    assert ids_of(left_ranges) == left_ids
    assert ids_of(left_ranges.union(right_ranges)) == left_ids | right_ids
    assert ids_of(left_ranges.intersection(right_ranges)) == left_ids & right_ids
    assert ids_of(left_ranges.difference(right_ranges)) == left_ids - right_ids
    assert left_ranges.covers(right_ranges) == (left_ids >= right_ids)
    assert left_ranges.total() == len(left_ids)
    assert bool(left_ranges) == bool(left_ids)
    assert (left_ranges == right_ranges) == (left_ids == right_ids)


@settings(deadline=None)
@given(SPANS, SPANS, SPANS)
def test_a_union_of_many_is_the_union_of_each(first, second, third):
    ranges = [ClockRanges.of(one) for one in (first, second, third)]
    assert ranges[0].union(*ranges[1:]) == ranges[0].union(ranges[1]).union(ranges[2])
    assert ranges[0].union() == ranges[0]


@settings(deadline=None)
@given(SPANS, st.tuples(st.integers(1, 3), st.integers(0, 40)))
def test_an_id_is_contained_exactly_when_a_range_holds_it(spans, identity):
    assert ClockRanges.of(spans).contains(identity) == (identity in ids_of(spans))
    assert (identity in ClockRanges.of(spans)) == (identity in ids_of(spans))


@settings(deadline=None)
@given(SPANS, st.integers(1, 3), st.integers(0, 20), st.integers(0, 20))
def test_the_ranges_of_a_client_are_cut_to_the_borders_asked_for(spans, client, start, length):
    end = start + length
    cut = ClockRanges.of(spans).of_client(client, start, end)
    assert all(one_start < one_end for one_start, one_end in cut)
    expected = {clock for owner, clock in ids_of(spans) if owner == client and start <= clock < end}
    assert {clock for one in cut for clock in range(*one)} == expected


@settings(deadline=None)
@given(SPANS)
def test_equal_sets_are_equal_and_hash_alike_whatever_they_were_made_of(spans):
    whole = ClockRanges.of(spans)
    unit_by_unit = ClockRanges.of((client, clock, clock + 1) for client, clock in ids_of(spans))
    assert whole == unit_by_unit
    assert hash(whole) == hash(unit_by_unit)
    assert list(whole) == list(unit_by_unit)


def test_a_state_vector_covers_all_clocks_below_its_own():
    covered = ClockRanges.from_state_vector({7: 3, 8: 0})
    assert list(covered) == [(7, 0, 3)]
    assert (7, 2) in covered
    assert (7, 3) not in covered
    assert (8, 0) not in covered


def test_ranges_that_touch_are_one():
    assert list(ClockRanges.of([(1, 4, 6), (1, 0, 4), (1, 9, 9)])) == [(1, 0, 6)]


def test_only_the_clients_asked_for_are_kept():
    assert ClockRanges.of([(1, 0, 4), (2, 0, 5)]).of_clients([2, 9]) == ClockRanges.of([(2, 0, 5)])


def test_a_hundred_thousand_ranges_are_no_burden():
    # Quadratic work would take hours here, and so run into the time limit of the test.
    evens = ClockRanges.of((1, 4 * index, 4 * index + 1) for index in reversed(range(100_000)))
    odds = ClockRanges.of((1, 4 * index + 2, 4 * index + 3) for index in range(100_000))
    both = evens.union(odds)
    assert both.total() == 200_000
    assert both.difference(odds) == evens
    assert not evens.intersection(odds)
    assert both.covers(evens)
