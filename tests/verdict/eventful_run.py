"""Random runs in which a healthy server does whatever a healthy server may do, and people whatever they like.

Beside what `random_run` has: the server tells everything again, encodes several updates as one, restarts and makes the
room of its store and its file; strangers who show themselves edit and delete; people work on one cell at once.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from pycrdt import Map

from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.protocol.merging import merge_updates
from verdict.model_server import UPDATE, cells_of, text_of
from verdict.swarm_model import ModelUser, SwarmModel, random_run

GUEST = 4_242_424_242


class EventfulRun:
    """A swarm, and a seed that says what happens to it."""

    def __init__(self, swarm: SwarmModel, *, guests: bool = False, restarts: bool = False) -> None:
        self.swarm = swarm
        self.dice = random.Random(f"events {swarm.seed}")
        self.events: list[Callable[[], None]] = [self.tell_again, self.join_updates, self.meet, self.type_then_leave]
        if guests:
            self.events.append(self.guest)
        if restarts and swarm.kind == "notebook" and swarm.server.files:
            self.events.append(self.restart)

    def go_on(self, rounds: int, steps: int = 12) -> EventfulRun:
        for _ in range(rounds):
            random_run(self.swarm, self.dice.randint(1, steps), dice=self.dice)
            self.dice.choice(self.events)()
        return self

    def present(self) -> list[ModelUser]:
        return [one for one in self.swarm.users if one.stage == "connected" and one.online]

    def tell_again(self) -> None:
        """Somebody is sent the whole document, with every deletion that was ever made in it."""
        for one in self.present()[: self.dice.randint(1, 3)]:
            one.inbox.append((UPDATE, self.swarm.server.doc.get_update()))

    def join_updates(self) -> None:
        """What is under way to somebody arrives as one update."""
        for one in self.present():
            updates = [payload for kind, payload in one.inbox if kind == UPDATE]
            if len(updates) == len(one.inbox) and len(updates) > 1 and self.dice.random() < 0.5:
                one.inbox = [(UPDATE, merge_updates(updates))]

    def meet(self) -> None:
        """Two people at one place at once: a cell deleted or moved that somebody types into, a value set twice."""
        if len(self.present()) < 2:
            return
        one, other = self.dice.sample(self.present(), 2)
        if self.swarm.kind == "text":
            for user in (one, other):
                text = str(text_of(user.replica.doc, kind="text"))
                if text.isascii() and len(text) > 2:
                    start = self.dice.randrange(len(text) - 1)
                    user.write(lambda replica, start=start: _cut(text_of(replica.doc, kind="text"), start))
                user.type("met ")
            return
        cells = min(len(one.replica.cells), len(other.replica.cells))
        if cells < 2:
            return
        cell = self.dice.randrange(cells)
        deed = self.dice.randrange(5)
        if deed == 0:
            one.write(lambda replica: replica.cells.pop(cell), "deleted a cell")
            other.type("typed meanwhile", cell)
        elif deed == 1:
            one.move(cell, self.dice.randrange(cells - 1))
            other.write(lambda replica: replica.cells[cell]["metadata"].update({"met": 1}), "set met")
        elif deed == 2:
            for user in (one, other):
                user.write(lambda replica: replica.cells[cell]["metadata"].update({"met": user.user}), "set met")  # noqa: B023
        elif deed == 3:
            one.write(lambda replica: replica.cells[cell].update({"metadata": Map({"new": True})}), "new metadata")
            other.write(lambda replica: replica.cells[cell]["metadata"].update({"met": 2}), "set met")
        else:
            one.write(lambda replica: text_of(replica.doc, cell).clear(), "emptied a cell")
            other.type("into the emptied", cell, at=0)

    def type_then_leave(self) -> None:
        """Somebody writes and deletes, and is gone before it hears of it."""
        if len(self.present()) < 3:
            return
        one = self.dice.choice(self.present())
        if not one.answered:
            return
        for _ in range(self.dice.randint(1, 3)):
            one.choose_and_edit()
        one.leave(self.dice.choice((None, 0, 1, 2)))

    def guest(self) -> None:
        """A stranger who shows itself opens the document, edits and deletes."""
        swarm = self.swarm
        swarm.presences.add(GUEST)
        replica = Replica(swarm.kind, GUEST)
        replica.apply_updates([swarm.server.doc.get_update()])
        for _ in range(self.dice.randint(1, 3)):
            update = replica.edit(self._guest_edit)
            if update is not None:
                swarm.server.receive(None, update)

    def _guest_edit(self, replica: Replica) -> bool:
        kind = self.swarm.kind
        cells = len(replica.cells) if kind == "notebook" else 1
        if not cells:
            return False
        cell = self.dice.randrange(cells)
        deed = self.dice.randrange(4)
        if deed == 0:
            text_of(replica.doc, cell, kind).insert(0, "guest ")
        elif deed == 1:
            text_of(replica.doc, cell, kind).clear()
        elif kind == "text":
            return False
        elif deed == 2:
            del replica.cells[cell]
        else:
            replica.cells[cell]["metadata"]["guest"] = self.dice.random()
        return True

    def restart(self) -> None:
        """The server is started again, all of it saved before; it makes the room of its store and its file.

        Nobody is away with a value that the server does not know yet, nor types before the room was synced: of two
        values at once, that of the server may stay, and somebody's is lost.
        """
        swarm = self.swarm
        for one in swarm.users:
            if one.stage == "lost its connection" and not one.online:
                one.connect()
        swarm.settle()
        swarm.save_in_pause()
        ids = [cell.get("id") for cell in cells_of(swarm.server.doc)]
        if len(set(ids)) < len(ids) or not ids:
            return  # of copies, the file holds one
        for one in swarm.users:
            if one.online:
                one.lose_line(0)
        swarm.server.restart(swarm.generator, trusted=bool(self.dice.getrandbits(1)))
        for one in swarm.users:
            if one.stage == "lost its connection":
                one.connect()
        swarm.settle()


def _cut(text: Any, start: int) -> None:
    del text[start : start + 1]
