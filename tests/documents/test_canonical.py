"""Canonical content: reading without writing, digests, and the one meaning of equal."""

import copy
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, Text

from jupyter_rtc_locust.documents.canonical import (
    canonical_text,
    content_digest,
    read_content,
    read_in_turns,
    read_other_roots,
    read_whole_content,
    same,
)
from jupyter_rtc_locust.documents.cells import make_cell
from jupyter_rtc_locust.documents.replica import Replica

numbers = st.one_of(
    st.integers(-(2**60), 2**60), st.floats(), st.sampled_from([0, 1, 0.0, -0.0, 1.0, True, False, 2**53, float(2**53)])
)
leaves = st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=3), st.binary(max_size=3))
plain_data = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=2), inner, max_size=3)),
    max_leaves=8,
)


def equal_by_the_rules(one, other):
    """The rules once more, written down naively."""
    if isinstance(one, bool) or isinstance(other, bool) or one is None or other is None:
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other or (math.isnan(one) and math.isnan(other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal_by_the_rules(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal_by_the_rules, one, other))
    return type(one) is type(other) and one == other


def retouched(value, choose):
    """The value again, with numbers and keys written in another way that means the same."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < 2**53:
        return float(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        keys = list(value)
        choose.shuffle(keys)
        return {key: retouched(value[key], choose) for key in keys}
    if isinstance(value, list):
        return [retouched(item, choose) for item in value]
    return value


@settings(deadline=None, max_examples=200)
@given(one=plain_data, other=plain_data)
def test_same_and_digest_follow_the_rules(one, other):
    expected = equal_by_the_rules(one, other)
    assert same(one, other) is expected
    assert (content_digest(one) == content_digest(other)) is expected


@settings(deadline=None, max_examples=100)
@given(value=plain_data, choose=st.randoms(use_true_random=False))
def test_what_means_the_same_has_the_same_digest(value, choose):
    again = retouched(value, choose)
    assert same(value, again)
    assert content_digest(value) == content_digest(again)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (True, 1, False),
        (False, 0.0, False),
        (1, 1.0, True),
        (0.0, -0.0, True),
        (math.nan, math.nan, True),
        (math.inf, -math.inf, False),
        (math.nan, None, False),
        (math.nan, "NaN", False),
        (b"\x01", "01", False),
        (b"\x01", 'b"01"', False),
        (b"\x01", bytearray(b"\x01"), True),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ([], {}, False),
        ("", None, False),
        ([1, [2]], [1, 2], False),
        (2**53 + 1, float(2**53), False),
    ],
)
def test_pairs_that_are_easily_got_wrong(one, other, expected):
    assert same([one], [other]) is expected
    assert (content_digest({"k": one}) == content_digest({"k": other})) is expected


def test_the_canonical_form_is_json_where_json_can_say_it():
    assert canonical_text({"b": [1.0, 1.5, None, True], "a": "é"}) == '{"a":"\\u00e9","b":[1,1.5,null,true]}'


def test_what_is_no_plain_data_is_refused():
    with pytest.raises(TypeError, match="object is no plain data"):
        content_digest({"a": object()})


def notebook_with(cell_id: str = "a", client_id: int = 1) -> Replica:
    replica = Replica("notebook", client_id)

    def change(replica: Replica) -> bool:
        replica.meta["nbformat"] = 4
        replica.meta["metadata"] = Map({"custom": {"deep": [True, 1]}})
        cell = {"id": cell_id, "cell_type": "code", "source": "é", "metadata": {"k": b"\x00"}, "execution_count": 1}
        output = {"output_type": "stream", "name": "stdout", "text": "out"}
        replica.cells.append(make_cell({**cell, "outputs": [output]}))
        return True

    replica.edit(change)
    return replica


def test_a_notebook_is_read_as_plain_data_of_everything_but_the_state():
    content = read_content(notebook_with(), "notebook")
    assert content["meta"] == {"nbformat": 4.0, "metadata": {"custom": {"deep": [True, 1.0]}}}
    assert content["cells"] == [
        {
            "id": "a",
            "cell_type": "code",
            "source": "é",
            "metadata": {"k": b"\x00"},
            "execution_count": 1.0,
            "execution_state": "idle",
            "outputs": [{"output_type": "stream", "name": "stdout", "text": "out"}],
        }
    ]
    assert set(content) == {"cells", "meta"}
    assert copy.deepcopy(content) == content


def test_reading_does_not_modify_the_document_even_where_a_cell_stands_twice():
    replica = notebook_with()
    replica.edit(
        lambda replica: bool(replica.cells.append(make_cell({"id": "a", "cell_type": "raw", "source": ""}))) or True
    )
    before = (replica.full_update(), replica.encoded_state())
    events = []
    subscription = replica.doc.observe(lambda event: events.append(event.update))
    content = read_whole_content(replica, "notebook")
    replica.doc.unobserve(subscription)
    assert [cell["id"] for cell in content["cells"]] == ["a", "a"]
    assert (replica.full_update(), replica.encoded_state()) == before
    assert events == []


def test_a_text_is_read_as_its_source():
    replica = Replica("text", 1)
    replica.edit(lambda replica: bool(replica.source.insert(0, "a\tb\n")) or True)
    assert read_content(replica, "text") == {"source": "a\tb\n"}


def test_the_state_is_no_content():
    one, other = notebook_with(client_id=1), notebook_with(client_id=2)
    other.state["hash"] = "something"
    assert content_digest(read_content(one, "notebook")) == content_digest(read_content(other, "notebook"))


def test_a_plain_document_without_roots_reads_as_empty():
    assert read_content(Doc(), "notebook") == {"cells": [], "meta": {}}


def test_roots_that_nobody_should_have_made_are_seen_by_name():
    replica = notebook_with()
    assert read_other_roots(replica, "notebook") == {}
    intruder = Doc()
    intruder["extra map"] = Map({"k": 1})
    intruder["extra text"] = Text("hi")
    intruder["extra list"] = Array([True])
    replica.apply_updates([intruder.get_update()])
    assert read_whole_content(replica, "notebook")["other roots"] == {
        "extra list": {"entries": {}, "sequence": [True]},
        "extra map": {"entries": {"k": 1.0}, "sequence": []},
        "extra text": {"entries": {}, "sequence": ["h", "i"]},
    }


def test_roots_that_are_only_opened_or_emptied_are_not_listed():
    replica = notebook_with()
    replica.doc.get("looked at", type=Map)
    emptied = replica.doc.get("emptied", type=Text)
    emptied.insert(0, "x")
    del emptied[0:1]
    assert "other roots" not in read_whole_content(replica, "notebook")


def test_nested_documents_and_xml_are_seen_too():
    doc = Doc()
    doc["cells"] = Array([Doc(guid="inner")])
    assert read_content(doc, "notebook")["cells"] == [{"document": "inner"}]


@pytest.mark.parametrize("cells", [0, 1, 10, 11, 35])
def test_a_document_read_in_turns_is_read_as_at_once(cells):
    replica = Replica("notebook", 1)
    for number in range(cells):
        replica.cells.append(Map({"id": str(number), "source": Text(f"text {number}")}))
    replica.doc.get("elsewhere", type=Array).append("an intruder")
    turns = []
    assert read_in_turns(replica.doc, "notebook", lambda: turns.append(None)) == read_whole_content(replica, "notebook")
    assert len(turns) == -(-cells // 10) + 1
