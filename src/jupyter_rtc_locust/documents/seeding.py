"""Filling an empty document with the content of a template, as an edit of one author.

Servers that keep no files give out empty documents; somebody has to write the first content. That is an edit like any
other: its update is sent, echoed and stands in the oracle. Ids that a template lacks follow from the place of the
cell, so that the same template gives the same document in every run.

Knows nothing about who seeds, and when.
"""

from pycrdt import Map

from jupyter_rtc_locust.documents.cell_ids import with_unique_ids
from jupyter_rtc_locust.documents.cells import make_cell
from jupyter_rtc_locust.documents.conversion import to_nbformat_4
from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.documents.templates import Template


def fill(replica: Replica, template: Template) -> bytes | None:
    """
    Write the template into an empty replica and return the update; None where there is nothing to write (an empty
    text).

    Raises ValueError where the replica already holds something, or is a document of another kind, and ReplicaError
    where the template cannot be written.
    """
    if replica.kind != template.kind:
        raise ValueError(f"{template.name} is a {template.kind} and cannot be written into a {replica.kind}")
    if template.kind == "text":
        return _fill_text(replica, str(template.content))
    if len(replica.cells) or len(replica.meta):
        raise ValueError(f"{template.name} can only be written into an empty document: this one has content already")
    assert isinstance(template.content, dict)
    notebook = with_unique_ids(to_nbformat_4(template.content))

    def write(empty: Replica) -> bool:
        empty.meta["nbformat"] = notebook["nbformat"]
        empty.meta["nbformat_minor"] = notebook["nbformat_minor"]
        empty.meta["metadata"] = Map(notebook.get("metadata", {}))
        empty.cells.extend([make_cell(cell) for cell in notebook["cells"]])
        return True

    return replica.edit(write)


def _fill_text(replica: Replica, text: str) -> bytes | None:
    if len(replica.source):
        raise ValueError("a text can only be written into an empty document: this one has content already")

    def write(empty: Replica) -> bool:
        if text:
            empty.source.insert(0, text)
        return bool(text)

    return replica.edit(write)
