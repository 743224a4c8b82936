"""Two updates that say the same, in another order of the entries of objects; and every one that says something else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Doc

from jupyter_rtc_locust.protocol.any_values import read_value
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.same_updates import KnownUpdate
from jupyter_rtc_locust.protocol.struct_walk import walk_structs
from jupyter_rtc_locust.protocol.structs import GC
from jupyter_rtc_locust.protocol.updates import Update, decode_update, encode_update
from protocol.random_documents import STEPS, document


def update_of(doc):
    return doc.get_update()


def copied(doc):
    copy = Doc()
    copy.apply_update(doc.get_update())
    return copy


@given(STEPS)
@settings(max_examples=30)
def test_what_is_written_anew_is_the_same_whatever_the_order_of_entries(steps):
    doc = document(steps)
    known = KnownUpdate(update_of(doc))
    for _ in range(3):
        assert known.equals(update_of(copied(doc)))


@given(STEPS, STEPS)
@settings(max_examples=30)
def test_only_what_reads_the_same_is_the_same(one_steps, other_steps):
    one, other = update_of(document(one_steps)), update_of(document(other_steps))
    assert KnownUpdate(one).equals(other) == (readable(one) == readable(other))


@given(STEPS, STEPS)
@settings(max_examples=30)
def test_pieces_in_order_are_the_same_of_what_is_the_same_and_of_nothing_else(one_steps, other_steps):
    doc = document(one_steps)
    one, copy, other = update_of(doc), update_of(copied(doc)), update_of(document(other_steps))
    pieces = b"".join(KnownUpdate(one).structs_in_order())
    assert b"".join(KnownUpdate(copy).structs_in_order()) == pieces
    assert (b"".join(KnownUpdate(other).structs_in_order()) == pieces) == (readable(one)[0] == readable(other)[0])


def test_of_what_is_malformed_all_bytes_are_one_piece():
    assert KnownUpdate(b"\x01\xff").structs_in_order() == [b"\x01\xff"]


def readable(update):
    """All of it as data, entries of objects sorted."""
    read = decode_update(update)
    structs = [repr(struct) if not hasattr(struct, "content") else described(struct) for struct in read]
    return structs, read.deletions


def described(struct):
    content = struct.content
    encoded = getattr(content, "encoded", None)
    said = [plain(read_value(one, 0)[0]) for one in encoded] if encoded is not None else repr(content)
    return (struct.client, struct.clock, struct.origin, struct.right_origin, struct.parent, struct.parent_key, said)


def plain(value):
    if isinstance(value, dict):
        return {key: plain(value[key]) for key in sorted(value)}
    return [plain(one) for one in value] if isinstance(value, list) else repr(value)


@given(STEPS, st.data())
@settings(max_examples=30)
def test_a_byte_that_is_another_is_never_the_same_unless_it_reads_so(steps, data):
    update = update_of(document(steps))
    position = data.draw(st.integers(0, len(update) - 1))
    changed = bytearray(update)
    changed[position] ^= data.draw(st.integers(1, 255))
    if KnownUpdate(update).equals(bytes(changed)):
        assert readable(update) == readable(bytes(changed))


@pytest.mark.parametrize("update", [b"", b"\x05", b"\x01\x01\x07\x00\x0f\x00", b"\xff" * 9, b"\x00"])
def test_what_is_no_update_equals_itself_and_nothing_else(update):
    assert KnownUpdate(update).equals(update)
    assert not KnownUpdate(update).equals(update[:-1] + b"\x01" if update else b"\x00")


STRUCTS = {2: (GC(2, 0, 4),), 1: (GC(1, 0, 4),)}


def test_the_clients_of_a_delete_set_stand_in_any_order():
    one = encode_update(Update(STRUCTS, ClockRanges.of([(1, 0, 2), (2, 1, 3)])))
    deletions = one[walk_structs(one).end :]
    other = one.removesuffix(deletions) + deletions[:1] + deletions[5:] + deletions[1:5]
    assert one != other
    assert KnownUpdate(one).equals(other)


@given(st.lists(st.tuples(st.integers(1, 2), st.integers(0, 4), st.integers(0, 4)), max_size=4))
@settings(max_examples=30)
def test_other_deletions_of_the_same_structs_are_not_the_same(ranges):
    usual, others = ClockRanges.of([(1, 0, 2), (2, 1, 3)]), ClockRanges.of(ranges)
    one, other = (encode_update(Update(STRUCTS, deletions)) for deletions in (usual, others))
    assert KnownUpdate(one).equals(other) == (usual == others)


def test_deletions_of_other_clocks_that_take_as_many_bytes_are_not_the_same():
    one, other = (encode_update(Update(STRUCTS, ClockRanges.of([(1, start, 3)]))) for start in (0, 1))
    assert len(one) == len(other)
    assert not KnownUpdate(one).equals(other)


def test_a_text_that_looks_like_an_object_is_no_object():
    texts = ["v\x02\x01aw\x01x\x01bw\x01y", "v\x02\x01bw\x01y\x01aw\x01x"]
    one, other = (update_of(document([("type", None, text)])) for text in texts)
    assert len(one) == len(other)
    assert not KnownUpdate(one).equals(other)
