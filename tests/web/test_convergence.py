"""The tab's table: a row for each document, and those that need a look first."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.web.convergence import COLUMNS, MOST_ROWS, rows
from web.pictures import STATES, document

FOUND = [{"kind": "lost-edit", "detail": "an edit is gone"}, {"kind": "lost-edit", "detail": "another"}]


def test_a_row_tells_what_is_known_of_a_document() -> None:
    checkpoint = {"number": 2, "at_s": 60.0, "verdict": "pass"}
    (row,) = rows([document(3, "typing", agreeing=4, unsaved_s=1.26, checkpoint=checkpoint, findings=FOUND)])
    assert row == {
        "name": 0,
        "document": "rtc-1f2e3d4c/notebook-3.ipynb",
        "state": "typing",
        "users": 5,
        "edits": 123,
        "copies": "4 of 5",
        "unacknowledged": 0.0,
        "unsaved": 1.3,
        "checkpoint": "2: pass",
        "findings": "2: lost-edit",
    }
    assert row.keys() - {"name"} == {key for key, _ in COLUMNS}


def test_what_is_not_known_is_empty_and_not_nought() -> None:
    (row,) = rows([document(0, "unknown", agreeing=None)])
    assert (row["copies"], row["unacknowledged"], row["unsaved"], row["checkpoint"]) == ("not compared", "", "", "")


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from(STATES), st.booleans()), max_size=30))
def test_who_needs_a_look_comes_first_and_all_else_stays_in_order(states: list[tuple[str, bool]]) -> None:
    documents = [document(index, state, findings=FOUND if found else []) for index, (state, found) in enumerate(states)]
    told = rows(documents)
    assert [row["name"] for row in told] == list(range(len(documents)))
    needs_a_look = [bool(row["findings"]) or row["state"] == "differs" for row in told]
    assert needs_a_look == sorted(needs_a_look, reverse=True)
    for wanted in (True, False):
        edits = [row["edits"] for row, needs in zip(told, needs_a_look, strict=True) if needs is wanted]
        assert edits == sorted(edits)


def test_a_checkpoint_that_failed_for_another_document_is_not_told_as_its_own_verdict() -> None:
    (row,) = rows([document(0, checkpoint={"number": 1, "at_s": 20.0, "verdict": None})])
    assert row["checkpoint"] == "1: nothing found here"


def test_of_very_many_documents_the_differing_ones_are_told() -> None:
    documents = [document(index, "differs" if index == 999 else "equal") for index in range(1000)]
    told = rows(documents)
    assert len(told) == MOST_ROWS
    assert told[0]["document"].endswith("notebook-999.ipynb")
    assert len(json.dumps(told)) < 200_000
