"""The form in which a notebook or a text file rests on disk, and the way there from a document and from a file as read.

A document in a room and its saved file never are the same data: the room holds things that no file may hold, and a
file may write one and the same text in two ways. Here both are brought to one comparable form: the notebook format 4
as a plain dict with texts joined and whole numbers as ints; text files as one string. jupyter-ydoc's own `get()` is
not asked, so that a bug there does not stand on both sides of a comparison.

Every step is one function that changes a notebook in place and tells its reason; `FILE_FORMS` and `DOCUMENT_FORMS` list
which of them are taken. Steps that need to see both sides of a comparison are in `leniency`.
"""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any

from jupyter_rtc_locust.documents.canonical import Content
from jupyter_rtc_locust.documents.kinds import DocumentKind

Notebook = dict[str, Any]
"""A notebook of format 4 as plain data: `cells`, `metadata`, `nbformat`, `nbformat_minor`."""

TRANSIENT_METADATA = ("orig_nbformat", "orig_nbformat_minor", "signature")
"""Metadata of a notebook that nbformat strips when it reads and when it writes."""


def without_execution_state(notebook: Notebook) -> None:
    """Drop `execution_state` of cells: it says what the kernel is doing now. The notebook format does not know it."""
    for cell in cells_of(notebook):
        cell.pop("execution_state", None)


def without_trust(notebook: Notebook) -> None:
    """
    Drop `metadata.trusted` of cells: a server decides it anew on each loading, and nbformat strips it when it writes.
    """
    for cell in cells_of(notebook):
        if isinstance(cell.get("metadata"), dict):
            cell["metadata"].pop("trusted", None)


def without_empty_attachments(notebook: Notebook) -> None:
    """
    Drop empty `attachments` of markdown and raw cells: they mean what none mean, and jupyter-ydoc leaves them out.
    """
    for cell in cells_of(notebook):
        if cell.get("cell_type") in ("markdown", "raw") and not cell.get("attachments", True):
            del cell["attachments"]


def without_transient_metadata(notebook: Notebook) -> None:
    """Drop notes of nbformat to itself about conversion and trust, which it never leaves in a file."""
    if isinstance(notebook.get("metadata"), dict):
        for name in TRANSIENT_METADATA:
            notebook["metadata"].pop(name, None)


def without_ids_before_4_5(notebook: Notebook) -> None:
    """
    Drop ids of cells while the format is 4.4 or lower: a room gives each cell one, and these formats have no place for
    it.
    """
    major, minor = notebook.get("nbformat"), notebook.get("nbformat_minor")
    if major == 4 and isinstance(minor, int | float) and minor <= 4:
        for cell in cells_of(notebook):
            cell.pop("id", None)


def with_joined_lines(notebook: Notebook) -> None:
    """
    Join texts written as lists of lines: nbformat writes them so, for the sake of version control, and joins on
    reading.
    """
    for cell in cells_of(notebook):
        _join_entry(cell, "source")
        for bundle in _mappings(cell.get("attachments")):
            _join_bundle(bundle)
        for output in _entries(cell.get("outputs")):
            if output.get("output_type") in ("execute_result", "display_data"):
                _join_bundle(output.get("data"))
            else:
                _join_entry(output, "text")


def with_whole_numbers(notebook: Notebook) -> None:
    """Write whole floats as ints: pycrdt and JavaScript keep every number as a float, the file has `1` for `1.0`."""
    for key, value in notebook.items():
        notebook[key] = _whole(value)


Form = Callable[[Notebook], None]

FILE_FORMS: tuple[Form, ...] = (
    with_whole_numbers,
    without_trust,
    without_empty_attachments,
    without_transient_metadata,
    without_ids_before_4_5,
    with_joined_lines,
)
"""The steps for a notebook as read from a file or from the contents API."""

DOCUMENT_FORMS: tuple[Form, ...] = (without_execution_state, *FILE_FORMS)
"""
The steps for a notebook as it is in a room. A file that holds an execution state is not forgiven: it is no valid
notebook.
"""


def as_saved(content: Content, kind: DocumentKind) -> Notebook | str:
    """
    Return what a correct server would have on disk for the content of a document (see `canonical.read_content`).

    A document that was never seeded becomes a notebook of format 0, as jupyter-ydoc would have it. The content is not
    modified.
    """
    if kind == "text":
        return str(content.get("source", ""))
    meta = content.get("meta") or {}
    notebook = {
        "cells": deepcopy(content.get("cells", [])),
        "metadata": deepcopy(meta.get("metadata", {})),
        "nbformat": meta.get("nbformat", 0),
        "nbformat_minor": meta.get("nbformat_minor", 0),
    }
    return in_form(notebook, DOCUMENT_FORMS)


def read_saved(saved: Any, kind: DocumentKind) -> Notebook | str:
    """
    Return a file in the same form: a notebook's parsed JSON, the `content` of a contents API model, or a text.

    Raises ValueError where `saved` is no JSON object or no text, respectively. It is not modified.
    """
    if kind == "text":
        if not isinstance(saved, str):
            raise ValueError(f"a saved text file must be a text, and a {type(saved).__name__} was read")
        return saved
    if not isinstance(saved, Mapping):
        raise ValueError(f"a saved notebook must be a JSON object, and a {type(saved).__name__} was read")
    return in_form(deepcopy(dict(saved)), FILE_FORMS)


def in_form(notebook: Notebook, forms: tuple[Form, ...]) -> Notebook:
    """Take the given steps in place and return the notebook."""
    for form in forms:
        form(notebook)
    return notebook


def cells_of(notebook: Notebook) -> list[dict[str, Any]]:
    """
    Return the cells that are cells; whatever else stands among them stays where it is, for the comparison to show.
    """
    return list(_entries(notebook.get("cells")))


def _entries(items: Any) -> Iterator[dict[str, Any]]:
    return (item for item in items if isinstance(item, dict)) if isinstance(items, list) else iter(())


def _mappings(bundles: Any) -> Iterator[dict[str, Any]]:
    return _entries(list(bundles.values())) if isinstance(bundles, dict) else iter(())


def _join_bundle(bundle: Any) -> None:
    if isinstance(bundle, dict):
        for mime_type in bundle:
            if not _is_json(mime_type):
                _join_entry(bundle, mime_type)


def _join_entry(holder: dict[str, Any], key: str) -> None:
    value = holder.get(key)
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        holder[key] = "".join(value)


def _is_json(mime_type: str) -> bool:
    """Tell a MIME type whose data is JSON, where a list is a list (rule: nbformat 5)."""
    return mime_type == "application/json" or (mime_type.startswith("application/") and mime_type.endswith("+json"))


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return value
