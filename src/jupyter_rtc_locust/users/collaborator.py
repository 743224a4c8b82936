"""One person's tab on one document: opens it as a tab does, edits on schedule, comes back after a loss, leaves.

Knows the event loop but not Locust's `User`, so that tests and the observer can use it alone. What
becomes of the messages that it is sent says `receiving.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

import gevent
from gevent.event import Event

from jupyter_rtc_locust.documents.replica import Replica, ReplicaError
from jupyter_rtc_locust.editing.choices import Choice
from jupyter_rtc_locust.editing.gestures.step import Gesture
from jupyter_rtc_locust.errors import ConnectionBroken, LeftUnread, RoomError, RoomRefused, ServerEnded
from jupyter_rtc_locust.protocol.awareness import person_in_document
from jupyter_rtc_locust.protocol.hostile_updates import reason_to_refuse
from jupyter_rtc_locust.protocol.messages import (
    MessageError,
    RawMessage,
    SyncStep1,
    SyncStep2,
    decode_message,
    encode_sync_step_1,
    encode_sync_step_2,
)
from jupyter_rtc_locust.protocol.state_vectors import decode_state_vector
from jupyter_rtc_locust.protocol.variable_length import MalformedBytesError
from jupyter_rtc_locust.servers.base import RoomAddress
from jupyter_rtc_locust.settings import HTTP_TRY_DEADLINE_S, SAVE_ANSWER_DEADLINE_S, SYNC_DEADLINE_S
from jupyter_rtc_locust.timing.traffic import kind_of
from jupyter_rtc_locust.users.backoff import Backoff
from jupyter_rtc_locust.users.chronicle import FAILED, OK
from jupyter_rtc_locust.users.connection import Connection, open_websocket
from jupyter_rtc_locust.users.lab import Lab
from jupyter_rtc_locust.users.manual_saves import NOT_ANSWERED, NOT_ASKED, ManualSaves
from jupyter_rtc_locust.users.own_code import told
from jupyter_rtc_locust.users.presence import SILENT_LINE_S, OwnPresence, TabPresence
from jupyter_rtc_locust.users.receiving import Receiving
from jupyter_rtc_locust.users.seat import Seat
from jupyter_rtc_locust.users.service_record import ServiceRecord
from jupyter_rtc_locust.users.stage import Stage
from jupyter_rtc_locust.users.swarm import Stall, Swarm, nothing_read
from jupyter_rtc_locust.users.writing import Writing


class Collaborator:
    """A simulated user's tab.

    `choose(number)` tells what to do next: a `Choice`, to be resolved against the present document, a `Gesture`, or
    None for nothing. It is called from the event loop and must not block.
    """

    def __init__(
        self,
        seat: Seat,
        swarm: Swarm,
        choose: Callable[[int], Choice | Gesture | None],
        *,
        owner: object = None,
    ) -> None:
        self.seat = seat
        self.swarm = swarm
        self.room = swarm.room(seat.document)
        self.room.collaborators.append(self)
        self.replica = Replica(seat.document.kind, seat.client_id)
        self.stage = Stage.OPENING
        self.probe_answer: bytes | None = None
        """The server's answer to the question, at the end, what this replica lacks. Never applied to it."""
        self.trouble: str = ""
        """Why this user was refused or failed."""
        self.service = ServiceRecord()
        self.owner: Any = owner
        """The Locust user that plays it; None in tests."""
        self._address: RoomAddress | None = None
        self._connection: Connection | None = None
        self._connected_since: float | None = None
        self._lost_at = 0.0
        self._may_connect = Event()
        self._may_connect.set()
        self._asleep = False
        self._synced = Event()
        self._probing: float | None = None
        self._questions = 0
        """Questions what the replica lacks that are not answered yet on the present line, which keeps their order."""
        self._probed = Event()
        self.writing = Writing(
            seat,
            swarm,
            self.replica,
            choose,
            may_write=self._may_write,
            send=self._send_update,
            failed=self._fail,
            tell_cursors=lambda cursors: self.presence.show("cursors", cursors),
            kernel=swarm.settings.kernels == "real" and seat.document.kind == "notebook",
        )
        recorder = swarm.recorder
        self._saving = ManualSaves(seat.user, self._send, self.room.saves, recorder, self._tell)
        self.presence = self._make_presence()
        self.lab = Lab(seat, swarm, self.replica, self.writing.kernel)
        self.receiving = Receiving(
            seat,
            swarm,
            self.room,
            self.replica,
            self.presence,
            other=self._receive_other,
            changed=self.lab.document_received if self.lab.listens else None,
        )

    # -- opening, leaving, coming back --------------------------------------------------------------------------

    def open(self) -> None:
        """Open the document as a tab does; returns when the first sync is complete.

        Raises:
            RoomRefused: the server refused this user.
            ConnectionBroken: nothing answered in time.
        """
        self.lab.open()
        started = time.monotonic()
        record = self.swarm.recorder.record
        step = "session"
        try:
            self._address = self.swarm.server.open_room(self.seat.document, self.seat.person)
            session_opened = time.monotonic()
            # Where the room is entered on the same connection, opening that belongs to entering the room.
            opening_s = self._address.line.opening_s if self._address.line is not None else 0.0
            record("session", (session_opened - started - opening_s) * 1000)
            step = "connect"
            self._connect()
            connected = time.monotonic()
            record("connect", (connected - session_opened + opening_s) * 1000)
            step = "initial sync"
            self._wait_for_sync()
        except RoomError as error:
            self.swarm.recorder.failed(step, str(error))
            self.swarm.recorder.failed("open document", str(error))
            self._tell("open", FAILED, str(error))
            self._give_up(error)
            raise
        except BaseException:
            self._close_tab()
            self._drop()  # Locust ends the user while it opens the document
            self.stage = Stage.LEFT
            raise
        now = time.monotonic()
        self.service.opened(now)
        self.lab.document_opened()
        self._tell("open")
        record("initial sync", (now - connected) * 1000)
        record("open document", (now - started) * 1000)

    def start_editing(self, rate: float, rhythm: str = "steady") -> None:
        """Make `rate` edits a second from now on, in the rhythm of this name; 0 only watches."""
        self.writing.start(rate, rhythm)

    def pause_editing(self) -> None:
        """No scheduled edit leaves until `resume_editing`."""
        self.writing.pause()

    def resume_editing(self) -> int:
        """Go on; how many edits were due in the pause and come later."""
        return self.writing.resume()

    def stop_editing(self) -> None:
        """No edit leaves afterwards."""
        self.writing.stop()

    def leave(self) -> None:
        """Close the notebook: tell of it in awareness, then close the connection."""
        self.lab.document_closed()
        self._part(self.presence.leave)

    def close_tab(self) -> None:
        """Close the whole tab, which tells nobody: the others see this user until they find it outdated."""
        self._part(self.presence.end)

    def _close_tab(self) -> None:
        """Nobody is there any more."""
        self.presence.end()
        self.lab.close()

    def _part(self, end_presence: Callable[[], None]) -> None:
        self.stop_editing()
        self._saving.line_lost()
        connection = self._connection
        if connection is not None and connection.open and self.swarm.settings.awareness != "none":
            end_presence()
        self._close_tab()
        if connection is not None:
            connection.close()
        self._connection = None
        self._connected_since = None
        self.service.closed(time.monotonic())
        if self.stage in (Stage.CONNECTED, Stage.LOST):
            self.stage = Stage.LEFT
            self._tell("leave")
        self._may_connect.set()  # who waits for a network finds the stage changed
        self._synced.set()  # who waits for a sync on the way back shall not take this for a stall

    def drop_connection(self) -> None:
        """Lose the line without a word, as a network does; the collaborator comes back by itself."""
        self.lab.drop_lines()
        if self._connection is not None and self._connection.open:
            self._connection.abort()
            self._lost(ConnectionBroken("the connection was cut on purpose"))

    def go_offline(self, *, asleep: bool = False) -> None:
        """Lose the line, and stay without one until `come_online`.

        Edits made meanwhile stay in the replica; who is asleep makes none. Who has no document open, or is just opening
        it, is not concerned.
        """
        if self.stage not in (Stage.CONNECTED, Stage.LOST):
            return
        self._may_connect.clear()
        self.service.went_offline(time.monotonic())
        self._asleep = self.presence.asleep = asleep
        self.lab.go_offline(asleep=asleep)
        self.drop_connection()

    def come_online(self) -> None:
        """There is a network again: the collaborator comes back by itself."""
        self._asleep = self.presence.asleep = False
        self.lab.come_online()
        self.service.came_online(now := time.monotonic())
        if self.stage is Stage.LOST:
            self.service.line_lost(now)
        self._may_connect.set()

    def connected_for(self, seconds: float, now: float) -> bool:
        """Whether the present connection has lasted so long."""
        return self._connected_since is not None and now - self._connected_since >= seconds

    def unread(self, now: float) -> tuple[int, float]:
        """How many bytes wait because the server reads nothing, and for how many seconds it has taken none of them."""
        return (0, 0.0) if self._connection is None else self._connection.unread(now)

    def backlog(self) -> int | None:
        """Bytes that the server sent and that are not read yet; None without a line."""
        return None if self._connection is None else self._connection.backlog()

    def probe(self) -> None:
        """Ask the server what this replica lacks; the answer is evidence, and is not applied.

        Called when the document is quiet. A connection lost meanwhile leaves no answer, and none that was given at an
        earlier checkpoint stands in for it.
        """
        self.probe_answer = None
        if self.stage is not Stage.CONNECTED or self._connection is None:
            return
        self._probed.clear()
        self._questions += 1
        self._probing = time.monotonic()
        self.service.asked(self._probing)
        self._send(encode_sync_step_1(self.replica.encoded_state()))
        try:
            answered = self._probed.wait(SYNC_DEADLINE_S)
        finally:
            self._probing = None
        if self.stage is Stage.CONNECTED:
            self._tell("sync", OK if answered else FAILED)
        if not answered and self.stage is Stage.CONNECTED:
            self._note_stall(SYNC_DEADLINE_S, "its sync was not answered")
            self.swarm.recorder.failed("sync probe", f"a sync was not answered within {SYNC_DEADLINE_S:.0f} s")

    def _connect(self) -> None:
        assert self._address is not None
        ca_file = self.swarm.settings.ca_file
        opened = open_websocket(self._address, HTTP_TRY_DEADLINE_S, str(ca_file) if ca_file else None)
        if self.stage not in (Stage.OPENING, Stage.LOST):
            opened.close()
            raise ConnectionBroken("the user left while its line was being opened")
        self._synced.clear()
        self._questions = 0
        self._connection = self.receiving.connection = Connection(
            opened, self.receiving.receive, self._lost, traffic=self.swarm.traffic, latest=self.room.latest_read
        )
        self._connected_since = self.receiving.last_heard = time.monotonic()
        self._send(encode_sync_step_1(self.replica.encoded_state()))
        if not self._has_line():
            raise ConnectionBroken(self.trouble or "the connection was lost at once")
        if self.swarm.settings.awareness != "none":
            self.presence.begin()

    def _has_line(self) -> bool:
        """Asked anew after each send, which may have found the line gone and told `_lost`."""
        return self._connection is not None

    def _wait_for_sync(self) -> None:
        """Until the server answered the step 1. `_lost` and `_fail` wake it up, too, and leave no connection behind."""
        if not self._synced.wait(SYNC_DEADLINE_S):
            self._note_stall(SYNC_DEADLINE_S, "its sync was not answered")
            self._drop()
            raise ConnectionBroken(
                f"{self.seat.document.path}: the server did not answer the sync within {SYNC_DEADLINE_S:.0f} s."
            )
        if self.stage is Stage.REFUSED:
            raise RoomRefused(self.trouble)
        if self._connection is None or self.stage not in (Stage.OPENING, Stage.LOST):
            raise ConnectionBroken(self.trouble or "the connection was lost while the document was being opened")
        self.stage = Stage.CONNECTED

    def _drop(self) -> None:
        """Close what there is of a connection, without being told of it."""
        self.presence.pause()
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._connected_since = None

    def _lost(self, error: BaseException) -> None:
        """The connection is gone. Called from the event loop."""
        opening, connected = self.stage is Stage.OPENING, self.stage is Stage.CONNECTED
        self._connection = None
        self._connected_since = None
        self.presence.pause()
        self._saving.line_lost()
        self._probing = None
        self._probed.set()
        self.swarm.counts["disconnects"] += 1
        self._tell("connection lost", FAILED, str(error))
        self.trouble = str(error)
        if isinstance(error, LeftUnread):
            self._note_stall(error.seconds, nothing_read(error.waiting))
        if isinstance(error, RoomRefused):
            self.stage = Stage.REFUSED
            self.service.closed(time.monotonic())  # the server has said so, and no tab looks for a line then
        elif not isinstance(error, (RoomError, OSError)):
            self._fail(error)
        if self.stage is Stage.CONNECTED and self._may_connect.is_set():
            self.service.line_lost(time.monotonic())
        if opening or self.stage is not Stage.CONNECTED:
            self._synced.set()  # whoever waits for the sync finds the stage changed
        if self.stage is Stage.REFUSED and connected:  # on the way back, `_reconnect` tells of it
            self._close_tab()
            self.swarm.recorder.failed("reconnect", str(error))
            self.swarm.user_failed(self.owner, error)
        elif self.stage is Stage.CONNECTED and not self.swarm.ended:
            self.stage = Stage.LOST
            self._lost_at = time.monotonic()
            gevent.spawn(self._reconnect)

    def _reconnect(self) -> None:
        """Reconnect as y-websocket does: same room, same session, backoff, until the run ends."""
        backoff = Backoff()
        while True:
            gevent.sleep(backoff.next())
            if not self._may_connect.is_set():
                self._may_connect.wait()
                backoff.begin_anew()
            if self.stage is not Stage.LOST or self.swarm.ended:
                return
            try:
                self._connect()
                self._wait_for_sync()
            except (ConnectionBroken, ServerEnded) as error:
                # A tab is not told with what status, and a hub's proxy that starts anew knows of no server at first.
                self.trouble = str(error)
            except RoomRefused as error:
                self.stage = Stage.REFUSED
                self.service.closed(time.monotonic())
                self._give_up(error)
                self.swarm.recorder.failed("reconnect", str(error))
                self._tell("reconnect", FAILED, str(error))
                self.swarm.user_failed(self.owner, error)
            except BaseException as error:
                self._fail(error)
                raise
            else:
                self.swarm.counts["reconnects"] += 1
                self.service.line_back(time.monotonic())
                self._tell("reconnect")
                self.swarm.recorder.record("reconnect", (time.monotonic() - self._lost_at) * 1000)
                if not self._may_connect.is_set():  # offline while the line was being opened
                    self.drop_connection()
                return  # the next loss has a greenlet of its own

    def _give_up(self, error: RoomError) -> None:
        self.trouble = str(error)
        if isinstance(error, RoomRefused):
            self.stage = Stage.REFUSED
        elif self.stage is Stage.OPENING:
            self.stage = Stage.NOT_OPENED
        self._close_tab()
        self._drop()

    def _fail(self, error: BaseException) -> None:
        """An error of our own or of the replica: the user is out, and Locust is told."""
        self.stage = Stage.FAILED
        mistake = told(self.owner, error)
        self.trouble = f"{type(error).__name__}: {error}" if mistake is None else str(mistake).removesuffix(".")
        self.service.closed(time.monotonic())
        self.stop_editing()
        self._close_tab()
        self._drop()
        self._synced.set()
        self._probed.set()
        self.swarm.user_failed(self.owner, error)

    def _tell(self, event: str, outcome: str = OK, reason: str = "") -> None:
        """To the history, where one is kept."""
        if self.room.chronicle is not None:
            self.room.chronicle.line(self.seat.user, event, outcome, reason)

    def _note_stall(self, seconds: float, what: str) -> None:
        self.room.note_stall(Stall(self.seat.user, seconds, what, time.monotonic()))

    def save(self, deadline: float = SAVE_ANSWER_DEADLINE_S) -> str:
        """Ask the server to save, as Ctrl+S does, and wait for its answer, at most `deadline` seconds.

        Returns the server's word (`success`, `skipped` or `failed`), `not answered`, or `not asked` where there is no
        line just now, and when editing is over or pauses for a checkpoint: a file that is waited for must be the
        server's own doing.
        """
        if self.stage is not Stage.CONNECTED or not self.swarm.editing or self.swarm.paused:
            return NOT_ASKED
        self.lab.saving_by_hand()
        said = self._saving.ask(deadline)
        if said == NOT_ANSWERED:
            self.lab.not_saved_by_hand()
        else:
            self.lab.saved_by_hand()
        return said

    @property
    def received(self) -> list[bytes]:
        """Every update this user was sent, each once: what its replica should hold. Read from the archive, too."""
        return list(self.room.round_trips.updates_at(self.receiving.received))

    @property
    def room_name(self) -> str:
        """The name of the room this user entered, as a tab notes it in `state.document_id`; "" before it is open."""
        path = "" if self._address is None else urlsplit(self._address.url).path
        return unquote(path.rpartition("/")[2])

    # -- receiving ----------------------------------------------------------------------------------------------

    def _receive_other(self, message: bytes, updates: list[bytes], now: float) -> None:
        self.swarm.traffic.note_received(kind_of(message), len(message))
        try:
            decoded = decode_message(message)
        except MessageError as error:
            self.receiving.note_unreadable(error)
            return
        if isinstance(decoded, SyncStep2):
            self._receive_step_2(decoded.update, updates, now)
        elif isinstance(decoded, SyncStep1):
            # Earlier updates of the same read belong into the answer's state.
            self.receiving.apply(updates, now)
            self._answer_step_1(decoded.state_vector, now)
        elif not (isinstance(decoded, RawMessage) and self._saving.receive(decoded, now)):
            self.swarm.counts["messages_of_other_kinds"] += 1

    def _receive_step_2(self, update: bytes, updates: list[bytes], now: float) -> None:
        if self._questions:
            self._questions -= 1
            self.service.answered(now)
            if self._probing is not None and not self._questions:
                self._take_answer(self._probing, update, now)
            return  # also what comes too late is not applied: it would heal the replica
        if reason := reason_to_refuse(update):
            self.receiving.note_unreadable(MessageError(reason))
        else:
            updates.append(update)
        if self.stage in (Stage.OPENING, Stage.LOST):
            self.presence.record.line_synced(now)
            self.receiving.in_step_at = self.room.round_trips.seen
            self._synced.set()

    def _take_answer(self, asked: float, update: bytes, now: float) -> None:
        self.swarm.recorder.record("sync probe", (now - asked) * 1000)
        self.presence.record.asked = asked
        self._probing = None
        self.probe_answer = update
        self._probed.set()

    def _answer_step_1(self, state_vector: bytes, now: float) -> None:
        try:
            covered = decode_state_vector(state_vector)
            answer = self.replica.update_since(state_vector)
        except (MalformedBytesError, ReplicaError) as error:
            self.swarm.recorder.failed("initial sync", f"the server's step 1 could not be answered: {error}")
            return
        self.swarm.counts["edits_covered_without_echo"] += self.room.round_trips.settle(self.seat.user, covered, now)
        self._send(encode_sync_step_2(answer))

    def _send(self, message: bytes) -> None:
        """Anything but an update, for the present line."""
        if self._connection is not None and self._connection.open:
            self.swarm.traffic.note_sent(kind_of(message), len(message))
            self._connection.send(message)

    # -- presence -----------------------------------------------------------------------------------------------

    def _make_presence(self) -> OwnPresence:
        echo = self.swarm.recorder.timer("awareness echo")
        client_id, state = self.seat.client_id, person_in_document(self.seat.person)
        if self.swarm.settings.awareness == "faithful":
            return TabPresence(client_id, state, self._send_presence, echo, self._give_up_silent_line)
        return OwnPresence(client_id, state, self._send_presence, echo)

    def _give_up_silent_line(self, now: float) -> None:
        # When editing is over, what a tab holds is evidence, and a line that is opened anew would heal it.
        silent = now - self.receiving.last_heard > SILENT_LINE_S
        if silent and self._connection is not None and self.swarm.editing:
            self._connection.close()
            self._lost(ConnectionBroken(f"the tab closed its line, on which nothing came for {SILENT_LINE_S:g} s"))

    def _send_presence(self, message: bytes) -> None:
        if self._connection is not None:
            self.swarm.counts["awareness_sent"] += 1
            self.room.last_sent = time.monotonic()
            self._send(message)

    # -- editing ------------------------------------------------------------------------------------------------

    def make_edit(self, choice: Choice, number: int, due: float) -> bytes | None:
        """Make this edit now, as `Writing.make_edit` does."""
        return self.writing.make_edit(choice, number, due)

    def _may_write(self) -> bool:
        return not self._asleep and self.stage in (Stage.CONNECTED, Stage.LOST)

    def _send_update(self, message: bytes) -> None:
        self.lab.document_edited()
        if self._connection is not None:
            self.swarm.counts["updates_sent"] += 1
            self.room.last_sent = time.monotonic()
            self._connection.expect_answer(self.room.last_sent)
            self._connection.send(message)
