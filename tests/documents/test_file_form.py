"""The form of the saved file."""

import copy

import pytest

from jupyter_rtc_locust.documents import file_form
from jupyter_rtc_locust.documents.file_form import as_saved, read_saved


def notebook(cells: list | None = None, *, minor: int = 5, **metadata: object) -> dict:
    return {"cells": cells or [], "metadata": metadata, "nbformat": 4, "nbformat_minor": minor}


def content(cells: list | None = None, *, minor: float = 5.0, **metadata: object) -> dict:
    return {"cells": cells or [], "meta": {"nbformat": 4.0, "nbformat_minor": minor, "metadata": metadata}}


def test_a_document_as_saved_has_the_four_entries_of_a_notebook_with_whole_numbers_as_ints():
    saved = as_saved(
        content([{"id": "a", "execution_count": 2.0, "metadata": {"x": [-0.0, 1.5, True]}}], k=3.0), "notebook"
    )
    assert saved == notebook([{"id": "a", "execution_count": 2, "metadata": {"x": [0, 1.5, True]}}], k=3)
    assert isinstance(saved["nbformat"], int)
    assert isinstance(saved["cells"][0]["execution_count"], int)
    assert saved["cells"][0]["metadata"]["x"][2] is True


def test_a_text_as_saved_is_its_source():
    assert as_saved({"source": "a\r\nb\n"}, "text") == "a\r\nb\n"
    assert read_saved("a\r\nb\n", "text") == "a\r\nb\n"


def test_neither_content_nor_file_are_modified():
    cells = [{"id": "a", "cell_type": "raw", "source": ["a"], "execution_state": "idle", "metadata": {"trusted": True}}]
    room, file = content(copy.deepcopy(cells), signature="s"), notebook(copy.deepcopy(cells), signature="s")
    as_saved(room, "notebook")
    read_saved(file, "notebook")
    assert room == content(cells, signature="s")
    assert file == notebook(cells, signature="s")


@pytest.mark.parametrize(
    ("form", "given", "left"),
    [
        (
            "without_execution_state",
            notebook([{"execution_state": "busy", "metadata": {"execution_state": "x"}}]),
            notebook([{"metadata": {"execution_state": "x"}}]),
        ),
        (
            "without_trust",
            notebook([{"metadata": {"trusted": True, "trust": 1}}], trusted=True),
            notebook([{"metadata": {"trust": 1}}], trusted=True),
        ),
        (
            "without_empty_attachments",
            notebook(
                [
                    {"cell_type": "markdown", "attachments": {}},
                    {"cell_type": "raw", "attachments": {}},
                    {"cell_type": "raw", "attachments": {"a": {}}},
                    {"cell_type": "code", "attachments": {}},
                ]
            ),
            notebook(
                [
                    {"cell_type": "markdown"},
                    {"cell_type": "raw"},
                    {"cell_type": "raw", "attachments": {"a": {}}},
                    {"cell_type": "code", "attachments": {}},
                ]
            ),
        ),
        (
            "without_transient_metadata",
            notebook(
                [{"metadata": {"signature": "kept"}}], orig_nbformat=3, orig_nbformat_minor=0, signature="x", title="t"
            ),
            notebook([{"metadata": {"signature": "kept"}}], title="t"),
        ),
        (
            "without_ids_before_4_5",
            notebook([{"id": "a", "metadata": {"id": "kept"}}], minor=4),
            notebook([{"metadata": {"id": "kept"}}], minor=4),
        ),
        ("without_ids_before_4_5", notebook([{"id": "a"}], minor=5), notebook([{"id": "a"}], minor=5)),
        (
            "with_whole_numbers",
            notebook([{"a": [1.0, 1.5, {"b": 2.0}], "s": "1.0"}]),
            notebook([{"a": [1, 1.5, {"b": 2}], "s": "1.0"}]),
        ),
    ],
)
def test_each_step_takes_what_it_names_and_leaves_what_stands_beside_it(form, given, left):
    getattr(file_form, form)(given)
    assert given == left


def test_lines_are_joined_where_nbformat_splits_them_and_nowhere_else():
    lines = ["a\n", "b"]
    bundle = {"text/plain": lines, "application/json": lines, "application/geo+json": lines, "application/x": lines}
    joined = {"text/plain": "a\nb", "application/json": lines, "application/geo+json": lines, "application/x": "a\nb"}
    given = notebook(
        [
            {
                "cell_type": "code",
                "source": lines,
                "metadata": {"lines": lines},
                "outputs": [
                    {"output_type": "stream", "text": lines},
                    {"output_type": "display_data", "data": dict(bundle), "metadata": {"text/plain": lines}},
                    {"output_type": "execute_result", "data": dict(bundle)},
                    {"output_type": "error", "traceback": lines},
                ],
            },
            {"cell_type": "markdown", "source": "", "attachments": {"p": dict(bundle)}},
        ]
    )
    assert read_saved(given, "notebook")["cells"] == [
        {
            "cell_type": "code",
            "source": "a\nb",
            "metadata": {"lines": lines},
            "outputs": [
                {"output_type": "stream", "text": "a\nb"},
                {"output_type": "display_data", "data": joined, "metadata": {"text/plain": lines}},
                {"output_type": "execute_result", "data": joined},
                {"output_type": "error", "traceback": lines},
            ],
        },
        {"cell_type": "markdown", "source": "", "attachments": {"p": joined}},
    ]


def test_a_file_that_holds_an_execution_state_is_not_forgiven():
    assert read_saved(notebook([{"execution_state": "idle"}]), "notebook")["cells"] == [{"execution_state": "idle"}]


@pytest.mark.parametrize(("saved", "kind"), [("text", "notebook"), ([], "notebook"), (None, "text"), ({}, "text")])
def test_what_is_no_file_of_its_kind_is_refused_in_a_sentence(saved, kind):
    with pytest.raises(ValueError, match="a saved"):
        read_saved(saved, kind)


@pytest.mark.parametrize(
    "broken",
    [
        {
            "cells": ["no cell", None, 3.0, {"metadata": "none", "outputs": "x", "attachments": 1, "source": None}],
            "meta": {},
        },
        {"cells": [], "meta": {"metadata": "no mapping", "nbformat": "four"}},
        {"cells": [], "meta": {}},
    ],
)
def test_a_damaged_document_is_still_brought_to_the_form(broken):
    saved = as_saved(broken, "notebook")
    assert set(saved) == {"cells", "metadata", "nbformat", "nbformat_minor"}
    assert len(saved["cells"]) == len(broken["cells"])
