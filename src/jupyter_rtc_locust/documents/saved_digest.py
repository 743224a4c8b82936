"""A digest of a document's form on disk: of a file as it was read, and of a document after each of its edits.

Two digests are equal exactly where the two forms of `file_form` are, copies aside: of cells that are equal to the last
letter, their id included, only the first counts, because a server leaves the others out when it saves.

Each cell has a digest, and the whole one is made of those, so that after an edit only the cells are read again that it
touched.
"""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from itertools import chain, repeat
from typing import Any

from pycrdt import Array, Doc, Map, Text

from jupyter_rtc_locust.documents.canonical import canonical_text, plain_data
from jupyter_rtc_locust.documents.file_form import DOCUMENT_FORMS, as_saved, in_form, read_saved
from jupyter_rtc_locust.documents.kinds import DocumentKind

_BYTES = 16
_NAMED = b"1"
_NAMELESS = b"0"


def file_digest(saved: Any, kind: DocumentKind) -> str:
    """
    Return the digest of a file: a notebook's parsed JSON, or a text. No shared document is touched, so any thread may
    ask.

    Raises ValueError for what is no notebook, or no text, respectively.
    """
    return _digest_of_form(read_saved(saved, kind))


class RunningDigest:
    """
    The digest of a document that grows update by update.

    `characters` counts what was digested so far. That is where the time goes: an output of a megabyte is read again
    with each edit of its cell.
    """

    def __init__(self, kind: DocumentKind) -> None:
        """Begin with an empty document."""
        self.kind = kind
        self.characters = 0
        self._doc: Doc[Any] = Doc()
        self._digest: str | None = None
        self._frame: dict[str, Any] | None = None
        """Everything but the cells; None: to be read again."""
        self._frame_digest = b""
        self._version: dict[str, Any] = {}
        """The version of the format, on which the form of every cell depends."""
        self._cells: list[bytes | None] = []
        """The digest of each cell; None: to be read again."""
        if kind == "text":
            self._source = self._doc.get("source", type=Text)
            self._source.observe(self._text_changed)
        else:
            self._array = self._doc.get("cells", type=Array)
            self._meta = self._doc.get("meta", type=Map)
            self._array.observe_deep(self._cells_changed)
            self._meta.observe_deep(self._meta_changed)

    def apply(self, update: bytes) -> None:
        """
        Take in one more update, or many merged into one.

        Raises ValueError where it is none.
        """
        self._doc.apply_update(update)

    def digest(self) -> str:
        """Return the digest of the document as it is now."""
        if self._digest is None:
            self._digest = self._of_text() if self.kind == "text" else self._of_notebook()
        return self._digest

    def _of_text(self) -> str:
        text = str(self._source)
        self.characters += len(text)
        return _digest_of_form(text)

    def _of_notebook(self) -> str:
        if self._frame is None:
            self._frame = _frame_of(as_saved({"meta": plain_data(self._meta)}, self.kind))
            self._frame_digest = _frame_digest(self._frame)
            version = {key: self._frame[key] for key in ("nbformat", "nbformat_minor")}
            if version != self._version:
                self._version, self._cells = version, [None] * len(self._array)
        for index, known in enumerate(self._cells):
            if known is None:
                form = in_form({**self._version, "cells": [plain_data(self._array[index])]}, DOCUMENT_FORMS)
                text = canonical_text(form["cells"][0])
                self.characters += len(text)
                self._cells[index] = _cell_digest(form["cells"][0], text)
        return _whole(self._frame_digest, self._cells)

    def _text_changed(self, _event: object) -> None:
        self._digest = None

    def _meta_changed(self, _events: object) -> None:
        self._digest = self._frame = None

    def _cells_changed(self, events: Iterable[Any]) -> None:
        """Called when a transaction ends. Paths are those of the document as it is then."""
        self._digest = None
        touched = [event.path[0] for event in events if event.path]
        for event in events:
            if not event.path:
                self._cells = _followed(self._cells, event.delta)
        for index in touched:
            self._cells[index] = None


def _followed(cells: list[bytes | None], delta: Iterable[Mapping[str, Any]]) -> list[bytes | None]:
    """Return the list after a change in Yjs' form: steps that retain, insert or delete so many entries."""
    before = iter(cells)
    after: list[bytes | None] = []
    for step in delta:
        if "retain" in step:
            after += (next(before) for _ in range(int(step["retain"])))
        elif "insert" in step:
            after += repeat(None, len(step["insert"]))
        else:
            for _ in range(int(step["delete"])):
                next(before)
    return list(chain(after, before))


def _digest_of_form(form: Any) -> str:
    if isinstance(form, str):
        return _hash(form.encode("utf-8", "surrogatepass")).hex()
    cells = form.get("cells")
    digests = [_cell_digest(cell, canonical_text(cell)) for cell in cells] if isinstance(cells, list) else []
    return _whole(_frame_digest(_frame_of(form)), digests)


def _frame_of(form: Any) -> dict[str, Any]:
    """Return everything but the cells. What stands in their place and is no list stays, so that it is no notebook."""
    return {key: value for key, value in form.items() if key != "cells" or not isinstance(value, list)}


def _cell_digest(cell: Any, text: str) -> bytes:
    """Return the digest of one cell. Of cells without an id, two that are equal are no copies."""
    named = isinstance(cell, Mapping) and isinstance(cell.get("id"), str)
    return (_NAMED if named else _NAMELESS) + _hash(text.encode())


def _frame_digest(frame: dict[str, Any]) -> bytes:
    return _hash(canonical_text(frame).encode())


def _whole(frame: bytes, cells: Iterable[bytes | None]) -> str:
    digests = [one for one in cells if one is not None]
    if len(set(digests)) < len(digests):
        digests = _without_copies(digests)
    return _hash(frame + b"".join(digests)).hex()


def _without_copies(digests: list[bytes]) -> list[bytes]:
    seen: set[bytes] = set()
    kept = []
    for one in digests:
        if one not in seen or one.startswith(_NAMELESS):
            kept.append(one)
        seen.add(one)
    return kept


def _hash(data: bytes) -> bytes:
    return blake2b(data, digest_size=_BYTES).digest()
