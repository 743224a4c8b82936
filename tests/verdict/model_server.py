"""A server like jupyter-collaboration 5, in memory; what it accepts, passes on and writes can be made to go wrong."""

from __future__ import annotations

import json
import random
import warnings
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import nbformat
from jupyter_ydoc import YNotebook, YUnicode
from pycrdt import Array, Doc, Text

from jupyter_rtc_locust.documents.canonical import content_digest
from jupyter_rtc_locust.documents.cell_ids import with_unique_ids
from jupyter_rtc_locust.documents.conversion import to_nbformat_4
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.selection import select
from jupyter_rtc_locust.protocol.state_vectors import decode_state_vector
from jupyter_rtc_locust.protocol.updates import decode_update, encode_update
from jupyter_rtc_locust.verdict.evidence import Snapshot

if TYPE_CHECKING:
    from verdict.swarm_model import ModelUser

PATH = "run/notebook-0.ipynb"
NOTHING = b"\x00\x00"
UPDATE, STEP_1, STEP_2 = "update", "step 1", "step 2"
_TYPES: dict[str, Any] = {"notebook": YNotebook, "text": YUnicode}


def text_of(doc: Doc[Any], cell: int = 0, kind: str = "notebook") -> Text:
    """A cell's source, or the text of a file, bound to a name as pycrdt wants it."""
    return doc.get("source", type=Text) if kind == "text" else cells_of(doc)[cell]["source"]


def cells_of(doc: Doc[Any]) -> Array[Any]:
    """The raw cells."""
    return doc.get("cells", type=Array)


def erase(text: Text, words: str) -> None:
    """Take these words out of a text."""
    start = str(text).encode().index(words.encode())
    del text[start : start + len(words.encode())]


def everything(_user: Any, update: bytes) -> list[bytes]:
    """What a healthy server passes on."""
    return [update]


def nothing(_user: Any, _update: bytes) -> list[bytes]:
    """Told to nobody."""
    return []


def as_it_came(_user: Any, update: bytes) -> bytes | None:
    """What a healthy server applies."""
    return update


def without_deletions(_user: Any, update: bytes) -> bytes:
    """The structs of an update, as if it deleted nothing."""
    return encode_update(decode_update(update).without_deletions())


class ModelServer:
    """The habits of jupyter-collaboration 5: content of client 0, own notes under `state`, renaming while it saves."""

    def __init__(self, kind: str, template: Any, generator: random.Random, *, files: bool = True) -> None:
        self.kind = kind
        self.files = files
        self.doc: Doc[Any] = Doc(client_id=generator.getrandbits(53))
        self.document = _TYPES[kind](self.doc)
        self.sessions: list[ModelUser] = []
        self.file: Any = None
        self.unsaved = False
        self.accept: Callable[[ModelUser | None, bytes], bytes | None] = as_it_came
        self.relay: Callable[[ModelUser, bytes], list[bytes]] = everything
        self.written: Callable[[Any], Any] = lambda saved: saved
        if files:
            self.file = template if kind == "text" else json.loads(json.dumps(template))
            self._load(generator)
            self.document.path = PATH
        self.doc.observe(self._changed)

    def _load(self, generator: random.Random) -> None:
        loaded = _TYPES[self.kind](Doc(client_id=0))
        if self.kind == "text":
            loaded.set(self.file.replace("\r\n", "\n"))
        else:
            loaded.set(_as_contents_manager_reads(self.file, generator))
        self.doc.apply_update(loaded.ydoc.get_update())

    def receive(self, user: ModelUser | None, update: bytes) -> None:
        accepted = self.accept(user, update)
        if accepted is not None and accepted != NOTHING:
            self.doc.apply_update(accepted)

    def _changed(self, event: Any) -> None:
        if event.update == NOTHING:
            return
        self.unsaved = True
        for user in self.sessions:
            for update in self.relay(user, event.update):
                user.inbox.append((UPDATE, update))

    def save(self) -> None:
        """Write the file; two differing copies of a cell get different ids by it, in the document."""
        if not self.files:
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content = self.document.get()
            if self.kind == "notebook":
                content = json.loads(nbformat.writes(nbformat.from_dict(content), version=nbformat.NO_CONVERT))
        self.file = self.written(content)
        self.document.dirty = False
        self.document.hash = content_digest(self.file)
        self.unsaved = False

    def rebuild(self, file: Any, generator: random.Random) -> None:
        """The room is made anew from this file, as after an eviction; nobody is connected."""
        assert not self.sessions
        self.file = file
        self.doc = Doc(client_id=generator.getrandbits(53))
        self.document = _TYPES[self.kind](self.doc)
        self._load(generator)
        self.document.path = PATH
        self.doc.observe(self._changed)

    def restart(self, generator: random.Random, *, trusted: bool = True) -> None:
        """A new process makes the room of its store, and of the file where that differs; nobody is connected.

        `trusted` is what the file's signature says of its code cells.
        """
        assert not self.sessions
        kept = self.doc.get_update()
        self.doc = Doc(client_id=generator.getrandbits(53))
        self.document = _TYPES[self.kind](self.doc)
        self.doc.apply_update(kept)
        self.document.path = PATH
        loaded = _as_contents_manager_reads(self.file, generator)
        for cell in loaded["cells"]:
            if cell["cell_type"] == "code":
                cell["metadata"]["trusted"] = trusted
        if self.document.get() != loaded:
            self.document.set(loaded)
        self.doc.observe(self._changed)

    @contextmanager
    def silently(self):
        """What is done to the document within is told to nobody."""
        sessions, self.sessions = self.sessions, []
        try:
            yield
        finally:
            self.sessions = sessions

    def snapshot(self) -> Snapshot:
        return Snapshot(decode_state_vector(self.doc.get_state()), self.doc.get_update())

    def forget(self, *updates: bytes) -> None:
        """Make the document anew without these updates, and tell nobody; what builds on them waits for ever."""
        whole = decode_update(self.doc.get_update())
        dropped = ClockRanges().union(*(decode_update(update).clock_ranges() for update in updates))
        kept = select(whole, whole.clock_ranges().difference(dropped))
        undone = ClockRanges().union(*(decode_update(update).deletions for update in updates))
        self.replace_by(encode_update(kept.with_deletions(whole.deletions.difference(undone))))

    def replace_by(self, update: bytes) -> None:
        """Another document takes the place of this one."""
        doc: Doc[Any] = Doc(client_id=self.doc.client_id + 1)
        doc.apply_update(update)
        self.doc = doc
        self.document = _TYPES[self.kind](doc)
        self.doc.observe(self._changed)


def _as_contents_manager_reads(notebook: Any, generator: random.Random) -> Any:
    """Convert, give ids, mark as trusted: what a Jupyter server does to a notebook that it loads."""
    loaded = to_nbformat_4(notebook)
    if (loaded["nbformat"], loaded["nbformat_minor"]) >= (4, 5):
        loaded = with_unique_ids(loaded)
    loaded = json.loads(json.dumps(loaded))
    for cell in loaded["cells"]:
        for holder in (cell, *cell.get("outputs", ())):
            for key in ("source", "text"):
                if isinstance(holder.get(key), list):
                    holder[key] = "".join(holder[key])
            for mime_type, data in holder.get("data", {}).items():
                if isinstance(data, list) and "json" not in mime_type:
                    holder["data"][mime_type] = "".join(data)
        for bundle in cell.get("attachments", {}).values():
            for mime_type, data in bundle.items():
                if isinstance(data, list):
                    bundle[mime_type] = "".join(data)
        if cell["cell_type"] == "code":
            cell["metadata"]["trusted"] = bool(generator.getrandbits(1))
        if "id" not in cell:
            cell["id"] = f"{generator.getrandbits(64):016x}"
    return loaded
