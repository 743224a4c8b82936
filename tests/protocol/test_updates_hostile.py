"""Damaged and hostile bytes: whatever comes, the reader answers with an update or with `UpdateError`."""

import base64
import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.content_conflicts import content_conflicts
from jupyter_rtc_locust.protocol.contents import Id, StringContent
from jupyter_rtc_locust.protocol.lineage import Lineage
from jupyter_rtc_locust.protocol.selection import select, union_of_structs
from jupyter_rtc_locust.protocol.structs import Item
from jupyter_rtc_locust.protocol.updates import Update, UpdateError, decode_update, encode_update
from jupyter_rtc_locust.protocol.variable_length import write_variable_unsigned

CASES = json.loads((Path(__file__).parent / "data" / "yjs_updates.json").read_text())
VALID = [base64.b64decode(one) for case in CASES for one in [*case["updates"], case["full"], case["gaps"]]]
HUGE = write_variable_unsigned(2**53 - 1)


def assert_read_or_refused(hostile):
    try:
        update = decode_update(hostile)
    except UpdateError:
        return False
    # What was read must bear everything else that is done with updates.
    again = decode_update(encode_update(update))
    assert again == update
    lineage = Lineage([update])
    lineage.by_root(lineage.clock_ranges())
    for struct in update:
        lineage.ancestors((struct.client, struct.clock))
    assert not content_conflicts(lineage, update)
    middle = ClockRanges.of((one.client, one.clock + 1, one.end) for one in update)
    assert select(update, middle).clock_ranges() == middle
    assert union_of_structs([update, update]).clock_ranges() == update.clock_ranges()
    return True


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(hostile):
    assert_read_or_refused(hostile)


def test_updates_with_bytes_changed_left_out_and_put_in_are_read_or_refused():
    chance = random.Random(20261123)
    read = 0
    for _ in range(4000):
        hostile = bytearray(chance.choice(VALID))
        for _ in range(chance.randrange(1, 4)):
            position = chance.randrange(len(hostile))
            change = chance.randrange(4)
            if change == 0:
                hostile[position] = chance.randrange(256)
            elif change == 1:
                del hostile[position : position + chance.randrange(1, 6)]
            elif change == 2:
                hostile[position:position] = chance.randbytes(chance.randrange(1, 6))
            else:
                hostile[position] ^= 1 << chance.randrange(8)
            if not hostile:
                break
        read += assert_read_or_refused(bytes(hostile))
    assert 100 < read < 3900


def test_an_update_cut_off_anywhere_is_refused():
    for update in VALID:
        for length in range(len(update)):
            with pytest.raises(UpdateError):
                decode_update(update[:length])


def test_bytes_behind_an_update_are_not_looked_at():
    assert decode_update(VALID[0] + b"\x01\x02") == decode_update(VALID[0])


@pytest.mark.parametrize(
    "hostile",
    [
        HUGE,
        b"\x01" + HUGE + b"\x01\x00",
        b"\x00" + HUGE,
        b"\x00\x01\x01" + HUGE,
        b"\x01\x01\x01\x00\x08\x01\x01a" + HUGE,
        b"\x01\x01\x01\x00\x02\x01\x01a" + HUGE,
        b"\x01\x01\x01\x00\x04\x01\x01a" + HUGE + b"x",
        b"\x01\x01\x01\x00\x08\x01\x01a\x01\x75" + HUGE,
    ],
)
def test_a_count_or_length_that_the_bytes_do_not_hold_is_not_believed(hostile):
    with pytest.raises(UpdateError):
        decode_update(hostile)


@pytest.mark.parametrize(
    "hostile",
    [
        b"\x01\x02\x01\x00\x00" + HUGE + b"\x00" + HUGE + b"\x00",
        b"\x00\x01\x01\x01" + HUGE + HUGE,
    ],
)
def test_a_clock_beyond_what_yjs_can_count_is_refused(hostile):
    with pytest.raises(UpdateError, match=r"2\*\*53"):
        decode_update(hostile)


def test_values_nested_without_end_are_refused():
    with pytest.raises(UpdateError, match="levels deep"):
        decode_update(b"\x01\x01\x01\x00\x08\x01\x01a\x01" + b"\x75\x01" * 200_000 + b"\x7e\x00")


@pytest.mark.parametrize("kind", [11, 12, 31, 0x80, 0x8A])
def test_an_unknown_kind_of_struct_is_refused(kind):
    with pytest.raises(UpdateError, match="unknown kind"):
        decode_update(b"\x01\x01\x01\x00" + bytes([kind]) + b"\x01\x01a\x01\x00")


def test_a_client_that_occurs_twice_is_read_as_one():
    first, second = b"\x01\x01\x00\x04\x01\x01t\x03abc", b"\x01\x01\x01\x04\x01\x01t\x04WXYZ"
    update = decode_update(b"\x02" + first + second + b"\x00")
    texts = [one.content.text for one in update]
    assert texts == ["abc", "YZ"]
    assert update.clock_ranges() == ClockRanges.of([(1, 0, 5)])


def test_origins_in_a_ring_and_parents_in_a_ring_end_as_unknown():
    def item(clock, origin, parent):
        return Item(1, clock, 1, origin, None, parent, None, False, StringContent("x"))

    ring = Update({1: (item(0, Id(1, 1), None), item(1, Id(1, 0), None))}, ClockRanges())
    assert Lineage([ring]).root_of((1, 0)) is None
    parents = Update({1: (item(0, None, Id(1, 1)), item(1, None, Id(1, 0)))}, ClockRanges())
    lineage = Lineage([parents])
    assert lineage.root_of((1, 0)) is None
    assert lineage.ancestors((1, 0)) == ((1, 1), (1, 0))


def test_structs_that_overlap_are_not_written():
    item = Item(1, 0, 2, None, None, "t", None, False, StringContent("xy"))
    inside = Item(1, 1, 1, None, None, "t", None, False, StringContent("y"))
    with pytest.raises(ValueError, match="overlap"):
        encode_update(Update({1: (item, inside)}, ClockRanges()))


def test_an_item_without_origin_and_parent_is_not_written():
    with pytest.raises(ValueError, match="parent"):
        encode_update(Update({1: (Item(1, 0, 1, None, None, None, None, False, StringContent("x")),)}, ClockRanges()))
