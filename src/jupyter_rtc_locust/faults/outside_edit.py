"""What an edit from outside writes into a document's file. Pure: text in, text out.

It adds something at the end and leaves all else as it was, so that a server that takes the file in has one thing to
insert, and whatever else is gone afterwards was not taken away by the edit.
"""

from __future__ import annotations

import json
from typing import Any

from jupyter_rtc_locust.documents.kinds import DocumentKind
from jupyter_rtc_locust.faults.plan import OutsideEdit

_BEGINNING = "Written into the file from outside"


def outside_words(edit: OutsideEdit) -> str:
    """What stands in the file afterwards, and stood there nowhere before: one line, without its end."""
    return f"{_BEGINNING}, at {edit.at:g} s of the run."


def changed_file(text: str, kind: DocumentKind, edit: OutsideEdit) -> str:
    """The file's text after the edit: one more cell at the end of a notebook, one more line at the end of a text.

    Raises:
        ValueError: the file of a notebook is none; or it has no ids of cells and was changed so before. A server puts
            all cells of such a file in anew each time, and the verdict does not tell two such times apart.
    """
    if kind == "text":
        return f"{text}{'' if not text or text.endswith(chr(10)) else chr(10)}{outside_words(edit)}\n"
    notebook = json.loads(text)
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise ValueError("the file holds no notebook")
    if not _has_ids(notebook) and _BEGINNING in text:
        raise ValueError(
            "a notebook of format 4.4 or lower, without ids of cells, is changed from outside only once in a run; give "
            "a notebook of format 4.5 as --rtc-template"
        )
    notebook["cells"].append(_cell(notebook, edit))
    # As nbformat writes it, which the server does: else `git diff` would show every line as changed.
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _cell(notebook: dict[str, Any], edit: OutsideEdit) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": "raw", "metadata": {}, "source": [outside_words(edit)]}
    if _has_ids(notebook):
        cell["id"] = f"outside-{edit.at:g}".replace(".", "-")
    return cell


def _has_ids(notebook: dict[str, Any]) -> bool:
    return (notebook.get("nbformat", 0), notebook.get("nbformat_minor", 0)) >= (4, 5)
