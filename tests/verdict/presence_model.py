"""People who come, tell of themselves, leave, break off and come back, and a relay between them: in virtual time.

The relay is healthy in one of two ways (that of jupyter-collaboration, or that of the Node server, which hands
newcomers what it knows, and says of who broke off that it is gone), or does one thing wrong. The users' own bookkeeping
is the product's; what the relay does is written down here anew.
"""
# ruff: noqa: ARG002 (a faulty relay overrides whole questions, and reads what it needs of them)

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from jupyter_rtc_locust.protocol.awareness import StateDigest
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.users.presence_record import PresenceRecord
from jupyter_rtc_locust.verdict.evidence import DocumentEvidence, PresenceEvidence, RunEvidence, Snapshot, UserEvidence

HEARTBEAT_S = 15.0
SLOWEST_S = 0.4
PATH = "document.ipynb"
SERVER = 900

Message = tuple[int, int, StateDigest | None]
"""Client, clock, state."""


@dataclass(eq=False)
class Person:
    """One tab, and the process it runs in, whose clock is off by `offset` seconds."""

    user: int
    client_id: int
    process: int
    offset: float
    record: PresenceRecord = field(default_factory=PresenceRecord)
    online: bool = False
    deaf: bool = False
    """The line broke, and neither end knows yet: what is said on it is lost."""
    stage: str = "connected"
    next_beat: float = 0.0
    inbox: list[tuple[float, Message | None]] = field(default_factory=list)
    """(when, what); None is the answer to the question what its replica lacks."""
    asked: float | None = None
    told: list[tuple[float, int]] = field(default_factory=list)
    """(true time, clock) of each announcement on the present line."""
    synced: float = 0.0
    gone: float | None = None

    @property
    def state(self) -> StateDigest:
        return StateDigest(1000 + self.user, True)


class Relay:
    """Healthy. A fault overrides `passes`, or speaks up in `time_passes`."""

    def __init__(self, *, snapshots: bool) -> None:
        self.snapshots = snapshots

    def passes(self, viewer: Person, message: Message, now: float) -> Iterator[Message]:
        yield message

    def time_passes(self, room: Room) -> None:
        pass


class Room:
    """Everybody, and the time."""

    def __init__(self, relay: Relay, seed: int, processes: int = 1) -> None:
        self.relay = relay
        self.dice = random.Random(seed)
        self.offsets = [self.dice.uniform(-1.0, 1.0) for _ in range(processes)]
        self.now = 0.0
        self.people: list[Person] = []
        self.known: dict[int, tuple[int, StateDigest | None]] = {}
        self.heard: dict[int, float] = {}
        self.closing: list[tuple[float, Person]] = []
        """Lines that broke and of which the server does not know yet."""
        self.server_clock = 0
        self.standing_until = 0.0
        self.waiting: list[tuple[Person, Callable[[], None]]] = []
        """Who asked for what while the server stood still."""

    # -- what people do

    def arrive(self) -> Person:
        number = len(self.people)
        process = number % len(self.offsets)
        person = Person(number, 100 + number, process, self.offsets[process])
        self.people.append(person)
        self._connect(person)
        return person

    def leave(self, person: Person) -> None:
        """The document is closed: the leaving is told, the line ends."""
        person.stage = "left"
        person.record.line_ended(self.now + person.offset)
        self._tell(person, None)
        self._off(person)

    def lose(self, person: Person) -> None:
        """The line breaks; the server may notice at once, or in a while."""
        person.stage = "lost its connection"
        person.record.line_ended(self.now + person.offset)
        self._off(person)
        if self.relay.snapshots:
            self.closing.append((self.now + self.dice.choice((0.0, 0.2, 8.0)), person))

    def break_silently(self, person: Person) -> None:
        """The line breaks, and nobody notices until it is lost for good."""
        person.deaf = True
        person.inbox.clear()

    def stand_still(self, seconds: float) -> None:
        """The server does nothing for so long, and then everything, one line after the other."""
        self.standing_until = max(self.standing_until, self.now + seconds)

    def come_back(self, person: Person) -> None:
        person.stage = "connected"
        self._connect(person)

    def pass_time(self, seconds: float) -> None:
        """In small steps, so that everything happens in its order."""
        until = self.now + seconds
        while self.now < until:
            self.now = min(until, self.now + 0.1)
            if self.now >= self.standing_until:
                self._go_on()
                self._close_lines()
                self._forget_the_silent()
            for person in self.people:
                if person.online and self.now >= person.next_beat:
                    person.next_beat += HEARTBEAT_S
                    self._tell(person, person.state)
                self._read(person)
            self.relay.time_passes(self)
            if int(self.now / 15) > self.server_clock:  # the server renews its own state, which has no user
                self.server_clock += 1
                self._relay(None, (SERVER, self.server_clock, StateDigest(1, False)))

    # -- what happens then

    def _connect(self, person: Person) -> None:
        self.pass_time(max(0.0, self.standing_until - self.now))
        person.online, person.deaf, person.gone, person.told = True, False, None, []
        person.next_beat = self.now + HEARTBEAT_S
        person.record.line_opened(self.now + person.offset)
        if self.relay.snapshots:
            for client, (clock, state) in self.known.items():
                if state is not None:
                    self._deliver(person, (client, clock, state))
        self._tell(person, person.state)
        person.synced = self.now + 0.05
        person.record.line_synced(person.synced + person.offset)

    def _off(self, person: Person) -> None:
        person.online, person.gone = False, self.now
        person.inbox.clear()

    def _tell(self, person: Person, state: StateDigest | None) -> None:
        clock = person.record.tell(state, self.now + person.offset)
        person.told.append((self.now, clock))
        if person.deaf:
            return
        self._serve(person, lambda: self._hear(person, (person.client_id, clock, state)))

    def _go_on(self) -> None:
        lines = list({id(person): person for person, _ in self.waiting}.values())
        self.dice.shuffle(lines)
        for person, deed in sorted(self.waiting, key=lambda one: lines.index(one[0])):
            if person.online:
                deed()
        self.waiting.clear()

    def _serve(self, person: Person, deed: Callable[[], None]) -> None:
        """The server does something that it was asked to, at once or when it goes on."""
        if self.now < self.standing_until:
            self.waiting.append((person, deed))
        else:
            deed()

    def _hear(self, person: Person, message: Message) -> None:
        self.heard[person.client_id] = self.now
        self._relay(person, message)

    def _close_lines(self) -> None:
        for when, person in [one for one in self.closing if one[0] <= self.now]:
            self.closing.remove((when, person))
            clock, state = self.known.get(person.client_id, (0, None))
            if state is not None:
                self._relay(None, (person.client_id, clock, None))

    def _forget_the_silent(self) -> None:
        """As the Node server does, every three seconds, with whom it has not heard for 30."""
        if not self.relay.snapshots or int(self.now * 10) % 30:
            return
        for client, (clock, state) in self.known.items():
            if state is not None and client != SERVER and self.now - self.heard[client] >= 30:
                self._relay(None, (client, clock, None))

    def _relay(self, sender: Person | None, message: Message) -> None:
        client, clock, state = message
        if clock >= self.known.get(client, (0, None))[0]:
            self.known[client] = (clock, state)
        for viewer in self.people:
            if viewer.online and not viewer.deaf and not (viewer is sender and state is None):
                self._deliver(viewer, message)

    def _deliver(self, viewer: Person, message: Message) -> None:
        for passed in self.relay.passes(viewer, message, self.now):
            self._send(viewer, passed)

    def _send(self, viewer: Person, message: Message | None) -> None:
        latest = viewer.inbox[-1][0] if viewer.inbox else self.now
        viewer.inbox.append((max(latest, self.now + self.dice.uniform(0, SLOWEST_S)), message))

    def _read(self, person: Person) -> None:
        while person.inbox and person.inbox[0][0] <= self.now:
            message = person.inbox.pop(0)[1]
            if message is None:
                person.record.asked = person.asked
                continue
            client, clock, state = message
            if client == person.client_id and state is not None:
                person.record.heard_again(clock, self.now + person.offset)
            elif client != person.client_id:
                person.record.see(client, clock, state, self.now + person.offset)
            elif state is None and person.record.is_said_to_be_gone(clock):
                self._tell(person, person.state)

    # -- the end

    def evidence(self, *, sound: bool = True) -> RunEvidence:
        """Everybody who is there asks what it lacks, and a moment later all is put down."""
        self.asked = self.now
        present = [person for person in self.people if person.online and not person.deaf]
        for person in present:
            person.asked = self.now + person.offset
            self._serve(person, lambda person=person: self._send(person, None))  # type: ignore[misc]
        records: dict[int, PresenceEvidence] = {}
        processes = set(range(len(self.offsets)))
        while processes:
            for process in sorted(processes):
                if all(one.record.asked == one.asked for one in present if one.process == process):
                    processes.remove(process)
                    records |= {id(one): self._put_down(one) for one in self.people if one.process == process}
            self.pass_time(0.1)
        users = []
        for person in self.people:
            nothing, presence = ClockRanges(), records[id(person)]
            probed = presence.asked is not None
            users.append(
                UserEvidence(person.user, person.client_id, person.stage, "", probed, nothing, nothing, presence)
            )
        authors = {person.client_id: person.user for person in self.people}
        document = DocumentEvidence(PATH, "notebook", Snapshot({}, b"\x00\x00"), authors=authors, users=tuple(users))
        return RunEvidence(documents=(document,), sound=sound)

    def _put_down(self, person: Person) -> PresenceEvidence:
        """What a process tells of one of its users, a moment after the one before."""
        self.pass_time(self.dice.choice((0.0, 0.0, 0.1)))
        return person.record.evidence(f"process {person.process}", self.now + person.offset, lambda time: time)
