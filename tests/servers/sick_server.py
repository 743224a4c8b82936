"""A small collaboration server for the tests: the dialect of jupyter-collaboration 5, healthy unless told otherwise.

It exists to be wrong in one known way. The code here and in `room.py` is the healthy server; each fault of `faults.py`
is a class whose methods this code calls at the few places where a server can go wrong. Files are read and written by
jupyter-server's own contents manager and turned into shared documents by jupyter-ydoc, so that a healthy run ends with
the very file that a real server would have written. Rooms stay in memory as long as the process lives. The token comes
from JUPYTER_TOKEN.

Use: python -m servers.sick_server --port PORT --folder FOLDER [--fault NAME]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import time
import uuid
from http.client import responses
from typing import TYPE_CHECKING, Any

from jupyter_server.services.contents.largefilemanager import LargeFileManager
from pycrdt import (
    Decoder,
    YMessageType,
    YSyncMessageType,
    create_sync_message,
    is_awareness_disconnect_message,
    read_message,
    write_message,
)
from tornado import web, websocket

from servers.faults import FAULTS
from servers.room import Room

if TYPE_CHECKING:
    from servers.fault import Fault

RAW = 2
"""Message type of jupyter-collaboration's own requests, beside pycrdt's SYNC (0) and AWARENESS (1)."""

SESSION = str(uuid.uuid4())


class Authorized(web.RequestHandler):
    """What all requests have in common: the token, the fault that may answer instead, errors as JSON."""

    @property
    def server(self) -> SickServer:
        server: SickServer = self.settings["server"]
        return server

    def prepare(self) -> None:
        status = self.server.fault.answers_http(self.request.method or "", self.request.path, self._is_upgrade())
        if status is not None:
            raise web.HTTPError(status)
        scheme, _, given = self.request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() not in ("token", "bearer"):
            given = self.get_query_argument("token", "")
        if given != self.server.token:
            raise web.HTTPError(403)

    def _is_upgrade(self) -> bool:
        return self.request.headers.get("Upgrade", "").lower() == "websocket"

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs["exc_info"][1] if "exc_info" in kwargs else None
        message = getattr(error, "log_message", None) or responses.get(status_code, "Unknown HTTP Error")
        self.answer({"message": message, "reason": getattr(error, "reason", None)})

    def answer(self, model: object, status: int | None = None) -> None:
        if status is not None:
            self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(model, default=str))


class StatusHandler(Authorized):
    """GET /api/status, asked for to see whether the server is there and the token right."""

    def get(self) -> None:
        connections = sum(len(room.connections) for room in self.server.rooms.values())
        self.answer({"connections": connections, "kernels": 0, "started": self.server.started, "last_activity": ""})


class VersionHandler(Authorized):
    """GET /api, which a Jupyter server answers to anybody."""

    def prepare(self) -> None:
        pass

    def get(self) -> None:
        self.answer({"version": "2.0.0"})


class MetricsHandler(Authorized):
    """GET /metrics, as the Prometheus client of a Jupyter server writes its process's memory."""

    def get(self) -> None:
        self.finish(f"process_resident_memory_bytes {self.server.fault.memory:.6e}\n")


class ContentsHandler(Authorized):
    """/api/contents/PATH, by jupyter-server's own contents manager."""

    def get(self, path: str) -> None:
        flag = self.get_query_argument
        model = self.server.contents.get(
            path,
            content=flag("content", "1") == "1",
            type=flag("type", None),
            format=flag("format", None),
            require_hash=flag("hash", "0") == "1",
        )
        self.answer(model)

    def put(self, path: str) -> None:
        model = json.loads(self.request.body or b"{}")
        exists = self.server.contents.file_exists(path)
        saved = self.server.contents.save(model, path) if exists else self.server.contents.new(model, path)
        self.answer(saved, 200 if exists else 201)

    def post(self, path: str) -> None:
        model = json.loads(self.request.body or b"{}")
        contents = self.server.contents
        if model.get("copy_from"):
            created = contents.copy(model["copy_from"], path)
        else:
            created = contents.new_untitled(path, type=model.get("type", ""), ext=model.get("ext", ""))
        self.answer(created, 201)

    def patch(self, path: str) -> None:
        moved = self.server.contents.update(json.loads(self.request.body), path)
        self.server.moved(path, moved["path"])
        self.answer(moved)

    def delete(self, path: str) -> None:
        self.server.contents.delete(path)
        self.set_status(204)


class SessionHandler(Authorized):
    """PUT /api/collaboration/session/PATH: which room belongs to a file. Answers 201 for a missing file, as 5.0.4."""

    def put(self, path: str) -> None:
        asked = json.loads(self.request.body)
        known = path in self.server.file_ids
        file_id = self.server.file_ids.setdefault(path, str(uuid.uuid4()))
        model = {"format": asked["format"], "type": asked["type"], "fileId": file_id, "sessionId": SESSION}
        self.answer(model, 200 if known else 201)


class Connection(Authorized, websocket.WebSocketHandler):
    """One user's line to a room. The server speaks first."""

    room: Room | None = None
    number = 0
    """The how manieth connection of its room this is, from 1; a user who comes back has a new number."""
    author_number: int | None = None
    """The same among the connections that changed the document, in the order of their first edit."""

    @property
    def max_message_size(self) -> int:
        return 2**30

    def check_origin(self, _origin: str) -> bool:
        return True

    def open(self, room_id: str) -> None:
        self.set_nodelay(True)
        if self.get_query_argument("sessionId", "") != SESSION:
            self.close(1003, json.dumps({"reason": "unknown_session", "reloadable": True}))
            return
        try:
            room = self.server.room(room_id)
        except web.HTTPError as error:
            self.close({404: 4404, 400: 4400}.get(error.status_code, 4500), "Error initializing.")
            return
        room.opened += 1
        self.number = room.opened
        refusal = room.fault.refuses(room, self)
        if refusal is not None:
            self.close(*refusal)
            return
        self.room = room
        room.connections.append(self)
        self.deliver(create_sync_message(room.doc))

    def deliver(self, message: bytes) -> None:
        """Sends a message, as the fault wants it: not at all, late, or more than once."""
        assert self.room is not None
        for delay, sent in self.room.fault.sends(self.room, self, message):
            if delay:
                asyncio.get_running_loop().call_later(delay, self._write, sent)
            else:
                self._write(sent)

    def _write(self, message: bytes) -> None:
        try:
            self.write_message(message, binary=True)
        except websocket.WebSocketClosedError:
            pass

    def on_message(self, message: str | bytes) -> None:
        if self.room is None or not message:
            return
        if isinstance(message, str):
            self.close_abruptly()
            return
        self.room.fault.received(self.room, self, message)
        if message[0] == YMessageType.SYNC:
            self._on_sync(self.room, message[1], read_message(message[2:]))
        elif message[0] == YMessageType.AWARENESS:
            self._on_awareness(self.room, message)
        elif message[0] == RAW:
            self._on_raw(self.room, message)

    def _on_sync(self, room: Room, step: int, payload: bytes) -> None:
        if step != YSyncMessageType.SYNC_STEP1:
            room.receive(self, payload)
            return
        answer = room.fault.answers_step1(room, self, room.doc.get_update(payload))
        if answer is not None:
            self.deliver(bytes([YMessageType.SYNC, YSyncMessageType.SYNC_STEP2]) + write_message(answer))

    def _on_awareness(self, room: Room, message: bytes) -> None:
        said_goodbye = is_awareness_disconnect_message(message[1:])
        for connection in list(room.connections):
            if said_goodbye and connection is self:
                continue
            passed = room.fault.presence(room, connection, self, message)
            if passed is not None:
                connection.deliver(passed)

    def _on_raw(self, room: Room, message: bytes) -> None:
        decoder = Decoder(message[1:])
        if decoder.read_var_string() == "save":
            # Also where saving failed: jupyter-collaboration catches the failure before it makes its answer.
            reply = {"type": "save", "responseTo": decoder.read_var_uint(), "status": "success"}
            if room.fault.saves_by_hand(room):
                room.save()
            text = json.dumps(reply).encode("ascii")
            assert len(text) < 128  # then the length is one byte
            self.deliver(bytes([RAW, len(text)]) + text)

    def close_abruptly(self) -> None:
        """Cuts the line without a close frame, as a broken network does."""
        if self.ws_connection is not None and self.ws_connection.stream is not None:
            self.ws_connection.stream.close()

    def on_close(self) -> None:
        if self.room is not None and self in self.room.connections:
            self.room.connections.remove(self)


class SickServer:
    """The files, the rooms, and the one fault."""

    def __init__(self, folder: str, token: str, fault: Fault, save_delay: float) -> None:
        self.contents = LargeFileManager(root_dir=folder)
        self.token = token
        self.fault = fault
        self.save_delay = save_delay
        self.started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.rooms: dict[str, Room] = {}
        self.file_ids: dict[str, str] = {}

    def room(self, room_id: str) -> Room:
        """The room of that name, made from its file where it does not exist yet; raises tornado's HTTPError."""
        if room_id not in self.rooms:
            file_format, kind, file_id = room_id.split(":", 2)
            path = next((path for path, known in self.file_ids.items() if known == file_id), None)
            if path is None:
                raise web.HTTPError(500, f"No file has the id {file_id}.")
            model = self.contents.get(path, content=True, type=kind, format=file_format)
            content = model["content"] if kind == "notebook" else model["content"].replace("\r\n", "\n")
            self.rooms[room_id] = Room(self, kind, path, content)
        return self.rooms[room_id]

    def moved(self, old: str, new: str) -> None:
        """A file was renamed: its id and its room stay."""
        if old in self.file_ids:
            self.file_ids[new] = self.file_ids.pop(old)
        for room in self.rooms.values():
            if room.path == old:
                room.path = room.document.path = new

    def application(self) -> web.Application:
        handlers: list[Any] = [
            (r"/api", VersionHandler),
            (r"/api/status", StatusHandler),
            (r"/metrics", MetricsHandler),
            (r"/api/contents/?(.*)", ContentsHandler),
            (r"/api/collaboration/session/(.*)", SessionHandler),
            (r"/api/collaboration/room/(.*)", Connection),
        ]
        return web.Application(handlers, server=self)


async def serve() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", required=True, help="the files to serve")
    parser.add_argument("--save-delay", type=float, default=0.3, help="seconds from the last change to the save")
    parser.add_argument("--fault", choices=sorted(FAULTS), default="none")
    parser.add_argument("--fault-at", type=int, help="the first update of a room, from 1, at which the fault may act")
    parser.add_argument("--fault-user", type=int, help="which connection of a room it strikes, see the fault")
    parser.add_argument("--fault-quiet", type=float, help="act in the first pause of so many seconds instead")
    options = parser.parse_args()
    fault = FAULTS[options.fault](at=options.fault_at, user=options.fault_user, quiet=options.fault_quiet)
    server = SickServer(options.folder, os.environ["JUPYTER_TOKEN"], fault, options.save_delay)
    server.application().listen(options.port, address="127.0.0.1", family=socket.AF_INET)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
