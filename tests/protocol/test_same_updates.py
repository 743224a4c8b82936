"""Two updates that say the same, in another order of the entries of objects; and every one that says something else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, Text

from jupyter_rtc_locust.protocol.any_values import read_value, same_value
from jupyter_rtc_locust.protocol.same_updates import KnownStructs, spans_of_objects
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


def structs_of(doc):
    """The update without its delete set, as a replica gives it."""
    deleted = doc.get_update(doc.get_state())
    whole = doc.get_update()
    assert whole.endswith(deleted[1:])
    return whole[: len(whole) - len(deleted) + 1]


def copied(doc):
    copy = Doc()
    copy.apply_update(doc.get_update())
    return copy


@given(_STEPS)
@settings(max_examples=30)
def test_what_is_written_anew_is_the_same_whatever_the_order_of_entries(steps):
    doc = document(steps)
    known = KnownStructs(structs_of(doc))
    for _ in range(3):
        assert known.equals(structs_of(copied(doc)))


@given(_STEPS, _STEPS)
@settings(max_examples=30)
def test_only_what_reads_the_same_is_the_same(one_steps, other_steps):
    one, other = structs_of(document(one_steps)), structs_of(document(other_steps))
    assert KnownStructs(one).equals(other) == (readable(one) == readable(other))


def readable(structs):
    """All of it as data, entries of objects sorted."""
    return [
        repr(struct) if not hasattr(struct, "content") else described(struct)
        for struct in decode_update(structs + b"\0")
    ]


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
    structs = structs_of(document(steps))
    position = data.draw(st.integers(0, len(structs) - 1))
    changed = bytearray(structs)
    changed[position] ^= data.draw(st.integers(1, 255))
    if KnownStructs(structs).equals(bytes(changed)):
        (inside,) = [(start, end) for start, end in spans_of_objects(structs) if start <= position < end]
        ours, theirs = (read_value(one[slice(*inside)], 0)[0] for one in (structs, bytes(changed)))
        assert same_value(ours, theirs)


@pytest.mark.parametrize("structs", [b"", b"\x05", b"\x01\x01\x07\x00\x0f\x00", b"\xff" * 9])
def test_what_is_no_update_equals_itself_and_nothing_else(structs):
    assert KnownStructs(structs).equals(structs)
    assert not KnownStructs(structs).equals(structs[:-1] + b"\x01" + structs[:0] if structs else b"\x00")


def test_a_text_that_looks_like_an_object_is_no_object():
    texts = ["v\x02\x01aw\x01x\x01bw\x01y", "v\x02\x01bw\x01y\x01aw\x01x"]
    one, other = (structs_of(document([("type", None, text)])) for text in texts)
    assert len(one) == len(other)
    assert not KnownStructs(one).equals(other)
