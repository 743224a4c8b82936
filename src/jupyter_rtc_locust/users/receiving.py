"""What becomes of the messages of one read: noted and timed, then given to the user's replica, which applies them soon.

This is the hot path, together with `Connection._readable` and `FrameReader.feed`; docs/architecture.md says why it is
as it is. Nearly every read is updates alone, and the same as another user of the room was just sent: what is the same
for everybody is done once (`LatestArrivals`), and what is left for each user is its timings, a list of references, and
pycrdt. Nothing here switches greenlets.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable

from jupyter_rtc_locust.documents.replica import Replica, ReplicaError
from jupyter_rtc_locust.protocol.awareness import read_awareness
from jupyter_rtc_locust.protocol.hostile_updates import reason_to_refuse
from jupyter_rtc_locust.protocol.messages import AWARENESS_PREFIX, UPDATE_PREFIX, MessageError, read_update_body
from jupyter_rtc_locust.timing.round_trips import Arrivals, Indexes, indexes_of
from jupyter_rtc_locust.users.connection import Connection
from jupyter_rtc_locust.users.presence import OwnPresence
from jupyter_rtc_locust.users.seat import Seat
from jupyter_rtc_locust.users.swarm import Room, Swarm


class Receiving:
    """What one user is sent, on whichever line.

    `other(message, updates, now)` takes a message that is neither update nor awareness; it may add to the updates, or
    have those so far applied first (`apply`). `changed` is called when others' updates have been applied; None: nobody
    wants to know; they may still wait to be applied, as long as nobody looks.
    """

    __slots__ = (
        "_apply_soon",
        "_catching_up",
        "_changed",
        "_client_id",
        "_counts",
        "_latest",
        "_moment",
        "_other",
        "_presence",
        "_recorder",
        "_replica",
        "_room",
        "_round_trips",
        "_traffic",
        "_user",
        "connection",
        "in_step_at",
        "last_heard",
        "on_received",
        "received",
    )

    def __init__(
        self,
        seat: Seat,
        swarm: Swarm,
        room: Room,
        replica: Replica,
        presence: OwnPresence,
        *,
        other: Callable[[bytes, list[bytes], float], None],
        changed: Callable[[], None] | None,
    ) -> None:
        self._user = seat.user
        self._client_id = seat.client_id
        self._counts = swarm.counts
        self._traffic = swarm.traffic
        self._recorder = swarm.recorder
        self._room = room
        self._round_trips = room.round_trips
        self._latest = room.latest_arrivals
        self._moment = swarm.arrivals.moment
        self._replica = replica
        self._apply_soon = replica.apply_soon
        replica.refused = self._note_refused_later
        self._catching_up = swarm.catching_up
        self._presence = presence
        self._other = other
        self._changed = changed
        self.connection: Connection | None = None
        """The present line, or the last one."""
        self.last_heard = 0.0
        """When anything came (`time.monotonic`)."""
        self.received: Indexes = array("I")
        """Every update this user was sent, by its index: what its replica should hold."""
        self.in_step_at = 0
        """How many updates of the document this process had seen at the latest sync, which held what was missed."""
        self.on_received: Callable[[], None] | None = None
        """Called, from the event loop, when messages have been received and applied."""

    def receive(self, messages: list[bytes]) -> None:
        """Take all messages of one read. The list may be that of other users, too."""
        moment, latest, apply_soon = self._moment, self._latest, self._apply_soon
        line = self.connection
        now = self.last_heard = moment(self._room.last_sent, line.arrived if line is not None else 0.0)
        arrivals = latest.arrivals if messages is latest.messages else self._look_up(messages, now)
        if arrivals is None:
            self._take_one_by_one(messages, now)
        else:
            updates, indexes = self._round_trips.arrive_together(arrivals, self._user, now, self._client_id)
            if updates:
                if apply_soon(updates):
                    self._catching_up.soon(self._replica, self._fail)
                self.received += indexes
                if self._changed is not None:
                    self._changed()
            self._room.last_message = now
            self._counts["updates_received"] += len(messages)
        if self.on_received is not None:
            self.on_received()

    def _fail(self, error: BaseException) -> None:
        """The replica broke as it took what had come: the line is given up, and its user told."""
        if self.connection is not None:
            self.connection.fail(error)

    def seen_until(self) -> int:
        """How many updates of the document this process had seen when this user was given the latest of its own."""
        return max(self.in_step_at, self.received[-1] + 1 if self.received else 0)

    def _look_up(self, messages: list[bytes], now: float) -> Arrivals | None:
        """What is known of these updates, for everybody who is sent the same; None: there is something else in it."""
        updates = []
        for message in messages:
            if message[:2] != UPDATE_PREFIX:
                return None
            try:
                updates.append(read_update_body(message))
            except MessageError:
                return None
        # Only now: the messages of a sync, which are the whole document, shall not stay here.
        self._latest.messages, self._latest.arrivals = messages, None
        look_up = self._round_trips.look_up
        arrivals = Arrivals([look_up(update, now) for update in updates])
        if self._round_trips.unreadable:
            return None  # each is looked at before pycrdt is given it
        self._latest.arrivals = arrivals
        return arrivals

    def _take_one_by_one(self, messages: list[bytes], now: float) -> None:
        updates: list[bytes] = []
        own = 0
        for message in messages:
            if message[:2] != UPDATE_PREFIX:
                if message[:1] == AWARENESS_PREFIX:
                    self._hear(message, now)
                else:
                    self._other(message, updates, now)
                continue
            try:
                update = read_update_body(message)
            except MessageError as error:
                self.note_unreadable(error)
                continue
            if self._round_trips.arrive(self._user, update, now, self._client_id):
                own += 1
            else:
                updates.append(update)
        if updates:
            self.apply(updates, now)
            if self._changed is not None:
                self._changed()
        if own:
            self._room.last_message = now
            self._counts["updates_received"] += own

    def _hear(self, message: bytes, now: float) -> None:
        self._counts["awareness_received"] += 1
        try:
            heard = read_awareness(message)
        except MessageError:
            self._counts["messages_unreadable"] += 1
            self._traffic.note_received("awareness", len(message))
            return
        self._traffic.awareness_received += heard.on_the_wire
        self._presence.hear(heard, now)
        if not heard.people <= self._room.presences:
            self._room.presences |= heard.people

    def apply(self, updates: list[bytes], now: float) -> None:
        """Apply what others wrote, remember it, and empty the list."""
        if self._round_trips.unreadable:
            updates[:] = [update for update in updates if self._may_apply(update)]
        if not updates:
            return
        try:
            self._replica.apply_updates(updates)
        except ReplicaError as error:
            self._note_refused(error)
        # Answers to a sync are in the replica already, and known to nobody else.
        known = self._round_trips.known
        self.received += indexes_of(known[update] for update in updates if update in known)
        self._room.last_message = now
        self._counts["updates_received"] += len(updates)
        updates.clear()

    def _may_apply(self, update: bytes) -> bool:
        """Whether it can be given to pycrdt. What could be read (by `RoundTrips`) always can."""
        reason = update in self._round_trips.unreadable and reason_to_refuse(update)
        if reason:
            self.note_unreadable(MessageError(reason))
        return not reason

    def _note_refused(self, error: ReplicaError) -> None:
        """The others were applied; what cannot be read is left out, as y-websocket does, and shows as a gap."""
        if error.replica_is_broken:
            raise error
        self.note_unreadable(error)

    def _note_refused_later(self, error: ReplicaError) -> None:
        """The same of updates that had waited, whoever had them applied: a replica that broke gives its line up."""
        if error.replica_is_broken:
            self._fail(error)
        else:
            self.note_unreadable(error)

    def note_unreadable(self, error: Exception) -> None:
        """A message that is none is left out, as y-websocket does; it is counted, and fails as a delivery."""
        self._counts["messages_unreadable"] += 1
        self._recorder.failed("update delivery", f"a message of the server could not be read: {error}")
