"""One document of the sick server: applied, relayed to everybody, and written to its file after a pause.

The habits are those of jupyter-collaboration 5; `self.fault` is asked wherever they can be broken.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from jupyter_ydoc import ydocs
from pycrdt import Doc, TransactionEvent, create_update_message

if TYPE_CHECKING:
    from servers.sick_server import Connection, SickServer

NOTHING_NEW = b"\x00\x00"
"""An update without structs and deletions."""


class Room:
    """One shared document, its connections, and its way to the disk."""

    def __init__(self, server: SickServer, kind: str, path: str, content: Any) -> None:
        self.server = server
        self.fault = server.fault
        self.kind = kind
        self.path = path
        self.connections: list[Connection] = []
        self.opened = 0
        self.authors = 0
        self.updates = 0
        self.last_update = time.monotonic()
        self.author: Connection | None = None
        self.deduplicate = True
        self._saving: asyncio.TimerHandle | None = None
        # As jupyter-collaboration does: what comes from the file has client id 0, what the server writes has its own.
        loaded = ydocs[kind](Doc(client_id=0))
        loaded.set(content)
        self.doc: Doc[Any] = Doc()
        self.document = ydocs[kind](self.doc)
        self.doc.apply_update(loaded.ydoc.get_update())
        self.document.path = path
        self.doc.observe(self._changed)
        self.fault.room_made(self)

    def receive(self, connection: Connection, update: bytes) -> None:
        """Applies an update of a client; the document's observer then tells everybody, its author too."""
        if update == NOTHING_NEW:
            return
        self.updates += 1
        self.last_update = time.monotonic()
        if not self.fault.accepts(self, connection, update):
            return
        self.author = connection
        try:
            self.doc.apply_update(update)
        except Exception as error:  # what cannot be read is ignored, and the line stays open
            print(f"Not applied: {error!r}", flush=True)
            return
        finally:
            self.author = None
        self.fault.applied(self, connection, update)

    def _changed(self, event: TransactionEvent) -> None:
        update = event.update
        if update == NOTHING_NEW:
            return
        if self.author is not None and self.author.author_number is None:
            self.authors += 1
            self.author.author_number = self.authors
        for connection in list(self.connections):
            message = self.fault.relayed(self, connection, self.author, update)
            if message is not None:
                connection.deliver(create_update_message(message))
        self.save_later()

    def save_later(self) -> None:
        """Saves when no change has come for the save delay, as jupyter-collaboration does."""
        if self._saving is not None:
            self._saving.cancel()
        delay = self.server.save_delay + self.fault.save_takes
        self._saving = asyncio.get_running_loop().call_later(delay, self.save)

    def save(self) -> bool:
        """Writes the file now, if it can; whether it was written."""
        if self._saving is not None:
            self._saving.cancel()
        try:
            if self.fault.save_takes:
                self.fault.strike(self)
            content = self.document.get(self.deduplicate) if self.kind == "notebook" else self.document.get()
            content = self.fault.saved(self, content)
            if content is None:
                return False
            file_format = "json" if self.kind == "notebook" else "text"
            self.server.contents.save({"type": self.kind, "format": file_format, "content": content}, self.path)
            model = self.server.contents.get(self.path, content=False, require_hash=True)
        except Exception as error:
            print(f"Not saved: {self.path}: {error!r}", flush=True)
            return False
        self.document.dirty = False
        self.document.hash = model["hash"]
        if self._saving is not None:  # our own note of the save is no reason to save again
            self._saving.cancel()
        return True
