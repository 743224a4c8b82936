"""What the users of one process share: the run's settings, the server, the recorder, and each document's bookkeeping.

One swarm lives for one run; the next run gets a new one.
"""

from __future__ import annotations

import logging
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gevent.lock import BoundedSemaphore
from gevent.pool import Group, Pool

from jupyter_rtc_locust.editing.recent_edits import RecentEdits
from jupyter_rtc_locust.reporting.history import History
from jupyter_rtc_locust.servers.base import Document, Server
from jupyter_rtc_locust.settings import SYNC_DEADLINE_S, Settings
from jupyter_rtc_locust.timing.archive import Archive, ArchiveFile
from jupyter_rtc_locust.timing.recorder import Recorder
from jupyter_rtc_locust.timing.round_trips import LatestArrivals, RoundTrips
from jupyter_rtc_locust.timing.traffic import Traffic
from jupyter_rtc_locust.users.arrival_clock import ArrivalClock
from jupyter_rtc_locust.users.catching_up import CatchingUp
from jupyter_rtc_locust.users.chronicle import Chronicle
from jupyter_rtc_locust.users.connection import LatestRead
from jupyter_rtc_locust.users.plan_player import PlannedUsers
from jupyter_rtc_locust.users.plan_record import PlanRecord
from jupyter_rtc_locust.users.replay_terms import ReplayTerms
from jupyter_rtc_locust.users.stage import Stage

if TYPE_CHECKING:
    from jupyter_rtc_locust.users.collaborator import Collaborator

logger = logging.getLogger(__name__)

FOR_A_CHECKPOINT = "for a checkpoint"
FOR_A_PERSON = "because a person said so"
"""Why everybody pauses."""
KEPT_AT_HAND_S = 60.0
"""An edit is put away when everybody has it, and not before it is so old: a server may bring one twice."""
_CLOSING_AT_ONCE = 50
_CLOSING_S = 5.0


@dataclass(frozen=True, slots=True)
class Stall:
    """A user whose sync was not answered, whose edits were not echoed while others' were, or to whom nobody listens."""

    user: int
    seconds: float
    what: str
    noted: float = 0.0
    """When (`time.monotonic`)."""


def nothing_read(waiting: int) -> str:
    """What a user waits for whose server does not read: of the words of a `Stall`."""
    return f"the server did not read what it sent, of which {waiting} bytes are left"


@dataclass(slots=True, eq=False)
class Save:
    """A save asked for by hand. Times are of `time.monotonic`."""

    user: int
    asked: float
    answered: float | None = None
    status: str = ""
    """The server's word: success, skipped, failed."""


@dataclass(slots=True, eq=False)
class Room:
    """One document, as far as this process has to do with it."""

    document: Document
    round_trips: RoundTrips
    chronicle: Chronicle | None = None
    """Who writes the history, where one is kept."""
    recent: RecentEdits = field(default_factory=RecentEdits)
    collaborators: list[Collaborator] = field(default_factory=list)
    """Everybody of this process who ever opened it, those who left included."""
    presences: set[int] = field(default_factory=set)
    """Client ids that showed themselves in awareness."""
    last_sent: float = 0.0
    """When anything that is timed last left any user here (`time.monotonic`)."""
    last_message: float = 0.0
    """When the last document message arrived at any user here (`time.monotonic`)."""
    stalls: dict[int, Stall] = field(default_factory=dict)
    latest_read: LatestRead = field(default_factory=LatestRead)
    latest_arrivals: LatestArrivals = field(default_factory=LatestArrivals)
    saves: list[Save] = field(default_factory=list)
    """Saves that users asked for by hand."""
    kernel_lock: BoundedSemaphore = field(default_factory=BoundedSemaphore)
    """Held by whoever asks for the notebook's kernel."""

    def note_stall(self, stall: Stall) -> None:
        """Keep a user's first stall, and say at once that somebody's document has come to a stop."""
        if stall.user not in self.stalls:
            self.stalls[stall.user] = stall
            logger.warning(
                "Stalled: user %d in %s has waited %.0f s: %s.",
                stall.user,
                self.document.path,
                stall.seconds,
                stall.what,
            )


class Swarm:
    """The users of this process in one run."""

    def __init__(
        self,
        *,
        run_id: str,
        seed: int,
        settings: Settings,
        server: Server,
        recorder: Recorder,
        elapsed: float,
        user_failed: Callable[[object, BaseException], None],
        schedule_lag: Callable[[float], None] | None = None,
        arrival_error: Callable[[float], None] | None = None,
        history: History | None = None,
        planned: PlannedUsers | None = None,
    ) -> None:
        self.run_id = run_id
        self.process = uuid.uuid4().hex[:8]
        """Tells, in the evidence, times of this process's clock from those of other processes."""
        self.seed = seed
        self.settings = settings
        self.server = server
        self.recorder = recorder
        self.run_started = time.monotonic() - elapsed
        self.user_failed = user_failed
        """Tells Locust of an error of a user, so that it is counted and shown."""
        self.schedule_lag = schedule_lag or (lambda _milliseconds: None)
        """Told of every edit how much later it left than it was due."""
        self.arrivals = ArrivalClock(arrival_error or (lambda _milliseconds: None))
        """When what is read arrived."""
        self.history = history
        self.catching_up = CatchingUp()
        """Applies what has come to replicas, soon."""
        self._archive_file = ArchiveFile(tempfile.TemporaryFile)
        self._told_of_the_archive = False
        self.plan = PlanRecord(self._archive_file)
        """What the users of this process did."""
        self.planned = planned
        """What they are to do, where a plan is played again; None: what they choose."""
        self.replay: ReplayTerms | None = None
        """What everybody has to know of the trace that is replayed, where one is."""
        self.rooms: dict[str, Room] = {}
        self.editing = True
        self._pauses: set[str] = set()
        self.ended = False
        """Set when users shall neither edit nor come back any more."""
        self.counts: Counter[str] = Counter()
        self.traffic = Traffic()
        """Bytes on the lines to documents."""
        self.farewells = Group()
        """What closed tabs still have to do, so that nothing of them stays on the server."""

    def room(self, document: Document) -> Room:
        """The document's bookkeeping, made when its first user comes."""
        room = self.rooms.get(document.path)
        if room is None:
            echo, delivery = self.recorder.timer("update echo"), self.recorder.timer("update delivery")
            chronicle = Chronicle(self.history, document.path, self.run_started) if self.history is not None else None
            round_trips = RoundTrips(echo, delivery, chronicle, Archive(self._archive_file))
            room = self.rooms[document.path] = Room(document, round_trips, chronicle)
        return room

    def collaborators(self) -> list[Collaborator]:
        """Everybody of this process, those who left included."""
        return [one for room in self.rooms.values() for one in room.collaborators]

    @property
    def paused(self) -> bool:
        """Whether everybody pauses, for a checkpoint, or because a person said so."""
        return bool(self._pauses)

    def pause_editing(self, why: str = FOR_A_CHECKPOINT) -> None:
        """No edit leaves until `resume_editing` was called for each reason to pause."""
        self._pauses.add(why)
        for one in self.collaborators():
            one.pause_editing()

    def resume_editing(self, why: str = FOR_A_CHECKPOINT, turn: Callable[[], None] = lambda: None) -> None:
        """Everybody goes on, unless there is another reason to pause; what was due meanwhile comes later by as long as
        the pause was.

        `turn`, between two users, may let the loop run: after a long pause there is much to be counted.
        """
        self._pauses.discard(why)
        for one in self.collaborators():
            if self.paused:
                return
            self.counts["edits_postponed"] += one.resume_editing()
            turn()

    def close(self, people: Iterable[Collaborator]) -> None:
        """Close their documents, many at once, and wait for it, but not long."""
        pool = Pool(_CLOSING_AT_ONCE)
        for one in people:
            pool.spawn(one.leave)
        pool.join(timeout=_CLOSING_S)
        self.farewells.join(timeout=_CLOSING_S)

    def since_start(self, moment: float) -> float:
        """Seconds since the start of the run of a moment of `time.monotonic`."""
        return moment - self.run_started

    def put_away_old_edits(self, now: float, rooms: Iterable[Room] | None = None) -> None:
        """What everybody has, and has had for a while, leaves the memory: the verdict reads it from the archive.

        `rooms`: of which documents; None: of all.
        """
        for room in self.rooms.values() if rooms is None else rooms:
            here = {one.seat.user: one.receiving for one in room.collaborators if one.stage is Stage.CONNECTED}
            waiting = {
                (one.seat.user, one.seat.client_id)
                for one in room.collaborators
                if one.stage in (Stage.CONNECTED, Stage.LOST)
            }
            seen = {user: receiving.seen_until() for user, receiving in here.items()}
            room.round_trips.put_away(now - KEPT_AT_HAND_S, seen, waiting)
        if self._archive_file.problem and not self._told_of_the_archive:
            self._told_of_the_archive = True
            logger.warning(
                "Old edits stay in memory, compressed: %s. A long run needs more memory so; free space where temporary "
                "files are kept, or name another folder with TMPDIR.",
                self._archive_file.problem,
            )

    def look_for_stalls(self, now: float, rooms: Iterable[Room] | None = None) -> None:
        """Note users whose server reads nothing of what they send, and users whose oldest edit waits for its echo too
        long while edits of others, made later, came back. `rooms`: in which documents; None: in all."""
        for room in self.rooms.values() if rooms is None else rooms:
            for one in room.collaborators:
                waiting, unread_s = one.unread(now)
                if unread_s > SYNC_DEADLINE_S:
                    room.note_stall(Stall(one.seat.user, unread_s, nothing_read(waiting), now))
                oldest = room.round_trips.oldest_pending(one.seat.user, one.seat.client_id)
                if oldest is None or not one.connected_for(SYNC_DEADLINE_S, now) or one.seat.user in room.stalls:
                    continue
                waited = now - oldest.due
                latest = room.round_trips.last_acknowledged_due
                if latest.get(one.seat.user, 0.0) > oldest.due:
                    continue  # an echo that never came is a failure, but this user's later edits did come back
                others = (due for user, due in latest.items() if user != one.seat.user)
                if waited > SYNC_DEADLINE_S and max(others, default=0.0) > oldest.due:
                    what = "its edits were not echoed while those of others were"
                    room.note_stall(Stall(one.seat.user, waited, what, now))
