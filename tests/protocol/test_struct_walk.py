"""What is found on a walk through an update is what reading it finds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.protocol.any_values import read_value, write_value
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.contents import JsonContent
from jupyter_rtc_locust.protocol.struct_walk import behind_value, clock_ends, value_in_order, walk_structs
from jupyter_rtc_locust.protocol.structs import GC, Item
from jupyter_rtc_locust.protocol.updates import Update, decode_deletions, decode_update, encode_update
from jupyter_rtc_locust.protocol.variable_length import MalformedBytesError
from protocol.random_documents import STEPS, VALUES, document


def ends_read(update):
    ends = {}
    for client, _, end in decode_update(update).clock_ranges():
        ends[client] = max(end, ends.get(client, 0))
    return ends


def objects(value):
    """Every object within a value."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value] * isinstance(value, dict) + [found for one in inner for found in objects(one)]


@given(STEPS, st.integers(0, 30))
@settings(max_examples=40)
def test_clocks_end_where_reading_says_so_in_parts_of_a_document_as_well(steps, have):
    doc = document(steps)
    for update in (doc.get_update(), doc.get_update(bytes([1, 7, have]))):
        assert clock_ends(update) == ends_read(update)


@given(STEPS)
@settings(max_examples=40)
def test_the_delete_set_begins_where_the_walk_ends_and_values_stand_where_it_says(steps):
    update = document(steps).get_update()
    walked = walk_structs(update)
    assert decode_deletions(update, walked.end) == decode_update(update).deletions
    found = [read_value(update[start:end], 0) for start, end in walked.spans]
    assert [end for _, end in found] == [end - start for start, end in walked.spans]
    assert all(any(len(one) > 1 for one in objects(value)) for value, _ in found)
    values = [
        read_value(one, 0)[0]
        for struct in decode_update(update)
        for one in getattr(getattr(struct, "content", None), "encoded", ())
    ]
    assert len(found) == sum(any(len(one) > 1 for one in objects(value)) for value in values)


@given(VALUES)
@settings(max_examples=40)
def test_a_value_in_order_is_the_same_value_whatever_order_it_came_in(value):
    written = write_value(value)
    assert behind_value(written, 0)[0] == len(written)
    ordered, end = value_in_order(written)
    assert end == len(written)
    assert repr(sorted_within(read_value(ordered, 0)[0])) == repr(sorted_within(value))
    assert value_in_order(write_value(turned(value)))[0] == ordered


def turned(value):
    """With all its objects written from their last entry on."""
    if isinstance(value, dict):
        return {key: turned(value[key]) for key in reversed(value)}
    return [turned(one) for one in value] if isinstance(value, list) else value


def sorted_within(value):
    if isinstance(value, dict):
        return {key: sorted_within(value[key]) for key in sorted(value)}
    return [sorted_within(one) for one in value] if isinstance(value, list) else value


def test_clocks_that_are_passed_over_at_the_end_are_not_written():
    update = b"\x01\x02\x05\x00" + b"\x00\x03" + b"\x0a\x04" + b"\x00"  # client 5: three that are gone, four skipped
    assert clock_ends(update) == ends_read(update) == {5: 3}


def test_what_only_others_than_pycrdt_write_is_walked_through():
    json = JsonContent(('{"a":1,"b":2}', "undefined"))
    update = encode_update(
        Update(
            {5: (GC(5, 0, 3), Item(5, 7, 2, None, None, "a", None, False, json))},
            ClockRanges.of([(5, 1, 2)]),
        )
    )
    assert clock_ends(update) == ends_read(update) == {5: 9}
    assert walk_structs(update).end == len(update) - 5


@pytest.mark.parametrize(
    "update", [b"", b"\x01", b"\x01\x01\x07\x00\x0f\x00", b"\xff" * 9, b"\x01\x01\x07\x00\x04\x01\x01a\x05b"]
)
def test_what_is_no_update_is_refused(update):
    for walk in (walk_structs, clock_ends):
        with pytest.raises(MalformedBytesError):
            walk(update)


def test_an_object_with_a_key_twice_has_no_order():
    with pytest.raises(MalformedBytesError, match="twice"):
        value_in_order(b"v\x02\x01ax\x01ay")


def test_values_within_each_other_without_end_are_refused():
    for walk in (behind_value, value_in_order):
        with pytest.raises(MalformedBytesError, match="deep"):
            walk(b"u\x01" * 300 + b"x", 0)
