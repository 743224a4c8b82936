"""The sick server with one more habit: it lets a newcomer wait until it is told to let it in.

So a test can be sure that the verdict is under way: all evidence was gathered, and the newcomer is about to be judged.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pycrdt import YMessageType, YSyncMessageType, write_message

from servers.fault import Fault, Refusal
from servers.faults import FAULTS
from servers.sick_server import serve

if TYPE_CHECKING:
    from servers.room import Room
    from servers.sick_server import Connection

PAUSE_S = 1.0
LOOKS_EVERY_S = 0.1


class NewcomerWaits(Fault):
    """Who opens the document in a pause is answered once a file `let-in` stands in the served folder."""

    def __init__(self, *, at: int | None = None, user: int | None = None, quiet: float | None = None) -> None:
        super().__init__(at=at, user=user, quiet=quiet)
        self.newcomers: set[Connection] = set()

    def refuses(self, room: Room, connection: Connection) -> Refusal | None:
        if self.due(room) and time.monotonic() - room.last_update >= PAUSE_S:
            self.newcomers.add(connection)
        return None

    def answers_step1(self, room: Room, connection: Connection, update: bytes) -> bytes | None:
        if connection not in self.newcomers:
            return update
        print("The newcomer waits", flush=True)
        self._look(room, connection, update)
        return None

    def _look(self, room: Room, connection: Connection, update: bytes) -> None:
        if (Path(room.server.contents.root_dir) / "let-in").exists():
            connection.deliver(bytes([YMessageType.SYNC, YSyncMessageType.SYNC_STEP2]) + write_message(update))
            print("The newcomer was let in", flush=True)
        else:
            asyncio.get_running_loop().call_later(LOOKS_EVERY_S, self._look, room, connection, update)


if __name__ == "__main__":
    FAULTS["newcomer-waits"] = NewcomerWaits
    asyncio.run(serve())
