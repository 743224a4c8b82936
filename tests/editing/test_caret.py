"""Where a caret is after others edited, and how it is told to other tabs."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Array, Assoc, Doc, Map, Text

from jupyter_rtc_locust.editing.caret import Caret, cursors_of, place_after_edit
from jupyter_rtc_locust.editing.positions import byte_range

quick = settings(deadline=None, max_examples=100)
TEXTS = st.text("ab\n😀é", max_size=12)


def cell_source(content: str, client_id: int = 7) -> tuple[Doc[Any], Text]:
    doc: Doc[Any] = Doc(client_id=client_id)
    cells = doc.get("cells", type=Array)
    cells.append(Map({"source": Text(content)}))
    return doc, cells[0]["source"]


def test_the_end_of_a_text_has_no_item() -> None:
    _, text = cell_source("ab")
    end = {"type": {"client": 7, "clock": 1}, "tname": None, "item": None, "assoc": 0}

    assert cursors_of(text, 2, 2) == [{"anchor": end, "head": end, "primary": True, "empty": True}]


def test_a_selection_names_the_characters_to_the_right_of_its_ends() -> None:
    _, text = cell_source("abcd")

    [cursor] = cursors_of(text, 3, 1)

    assert cursor["anchor"]["item"] == {"client": 7, "clock": 5}
    assert cursor["head"]["item"] == {"client": 7, "clock": 3}
    assert cursor["empty"] is False


def test_a_text_file_is_named_by_its_root() -> None:
    doc: Doc[Any] = Doc(client_id=7)
    text = doc.get("source", type=Text)

    [cursor] = cursors_of(text, 0, 0)

    assert cursor["anchor"] == {"type": None, "tname": "source", "item": None, "assoc": 0}


def test_an_empty_text_and_a_place_beyond_the_end_are_the_end() -> None:
    _, empty = cell_source("")
    _, text = cell_source("ab")

    assert cursors_of(empty, 0, 0)[0]["anchor"]["item"] is None
    assert cursors_of(text, 99, 99)[0]["anchor"]["item"] is None


@quick
@given(before=TEXTS, inserted=TEXTS, place=st.integers(0, 30), at=st.integers(0, 12))
def test_whatever_is_told_is_a_place_of_this_text(before: str, inserted: str, place: int, at: int) -> None:
    _, text = cell_source(before)
    other: Doc[Any] = Doc(client_id=9)
    other.apply_update(text.doc.get_update())
    theirs = other.get("cells", type=Array)[0]["source"]
    theirs.insert(byte_range(before, min(at, len(before)), 0)[0], inserted)
    text.doc.apply_update(other.get_update())
    content = str(text)

    item = cursors_of(text, place, place)[0]["anchor"]["item"]

    shown = min(place, len(content))
    ascii_before = next((i for i, character in enumerate(content[:shown]) if not character.isascii()), shown)
    if shown == len(content):
        assert item is None
    else:
        assert item == text.sticky_index(ascii_before, Assoc.AFTER).to_json()["item"]


@quick
@given(before=TEXTS, inserted=TEXTS, place=st.integers(0, 12), at=st.integers(0, 12))
def test_a_caret_keeps_the_text_to_its_right_when_somebody_inserts(
    before: str, inserted: str, place: int, at: int
) -> None:
    place, at = min(place, len(before)), min(at, len(before))
    after = before[:at] + inserted + before[at:]

    now = place_after_edit(place, before, after)

    assert after[now:].startswith(before[place:]) or after[:now] == before[:place]


@quick
@given(before=TEXTS, after=TEXTS, place=st.integers(0, 12))
def test_a_caret_is_always_within_the_text(before: str, after: str, place: int) -> None:
    assert 0 <= place_after_edit(min(place, len(before)), before, after) <= len(after)


@pytest.mark.parametrize(
    ("before", "after", "place", "now"),
    [
        ("abc", "abc", 1, 1),
        ("abc", "XYabc", 1, 3),
        ("abc", "abcXY", 1, 1),
        ("abc", "abcXY", 3, 5),
        ("abcdef", "af", 3, 1),
        ("abcdef", "abXYf", 2, 4),
        ("a😀c", "a😀😀c", 2, 3),
    ],
)
def test_a_caret_moves_with_what_others_write(before: str, after: str, place: int, now: int) -> None:
    assert Caret("one", place, place, before).moved(after).head == now
