"""The digest of what is on disk: equal exactly where the forms on disk are, and the same however it was reached."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.documents.canonical import read_content
from jupyter_rtc_locust.documents.cells import make_cell
from jupyter_rtc_locust.documents.default_notebook import default_notebook
from jupyter_rtc_locust.documents.default_text import default_text
from jupyter_rtc_locust.documents.file_form import as_saved
from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.documents.saved_digest import RunningDigest, file_digest
from jupyter_rtc_locust.documents.seeding import fill
from jupyter_rtc_locust.editing import Limits, choose, make_edit
from jupyter_rtc_locust.editing.weights import DEFAULT_WEIGHTS, TEXT_WEIGHTS

SMALL = Limits(most_cells=7, least_cells=2, longest_cell=300, longest_stream=60, most_outputs=2)


def notebook(*cells, minor=5, **metadata):
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": minor}


def code(source="a", **more):
    return {"cell_type": "code", "id": "a", "metadata": {}, "source": source, "outputs": [], **more}


RICH = notebook(
    code("x = 1\n", execution_count=1, outputs=[{"output_type": "stream", "name": "stdout", "text": "😀\n"}]),
    {"cell_type": "markdown", "id": "b", "metadata": {}, "source": "# T ", "attachments": {"p": {"image/png": "AA"}}},
    kernelspec={"name": "python3"},
)


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file["cells"][1].update(source="# T"),
        lambda file: file["cells"].reverse(),
        lambda file: file["cells"].pop(),
        lambda file: file["cells"].append(code(id="c")),
        lambda file: file["cells"][0].update(execution_count=2),
        lambda file: file["cells"][0].update(cell_type="raw"),
        lambda file: file["cells"][0].update(id="z"),
        lambda file: file["cells"][0]["metadata"].update(a=1),
        lambda file: file["cells"][0]["outputs"][0].update(text="😁\n"),
        lambda file: file["cells"][0]["outputs"].clear(),
        lambda file: file["cells"][1]["attachments"]["p"].update({"image/png": "AB"}),
        lambda file: file["metadata"]["kernelspec"].update(name="other"),
        lambda file: file.update(nbformat_minor=4),
        lambda file: file.update(cells={}),
        lambda file: file.pop("cells"),
    ],
)
def test_every_change_of_the_file_changes_its_digest(change):
    changed = copy.deepcopy(RICH)
    change(changed)
    assert file_digest(changed, "notebook") != file_digest(RICH, "notebook")


def test_what_is_no_difference_on_disk_changes_nothing():
    other = copy.deepcopy(RICH)
    other["cells"][0]["metadata"]["trusted"] = True
    other["cells"][0]["source"] = ["x = 1\n"]
    other["cells"][0]["execution_count"] = 1.0
    assert file_digest(other, "notebook") == file_digest(RICH, "notebook")


def test_identical_copies_of_a_cell_count_once_and_equal_cells_without_ids_each():
    assert file_digest(notebook(code(), code()), "notebook") == file_digest(notebook(code()), "notebook")
    assert file_digest(notebook(code(), code("b")), "notebook") != file_digest(notebook(code()), "notebook")
    old = [notebook(code(), minor=2), notebook(code(), code(), minor=2)]
    assert file_digest(old[0], "notebook") != file_digest(old[1], "notebook")


def test_a_text_is_digested_to_the_last_blank():
    assert file_digest("a ", "text") != file_digest("a", "text")
    assert file_digest("a\n", "text") == file_digest("a\n", "text")


@pytest.mark.parametrize(("content", "kind"), [("text", "notebook"), (None, "notebook"), ({}, "text")])
def test_what_is_no_document_has_no_digest(content, kind):
    with pytest.raises(ValueError, match="must be"):
        file_digest(content, kind)


class Typist:
    """One person who edits, and a running digest that is told of every update."""

    def __init__(self, kind):
        template = default_notebook() if kind == "notebook" else default_text()
        self.replica = Replica(kind, 7)
        self.running = RunningDigest(kind)
        self.running.apply(fill(self.replica, template))

    def edit(self, change):
        update = self.replica.edit(change)
        if update is not None:
            self.running.apply(update)

    def agrees(self):
        expected = as_saved(read_content(self.replica, self.replica.kind), self.replica.kind)
        return self.running.digest() == file_digest(expected, self.replica.kind)


@pytest.mark.parametrize(("kind", "weights"), [("notebook", DEFAULT_WEIGHTS), ("text", TEXT_WEIGHTS)])
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(1, 2**31), asked=st.lists(st.booleans(), min_size=30, max_size=60))
def test_the_running_digest_is_that_of_the_file_after_any_edits_however_seldom_it_is_asked(kind, weights, seed, asked):
    typist = Typist(kind)
    assert typist.agrees()
    for number, now in enumerate(asked):
        choice = choose(seed, 0, number, weights=weights)
        typist.edit(lambda replica, choice=choice: make_edit(choice, replica, limits=SMALL).apply(replica))
        if now:
            assert typist.agrees(), choice.kind
    assert typist.agrees()


def test_cells_that_come_go_and_change_in_one_transaction_are_followed():
    typist = Typist("notebook")

    def everything_at_once(replica):
        replica.cells.insert(0, make_cell(code(id="new")))
        source = replica.cells[1]["source"]
        source += "typed"
        del replica.cells[2]
        replica.cells[2]["metadata"]["k"] = 1
        replica.cells.append(make_cell(code(id="last")))
        return True

    assert typist.agrees()
    typist.edit(everything_at_once)
    assert typist.agrees()


def test_another_version_of_the_format_changes_the_form_of_every_cell():
    typist = Typist("notebook")
    assert typist.agrees()

    def older(replica):
        replica.meta["nbformat_minor"] = 4.0
        return True

    typist.edit(older)
    assert typist.agrees()


def test_only_cells_that_were_touched_are_read_again():
    typist = Typist("notebook")
    typist.running.digest()
    before = typist.running.characters

    def change(replica):
        source = replica.cells[0]["source"]
        source += "x"
        return True

    typist.edit(change)
    typist.running.digest()
    read = typist.running.characters - before
    assert 0 < read < before / 2
