"""Both ways of reading find the same, with and without an open transaction, in what any writer can have left."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, Text

from jupyter_rtc_locust.documents import reading_below
from jupyter_rtc_locust.documents.reading_below import (
    entry_as_documented,
    entry_at_as_documented,
    entry_at_below,
    entry_below,
)

KEYS = ("id", "source", "metadata", "outputs", "none")
PLAIN = st.none() | st.booleans() | st.text(max_size=5) | st.lists(st.text(max_size=3), max_size=2)
SHARED = st.sampled_from([Text, Map, Array])


def notebook(*cells: dict[str, Any]) -> tuple[Doc[Any], Array[Any]]:
    doc: Doc[Any] = Doc()
    array = doc.get("cells", type=Array)
    array.extend([Map(cell) for cell in cells])
    return doc, array


def seen(value: Any) -> Any:
    return (type(value), value.to_py()) if isinstance(value, (Text, Map, Array)) else value


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), PLAIN | SHARED.map(lambda kind: kind()), max_size=4), st.booleans())
def test_what_is_found_is_the_same_as_by_the_documented_way(cell: dict[str, Any], in_transaction: bool) -> None:
    doc, cells = notebook({}, cell)
    if in_transaction:
        with doc.transaction():
            compare(cells)
    else:
        compare(cells)


def compare(cells: Array[Any]) -> None:
    for key in KEYS:
        assert seen(entry_at_below(cells, 1, key)) == seen(entry_at_as_documented(cells, 1, key))
        assert seen(entry_below(cells[1], key)) == seen(entry_as_documented(cells[1], key))


def test_what_is_found_can_be_written_to_in_the_same_transaction() -> None:
    doc, cells = notebook({"source": Text("a")})
    with doc.transaction():
        entry_at_below(cells, 0, "source").insert(1, "b")
    assert str(cells[0]["source"]) == "ab"


@pytest.mark.parametrize("read", [entry_at_below, entry_at_as_documented])
def test_beyond_the_last_item_nothing_is_read(read: Callable[..., Any]) -> None:
    doc, cells = notebook({})
    with doc.transaction(), pytest.raises(IndexError):
        read(cells, 1, "id")


def test_the_pycrdt_of_the_lock_file_is_read_so() -> None:
    assert reading_below.entry_of is entry_below
    assert reading_below.entry_at is entry_at_below


def test_a_pycrdt_of_another_form_is_told_by_one_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_below, "base_types", {})
    assert not reading_below.is_usable()
