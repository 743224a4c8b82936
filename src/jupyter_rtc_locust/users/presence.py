"""What one user tells of its presence, on time, and what it sees of others'.

The faithful kind of a tab, which sends on whatever it receives, is not this one.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from jupyter_rtc_locust.protocol.awareness import (
    Presence,
    encode_presences,
    person,
    read_presences,
    state_of,
    state_text,
)
from jupyter_rtc_locust.protocol.messages import encode_awareness
from jupyter_rtc_locust.users.presence_record import PresenceRecord
from jupyter_rtc_locust.users.schedule import Heartbeat

HEARTBEAT_S = 15.0
"""y-protocols sends the own state again after 15 s, as a tab was recorded to do."""


class OwnPresence:
    """The user's own state in a room: told at opening, at each heartbeat, and when it closes the document.

    `send` takes a message for the present connection; `echo` takes the milliseconds until the own words came back.
    """

    def __init__(self, client_id: int, user: int, send: Callable[[bytes], None], echo: Callable[[float], None]) -> None:
        self._client_id = client_id
        self._user = user
        self._send = send
        self._echo = echo
        self._told: tuple[bytes, float] | None = None
        self._heartbeat: Heartbeat | None = None
        self.record = PresenceRecord()

    def begin(self) -> None:
        """Tell of the user now, and from now on at each heartbeat."""
        self.pause()
        self.record.line_opened(time.monotonic())
        # First the heartbeat: sending may find the line gone, and whoever notices calls `pause`.
        self._heartbeat = Heartbeat(HEARTBEAT_S, self._announce)
        self._announce()

    def pause(self) -> None:
        """No heartbeat until the next `begin`: there is no line, or nobody is there any more."""
        self.record.line_ended(time.monotonic())
        if self._heartbeat is not None:
            self._heartbeat.stop()
            self._heartbeat = None

    def leave(self) -> None:
        """Tell that the user closed the document."""
        self.pause()
        self._tell(None)

    def receive(self, payload: bytes, now: float) -> set[int]:
        """Take an awareness message: time the own one, note whom it tells of, and give the client ids of the people.

        A person has a user; pycrdt's server announces its own document's client id with an empty state.

        Raises:
            MessageError: it cannot be read.
        """
        if self._told is not None and payload == self._told[0]:
            self._echo((now - self._told[1]) * 1000)
            self.record.heard_again(self.record.clock, now)
            self._told = None
            return set()
        people = set()
        for client_id, clock, state in read_presences(payload):
            if state is not None and state.person:
                people.add(client_id)
            if client_id != self._client_id:
                self.record.see(client_id, clock, state, now)
            elif state is not None:
                self.record.heard_again(clock, now)
            elif self.record.is_said_to_be_gone(clock):
                self._announce()
        return people

    def _announce(self) -> None:
        self._tell(person(self._user))

    def _tell(self, state: dict[str, object] | None) -> None:
        now = time.monotonic()
        clock = self.record.tell(state_of(state_text(state)), now)
        payload = encode_presences([Presence(self._client_id, clock, state)])
        self._told = (payload, now)
        self._send(encode_awareness(payload))
