"""What the embedded server can be told to do to its own documents: drop a room, take longer to save.

Imported by the server's process alone, once its server is there, and so it imports nothing of the package. It reaches
into jupyter-server-ydoc where that has no switch: the rooms of its websocket server, and the one method that writes a
file. Commands come over the pipe from the process that started the server (`server_process`), never over the network,
and are done on the server's loop. The answer to each is a file of its own, `NUMBER.json`, in the folder of answers:
`{"error": ""}` where it was done, else why it was not.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any


class CannotBeDone(Exception):
    """The sentence says why."""


class ServerCommands:
    """Does what it is told, one after the other. `server` is the ServerApp, `answers` the folder for the answers."""

    def __init__(self, server: Any, answers: Path) -> None:
        self._server = server
        self._answers = answers
        self._in_turn = asyncio.Lock()
        self._slow = SlowSaves()

    def take(self, line: bytes) -> None:
        """A command, from any thread: one line of JSON, `{"number": 3, "do": "evict", "path": "a.ipynb"}`."""
        # The loop's add_callback is its one thread-safe door.
        self._server.io_loop.add_callback(self._do, line)

    async def _do(self, line: bytes) -> None:
        command = json.loads(line)
        async with self._in_turn:
            try:
                match command["do"]:
                    case "evict":
                        await self._evict(command["path"])
                    case "delay saves":
                        self._slow.delay(command["seconds"])
                    case other:
                        raise CannotBeDone(f"it knows no command {other!r}")
                error = ""
            except CannotBeDone as reason:
                error = str(reason)
            except Exception as unexpected:
                error = f"{type(unexpected).__name__}: {unexpected}"
            self._answer(command["number"], error)

    def _answer(self, number: int, error: str) -> None:
        self._answers.mkdir(mode=0o700, exist_ok=True)
        written = self._answers / f"{number}.part"
        written.write_text(json.dumps({"error": error}))
        # Whoever waits for it never sees half of it.
        written.replace(self._answers / f"{number}.json")

    async def _evict(self, path: str) -> None:
        """Cut everybody's line to the rooms of a file, and drop the rooms as the server does when all have left."""
        extension = _collaboration(self._server)
        file_id = self._server.web_app.settings["file_id_manager"].get_id(path)
        server = extension.ywebsocket_server
        names = [name for name in server.rooms if name.count(":") >= 2 and name.rpartition(":")[2] == file_id]
        if not names:
            raise CannotBeDone(f"nobody has {path!r} open, and there is no room to drop")
        for name in names:
            # Whoever opens the document meanwhile waits here, and makes a new room.
            async with extension._room_locks[name]:
                room = server.rooms[name]
                lines = list(room.clients)
                room.clients.add(_Nobody())
                await server.delete_room(room=room)
                for line in lines:
                    _cut(line)
                loader = extension.file_loaders[file_id]
                if loader.number_of_subscriptions == 0:
                    await extension.file_loaders.remove(file_id)
                self._server.log.info("Room %s was dropped, as it was told to: %s lines cut", name, len(lines))


def _collaboration(server: Any) -> Any:
    """The extension that serves rooms."""
    for apps in server.extension_manager.extension_apps.values():
        for app in apps:
            if hasattr(app, "ywebsocket_server"):
                return app
    raise CannotBeDone("the server has no extension jupyter_server_ydoc that is under way")


class _Nobody:
    """Keeps a room that was dropped from being empty: its last line would begin the wait for its end once more."""

    path = ""

    async def send(self, message: bytes) -> None:
        """Nobody hears it."""


def _cut(line: Any) -> None:
    """End a line as a crash does: without a word."""
    connection = line.ws_connection
    if connection is not None and connection.stream is not None:
        connection.stream.close()


class SlowSaves:
    """Every save of a document waits before it writes, as on a slow disk: what it writes is what it was begun with."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._changed: asyncio.Event | None = None
        self._patched = False

    def delay(self, seconds: float) -> None:
        """From now on each save waits so long; with 0 none does, and those that wait go on at once."""
        if not self._patched:
            self._patch()
        if self._changed is not None:
            self._changed.set()
        self._seconds = seconds
        self._changed = asyncio.Event()

    def _patch(self) -> None:
        from jupyter_server_ydoc.loaders import FileLoader

        save = FileLoader._save_content

        async def save_later(loader: Any, model: Any, done_saving: asyncio.Event, *more: Any) -> Any:
            try:
                await self._wait()
            except BaseException:
                done_saving.set()
                raise
            return await save(loader, model, done_saving, *more)

        FileLoader._save_content = save_later
        self._patched = True

    async def _wait(self) -> None:
        if self._seconds and self._changed is not None:
            try:
                await asyncio.wait_for(self._changed.wait(), self._seconds)
            except TimeoutError:
                pass
