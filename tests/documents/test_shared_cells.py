"""Cells as shared types."""

import pytest
from pycrdt import Array, Doc, Map, Text

from jupyter_rtc_locust.documents.cells import make_cell, make_output


def in_a_document(shared):
    doc = Doc()
    doc["holder"] = Array([shared])
    return doc["holder"][0]


def test_a_code_cell_has_the_types_that_jupyter_ydoc_gives_it():
    cell = {
        "id": "a",
        "cell_type": "code",
        "source": ["x = 1\n", "x"],
        "metadata": {"tags": ["t"]},
        "execution_count": 3,
        "outputs": [
            {"output_type": "stream", "name": "stdout", "text": ["a\n", "b"]},
            {"output_type": "display_data", "data": {"text/plain": "x"}, "metadata": {}},
        ],
    }
    shared = in_a_document(make_cell(cell))
    assert isinstance(shared["source"], Text)
    assert str(shared["source"]) == "x = 1\nx"
    assert isinstance(shared["metadata"], Map)
    assert isinstance(shared["outputs"], Array)
    assert isinstance(shared["outputs"][0]["text"], Text)
    assert str(shared["outputs"][0]["text"]) == "a\nb"
    assert shared["outputs"][1].to_py()["data"] == {"text/plain": "x"}
    assert shared["execution_state"] == "idle"
    assert shared["execution_count"] == 3


def test_a_code_cell_that_names_neither_outputs_nor_count_gets_them():
    shared = in_a_document(make_cell({"id": "a", "cell_type": "code", "source": ""}))
    assert shared.to_py() == {
        "id": "a",
        "cell_type": "code",
        "source": "",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "execution_state": "idle",
    }


def test_a_markdown_cell_has_no_outputs_and_keeps_attachments_that_hold_something():
    picture = {"p.png": {"image/png": "AAAA"}}
    shared = in_a_document(make_cell({"id": "m", "cell_type": "markdown", "source": "é", "attachments": picture}))
    assert shared.to_py() == {
        "id": "m", "cell_type": "markdown", "source": "é", "metadata": {}, "attachments": picture,
    }  # fmt: skip


def test_empty_attachments_are_left_out():
    shared = in_a_document(make_cell({"id": "m", "cell_type": "raw", "source": "", "attachments": {}}))
    assert "attachments" not in shared


def test_the_given_cell_is_not_modified():
    cell = {
        "id": "a", "cell_type": "code", "source": ["x"], "metadata": {"k": 1}, "attachments": {},
        "outputs": [{"output_type": "stream", "name": "stdout", "text": ["a"]}],
    }  # fmt: skip
    in_a_document(make_cell(cell))
    assert cell == {
        "id": "a", "cell_type": "code", "source": ["x"], "metadata": {"k": 1}, "attachments": {},
        "outputs": [{"output_type": "stream", "name": "stdout", "text": ["a"]}],
    }  # fmt: skip


def test_a_cell_without_id_is_refused_with_the_name_of_what_is_missing():
    with pytest.raises(ValueError, match="without id"):
        make_cell({"cell_type": "raw", "source": ""})


def test_an_output_that_is_no_stream_stays_plain_data():
    output = {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["a", "b"]}
    assert in_a_document(make_output(output)).to_py() == output
