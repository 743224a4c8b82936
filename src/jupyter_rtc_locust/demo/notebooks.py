"""Real notebooks for the demo to edit: the test notebooks that nbdime brings along (BSD-3-Clause).

Each was made by a person with a notebook server of its time. They stand here by name, because not every one of
nbdime's is one that a healthy server keeps as it is: `cellids--*.ipynb` are of format 4.5 and lack a cell id,
`empty.ipynb` has no cell (the server adds one), and `error--1.ipynb` has no `language_info` (the server adds it).

Finding them imports nothing of nbdime, which would take longer than the demo's own start.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from jupyter_rtc_locust.errors import OptionsError


@dataclass(frozen=True, slots=True)
class DemoNotebook:
    """One of nbdime's notebooks, and what it puts to the test that the others do not."""

    file_name: str
    stands_for: str


DEMO_NOTEBOOKS = (
    DemoNotebook(
        "mixed-conflicts--3.ipynb", "every kind of output, two PNG images among them, and tags; 38 KiB, format 4.1"
    ),
    DemoNotebook("unicode--2.ipynb", "text outside ASCII; format 4.1"),
    DemoNotebook("attachment.ipynb", "an image attached to a Markdown cell; format 4.0"),
    DemoNotebook("multi_cell_nb.ipynb", "code and Markdown, a stream and a result; format 4.0"),
    DemoNotebook(
        "src-and-output--1.ipynb", "cells with equal sources, told apart by nothing but their place; format 4.0"
    ),
    DemoNotebook("error--2.ipynb", "tracebacks with terminal colours; format 4.0"),
    DemoNotebook("single_cell_nb--json_output.ipynb", "an output that is JSON, not text; format 4.0"),
    DemoNotebook("output-conflict--3.ipynb", "a large image, and a cell with neither source nor outputs; format 4.1"),
)
"""In the order in which a run should take them: a run with two documents gets the two that have most to lose."""


def notebook_paths() -> list[Path]:
    """Return where the demo's notebooks are installed, in the order of `DEMO_NOTEBOOKS`.

    Raises:
        OptionsError: nbdime, or one of the notebooks, is not there.
    """
    found = find_spec("nbdime")
    if found is None or not found.submodule_search_locations:
        raise OptionsError(
            "The demo edits the test notebooks of nbdime, which is not installed. Install it with "
            "pip install 'jupyter-rtc-locust[demo]', or name notebooks of your own with --rtc-template."
        )
    folder = Path(found.submodule_search_locations[0]) / "tests" / "files"
    paths = [folder / notebook.file_name for notebook in DEMO_NOTEBOOKS]
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        raise OptionsError(
            f"The demo edits the test notebooks of nbdime, and these are not in {folder}: {', '.join(missing)}. "
            "Install the nbdime of constraints/locked.txt, or name notebooks of your own with --rtc-template."
        )
    return paths
