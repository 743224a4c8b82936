"""Two updates that say the same, in another order of the entries of objects; and every one that says something else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, Text

from jupyter_rtc_locust.protocol.any_values import read_value
from jupyter_rtc_locust.protocol.same_updates import KnownUpdate
from jupyter_rtc_locust.protocol.updates import decode_update

_WORDS = st.sampled_from(["a", "é", "🙂 v\x02", "w" * 200, ""])
_SIMPLE = st.none() | st.booleans() | st.integers(-(2**40), 2**40).map(float) | st.just(float("nan")) | _WORDS
_VALUES = st.recursive(
    _SIMPLE | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=4),
    max_leaves=8,
)
_STEPS = st.lists(st.tuples(st.sampled_from(["type", "delete", "set", "append", "nest"]), _VALUES, _WORDS), max_size=8)


def document(steps):
    """What two authors wrote, one after the other."""
    docs = [Doc(client_id=7), Doc(client_id=2**40 + 1)]
    for number, (what, value, word) in enumerate(steps):
        doc, other = docs[number % 2], docs[1 - number % 2]
        with doc.transaction():
            text, entries, items = doc.get("t", type=Text), doc.get("m", type=Map), doc.get("a", type=Array)
            if what == "type":
                text.insert(0, word)
            elif what == "delete":
                text.clear()
            elif what == "set":
                entries[word] = value
            elif what == "append":
                items.append(value)
            else:
                items.append(Map({word: Array([value])}))
        other.apply_update(doc.get_update())
    return docs[0]


def update_of(doc):
    return doc.get_update()


def copied(doc):
    copy = Doc()
    copy.apply_update(doc.get_update())
    return copy


@given(_STEPS)
@settings(max_examples=30)
def test_what_is_written_anew_is_the_same_whatever_the_order_of_entries(steps):
    doc = document(steps)
    known = KnownUpdate(update_of(doc))
    for _ in range(3):
        assert known.equals(update_of(copied(doc)))


@given(_STEPS, _STEPS)
@settings(max_examples=30)
def test_only_what_reads_the_same_is_the_same(one_steps, other_steps):
    one, other = update_of(document(one_steps)), update_of(document(other_steps))
    assert KnownUpdate(one).equals(other) == (readable(one) == readable(other))


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


@given(_STEPS, st.data())
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


def test_a_text_that_looks_like_an_object_is_no_object():
    texts = ["v\x02\x01aw\x01x\x01bw\x01y", "v\x02\x01bw\x01y\x01aw\x01x"]
    one, other = (update_of(document([("type", None, text)])) for text in texts)
    assert len(one) == len(other)
    assert not KnownUpdate(one).equals(other)
