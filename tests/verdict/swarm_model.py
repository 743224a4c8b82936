"""A swarm in memory: a server like jupyter-collaboration 5, users with real replicas, and the evidence of their run.

No sockets, no clock: time is a number that each step moves on, and every message waits in a list until somebody
delivers it, so that a test decides who has seen what. Evidence is put together as `coordination/gathering.py` and
`coordination/evidence_of_run.py` do it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from jupyter_rtc_locust.documents.cells import make_cell
from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.documents.seeding import fill
from jupyter_rtc_locust.documents.templates import Template
from jupyter_rtc_locust.editing import TEXT_WEIGHTS, Choice, Edit, RecentEdits, choose, make_edit
from jupyter_rtc_locust.editing.weights import DEFAULT_WEIGHTS
from jupyter_rtc_locust.protocol.state_vectors import decode_state_vector
from jupyter_rtc_locust.timing.round_trips import RoundTrips
from jupyter_rtc_locust.verdict.decision import decide
from jupyter_rtc_locust.verdict.evidence import (
    AuthoredUpdate,
    DocumentEvidence,
    ForeignUpdate,
    RunEvidence,
    SavedFile,
)
from jupyter_rtc_locust.verdict.findings import Verdict
from verdict.model_evidence import authored_of, replicas_of, user_of
from verdict.model_server import PATH, STEP_1, STEP_2, UPDATE, ModelServer, erase, text_of

SEEDER = -1


class ModelUser:
    """A tab: a real replica, and the messages under way to it (`inbox`) and from it (`outbox`)."""

    def __init__(self, swarm: SwarmModel, user: int, client_id: int) -> None:
        self.swarm = swarm
        self.user = user
        self.client_id = client_id
        self.process = swarm.processes[user % len(swarm.processes)]
        self.replica = Replica(swarm.kind, client_id)
        self.stage = "never opened its document"
        self.online = False
        self.answered = False
        """Whether the server got, since the line stands, all that was written before."""
        self.inbox: list[tuple[str, bytes]] = []
        self.outbox: list[tuple[str, bytes]] = []
        self.received: list[bytes] = []
        self.edits = 0
        self.numbers = 0

    # -- the line ------------------------------------------------------------------------------------------------

    def connect(self) -> None:
        self.online = True
        self.answered = False
        self.inbox, self.outbox = [], []
        server = self.swarm.server
        server.sessions.append(self)
        self.inbox.append((STEP_1, server.doc.get_state()))
        self.outbox.append((STEP_1, self.replica.encoded_state()))

    def lose_line(self, arriving: int = 0) -> None:
        """The line breaks; of what was under way to the server, so many messages still arrive."""
        self.send(arriving)
        self._offline()
        if self.stage == "connected":
            self.stage = "lost its connection"

    def leave(self, arriving: int | None = None) -> None:
        self.send(arriving)
        self._offline()
        self.stage = "left"

    def _offline(self) -> None:
        if self.online:
            self.swarm.server.sessions.remove(self)
        self.online = False
        self.inbox, self.outbox = [], []

    def send(self, count: int | None = None) -> None:
        """So many messages arrive at the server (None: all)."""
        taken = self.outbox[:count]
        del self.outbox[: len(taken)]
        for kind, payload in taken:
            if kind == STEP_1:
                self.inbox.append((STEP_2, self.swarm.server.doc.get_update(payload)))
            else:
                self.swarm.server.receive(self, payload)
                self.answered = self.answered or kind == STEP_2

    def read(self, count: int | None = None) -> None:
        """So many messages arrive at this user, in one read (None: all); as `Collaborator.receive` takes them."""
        taken = self.inbox[:count]
        del self.inbox[: len(taken)]
        round_trips = self.process.round_trips
        updates: list[bytes] = []
        for kind, payload in taken:
            if kind == UPDATE:
                if not round_trips.arrive(self.user, payload, self.swarm.now):
                    updates.append(payload)
            elif kind == STEP_2:
                updates.append(payload)
                self.stage = "connected"
            else:
                self._apply(updates)
                updates = []
                round_trips.settle(self.user, decode_state_vector(payload), self.swarm.now)
                self.outbox.append((STEP_2, self.replica.update_since(payload)))
        self._apply(updates)

    def _apply(self, updates: list[bytes]) -> None:
        if updates:
            self.replica.apply_updates(updates)
            known = self.process.round_trips.known
            self.received += [known[update].update for update in updates if update in known]

    # -- editing -------------------------------------------------------------------------------------------------

    def type(self, text: str, cell: int = 0, at: int | None = None) -> bytes:
        """Type into a cell, or into the file, at this byte (None: at the end)."""

        def change(replica: Replica) -> None:
            target = text_of(replica.doc, cell, self.swarm.kind)
            target.insert(len(str(target).encode()) if at is None else at, text)

        return self.write(change, f"typed {text!r}")

    def erase(self, text: str, cell: int = 0) -> bytes:
        """Delete the first place where this text stands in a cell."""
        return self.write(lambda replica: erase(text_of(replica.doc, cell, self.swarm.kind), text), f"deleted {text!r}")

    def move(self, cell: int, destination: int) -> bytes:
        """Move a cell as JupyterLab does: delete it, and insert a copy that keeps its id."""

        def change(replica: Replica) -> None:
            content = replica.cells[cell].to_py()
            del replica.cells[cell]
            replica.cells.insert(destination, make_cell(content))

        return self.write(change, f"moved cell {cell} to {destination}")

    def choose_and_edit(self) -> bytes | None:
        """What the seed says, as a user of a locustfile does."""
        swarm = self.swarm
        choice = choose(
            swarm.seed,
            self.user,
            self.numbers,
            seat=self.user % swarm.seats,
            seats=swarm.seats,
            weights=DEFAULT_WEIGHTS if swarm.kind == "notebook" else TEXT_WEIGHTS,
        )
        return self.edit(choice)

    def edit(self, choice: Choice) -> bytes | None:
        made: list[Edit] = []
        recent = self.process.recent

        def change(replica: Replica) -> bool:
            made.append(make_edit(choice, replica, user_index=self.user, recent=recent, now=self.swarm.now))
            return made[0].apply(replica)

        update = self._author(change, lambda: (made[0].description, made[0].cell_id))
        if update is not None:
            recent.note(self.user, made[0].cell_id, self.swarm.now, made[0].cell_index)
        return update

    def write(self, change: Callable[[Replica], Any], description: str = "wrote something") -> bytes:
        """Edit as a test says; the replica is handed to `change`."""

        def always(replica: Replica) -> bool:
            change(replica)
            return True

        update = self._author(always, lambda: (description, None))
        assert update is not None
        return update

    def write_without_dirty(self, change: Callable[[Replica], Any], description: str = "deleted something") -> bytes:
        """Edit without the mark of unsaved changes, so that a pure deletion has no struct."""
        written: list[bytes] = []
        subscription = self.replica.doc.observe(lambda event: written.append(event.update))
        change(self.replica)
        self.replica.doc.unobserve(subscription)
        return self._note(b"".join(written[:1]), description, None)

    def _author(self, change: Callable[[Replica], bool], words: Callable[[], tuple[str, str | None]]) -> bytes | None:
        update = self.replica.edit(change)
        return None if update is None else self._note(update, *words())

    def _note(self, update: bytes, description: str, cell: str | None) -> bytes:
        swarm = self.swarm
        self.process.round_trips.author(self.user, self.client_id, self.numbers, description, cell, swarm.now, update)
        self.numbers += 1
        if self.online:
            self.outbox.append((UPDATE, update))
        return update


@dataclass
class ModelProcess:
    """A worker: the bookkeeping that its users share."""

    round_trips: RoundTrips = field(default_factory=lambda: RoundTrips(lambda _: None, lambda _: None))
    recent: RecentEdits = field(default_factory=RecentEdits)
    users: list[ModelUser] = field(default_factory=list)


class SwarmModel:
    """A run in one document."""

    def __init__(
        self,
        template: Any,
        *,
        users: int = 3,
        processes: int = 1,
        kind: str = "notebook",
        seed: int = 1,
        files: bool = True,
        join: bool = True,
    ) -> None:
        self.kind = kind
        self.seed = seed
        self.generator = random.Random(f"swarm {seed}")
        self.now = 0.0
        self.template = template
        self.server = ModelServer(kind, template, self.generator, files=files)
        self.seats = users
        self.processes = [ModelProcess() for _ in range(processes)]
        self.authors: dict[int, int] = {}
        self.initial = self.server.snapshot()
        self.seed_edits: list[AuthoredUpdate] = []
        self.presences: set[int] = set()
        self.users: list[ModelUser] = []
        if not files and template is not None:
            self._seed()
        if join:
            for _ in range(users):
                self.join()
            self.settle()

    def _seed(self) -> None:
        client_id = self.new_client_id(SEEDER)
        replica = Replica(self.kind, client_id)
        text = self.template if self.kind == "text" else json.dumps(self.template)
        update = fill(replica, Template("template", self.kind, self.template, text))
        if update is not None:
            self.server.receive(None, update)
            self.seed_edits.append(
                AuthoredUpdate(SEEDER, client_id, 0, "filled the empty room", None, 0.0, 0.0, update)
            )

    def new_client_id(self, user: int) -> int:
        client_id = self.generator.randrange(1, 2**32)
        self.authors[client_id] = user
        return client_id

    def join(self, user: int | None = None) -> ModelUser:
        """Somebody opens the document: a new user, or the next incarnation of one that left."""
        user = len({one.user for one in self.users}) if user is None else user
        one = ModelUser(self, user, self.new_client_id(user))
        self.users.append(one)
        one.process.users.append(one)
        one.connect()
        return one

    def __getitem__(self, user: int) -> ModelUser:
        """The latest incarnation of a user."""
        return [one for one in self.users if one.user == user][-1]

    def pass_time(self, seconds: float = 0.05) -> None:
        self.now += seconds

    def settle(self) -> None:
        """Everything under way arrives."""
        while any(one.inbox or one.outbox for one in self.users):
            self.pass_time()
            for one in self.users:
                one.send()
            for one in self.users:
                one.read()

    # -- the end -------------------------------------------------------------------------------------------------

    def finish(self, *, reconnect: bool = True) -> None:
        """Everybody who lost the line comes back, everything arrives, the server saves."""
        for one in self.users:
            if reconnect and one.stage == "lost its connection" and not one.online:
                one.connect()
        self.settle()
        self.save_in_pause()

    def save_in_pause(self) -> None:
        for _ in range(5):
            if not self.server.unsaved:
                return
            self.pass_time(1.0)
            self.server.save()
            self.settle()

    def evidence(self, **changes: Any) -> DocumentEvidence:
        # As in a process, the users come first: their replicas are healed of what only waits.
        users = tuple(user_of(one) for process in self.processes for one in process.users)
        document = DocumentEvidence(
            path=PATH,
            kind=self.kind,
            initial=self.initial,
            template=self.template if self.server.files else None,
            authors=dict(self.authors),
            seated=dict.fromkeys(self.authors, PATH),
            authored=(*self.seed_edits, *(edit for process in self.processes for edit in authored_of(process))),
            foreign=tuple(
                ForeignUpdate(one.received, one.update)
                for process in self.processes
                for one in process.round_trips.foreign()
            ),
            replicas=tuple(one for process in self.processes for one in replicas_of(process)),
            users=users,
            presences=frozenset(self.presences | {one.client_id for one in self.users}),
            joiner=self.server.snapshot(),
            saved=SavedFile(content=self.server.file, waited=1.0) if self.server.files else None,
        )
        return replace(document, **changes)

    def run_evidence(self, **changes: Any) -> RunEvidence:
        return RunEvidence(documents=(self.evidence(**changes),))

    def verdict(self, **changes: Any) -> Verdict:
        """What is decided on this run; the evidence can be changed before."""
        return decide(self.run_evidence(**changes))


def random_run(
    swarm: SwarmModel,
    steps: int,
    *,
    save: float = 0.03,
    loss: float = 0.02,
    leaving: float = 0.01,
    joining: float = 0.01,
    twice: float = 0.05,
    dice: random.Random | None = None,
) -> SwarmModel:
    """People at work: edits, messages late, in batches and twice, saves, broken lines, people who leave and come.

    What happens follows from the seed, or from the dice that are handed in: then one run can go on after another.
    """
    dice = dice or random.Random(f"steps {swarm.seed}")
    if twice:
        swarm.server.relay = lambda _user, update: [update] * (2 if dice.random() < twice else 1)
    for _ in range(steps):
        swarm.pass_time(dice.choice((0.001, 0.01, 0.1, 0.6)))
        draw = dice.random()
        present = [one for one in swarm.users if one.stage not in ("left", "never opened its document")]
        one = dice.choice(present or swarm.users)
        if draw < save:
            swarm.server.save()
        elif draw < save + loss:
            # Who types before the server's step 1 is answered leaves a gap there until it is; and pycrdt, which shows
            # text beyond gaps to some and not to others, shows it differently for good if the answer never comes.
            if one.online and one.answered:
                one.lose_line(dice.randint(0, len(one.outbox)))
            elif one.stage == "lost its connection" and not one.online:
                one.connect()
        elif draw < save + loss + leaving:
            if len(present) > 2 and one.answered:
                one.leave(dice.choice((None, 0, 1)))
        elif draw < save + loss + leaving + joining:
            gone = [one.user for one in swarm.users if swarm[one.user].stage == "left"]
            swarm.join(dice.choice([*gone, None]))
        elif draw < 0.6:
            if one.stage in ("connected", "lost its connection"):
                one.choose_and_edit()
        elif draw < 0.8:
            one.send(dice.choice((1, 2, None)))
        else:
            dice.choice(swarm.users).read(dice.choice((1, 3, None)))
    return swarm
