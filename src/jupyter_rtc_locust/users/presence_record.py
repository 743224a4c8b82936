"""What one user told of its presence, and whom it sees: bookkeeping without a clock or a line, times handed in.

Clocks are taken as y-protocols does (`applyAwarenessUpdate` in its awareness.js): a state counts where its clock is
higher than the one known of that client, 0 where none is; one with a lower or an equal clock is ignored, but for `null`
at the equal clock, with which anybody may say that a client is gone. Who is told so of itself, and is there, tells of
itself anew with a higher clock. When its line is lost a tab sees nobody any more (`onclose` in y-websocket's
y-websocket.js): the states go, the clocks stay.

That a client silent for 30 s is shown no more (`outdatedTimeout`) follows from the times kept here; a faithful tab also
says so to the others (`forget_outdated`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from jupyter_rtc_locust.protocol.awareness import PresenceEntry, StateDigest
from jupyter_rtc_locust.verdict.evidence import PresenceEvidence, SeenPresence, ToldPresence

_LATEST_TOLD = 64
"""Announcements kept. The verdict asks for the latest that is older than 5 s, and nobody moves a caret twelve times a
second."""
_MOST_STATES = 8
"""States of one client kept by digest. The run's users tell one; a guest's changes with each move of the caret."""


class Sight:
    """What a user sees of one client: about 200 bytes for each two people in a room."""

    __slots__ = ("clock", "first", "last", "state", "states", "until")

    def __init__(self) -> None:
        self.clock = 0
        self.state: StateDigest | None = None
        """The last state that was accepted; None: never any."""
        self.first = 0.0
        self.last = 0.0
        self.until: float | None = None
        self.states: tuple[int, ...] = ()

    def take(self, clock: int, state: StateDigest | None, now: float) -> bool:
        """A message speaks of this client; whether it counts."""
        if state is None:
            if clock < self.clock or (clock == self.clock and not self.shown):
                return False
            self.clock = clock
            if self.shown:
                self.until = now
            return True
        if clock <= self.clock:
            return False
        self.clock = clock
        self.last = now
        self.until = None
        if state is not self.state:
            self._change(state, now)
        return True

    @property
    def shown(self) -> bool:
        """Whether the client is among those that the user sees now."""
        return self.state is not None and self.until is None

    def _change(self, state: StateDigest, now: float) -> None:
        if self.state is None:
            self.first = now
        self.state = state
        if state.digest not in self.states and len(self.states) < _MOST_STATES:
            self.states = (*self.states, state.digest)


class PresenceRecord:
    """One user's own announcements and its view. Times are of one clock, whichever."""

    def __init__(self) -> None:
        self.clock = 0
        """That of the last announcement; the next has a higher one."""
        self.connected: float | None = None
        self.synced: float | None = None
        self.asked: float | None = None
        self.gone: float | None = None
        self._told: list[ToldPresence] = []
        self._states: dict[int, None] = {}
        self._sights: dict[int, Sight] = {}

    @property
    def present(self) -> bool:
        """Whether the user has a line, and did not close the document."""
        return self.connected is not None and self.gone is None

    def line_opened(self, now: float) -> None:
        """The user has a line, and is about to tell of itself."""
        self.connected = now
        self.synced = self.asked = self.gone = None

    def line_synced(self, now: float) -> None:
        """The first answer to a sync came on this line."""
        if self.synced is None:
            self.synced = now

    def line_ended(self, now: float) -> None:
        """The line was lost, or the document closed: the user sees nobody any more."""
        if not self.present:
            return
        self.gone = now
        for sight in self._sights.values():
            if sight.until is None:
                sight.until = now

    def tell(self, state: StateDigest | None, now: float) -> int:
        """The user tells of itself; the clock to tell it with."""
        self.clock += 1
        self._told.append(ToldPresence(self.clock, now, None if state is None else state.digest))
        del self._told[:-_LATEST_TOLD]
        if state is not None:
            self._states[state.digest] = None
        return self.clock

    def heard_again(self, clock: int, now: float) -> None:
        """The announcement with this clock came back from the server."""
        for index, told in enumerate(self._told):
            if told.clock == clock and told.heard is None:
                self._told[index] = told._replace(heard=now)

    def see(self, client_id: int, clock: int, state: StateDigest | None, now: float) -> bool:
        """A message speaks of somebody else; whether a tab takes it for a change, and so tells of it in turn.

        It does so of every state that counts, a changed one or not, but not of the leaving of somebody of whom it never
        heard (the `update` event of y-protocols).
        """
        sight = self._sights.get(client_id)
        if sight is None:
            sight = self._sights[client_id] = Sight()
            return sight.take(clock, state, now) and state is not None
        return sight.take(clock, state, now)

    def see_others(self, entries: Iterable[PresenceEntry], own: int, now: float) -> list[int]:
        """A message speaks of these; `see` of all but the own client id, and which of them a tab takes for changes."""
        changed = []
        sights = self._sights
        for client_id, clock, state in entries:
            sight = sights.get(client_id)
            if sight is None:
                if client_id != own and self.see(client_id, clock, state, now):
                    changed.append(client_id)
            elif clock < sight.clock or (clock == sight.clock and state is not None):
                pass  # nothing new, as most of what comes: `take` would say the same
            elif sight.take(clock, state, now):
                changed.append(client_id)
        return changed

    def forget_outdated(self, now: float, after_s: float) -> list[tuple[int, int]]:
        """Show no more who told nothing for so long; their client ids, and the clocks that are known of them."""
        outdated = []
        for client_id, sight in self._sights.items():
            if sight.shown and now - sight.last >= after_s:
                sight.until = now
                outdated.append((client_id, sight.clock))
        return outdated

    def is_said_to_be_gone(self, clock: int) -> bool:
        """A message says that this user left; whether it has to tell of itself anew."""
        if not self.present or clock < self.clock:
            return False
        self.clock = clock
        return True

    def evidence(self, process: str, now: float, since: Callable[[float], float]) -> PresenceEvidence:
        """What is known now; `since` turns a time of this record into seconds since the start of the run."""

        def moment(time: float | None) -> float | None:
            return None if time is None else since(time)

        return PresenceEvidence(
            process=process,
            taken=since(now),
            connected=moment(self.connected),
            synced=moment(self.synced),
            asked=moment(self.asked),
            gone=moment(self.gone),
            told=tuple(one._replace(at=since(one.at), heard=moment(one.heard)) for one in self._told),
            states=tuple(self._states),
            seen=tuple(
                SeenPresence(
                    client_id,
                    sight.clock,
                    sight.state.digest,
                    sight.state.person,
                    since(sight.first),
                    since(sight.last),
                    moment(sight.until),
                    sight.states,
                )
                for client_id, sight in self._sights.items()
                if sight.state is not None
            ),
        )
