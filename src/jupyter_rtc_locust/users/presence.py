"""What one user tells of its presence, on time, and what it sees of others'.

There are two kinds. `OwnPresence` tells of the user and of nobody else. `TabPresence` does what a tab of JupyterLab
does, which is what y-protocols' Awareness and y-websocket 1.5.4 do together: each state that counts is told on to the
server, whoever it is of, so that a change in a room of N people costs it N messages, and N times N to send.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from jupyter_rtc_locust.protocol.awareness import (
    Presence,
    Presences,
    encode_presences,
    selected_presences,
    state_of,
    state_text,
)
from jupyter_rtc_locust.protocol.messages import encode_awareness
from jupyter_rtc_locust.users.presence_record import PresenceRecord
from jupyter_rtc_locust.users.schedule import Heartbeat

HEARTBEAT_S = 15.0
"""y-protocols sends the own state again after 15 s, as a tab was recorded to do."""
OUTDATED_S = 30.0
"""A client that tells nothing for so long is shown no more (y-protocols' `outdatedTimeout`)."""
SILENT_LINE_S = 30.0
"""y-websocket closes a line on which nothing came for so long (`messageReconnectTimeout`), and opens another."""
LOOK_EVERY_S = 3.0
"""So often y-protocols looks whether something of that is due (a tenth of `outdatedTimeout`)."""
_TIMERS_DIFFER_S = 0.5
"""A look may come a little early to see that the fifteen seconds are over; three seconds later would be too late."""


class OwnPresence:
    """The user's own state in a room: told at opening, at each heartbeat, and when it closes the document.

    `send` takes a message for the present connection; `echo` takes the milliseconds until the own words came back.
    """

    def __init__(
        self, client_id: int, state: dict[str, Any], send: Callable[[bytes], None], echo: Callable[[float], None]
    ) -> None:
        self._client_id = client_id
        self._state = state
        self._send = send
        self._echo = echo
        self._words = b""
        """What was told last, as a message's payload."""
        self._renewed = 0.0
        """When the state was told with a clock of its own."""
        self._sent = 0.0
        self._awaited = False
        """Whether these words were sent, and their echo has not come."""
        self._heartbeat: Heartbeat | None = None
        self.record = PresenceRecord()
        self.asleep = False
        """On a laptop that is closed no clock of a tab goes on."""

    def begin(self) -> None:
        """There is a line: tell of the user now, and from now on at each heartbeat."""
        self.pause()
        self.record.line_opened(time.monotonic())
        # First the heartbeat: sending may find the line gone, and whoever notices calls `pause`.
        self._heartbeat = Heartbeat(HEARTBEAT_S, self._announce)
        self._announce()

    def pause(self) -> None:
        """The line is gone: nothing is told until the next `begin`."""
        self.record.line_ended(time.monotonic())
        self._stop_heartbeat()

    def end(self) -> None:
        """Nobody is there any more."""
        self.pause()

    def leave(self) -> None:
        """Tell that the user closed the document."""
        self.end()
        self._tell(None)

    def show(self, field: str, value: Any) -> None:
        """Change a field of the own state, and tell of it."""
        self.show_state({**self._state, field: value})

    def show_state(self, state: dict[str, Any]) -> None:
        """Put another state, or the same once more, in the place of the own one, and tell of it."""
        self._state = state
        if self.record.present:
            self._announce()

    def show_again(self) -> None:
        """Tell of the state as it is, as tabs do that set a field to what it was."""
        self.show_state(self._state)

    def hear(self, heard: Presences, now: float) -> None:
        """Take an awareness message: time the own one, and note whom it tells of."""
        if self._awaited and heard.payload == self._words:
            self._echo((now - self._sent) * 1000)
            self.record.heard_again(self.record.clock, now)
            self._awaited = False
            return
        changed = self.record.see_others(heard.entries, self._client_id, now)
        if self._client_id in heard.clients:
            self._hear_of_oneself(heard, now)
        if changed:
            self._tell_on(heard, changed)

    def _hear_of_oneself(self, heard: Presences, now: float) -> None:
        for client_id, clock, state in heard.entries:
            if client_id != self._client_id:
                continue
            if state is not None:
                self.record.heard_again(clock, now)
            elif self.record.is_said_to_be_gone(clock):
                self._announce()

    def _tell_on(self, heard: Presences, changed: list[int]) -> None:
        """Others changed: of no concern to whoever tells of itself only."""

    def _announce(self) -> None:
        self._tell(self._state)

    def _tell(self, state: dict[str, Any] | None) -> None:
        self._renewed = time.monotonic()
        clock = self.record.tell(state_of(state_text(state)), self._renewed)
        self._words = encode_presences([Presence(self._client_id, clock, state)])
        self._send_words()

    def _send_words(self) -> None:
        self._sent = time.monotonic()
        self._awaited = True
        self._send(encode_awareness(self._words))

    def _stop_heartbeat(self) -> None:
        if self._heartbeat is not None:
            self._heartbeat.stop()
            self._heartbeat = None


class TabPresence(OwnPresence):
    """As a tab: tells on what it receives, finds others outdated, and says twice that it leaves (recorded).

    `look` is called every three seconds for as long as the tab is open, with a line or without.
    """

    def __init__(
        self,
        client_id: int,
        state: dict[str, Any],
        send: Callable[[bytes], None],
        echo: Callable[[float], None],
        look: Callable[[float], None],
    ) -> None:
        super().__init__(client_id, state, send, echo)
        self._look_at_line = look

    def begin(self) -> None:
        """There is a line: tell of the user; on a later line its last words again, as they were, which is what tabs do.

        Who has heard them ignores them, and so does who found this client outdated meanwhile, until the next heartbeat.
        """
        self.record.line_opened(time.monotonic())
        if self._heartbeat is None:
            self._heartbeat = Heartbeat(LOOK_EVERY_S, self._look)
            self._announce()
        else:
            self._send_words()

    def pause(self) -> None:
        """The line is gone, and with it everybody else; the own clock goes on."""
        self.record.line_ended(time.monotonic())

    def end(self) -> None:
        """The tab is closed."""
        self.pause()
        self._stop_heartbeat()

    def leave(self) -> None:
        """The notebook is closed in a tab that stays."""
        self.end()
        self._tell(None)
        self._tell(None)

    def _tell_on(self, heard: Presences, changed: list[int]) -> None:
        if len(changed) == len(heard.entries):
            self._send(heard.message)
        else:
            self._send(encode_awareness(selected_presences(heard.payload, changed)))

    def _look(self) -> None:
        if self.asleep:
            return
        now = time.monotonic()
        if now - self._renewed >= HEARTBEAT_S - _TIMERS_DIFFER_S:
            self._announce()
        outdated = self.record.forget_outdated(now, OUTDATED_S)
        if outdated:
            payload = encode_presences([Presence(client_id, clock, None) for client_id, clock in outdated])
            self._send(encode_awareness(payload))
        self._look_at_line(now)
