"""What the tests of editing share: notebooks to edit, and the form that a notebook would have in its file."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import nbformat
import pytest

from jupyter_rtc_locust.documents.canonical import read_content
from jupyter_rtc_locust.documents.cells import make_cell
from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.editing import Choice, Edit, make_edit

PICTURE = {"image/png": "iVBORw0KGgo="}

CODE_WITH_OUTPUTS: Mapping[str, Any] = {
    "id": "printing",
    "cell_type": "code",
    "source": "print('größe 👩‍💻')\n",
    "metadata": {"tags": ["first"], "collapsed": False},
    "outputs": [
        {"output_type": "display_data", "data": PICTURE, "metadata": {}},
        {"output_type": "stream", "name": "stdout", "text": "größe 👩‍💻\n"},
    ],
    "execution_count": 3,
}
MARKDOWN_WITH_PICTURE: Mapping[str, Any] = {
    "id": "picture",
    "cell_type": "markdown",
    "source": "# Überschrift\n\n![a](attachment:a.png)",
    "metadata": {"slideshow": {"slide_type": "slide"}},
    "attachments": {"a.png": PICTURE},
}
RAW: Mapping[str, Any] = {"id": "raw", "cell_type": "raw", "source": "as it is", "metadata": {}}
EMPTY_CODE: Mapping[str, Any] = {
    "id": "empty",
    "cell_type": "code",
    "source": "",
    "metadata": {},
    "outputs": [],
    "execution_count": None,
}

NOTEBOOKS: Mapping[str, list[Mapping[str, Any]]] = {
    "without cells": [],
    "one empty cell": [EMPTY_CODE],
    "only code": [CODE_WITH_OUTPUTS, EMPTY_CODE],
    "only prose": [MARKDOWN_WITH_PICTURE, RAW],
    "of everything": [CODE_WITH_OUTPUTS, MARKDOWN_WITH_PICTURE, RAW, EMPTY_CODE, {**EMPTY_CODE, "id": "last"}],
}


def notebook(cells: list[Mapping[str, Any]], client_id: int = 1) -> Replica:
    replica = Replica("notebook", client_id)

    def fill(replica: Replica) -> bool:
        replica.meta["nbformat"], replica.meta["nbformat_minor"] = 4, 5
        for cell in cells:
            replica.cells.append(make_cell(cell))
        return True

    replica.edit(fill)
    return replica


def apply_choice(choice: Choice, replica: Replica, **situation: Any) -> Edit:
    made: list[Edit] = []

    def change(replica: Replica) -> bool:
        made.append(make_edit(choice, replica, **situation))
        return made[0].apply(replica)

    assert replica.edit(change) is not None
    return made[0]


def file_form(replica: Replica) -> dict[str, Any]:
    content = read_content(replica, "notebook")
    cells = [{key: value for key, value in cell.items() if key != "execution_state"} for cell in content["cells"]]
    metadata = content["meta"].get("metadata", {})
    return _whole_numbers({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells})


def assert_valid(replica: Replica, *, may_stand_twice: frozenset[str] = frozenset()) -> None:
    form = file_form(replica)
    ids = [cell["id"] for cell in form["cells"]]
    doubled = {cell_id for cell_id in ids if ids.count(cell_id) > 1}
    assert doubled <= may_stand_twice, f"ids twice: {doubled - may_stand_twice}"
    for place, cell in enumerate(form["cells"]):
        if cell["id"] in doubled:
            cell["id"] = f"copy-{place}"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nbformat.validate(form)


def _whole_numbers(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole_numbers(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(entry) for entry in value]
    return value


@pytest.fixture(scope="session", name="notebook")
def _notebook() -> Callable[..., Replica]:
    """Makes a replica of the notebook with this name in NOTEBOOKS."""
    return lambda name="of everything", client_id=1: notebook(NOTEBOOKS[name], client_id)


@pytest.fixture(scope="session", name="apply_choice")
def _apply_choice() -> Callable[..., Edit]:
    """Resolves a choice against a replica, applies it in one transaction, and returns the edit."""
    return apply_choice


@pytest.fixture(scope="session", name="assert_valid")
def _assert_valid() -> Callable[..., None]:
    """Fails unless the notebook, as its file would be, is valid by nbformat and no id stands twice unexpectedly."""
    return assert_valid


@pytest.fixture(scope="session", params=NOTEBOOKS)
def any_notebook(request: pytest.FixtureRequest) -> Callable[[], Replica]:
    """Makes replicas of one of the notebooks, each in turn."""
    return lambda: notebook(NOTEBOOKS[request.param])
