"""The demo's notebooks: that each is there, is what it is said to be, and is one that a healthy server can keep."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

from jupyter_rtc_locust.demo import notebooks
from jupyter_rtc_locust.demo.notebooks import DEMO_NOTEBOOKS, notebook_paths
from jupyter_rtc_locust.errors import OptionsError

if TYPE_CHECKING:
    from pathlib import Path

CONTENTS: dict[str, dict[str, Any]] = {path.name: json.loads(path.read_text("utf-8")) for path in notebook_paths()}


def outputs_of(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [output for cell in notebook["cells"] for output in cell.get("outputs", [])]


def test_they_come_in_the_order_of_the_table() -> None:
    assert [path.name for path in notebook_paths()] == [notebook.file_name for notebook in DEMO_NOTEBOOKS]


@pytest.mark.parametrize("path", notebook_paths(), ids=lambda path: path.name)
def test_each_is_valid_and_of_an_old_format_without_cell_ids(path: Path) -> None:
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert notebook.nbformat == 4
    assert notebook.nbformat_minor < 5
    assert notebook.cells
    assert not any("id" in cell for cell in notebook.cells)


@pytest.mark.parametrize("name", CONTENTS)
def test_each_has_nothing_that_a_server_would_add_or_could_not_keep(name: str) -> None:
    notebook = CONTENTS[name]
    assert {"kernelspec", "language_info"} <= notebook["metadata"].keys()
    text = json.dumps(notebook)
    assert "NaN" not in text
    assert "Infinity" not in text
    assert "\\r" not in text


def test_the_first_has_every_kind_of_output_and_tags() -> None:
    notebook = CONTENTS["mixed-conflicts--3.ipynb"]
    outputs = outputs_of(notebook)
    assert {output["output_type"] for output in outputs} == {"stream", "error", "execute_result", "display_data"}
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 2
    assert any(cell["metadata"].get("tags") for cell in notebook["cells"])


def test_the_others_stand_for_what_the_table_says() -> None:
    assert not json.dumps(CONTENTS["unicode--2.ipynb"]["cells"], ensure_ascii=False).isascii()
    assert any(cell.get("attachments") for cell in CONTENTS["attachment.ipynb"]["cells"])
    assert {cell["cell_type"] for cell in CONTENTS["multi_cell_nb.ipynb"]["cells"]} == {"code", "markdown"}
    sources = ["".join(cell["source"]) for cell in CONTENTS["src-and-output--1.ipynb"]["cells"]]
    assert len(set(sources)) < len(sources)
    assert "\x1b[" in "".join(outputs_of(CONTENTS["error--2.ipynb"])[0]["traceback"])
    assert "application/json" in outputs_of(CONTENTS["single_cell_nb--json_output.ipynb"])[0]["data"]
    assert any("".join(cell["source"]) == "" for cell in CONTENTS["output-conflict--3.ipynb"]["cells"])


def test_finding_them_imports_nothing_of_nbdime() -> None:
    program = (
        "import sys; from jupyter_rtc_locust.demo.notebooks import notebook_paths; notebook_paths(); "
        "print('nbdime' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"


def test_without_nbdime_a_sentence_tells_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebooks, "find_spec", lambda _name: None)
    with pytest.raises(OptionsError, match=r"pip install.*--rtc-template"):
        notebook_paths()


def test_a_notebook_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = notebooks.DemoNotebook("gone.ipynb", "nothing")
    monkeypatch.setattr(notebooks, "DEMO_NOTEBOOKS", (*DEMO_NOTEBOOKS, gone))
    with pytest.raises(OptionsError, match=r"gone\.ipynb"):
        notebook_paths()
