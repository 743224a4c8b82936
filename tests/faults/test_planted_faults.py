"""The planted faults strike what they say. That they are found in whole runs: tests/runs, and `make faults`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, Text, get_state

from faults.__main__ import Outcome, main
from faults.cases import CASES, FAIL, INCONCLUSIVE, PASS, SICK
from faults.faulty_proxy import STEP_2, UPDATE, framed, update_of
from faults.inside_jupyter import FAULTS_OF_JUPYTER
from faults.update_reader import altered, read_update, without_deletions

BY_NAME = {case.name: case for case in CASES}
PLACES = {"relay", "document", "store", "file", "newcomer", "awareness", "session", "service"}
RELEASED = [case for case in CASES if case.server != SICK]


# -- the table ---------------------------------------------------------------------------------------------------------


def test_there_are_enough_faults_and_harmless_things_on_released_servers() -> None:
    assert len(BY_NAME) == len(CASES), "two cases have one name"
    assert sum(case.verdicts == {FAIL} for case in RELEASED) >= 20
    assert sum(case.verdicts == {PASS} for case in RELEASED) >= 8
    assert {case.where for case in RELEASED} == PLACES | {"control"}


def test_a_fault_has_findings_to_look_for_and_a_harmless_thing_has_none() -> None:
    for case in CASES:
        assert bool(case.must | case.may) == (case.verdicts == {FAIL}), case.name
        assert case.verdicts <= {PASS, FAIL, INCONCLUSIVE}, case.name


def test_every_fault_of_the_released_server_stands_in_the_table() -> None:
    used = {case.fault["name"] for case in RELEASED if case.fault is not None}
    assert set(FAULTS_OF_JUPYTER) <= used | {"text-retyped"}


def test_the_list_names_every_case(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    assert [line.partition("  (")[0] for line in capsys.readouterr().out.splitlines()] == [case.name for case in CASES]


def test_a_case_that_struck_nothing_is_wrong_whatever_the_verdict() -> None:
    case = BY_NAME["twice"]
    assert Outcome(case, 1, 0, PASS, frozenset(), True, "").wrong == "never struck"
    assert Outcome(case, 1, 3, PASS, frozenset(), True, "").wrong == ""
    assert "verdict" in Outcome(case, 1, 3, FAIL, frozenset({"lost-edit"}), True, "").wrong


def test_a_kind_that_must_be_named_and_is_not_is_wrong_and_so_is_one_too_many() -> None:
    case = BY_NAME["drop-to-one"]
    assert "not named" in Outcome(case, 1, 1, FAIL, frozenset({"pending-updates"}), True, "").wrong
    assert "wrongly named" in Outcome(case, 1, 1, FAIL, frozenset({"diverged", "lost-edit"}), True, "").wrong


# -- reading and altering updates --------------------------------------------------------------------------------------


def document() -> Doc[Any]:
    doc: Doc[Any] = Doc(client_id=7)
    cell = Map({"id": "first", "source": Text("some words"), "metadata": Map({"tags": ["a", 1.5, None, True]})})
    doc["cells"] = Array([cell])
    return doc


def changed(change: Callable[[Doc[Any]], None], client: int = 8) -> tuple[Doc[Any], bytes]:
    """A document that holds all but one change, and the update of that change."""
    doc: Doc[Any] = Doc(client_id=client)
    doc.apply_update(document().get_update())
    before: Doc[Any] = Doc()
    before.apply_update(doc.get_update())
    change(doc)
    return before, doc.get_update(get_state(before.get_update()))


def source_of(doc: Doc[Any]) -> str:
    return str(doc.get("cells", type=Array)[0]["source"])


def insert(doc: Doc[Any]) -> None:
    doc.get("cells", type=Array)[0]["source"].insert(0, "many ")


def delete(doc: Doc[Any]) -> None:
    del doc.get("cells", type=Array)[0]["source"][0:4]


def test_an_altered_word_is_another_one_in_an_update_that_is_still_valid() -> None:
    before, update = changed(insert)
    other = altered(update, read_update(update).texts)
    assert other is not None
    before.apply_update(other)
    assert source_of(before) == "qany some words"


def test_without_its_deletions_an_update_deletes_nothing() -> None:
    before, update = changed(delete)
    assert read_update(update).deleted >= 4
    before.apply_update(without_deletions(update))
    assert source_of(before) == "some words"


def test_who_wrote_an_update_is_told_by_its_structs() -> None:
    assert read_update(changed(insert)[1]).clients == [8]


@given(st.text(), st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=8))
def test_any_update_is_read_to_its_end(words: str, value: Any) -> None:
    doc: Doc[Any] = Doc()
    doc["text"] = text = Text(words)
    doc["map"] = Map({"value": value, "list": Array([value])})
    del text[0 : len(words.encode()) // 2 if words.isascii() else 0]
    read_update(doc.get_update())


@given(st.binary(max_size=300).filter(lambda update: update != b"\0\0"))
def test_a_framed_update_is_taken_out_again(update: bytes) -> None:
    assert update_of(framed(UPDATE, update)) == update
    assert update_of(framed(STEP_2, update), STEP_2) == update
    assert update_of(framed(STEP_2, update)) is None
