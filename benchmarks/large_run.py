"""The evidence of a large run, made without a server: many users, one notebook, every kind of edit, saves in between.

Users edit in bursts and catch up before each, several of them at once, so that edits are as concurrent as those of a
run. The server notes each save under `state`, once a second, and sends what it had to encode anew; two processes play
the users, and so each has the other's edits among what it received.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from pycrdt import Array, Doc, Map

from benchmarks.recording import notebook
from jupyter_rtc_locust.documents.canonical import read_whole_content
from jupyter_rtc_locust.documents.file_form import as_saved
from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.documents.seeding import fill
from jupyter_rtc_locust.editing import Edit, RecentEdits, choose, make_edit
from jupyter_rtc_locust.editing.weights import DEFAULT_WEIGHTS
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.contents import StringContent
from jupyter_rtc_locust.protocol.merging import merge_updates
from jupyter_rtc_locust.protocol.state_vectors import decode_state_vector
from jupyter_rtc_locust.protocol.structs import Item
from jupyter_rtc_locust.protocol.updates import Update, decode_update, encode_update
from jupyter_rtc_locust.verdict.evidence import (
    AuthoredUpdate,
    DocumentEvidence,
    ForeignUpdate,
    ReplicaEvidence,
    RunEvidence,
    SavedFile,
    Snapshot,
    UserEvidence,
)

PATH = "large/notebook-0.ipynb"
EDITS_A_SECOND = 40.0
_AT_ONCE = 4
_LONGEST_BURST = 4
_SERVER = 2**52 + 1
_ECHO_S = 0.02


@dataclass
class LargeRun:
    """Users with real replicas and a server's document; `edit` goes on until so many edits were made."""

    users: int
    seed: int = 1
    now: float = 0.0
    authored: list[AuthoredUpdate] = field(default_factory=list)
    sent: list[tuple[float, bytes, int | None]] = field(default_factory=list)
    """What the server passed on: when, what, and which edit it is byte for byte."""

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)
        self.server: Doc[Any] = Doc(client_id=_SERVER)
        for name, kind in (("cells", Array), ("meta", Map), ("state", Map)):
            self.server.get(name, type=kind)
        loader = Replica("notebook", 0)
        loaded = fill(loader, notebook())
        assert loaded is not None
        self.server.apply_update(loaded)
        self.state: Map[Any] = self.server.get("state", type=Map)
        self.state["path"] = PATH
        self.initial = Snapshot(decode_state_vector(self.server.get_state()), self.server.get_update())
        self.given_out: list[bytes] = []
        self.server.observe(lambda event: self.given_out.append(event.update))
        self.replicas = [Replica("notebook", 1_000_000 + user) for user in range(self.users)]
        for replica in self.replicas:
            replica.apply_updates([self.initial.update])
        self.rounds: list[bytes] = []
        self.told = 0
        self.read = [0] * self.users
        self.numbers = [0] * self.users
        self.recent = RecentEdits()
        self.saved_at = 0.0

    def edit(self, edits: int) -> None:
        """Until this many edits were made in all."""
        while len(self.authored) < edits:
            at_once = self.dice.sample(range(self.users), min(_AT_ONCE, self.users))
            for user in at_once:
                self._catch_up(user)
            waiting = [burst for user in at_once if (burst := self._burst(user))]
            while waiting:
                # Each line keeps its order; which is read next is open.
                burst = self.dice.choice(waiting)
                index, update = burst.pop(0)
                self._take(update, index)
                waiting = [one for one in waiting if one]
            if self.now - self.saved_at >= 1.0:
                self._save()
            self._end_round()

    def _end_round(self) -> None:
        """What was sent since the last one is told to everybody as one update: applying is what takes the time."""
        news = [update for _, update, _ in self.sent[self.told :]]
        self.told = len(self.sent)
        self.rounds.append(merge_updates(news))

    def _catch_up(self, user: int) -> None:
        if news := self.rounds[self.read[user] :]:
            self.replicas[user].apply_updates(news)
        self.read[user] = len(self.rounds)

    def _burst(self, user: int) -> list[tuple[int, bytes]]:
        made = []
        for _ in range(self.dice.randint(1, _LONGEST_BURST)):
            choice = choose(self.seed, user, self.numbers[user], seat=user, seats=self.users, weights=DEFAULT_WEIGHTS)
            edits: list[Edit] = []

            def change(replica: Replica, choice: Any = choice, edits: list[Edit] = edits) -> bool:
                edits.append(make_edit(choice, replica, user_index=user, recent=self.recent, now=self.now))
                return edits[0].apply(replica)

            self.numbers[user] += 1
            update = self.replicas[user].edit(change)
            if update is None:
                continue
            self.now += 1 / EDITS_A_SECOND
            edit = edits[0]
            self.recent.note(user, edit.cell_id, self.now, edit.cell_index)
            number, due = self.numbers[user] - 1, self.now
            client = self.replicas[user].client_id
            self.authored.append(
                AuthoredUpdate(user, client, number, edit.description, edit.cell_id, due, due + _ECHO_S, update)
            )
            made.append((len(self.authored) - 1, update))
        return made

    def _take(self, update: bytes, index: int | None) -> None:
        self.server.apply_update(update)
        for given in self.given_out:
            same = index if given == update else None
            self.sent.append((self.now + _ECHO_S, given, same))
        self.given_out.clear()

    def _save(self) -> None:
        with self.server.transaction():
            self.state["dirty"] = False
            self.state["hash"] = f"{self.dice.getrandbits(256):064x}"
        self.saved_at = self.now
        self._take(b"\x00\x00", None)

    def evidence(self) -> RunEvidence:
        """What two processes would hand over: each has what the other's users authored among what it received."""
        self._save()
        self._end_round()
        for user in range(self.users):
            self._catch_up(user)
        copies = [self.replicas[process].full_update() for process in (0, 1)]
        return self._evidence(self.server.get_update(), copies)

    def evidence_without_an_edit(self) -> tuple[RunEvidence, AuthoredUpdate]:
        """The same, but of one edit all words are gone, for everybody, and nobody was told; and that edit."""
        self.evidence()
        edit, words = self._words_that_stand()
        gone = encode_update(Update({}, words))
        wrong: Doc[Any] = Doc(client_id=_SERVER)
        wrong.apply_update(merge_updates([self.server.get_update(), gone]))
        whole = wrong.get_update()
        return self._evidence(whole, [whole, whole]), edit

    def _words_that_stand(self) -> tuple[AuthoredUpdate, ClockRanges]:
        """An edit from the middle of the run that typed words of which all still stand, and their clocks."""
        deleted = decode_update(self.server.get_update()).deletions
        for edit in self.authored[len(self.authored) // 2 :]:
            words = ClockRanges.of(
                (struct.client, struct.clock, struct.end)
                for struct in decode_update(edit.update)
                if isinstance(struct, Item) and isinstance(struct.content, StringContent)
            )
            if words and not words.intersection(deleted):
                return edit, words
        raise AssertionError("of no edit in the second half all words stand")

    def _evidence(self, whole: bytes, copies: list[bytes]) -> RunEvidence:
        vector = decode_state_vector(self.server.get_state())
        covered = ClockRanges.from_state_vector(vector)
        deletions = decode_update(whole).deletions
        foreign = [
            # Two processes, two copies of the bytes.
            ForeignUpdate(received, bytes(bytearray(update)))
            for process in (0, 1)
            for received, update, index in self.sent
            if index is None or self.authored[index].user % 2 != process
        ]
        replicas = tuple(
            ReplicaEvidence(tuple(range(process, self.users, 2)), copy, deletions, covered)
            for process, copy in enumerate(copies)
        )
        users = tuple(
            UserEvidence(user, replica.client_id, "connected", "", True, ClockRanges(), ClockRanges())
            for user, replica in enumerate(self.replicas)
        )
        authors = {replica.client_id: user for user, replica in enumerate(self.replicas)}
        doc: Doc[Any] = Doc(client_id=_SERVER)
        doc.apply_update(whole)
        document = DocumentEvidence(
            path=PATH,
            kind="notebook",
            initial=self.initial,
            template=json.loads(json.dumps(notebook().content)),
            authors=authors,
            seated=dict.fromkeys(authors, PATH),
            authored=tuple(self.authored),
            foreign=tuple(foreign),
            replicas=replicas,
            users=users,
            presences=frozenset(authors),
            joiner=Snapshot(vector, whole),
            saved=SavedFile(content=as_saved(read_whole_content(doc, "notebook"), "notebook"), waited=1.0),
        )
        return RunEvidence(documents=(document,))
