"""Whole journeys of notebooks (template, room, file, rebuilt room), checked against jupyter-ydoc and nbformat."""

import copy
import importlib.util
import json
import random
import warnings
from pathlib import Path

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jupyter_ydoc import YNotebook
from pycrdt import Doc

from jupyter_rtc_locust.documents.canonical import content_digest, read_content, same
from jupyter_rtc_locust.documents.cell_ids import with_unique_ids
from jupyter_rtc_locust.documents.comparison import differences
from jupyter_rtc_locust.documents.default_notebook import default_notebook
from jupyter_rtc_locust.documents.file_form import as_saved, read_saved
from jupyter_rtc_locust.documents.leniency import (
    first_snapshot_differences,
    rebuilt_differences,
    saved_file_differences,
)
from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.documents.seeding import fill
from jupyter_rtc_locust.documents.templates import Template, load_templates, notebook_template
from jupyter_rtc_locust.documents.validity import malformations

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
lines = words | st.lists(words.map(lambda word: word + "\n"), max_size=3)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e6, 1e6) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=4,
)
metadata = st.dictionaries(st.sampled_from(["custom", "Größe", "x y"]), json_values, max_size=2)
bundles = st.fixed_dictionaries(
    {}, optional={"text/plain": lines, "text/html": lines, "image/png": words, "application/json": json_values}
)
streams = st.fixed_dictionaries(
    {"output_type": st.just("stream"), "name": st.sampled_from(["stdout", "stderr"]), "text": lines}
)
displays = st.fixed_dictionaries({"output_type": st.just("display_data"), "data": bundles, "metadata": metadata})
results = st.fixed_dictionaries(
    {
        "output_type": st.just("execute_result"),
        "data": bundles,
        "metadata": metadata,
        "execution_count": st.none() | st.integers(0, 9),
    }
)
errors = st.fixed_dictionaries(
    {"output_type": st.just("error"), "ename": words, "evalue": words, "traceback": st.lists(words, max_size=2)}
)
code_cells = st.fixed_dictionaries(
    {
        "cell_type": st.just("code"),
        "source": lines,
        "metadata": metadata,
        "execution_count": st.none() | st.integers(0, 9),
        "outputs": st.lists(streams | displays | results | errors, max_size=2),
    }
)
attachments = st.dictionaries(st.just("a.png"), st.fixed_dictionaries({"image/png": words}), max_size=1)
text_cells = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["markdown", "raw"]), "source": lines, "metadata": metadata}
)
attached_cells = st.fixed_dictionaries(
    {"cell_type": st.just("markdown"), "source": lines, "metadata": metadata, "attachments": attachments}
)


@st.composite
def notebooks(draw) -> dict:
    minor = draw(st.sampled_from([2, 4, 5]))
    cells = draw(st.lists(code_cells | text_cells | attached_cells, max_size=4))
    if minor == 5:
        for index, cell in enumerate(cells):
            cell["id"] = f"id-{index}"
    return {"cells": cells, "metadata": draw(metadata), "nbformat": 4, "nbformat_minor": minor}


def filled(template: Template) -> Replica:
    replica = Replica("notebook", 1)
    fill(replica, template)
    return replica


def quietly(function, *arguments, **options):
    """nbformat and jupyter-ydoc warn about what they repair."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments, **options)


def room_loaded_from(text: str) -> YNotebook:
    """What a healthy server does on opening: nbformat reads, trust is marked, jupyter-ydoc fills the document."""
    notebook = quietly(nbformat.reads, text, as_version=4)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["metadata"]["trusted"] = True
    room = YNotebook()
    quietly(room.set, notebook)
    return room


def file_saved_from(room: YNotebook) -> str:
    """What a healthy server does on saving."""
    return quietly(nbformat.writes, nbformat.from_dict(quietly(room.get)))


def template_of(notebook: dict) -> Template:
    return notebook_template("random.ipynb", notebook)


@settings(deadline=None, max_examples=60)
@given(notebook=notebooks())
def test_a_template_filled_in_reads_back_as_its_own_saved_form(notebook):
    before = copy.deepcopy(notebook)
    saved = as_saved(read_content(filled(template_of(notebook)), "notebook"), "notebook")
    assert differences(read_saved(notebook, "notebook"), saved) == []
    assert notebook == before


@settings(deadline=None, max_examples=40)
@given(notebook=notebooks())
def test_jupyter_ydoc_sees_in_our_documents_what_we_see_and_we_in_its(notebook):
    replica = filled(template_of(notebook))
    copied = Doc()
    copied.apply_update(replica.full_update())
    shown = quietly(YNotebook(copied).get, deduplicate=False)
    assert same(as_saved(read_content(replica, "notebook"), "notebook"), read_saved(shown, "notebook"))

    room = room_loaded_from(json.dumps(notebook))
    shown = quietly(room.get, deduplicate=False)
    assert same(as_saved(read_content(room.ydoc, "notebook"), "notebook"), read_saved(shown, "notebook"))


@settings(deadline=None, max_examples=40)
@given(notebook=notebooks(), choose=st.randoms(use_true_random=False))
def test_a_healthy_stack_gives_no_difference_on_the_whole_way_and_damage_gives_one(notebook, choose):
    room = room_loaded_from(json.dumps(notebook))
    content = read_content(room.ydoc, "notebook")
    saved = json.loads(file_saved_from(room))
    rebuilt = read_content(room_loaded_from(json.dumps(saved)).ydoc, "notebook")
    assert malformations(content, "notebook") == []
    assert first_snapshot_differences(notebook, content, "notebook") == []
    assert saved_file_differences(content, saved, "notebook") == []
    assert rebuilt_differences(content, rebuilt, "notebook") == []

    damage = choose.choice(DAMAGES)
    if damage(damaged := copy.deepcopy(content), choose):
        assert content_digest(damaged) != content_digest(content)
        assert first_snapshot_differences(notebook, damaged, "notebook") != []
        assert saved_file_differences(damaged, saved, "notebook") != []
        assert rebuilt_differences(damaged, rebuilt, "notebook") != []


def lose_a_letter(content: dict, choose: random.Random) -> bool:
    written = [cell for cell in content["cells"] if cell["source"]]
    if not written:
        return False
    cell = choose.choice(written)
    cell["source"] = cell["source"][1:]
    return True


def double_text(content: dict, choose: random.Random) -> bool:
    cell = choose.choice(content["cells"])
    cell["source"] += cell["source"] or "x"
    return True


def double_a_cell(content: dict, choose: random.Random) -> bool:
    content["cells"].append(copy.deepcopy(choose.choice(content["cells"])))
    return True


def invent_a_cell(content: dict, choose: random.Random) -> bool:
    content["cells"].append({"id": "invented", "cell_type": "raw", "source": "", "metadata": {}})
    return True


def change_a_key(content: dict, choose: random.Random) -> bool:
    choose.choice(content["cells"])["metadata"]["invented"] = True
    return True


def change_the_notebook(content: dict, choose: random.Random) -> bool:
    content["meta"]["metadata"]["custom"] = "changed by nobody"
    return True


DAMAGES = [lose_a_letter, double_text, double_a_cell, invent_a_cell, change_a_key, change_the_notebook]


@settings(deadline=None, max_examples=20)
@given(notebook=notebooks(), order=st.randoms(use_true_random=False))
def test_replicas_that_exchange_updates_in_any_order_hold_the_same_notebook(notebook, order):
    source = Replica("notebook", 1)
    updates = [fill(source, template_of(notebook))]

    def rename(number: int):
        def change(replica: Replica) -> bool:
            replica.meta[f"edit {number}"] = number
            return True

        return change

    updates += [source.edit(rename(number)) for number in range(3)]
    replica = Replica("notebook", 2)
    order.shuffle(updates)
    for _ in range(2):  # pycrdt leaves waiting what came too early, even when nothing is missing any more
        replica.apply_updates(updates)
    assert content_digest(read_content(replica, "notebook")) == content_digest(read_content(source, "notebook"))


def nbdime_notebooks() -> list[Path]:
    found = importlib.util.find_spec("nbdime")
    if found is None or not found.submodule_search_locations:
        return []
    return sorted((Path(found.submodule_search_locations[0]) / "tests" / "files").glob("*.ipynb"))


def test_real_notebooks_make_the_whole_journey_without_a_difference():
    paths = nbdime_notebooks()
    if not paths:
        pytest.skip("nbdime, whose test notebooks are used here, is not installed")
    for path in paths:
        (template,) = load_templates(path)
        room = room_loaded_from(template.text)
        content = read_content(room.ydoc, "notebook")
        saved = file_saved_from(room)
        rebuilt = read_content(room_loaded_from(saved).ydoc, "notebook")
        seeded = read_content(filled(template), "notebook")
        assert malformations(content, "notebook") == malformations(seeded, "notebook") == [], path.name
        assert first_snapshot_differences(template.content, content, "notebook") == [], path.name
        assert first_snapshot_differences(template.content, seeded, "notebook") == [], path.name
        assert saved_file_differences(content, json.loads(saved), "notebook") == [], path.name
        assert rebuilt_differences(content, rebuilt, "notebook") == [], path.name


def test_copies_of_a_cell_that_jupyter_ydoc_joins_or_renames_are_forgiven_where_they_are_known():
    room = room_loaded_from(default_notebook().text)
    first = room.ycells[1].to_py()
    room.append_cell(copy.deepcopy(first))
    room.append_cell({**copy.deepcopy(first), "source": "another text"})
    content = read_content(room.ydoc, "notebook")
    saved = json.loads(file_saved_from(room))
    assert len(saved["cells"]) == len(content["cells"]) - 1
    assert saved_file_differences(content, saved, "notebook", {first["id"]}) == []
    assert saved_file_differences(content, saved, "notebook") != []


def test_filling_is_one_authored_edit_that_makes_another_replica_equal():
    writer, reader = Replica("notebook", 1), Replica("notebook", 2)
    reader.apply_updates([fill(writer, default_notebook())])
    assert content_digest(read_content(reader, "notebook")) == content_digest(read_content(writer, "notebook"))
    assert reader.state["dirty"] is True
    assert malformations(read_content(reader, "notebook"), "notebook") == []


def test_a_text_is_filled_in_and_an_empty_one_needs_no_edit():
    replica = Replica("text", 1)
    assert fill(replica, Template("empty.txt", "text", "", "")) is None
    assert fill(replica, Template("a.txt", "text", "é\n", "é\n"))
    assert read_content(replica, "text") == {"source": "é\n"}


def test_only_empty_documents_of_the_same_kind_are_filled():
    notebook, text = Replica("notebook", 1), Replica("text", 2)
    fill(notebook, default_notebook())
    fill(text, Template("a.txt", "text", "x", "x"))
    with pytest.raises(ValueError, match="empty document"):
        fill(notebook, default_notebook())
    with pytest.raises(ValueError, match="empty document"):
        fill(text, Template("a.txt", "text", "x", "x"))
    with pytest.raises(ValueError, match="cannot be written into a text"):
        fill(Replica("text", 3), default_notebook())


def test_ids_that_are_missing_or_repeated_are_made_unique_in_the_same_way_each_time():
    cells = [
        {"cell_type": "raw", "source": "", "metadata": {}, **identity}
        for identity in ({}, {"id": "cell-0"}, {"id": "cell-0"})
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    ids = [cell["id"] for cell in with_unique_ids(notebook)["cells"]]
    assert ids == ["cell-0-x", "cell-0", "cell-2"]
    assert with_unique_ids(notebook) == with_unique_ids(notebook)
