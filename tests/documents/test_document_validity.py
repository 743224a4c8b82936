"""Which documents would be saved as notebooks that nobody can open."""

import copy

import pytest

from jupyter_rtc_locust.documents.validity import malformations


def code(cell_id: str, **more: object) -> dict:
    return {
        "id": cell_id, "cell_type": "code", "source": "", "metadata": {}, "outputs": [], "execution_count": None,
        "execution_state": "idle", **more,
    }  # fmt: skip


def room(*cells: object, minor: float = 5.0, **metadata: object) -> dict:
    return {"cells": list(cells), "meta": {"nbformat": 4.0, "nbformat_minor": minor, "metadata": metadata}}


def test_a_sound_notebook_has_no_malformations_and_is_not_modified():
    content = room(code("a", execution_count=1.0, metadata={"trusted": True}), code("b"))
    before = copy.deepcopy(content)
    assert malformations(content, "notebook") == []
    assert content == before


@pytest.mark.parametrize("minor", [0.0, 2.0, 4.0])
def test_ids_of_the_room_are_no_malformation_of_formats_without_ids(minor):
    assert malformations(room(code("a"), code("b"), minor=minor), "notebook") == []


def test_texts_cannot_be_malformed():
    assert malformations({"source": "x"}, "text") == []


@pytest.mark.parametrize("minor", [2.0, 5.0])
def test_raw_ids_must_be_unique_but_for_known_copies(minor):
    content = room(code("a"), code("b"), code("a"), code("b"), minor=minor)
    assert malformations(content, "notebook") == [
        "2 cells have the id 'a', which must be unique",
        "2 cells have the id 'b', which must be unique",
    ]
    assert malformations(content, "notebook", frozenset({"a"})) == ["2 cells have the id 'b', which must be unique"]
    assert malformations(content, "notebook", {"a", "b"}) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (room({"cell_type": "code"}), "cells[0]"),
        (room("no cell"), "cells[0]"),
        (room(code("a", surplus=1)), "surplus"),
        (room(code("a", source=None)), "cells[0].source"),
        (room(code("a", execution_count="3")), "execution_count"),
        (room(code("a", outputs=[{"output_type": "stream", "name": "stdout"}])), "cells[0].outputs[0]"),
        (room(code("a", cell_type="heading")), "cells[0]"),
        (room(code("bad id")), "cells[0].id"),
        (room(kernelspec=3), "metadata.kernelspec"),
        ({"cells": [], "meta": {}}, "format 0.0"),
        ({"cells": [], "meta": {"nbformat": 4.0, "nbformat_minor": "x", "metadata": {}}}, "'x'"),
        ({"cells": [], "meta": {"nbformat": True, "nbformat_minor": 5, "metadata": {}}}, "format True"),
    ],
)  # fmt: skip
def test_what_breaks_the_schema_is_named_with_its_place(content, words):
    found = malformations(content, "notebook")
    assert found
    assert words in found[0]


def test_messages_are_few_and_short_however_much_is_broken():
    found = malformations(room(*(code(f"c{index}", source=["x" * 10_000] * 9, z=1) for index in range(50))), "notebook")
    assert 1 <= len(found) <= 5
    assert all(len(message) < 400 for message in found)
