"""An edit from outside adds one cell or one line at the end, and changes nothing else."""

import json

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_rtc_locust.faults.outside_edit import changed_file, outside_words
from jupyter_rtc_locust.faults.plan import OutsideEdit

EDIT = OutsideEdit(at=7.5)


@pytest.mark.parametrize("minor", [4, 5])
def test_a_notebook_has_one_cell_more_and_is_valid(minor: int) -> None:
    notebook = nbformat.v4.new_notebook(nbformat_minor=minor, metadata={"ä": [1, 2.5]})
    notebook.cells = [nbformat.v4.new_code_cell("x = 1\ny"), nbformat.v4.new_markdown_cell("é")]
    if minor < 5:
        for cell in notebook.cells:
            del cell["id"]
    before = nbformat.writes(notebook)
    after = changed_file(before, "notebook", EDIT)
    nbformat.validate(nbformat.reads(after, as_version=4))
    one, other = json.loads(before), json.loads(after)
    added = other["cells"].pop()
    assert one == other
    assert added["source"] == [outside_words(EDIT)]
    assert ("id" in added) == (minor == 5)
    assert set(before.splitlines()[:10]) <= set(after.splitlines()), "as nbformat writes it"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_has_one_line_more(text: str) -> None:
    after = changed_file(text, "text", EDIT)
    assert after.startswith(text)
    assert after[len(text) :].lstrip("\n") == f"{outside_words(EDIT)}\n"
    assert f"\n{after}".endswith(f"\n{outside_words(EDIT)}\n"), "it is a line of its own"


def test_two_edits_can_be_told_apart() -> None:
    assert outside_words(EDIT) != outside_words(OutsideEdit(at=8.0))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": 1}'])
def test_what_is_no_notebook_is_not_changed(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        changed_file(text, "notebook", EDIT)


def test_a_notebook_without_ids_is_changed_only_once_and_the_sentence_says_what_to_do() -> None:
    without_ids = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}'
    once = changed_file(without_ids, "notebook", EDIT)
    with pytest.raises(ValueError, match=r"only once in a run; give a notebook of format 4\.5"):
        changed_file(once, "notebook", OutsideEdit(at=9.0))
    with_ids = without_ids.replace('"nbformat_minor": 4', '"nbformat_minor": 5')
    assert changed_file(changed_file(with_ids, "notebook", EDIT), "notebook", OutsideEdit(at=9.0)).count("Written") == 2
