"""A notebook cell as shared types: the one place that knows which part of a cell is a Text, an Array or a Map.

Every writer of cells goes through here (the seeding of an empty document and the edits of simulated users), so that
what we write has the types a real JupyterLab tab writes. Types matter to the people beside us: an editor can follow a
`source` that is a Text, and not one that is a plain string.

Knows nothing about documents, transactions or notebooks as a whole.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pycrdt import Array, Map, Text

IDLE = "idle"
"""The execution state of a code cell that no kernel is running."""

CELL_TYPES = ("code", "markdown", "raw")
"""The kinds of cell of nbformat 4."""


def make_cell(cell: Mapping[str, Any], *, execution_state: str | None = IDLE) -> Map[Any]:
    """
    Turn a cell of the notebook format into a shared Map that can be inserted into the `cells` array of a document.

    `source` becomes a Text, `metadata` a Map, and in code cells `outputs` an Array of Maps (see `make_output`), with
    `execution_state` (schema: jupyter-ydoc 4, document version 2.0.0; None: without, as recorded of cells that a tab
    makes or moves). Empty `attachments` are left out, as
    jupyter-ydoc does. Everything else enters as it stands. Sources and stream texts may be strings or lists of lines.

    The cell needs an `id`: ids are drawn by whoever plans the edit, because nothing here may be random.

    Raises ValueError where `id`, `cell_type` or `source` is missing. The given cell is not modified.
    """
    missing = [key for key in ("id", "cell_type", "source") if key not in cell]
    if missing:
        raise ValueError(f"cannot make a cell without {', '.join(missing)}: give all of id, cell_type and source")
    content: dict[str, Any] = dict(cell)
    content["source"] = Text(joined(cell["source"]))
    content["metadata"] = Map(dict(cell.get("metadata") or {}))
    if not content.get("attachments", True):
        del content["attachments"]
    if cell["cell_type"] == "code":
        content["outputs"] = make_outputs(cell.get("outputs") or ())
        content.setdefault("execution_count", None)
        if execution_state is not None:
            content["execution_state"] = execution_state
    return Map(content)


def make_outputs(outputs: Iterable[Mapping[str, Any]]) -> Array[Any]:
    """Turn the outputs of a code cell into a shared Array of Maps."""
    return Array([make_output(output) for output in outputs])


def make_output(output: Mapping[str, Any]) -> Map[Any]:
    """
    Turn one output of a code cell into a shared Map.

    The text of a stream becomes a Text, because kernels append to it; the rest of an output is replaced whole and stays
    plain data. The given output is not modified.
    """
    content: dict[str, Any] = dict(output)
    if output.get("output_type") == "stream":
        content["text"] = Text(joined(output.get("text", "")))
    return Map(content)


def joined(text: str | list[str]) -> str:
    """Return a multi-line string of the notebook format, which may be written as a list of lines, as one string."""
    return text if isinstance(text, str) else "".join(text)
