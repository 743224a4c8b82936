"""What is done to a server's process from outside, when so many edits have passed: frozen, killed, started again."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from faults.faulty_proxy import FaultyProxy
from servers.server_process import ServerProcess

DEADLINE_S = 60.0


@dataclass(frozen=True)
class Disturbance:
    """Called once in a thread of its own, while the run is under way; returns how often it struck."""

    act: Callable[[ServerProcess, FaultyProxy, Callable[[], bool]], int]


def wait_until(condition: Callable[[], bool], ended: Callable[[], bool]) -> bool:
    """False: the run ended, or a minute went by, before the condition held."""
    until = time.monotonic() + DEADLINE_S
    while not condition():
        if ended() or time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def frozen(seconds: float, *, at: int = 25) -> Disturbance:
    """Everything stands still for a while; the kernel still accepts connections."""

    def act(server: ServerProcess, proxy: FaultyProxy, ended: Callable[[], bool]) -> int:
        if not wait_until(lambda: proxy.updates >= at, ended):
            return 0
        server.pause()
        time.sleep(seconds)
        server.resume()
        return 1

    return Disturbance(act)


def frozen_for_good(*, at: int = 25) -> Disturbance:
    def act(server: ServerProcess, proxy: FaultyProxy, ended: Callable[[], bool]) -> int:
        if not wait_until(lambda: proxy.updates >= at, ended):
            return 0
        server.pause()
        return 1

    return Disturbance(act)


def killed_for_good(*, at: int = 25) -> Disturbance:
    def act(server: ServerProcess, proxy: FaultyProxy, ended: Callable[[], bool]) -> int:
        if not wait_until(lambda: proxy.updates >= at, ended):
            return 0
        server.kill()
        return 1

    return Disturbance(act)


def killed_while_they_type(*, at: int = 30) -> Disturbance:
    """Killed and started again with its store and its files, in the middle of things."""

    def act(server: ServerProcess, proxy: FaultyProxy, ended: Callable[[], bool]) -> int:
        if not wait_until(lambda: proxy.updates >= at, ended):
            return 0
        server.kill()
        server.start()
        return 1

    return Disturbance(act)


def killed_in_a_pause(
    *, then: Callable[[ServerProcess, dict[Path, bytes]], None] | None = None, at: int = 15
) -> Disturbance:
    """Killed when everything is saved and nobody types, and started again; `then` happens in between.

    `then` gets the files as they were before anybody wrote.
    """

    def act(server: ServerProcess, proxy: FaultyProxy, ended: Callable[[], bool]) -> int:
        if not wait_until(lambda: any(documents(server)), ended):
            return 0
        before = {path: path.read_bytes() for path in documents(server)}
        if not wait_until(lambda: proxy.updates >= at and _at_rest(server, proxy), ended):
            return 0
        server.kill()
        if then is not None:
            then(server, before)
        server.start()
        return 1

    return Disturbance(act)


def documents(server: ServerProcess) -> list[Path]:
    """The notebooks and text files of the run, with something in them."""
    found = [*server.root.rglob("*.ipynb"), *server.root.rglob("*.txt"), *server.root.rglob("*.md")]
    return [path for path in found if "checkpoint" not in str(path) and path.stat().st_size > 0]


def _at_rest(server: ServerProcess, proxy: FaultyProxy) -> bool:
    """Nobody typed for more than the second after which the server saves, and it has saved since."""
    last = max(room.last_update for room in proxy.rooms.values())
    quiet = time.monotonic() - last
    saved = min(time.time() - path.stat().st_mtime for path in documents(server))
    return quiet > 1.3 and 0.1 < saved < quiet - 0.8


def revert_the_file(server: ServerProcess, before: dict[Path, bytes]) -> None:
    """The files are as they were before anybody wrote, as after a backup was put back."""
    for path, content in before.items():
        path.write_bytes(content)


def lose_the_store(server: ServerProcess, before: dict[Path, bytes]) -> None:
    """The store of updates is gone."""
    for path in server.home.glob(".jupyter_ystore.db*"):
        path.unlink()


def revert_the_store(server: ServerProcess, before: dict[Path, bytes]) -> None:
    """Of every document, the second half of the updates is gone from the store."""
    with sqlite3.connect(server.home / ".jupyter_ystore.db") as store:
        for (name,) in store.execute("SELECT DISTINCT path FROM yupdates").fetchall():
            rows = [
                row for (row,) in store.execute("SELECT rowid FROM yupdates WHERE path = ? ORDER BY rowid", (name,))
            ]
            store.executemany("DELETE FROM yupdates WHERE rowid = ?", [(row,) for row in rows[len(rows) // 2 :]])


def lose_store_and_file(server: ServerProcess, before: dict[Path, bytes]) -> None:
    """Both."""
    lose_the_store(server, before)
    revert_the_file(server, before)
