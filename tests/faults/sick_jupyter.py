"""A released Jupyter server with one fault in its process: `python -m faults.sick_jupyter --OPTIONS-OF-JUPYTER-SERVER`.

jupyter-server and jupyter-server-ydoc are those that are installed. At the few places where a server can go wrong they
are patched to ask a fault, as the sick server of the tests does by itself (`servers/fault.py`): so its faults strike
here, too, and those of `inside_jupyter.py`, which ask for what only a released server has. FAULT_OF_THE_TESTS holds the
fault as JSON: {"name": ..., "at": ..., "user": ..., "quiet": ...}. Strikes are printed, and so stand in the log.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from types import SimpleNamespace
from typing import Any

from jupyter_server import serverapp
from jupyter_server_ydoc import handlers, loaders, rooms, stores
from pycrdt import YMessageType, YSyncMessageType, create_update_message, read_message, write_message
from pycrdt.websocket import yroom

from faults.inside_jupyter import FAULTS_OF_JUPYTER, FaultOfJupyter
from servers.fault import Fault
from servers.faults import FAULTS

REMEMBERED = 4096
"""Updates whose author is known until they have been relayed."""


class Room:
    """A room of jupyter-server-ydoc as faults want to see it; one for each file."""

    def __init__(self, real: Any, fault: Fault) -> None:
        self.real = real
        self.fault = fault
        self.opened = self.authors = self.updates = 0
        self.last_update = time.monotonic()
        self.author: Any = None
        self.wrote: dict[bytes, Any] = {}
        self.told: dict[bytes, Any] = {}
        """Who sent the last messages about presence."""
        self.deduplicate = True
        real.ydoc.observe(self._changed)

    @property
    def kind(self) -> str:
        return str(self.real.file_type)

    @property
    def path(self) -> str:
        return str(self.real._file.path)

    @property
    def doc(self) -> Any:
        return self.real.ydoc

    @property
    def server(self) -> Any:
        return SimpleNamespace(rooms=known)

    @property
    def connections(self) -> list[Any]:
        return list(self.real.clients)

    @property
    def document(self) -> Any:
        return self.real._document

    def _changed(self, event: Any) -> None:
        if len(self.wrote) > REMEMBERED:
            self.wrote.pop(next(iter(self.wrote)))
        self.wrote[event.update] = self.author


NOTHING_NEW = b"\0\0"

fault: Fault
known: dict[int, Room] = {}
"""Rooms by the identity of their shared document, which lives as long as the room."""


def room_of(real: Any) -> Room:
    room = known.get(id(real.ydoc))
    if room is None or room.real is not real:
        room = known[id(real.ydoc)] = Room(real, fault)
        fault.room_made(room)
    return room


def is_document(handler: Any) -> bool:
    return isinstance(handler.room, rooms.DocumentRoom)


class Patched:
    """The methods that stand where jupyter-server-ydoc's own stood, which they call."""

    open = handlers.YDocWebSocketHandler.open
    on_message = handlers.YDocWebSocketHandler.on_message
    send = handlers.YDocWebSocketHandler.send
    put = handlers.DocSessionHandler.put
    save_content = loaders.FileLoader._save_content
    write = stores.SQLiteYStore.write
    save_by_hand = rooms.DocumentRoom._save_to_disc
    initialize = rooms.DocumentRoom.initialize
    handle_sync_message = staticmethod(yroom.handle_sync_message)


async def initialize(self: Any) -> None:
    was_ready = self.ready
    await Patched.initialize(self)
    if not was_ready:
        room_of(self)


async def open_line(self: Any, room_id: str) -> None:
    if is_document(self) and self.room.ready:
        room = room_of(self.room)
        room.opened += 1
        self.number = room.opened
        refusal = fault.refuses(room, self)
        if refusal is not None:
            self.close(*refusal)
            return
    else:
        self.number = 1
    self.author_number = getattr(self, "author_number", None)
    await Patched.open(self, room_id)


async def on_message(self: Any, message: Any) -> None:
    if not is_document(self) or not isinstance(message, bytes) or not message:
        await Patched.on_message(self, message)
        return
    room = room_of(self.room)
    if message[0] == YMessageType.AWARENESS:
        room.told = {**dict(list(room.told.items())[-100:]), message: self}
    fault.received(room, self, message)
    if message[0] == YMessageType.SYNC and message[1] != YSyncMessageType.SYNC_STEP1:
        update = read_message(message[2:])
        if update != NOTHING_NEW:
            if getattr(self, "author_number", None) is None:
                room.authors += 1
                self.author_number = room.authors
            room.updates += 1
            room.last_update = time.monotonic()
            if not fault.accepts(room, self, update):
                return
            room.wrote[update] = self
    await Patched.on_message(self, message)


def handle_sync_message(message: bytes, ydoc: Any) -> Any:
    room = known.get(id(ydoc))
    if room is None or message[0] == YSyncMessageType.SYNC_STEP1:
        return Patched.handle_sync_message(message, ydoc)
    update = read_message(message[1:])
    room.author = room.wrote.pop(update, None)
    author = room.author
    try:
        reply = Patched.handle_sync_message(message, ydoc)
    finally:
        room.author = None
    if update != NOTHING_NEW:
        fault.applied(room, author, update)
    return reply


async def send(self: Any, message: bytes) -> None:
    if not is_document(self):
        await Patched.send(self, message)
        return
    room = room_of(self.room)
    changed: bytes | None = message
    if message[0] == YMessageType.SYNC and message[1] == YSyncMessageType.SYNC_UPDATE:
        update = read_message(message[2:])
        relayed = fault.relayed(room, self, room.wrote.get(update), update)
        changed = None if relayed is None else message if relayed is update else create_update_message(relayed)
    elif message[0] == YMessageType.SYNC and message[1] == YSyncMessageType.SYNC_STEP2:
        update = read_message(message[2:])
        answer = fault.answers_step1(room, self, update)
        step_2 = bytes([YMessageType.SYNC, YSyncMessageType.SYNC_STEP2])
        changed = None if answer is None else message if answer is update else step_2 + write_message(answer)
    elif message[0] == YMessageType.AWARENESS and message in room.told:
        changed = fault.presence(room, self, room.told[message], message)
    if changed is None:
        return
    for delay, sent in fault.sends(room, self, changed):
        if delay:
            await asyncio.sleep(delay)
        await Patched.send(self, sent)


def deliver(self: Any, message: bytes) -> None:
    self.write_message(message, binary=True)


def close_abruptly(self: Any) -> None:
    self.ws_connection.stream.close()


async def put(self: Any, path: str) -> Any:
    if isinstance(fault, FaultOfJupyter):
        path = fault.leads_to(path)
    return await Patched.put(self, path)


async def save_content(self: Any, model: dict[str, Any], done_saving: asyncio.Event, *path: str) -> Any:
    room = next((room for room in known.values() if room.real._file is self), None)
    if room is None:
        return await Patched.save_content(self, model, done_saving, *path)
    try:
        if fault.save_takes:
            fault.strike(room)
            await asyncio.sleep(fault.save_takes)
        content = fault.saved(room, model["content"])
        if content is None:
            return {"hash": "0" * 64, "last_modified": self.last_modified}
        saved = await Patched.save_content(self, {**model, "content": content}, asyncio.Event(), *path)
        if isinstance(fault, FaultOfJupyter):
            fault.was_saved(room, model["content"])
        return saved
    finally:
        done_saving.set()


def save_by_hand(self: Any) -> Any:
    """The task that is waited for before success is told; one that saves nothing, as the fault wants it."""
    if fault.saves_by_hand(room_of(self)):
        return Patched.save_by_hand(self)
    return asyncio.create_task(asyncio.sleep(0))


async def write(self: Any, data: bytes) -> None:
    if isinstance(fault, FaultOfJupyter) and not fault.stores(data):
        return
    await Patched.write(self, data)


def main() -> None:
    """Patch, and be a Jupyter server."""
    global fault
    told = json.loads(os.environ["FAULT_OF_THE_TESTS"])
    kinds: dict[str, type[Fault]] = {**FAULTS, **FAULTS_OF_JUPYTER}
    fault = kinds[told.pop("name")](**told)
    rooms.DocumentRoom.initialize = initialize
    rooms.DocumentRoom._save_to_disc = save_by_hand
    handlers.YDocWebSocketHandler.open = open_line
    handlers.YDocWebSocketHandler.on_message = on_message
    handlers.YDocWebSocketHandler.send = send
    handlers.YDocWebSocketHandler.deliver = deliver
    handlers.YDocWebSocketHandler.close_abruptly = close_abruptly
    handlers.DocSessionHandler.put = put
    loaders.FileLoader._save_content = save_content
    stores.SQLiteYStore.write = write
    yroom.handle_sync_message = handle_sync_message
    serverapp.main()


if __name__ == "__main__":
    main()
