"""Faults inside a released Jupyter server, beyond those that the sick server of the tests has, too."""
# ruff: noqa: ARG002 (a fault overrides whole questions, and reads what it needs of them)

from __future__ import annotations

import asyncio
import copy
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pycrdt import Array, Doc, Map, Text

from faults.update_reader import read_update
from servers.fault import Fault
from servers.faults_of_documents import Damage
from servers.faults_of_files import WrongFile
from servers.insertions import cells_of

if TYPE_CHECKING:
    from faults.sick_jupyter import Room


class FaultOfJupyter(Fault):
    """More questions, each with the healthy answer."""

    def leads_to(self, path: str) -> str:
        """Which file a session is made for."""
        return path

    def stores(self, update: bytes) -> bool:
        """Whether an update is written to the store."""
        return True

    def was_saved(self, room: Room, content: Any) -> None:
        """A file was written."""


# Session


class OtherDocument(FaultOfJupyter):
    """The `user`-th session that is asked for leads to the document that was asked for before it, if another one."""

    user_unless_told = 8
    asked = 0
    before = ""

    def leads_to(self, path: str) -> str:
        self.asked += 1
        if self.asked >= self.user and self.before not in ("", path) and not self._struck:
            self._struck.add(path)
            print(f"OtherDocument struck {path}: {self.before}", flush=True)
            return self.before
        self.before = path
        return path


class OtherDocumentForAll(FaultOfJupyter):
    """Every session leads to the first document."""

    first = ""

    def leads_to(self, path: str) -> str:
        self.first = self.first or path
        if path != self.first:
            print(f"OtherDocumentForAll struck {path}: {self.first}", flush=True)
        return self.first


# Store


class StoreForgets(FaultOfJupyter):
    """Updates are applied and relayed, and from the `at`-th on not stored; a file that is saved hides it."""

    written = 0

    def stores(self, update: bytes) -> bool:
        self.written += 1
        if self.written < self.at:
            return True
        print(f"StoreForgets struck the store at update {self.written}", flush=True)
        return False


# File


class BlankLost(WrongFile):
    """The blank at the end of the first source that has one; where none has, the last character of the first text."""

    def spoil(self, content: Any) -> Any:
        texts = [cell for cell in content["cells"] if cell["source"]]
        cell = next((cell for cell in texts if cell["source"][-1].isspace()), texts[0] if texts else None)
        if cell is not None:
            cell["source"] = cell["source"][:-1]
        return content


class CellsSwapped(WrongFile):
    """The first cell and the last have changed places."""

    def spoil(self, content: Any) -> Any:
        cells = content["cells"]
        cells[0], cells[-1] = cells[-1], cells[0]
        return content


class OutputLost(WrongFile):
    """The last output of the first cell that has one is not there; where none has, an execution count is another."""

    def spoil(self, content: Any) -> Any:
        code = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
        printed = next((cell for cell in code if cell["outputs"]), None)
        if printed is not None:
            printed["outputs"].pop()
        elif code:
            code[0]["execution_count"] = 4711
        return content


class CountChanged(WrongFile):
    """An execution count is another."""

    def spoil(self, content: Any) -> Any:
        code = next(cell for cell in content["cells"] if cell["cell_type"] == "code")
        code["execution_count"] = 4711
        return content


class MetadataChanged(WrongFile):
    """A cell has metadata that nobody wrote."""

    def spoil(self, content: Any) -> Any:
        content["cells"][0]["metadata"]["nobody"] = "wrote this"
        return content


class NotebookMetadataChanged(WrongFile):
    """The notebook has metadata that nobody wrote."""

    def spoil(self, content: Any) -> Any:
        content["metadata"]["nobody"] = "wrote this"
        return content


class CellDoubledInFile(WrongFile):
    """The first cell stands there twice, under a new id."""

    def spoil(self, content: Any) -> Any:
        content["cells"].insert(1, {**copy.deepcopy(content["cells"][0]), "id": uuid4().hex[:8]})
        return content


class EmojiLost(WrongFile):
    """Every character beyond the 65,536 that two bytes can hold is a question mark."""

    def spoil(self, content: Any) -> Any:
        for cell in content["cells"]:
            cell["source"] = "".join(letter if ord(letter) < 0x10000 else "?" for letter in cell["source"])
        return content


class IdChanged(WrongFile):
    """A cell has another id."""

    def spoil(self, content: Any) -> Any:
        content["cells"][-1]["id"] = uuid4().hex[:8]
        return content


class TypeChanged(WrongFile):
    """The first markdown cell is a raw one."""

    def spoil(self, content: Any) -> Any:
        cell = next(cell for cell in content["cells"] if cell["cell_type"] == "markdown")
        cell["cell_type"] = "raw"
        return content


class FileBehind(FaultOfJupyter):
    """Each save writes what the one before should have written."""

    def __init__(self, *, at: int | None = None, user: int | None = None, quiet: float | None = None) -> None:
        super().__init__(at=at, user=user, quiet=quiet)
        self._last: dict[Any, Any] = {}

    def saved(self, room: Any, content: Any) -> Any:
        before = self._last.get(room, content)
        self._last[room] = copy.deepcopy(content)
        if before != content:
            self.strike(room)
        return before


class OtherFile(FaultOfJupyter):
    """Every document is saved with the content of the one that was saved first."""

    _first: tuple[Any, Any] | None = None

    def saved(self, room: Any, content: Any) -> Any:
        if self._first is None or self._first[0] is room:
            self._first = room, copy.deepcopy(content)
            return content
        self.strike(room)
        return self._first[1]


class OldFile(FaultOfJupyter):
    """Each save after the first ones writes what was saved before, and says that it was done."""

    def __init__(self, *, at: int | None = None, user: int | None = None, quiet: float | None = None) -> None:
        super().__init__(at=at, user=user, quiet=quiet)
        self._kept: dict[Any, Any] = {}

    def saved(self, room: Any, content: Any) -> Any:
        if room not in self._kept or not self.due(room):
            self._kept[room] = copy.deepcopy(content)
            return content
        if content != self._kept[room]:
            self.strike(room)
        return self._kept[room]


class FileReverted(Damage, FaultOfJupyter):
    """In a pause another program writes an old state to the disk; the server takes it for a change, and obeys."""

    def __init__(self, *, at: int | None = None, user: int | None = None, quiet: float | None = None) -> None:
        super().__init__(at=at, user=user, quiet=1.6 if quiet is None else quiet)
        self._files: dict[Any, tuple[Path, bytes]] = {}

    def room_made(self, room: Any) -> None:
        super().room_made(room)
        path = Path(room.real._file._contents_manager.root_dir) / room.path
        self._files[room] = path, path.read_bytes()

    def damage(self, room: Any) -> bool:
        path, content = self._files[room]
        path.write_bytes(content)
        return True


# Documents


class DeleteCell(Damage):
    """A cell that nobody deleted is not there any more."""

    def damage(self, room: Any) -> bool:
        cell = self.calmest_cell(room)
        if cell is not None:
            cells = cells_of(room.doc)
            place = next(index for index, other in enumerate(cells) if other.get("id") == cell.get("id"))
            del cells[place]
        return cell is not None


class InventAndDelete(Damage):
    """Words that nobody wrote stand there for a moment, and are gone again."""

    def damage(self, room: Any) -> bool:
        texts = self.calmest(room)
        if not texts:
            return False
        text = texts[0][1]
        end = len(str(text).encode())
        text.insert(end, "nobody wrote this")
        asyncio.get_running_loop().call_later(0.3, self._take_back, text)
        return True

    @staticmethod
    def _take_back(text: Text) -> None:
        text_now = str(text).encode()
        at = text_now.find(b"nobody wrote this")
        if at >= 0:
            del text[at : at + len(b"nobody wrote this")]


class MetadataOverwritten(Damage):
    """The server sets an entry of a cell's metadata that nobody wrote."""

    def damage(self, room: Any) -> bool:
        cell = self.calmest_cell(room)
        metadata = None if cell is None else cell.get("metadata")
        if isinstance(metadata, Map):
            metadata["nobody"] = "wrote this"
        elif cell is not None:
            cell["metadata"] = {**(metadata or {}), "nobody": "wrote this"}
        return cell is not None


class OutputsCleared(Damage):
    """The outputs of a cell are gone, and nobody cleared them."""

    def damage(self, room: Any) -> bool:
        for cell in cells_of(room.doc):
            outputs = cell.get("outputs")
            if isinstance(outputs, Array) and len(outputs):
                del outputs[0 : len(outputs)]
                return True
        return False


class CellsReordered(Damage):
    """The last cell stands first: deleted and made anew by the server, with its id."""

    def damage(self, room: Any) -> bool:
        cells = cells_of(room.doc)
        if len(cells) < 2:
            return False
        content = cells[-1].to_py()
        with room.doc.transaction():
            del cells[-1]
            cells.insert(0, room.document.create_ycell(content))
        return True


class TextRetyped(Damage):
    """A source is written anew, letter for letter the same, by the server."""

    def damage(self, room: Any) -> bool:
        texts = self.calmest(room)
        if not texts:
            return False
        text = texts[0][1]
        content = str(text)
        with room.doc.transaction():
            del text[0 : len(content.encode())]
            text.insert(0, content)
        return True


class TypeOverwritten(Damage):
    """A code cell is a markdown cell, which nobody made of it."""

    def damage(self, room: Any) -> bool:
        for cell in cells_of(room.doc):
            if cell.get("cell_type") == "code":
                cell["cell_type"] = "markdown"
                return True
        return False


class CountOverwritten(Damage):
    """An execution count is another one."""

    def damage(self, room: Any) -> bool:
        for cell in cells_of(room.doc):
            if cell.get("cell_type") == "code":
                cell["execution_count"] = 4711.0
                return True
        return False


class Forged(Damage):
    """Words that nobody wrote stand there under the client id of a user."""

    def damage(self, room: Any) -> bool:
        texts = self.calmest(room)
        client = next(iter(read_update(self.newest).clients), None)
        if not texts or client is None:
            return False
        copied: Doc[Any] = Doc(client_id=client)
        copied.apply_update(room.doc.get_update())
        before = copied.get_state()
        if texts[0][0] is None:
            text = copied.get("source", type=Text)
        else:
            text = next(cell["source"] for cell in cells_of(copied) if cell.get("id") == texts[0][0])
        text.insert(len(str(text).encode()), "nobody wrote this")
        room.doc.apply_update(copied.get_update(before))
        return True

    newest = b"\0\0"

    def applied(self, room: Any, connection: Any, update: bytes) -> None:
        if read_update(update).clients:
            self.newest = update
        super().applied(room, connection, update)


class SpoiledOnLoading(FaultOfJupyter):
    """A room does not hold what its file holds, from the `user`-th time on that one is made of it."""

    made = 0

    def room_made(self, room: Any) -> None:
        self.made += 1
        if self.made < self.user:
            return
        source = cells_of(room.doc)[0]["source"]
        del source[0:1]
        self.strike(room)


class NotRelayed(FaultOfJupyter):
    """One update is applied and stored, its author gets it back, and nobody else does."""

    _chosen: bytes | None = None

    def relayed(self, room: Any, connection: Any, author: Any, update: bytes) -> bytes | None:
        if self._chosen is None and author is not None and self.due(room) and self.strikes_user(author):
            self._chosen = update
        if self._chosen == update and connection is not author:
            self.strike(room)
            return None
        return update


# Service


class Blocked(FaultOfJupyter):
    """The server's loop stands still for `quiet` seconds, once. Healthy, only slow."""

    def applied(self, room: Any, connection: Any, update: bytes) -> None:
        if self.due(room) and not self.struck(room):
            self.strike(room)
            time.sleep(3.0 if self.quiet is None else self.quiet)


class SlowSaves(FaultOfJupyter):
    """Every save takes 4 s longer, and is honest."""

    save_takes = 4.0


class Hungry(FaultOfJupyter):
    """The server keeps 400 MB that it does not need."""

    kept: bytes = b""

    def applied(self, room: Any, connection: Any, update: bytes) -> None:
        if self.due(room) and not self.struck(room):
            self.strike(room)
            self.kept = bytes(bytearray(b"x") * 400_000_000)


FAULTS_OF_JUPYTER: dict[str, type[FaultOfJupyter] | type[Fault]] = {
    "other-document": OtherDocument,
    "other-document-for-all": OtherDocumentForAll,
    "store-forgets": StoreForgets,
    "blank-lost": BlankLost,
    "cells-swapped": CellsSwapped,
    "output-lost": OutputLost,
    "count-changed": CountChanged,
    "metadata-changed": MetadataChanged,
    "notebook-metadata-changed": NotebookMetadataChanged,
    "cell-doubled-in-file": CellDoubledInFile,
    "old-file": OldFile,
    "file-reverted": FileReverted,
    "delete-cell": DeleteCell,
    "invent-and-delete": InventAndDelete,
    "metadata-overwritten": MetadataOverwritten,
    "outputs-cleared": OutputsCleared,
    "cells-reordered": CellsReordered,
    "text-retyped": TextRetyped,
    "not-relayed": NotRelayed,
    "emoji-lost": EmojiLost,
    "id-changed": IdChanged,
    "type-changed": TypeChanged,
    "file-behind": FileBehind,
    "other-file": OtherFile,
    "type-overwritten": TypeOverwritten,
    "count-overwritten": CountOverwritten,
    "forged": Forged,
    "spoiled-on-loading": SpoiledOnLoading,
    "blocked": Blocked,
    "slow-saves": SlowSaves,
    "hungry": Hungry,
}
