"""The kernel of a tab's notebook: cells are run in it, and what it says is written into the document as it comes.

All tabs of a notebook share a kernel and hear all it says; each writes what answers its own requests, as JupyterLab's
tabs do. What a kernel says while editing pauses for a checkpoint is written afterwards.

A line that is lost comes back as the document's does, to the session that the notebook has then. Whatever ran when it
was lost is given up, and so is what ran in a kernel that died, was started again, or said nothing to anybody for
`SILENT_KERNEL_S`: such a cell is set idle and counted, and unless the kernel was started again on purpose, it is a
failure of `run cell`.

As in JupyterLab 4.6 (`restart`, `_updateConnectionStatus` of its services) whoever starts the kernel again opens the
line anew, and what is run waits until the kernel has answered on it. On the old line a server may not hear yet what the
new kernel says: of 20 cells that were run there right after a restart, up to 11 never ended (jupyter-server 2.21).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any

import gevent
from gevent.event import Event
from gevent.pool import Group

from jupyter_rtc_locust.documents.cells import IDLE
from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.editing.gestures.cell_runs import CellRun, Make
from jupyter_rtc_locust.editing.gestures.running import RestartKernel, RunCell
from jupyter_rtc_locust.editing.gestures.tab import Tab
from jupyter_rtc_locust.editing.output_edits import RUNNING
from jupyter_rtc_locust.editing.shell_lines import starts_a_shell
from jupyter_rtc_locust.errors import ConnectionBroken, RoomError
from jupyter_rtc_locust.protocol.kernel_messages import (
    KernelMessage,
    KernelMessageError,
    decode_message,
    encode_execute_request,
    encode_kernel_info_request,
    read_envelope,
)
from jupyter_rtc_locust.protocol.websocket_frames import FrameError
from jupyter_rtc_locust.servers.kernels import Kernels
from jupyter_rtc_locust.settings import HTTP_TRY_DEADLINE_S
from jupyter_rtc_locust.users.backoff import Backoff
from jupyter_rtc_locust.users.connection import Connection, open_websocket
from jupyter_rtc_locust.users.schedule import Heartbeat
from jupyter_rtc_locust.users.seat import Seat
from jupyter_rtc_locust.users.swarm import Swarm

SILENT_KERNEL_S = 60.0
"""A kernel that says nothing to anybody for so long does not answer the cells that wait for it."""
RESTART_S = 10.0
"""A kernel that tells of its end may still take a request, which then is lost with it. What was asked so shortly before
or after is no failure of the kernel: somebody started it again on purpose."""
KERNEL_INFO_S = 3.0
"""So long a tab waits for a kernel's first answer before it sends all the same what it is to run (JupyterLab 4.6)."""
_LOOK_S = 1.0

_OUTPUTS = {
    "display_data": ("display_data", ("data", "metadata"), "displayed data below"),
    "execute_result": ("execute_result", ("data", "metadata", "execution_count"), "showed a result below"),
    "error": ("error", ("ename", "evalue", "traceback"), "showed an error below"),
}
"""Kind of message: type of the output, what of the content stands in it, in words for the report."""
_DEAD = ("restarting", "autorestarting", "dead")
"""What a server says of a kernel whose process is gone."""


@dataclass(slots=True, eq=False)
class _Execution:
    """A cell that runs."""

    run: CellRun
    code: str
    asked: float
    interrupted_after: int | None
    sent: bool = False
    outputs: int = 0
    count: int | None = None
    clears: bool = False
    """Whether the outputs so far go with the next one."""
    cell_is_there: bool = True
    replied: bool = False
    idle: bool = False
    aborted: bool = False


class TabKernel:
    """One tab's line to the kernel of its notebook.

    `edit(make)` writes, and tells whether the cell is still there; `dropped` is called for a cell that was gone before
    its run was over; `failed` takes an error of our own, because none may escape into the event loop.
    """

    def __init__(
        self,
        seat: Seat,
        swarm: Swarm,
        kernels: Kernels,
        replica: Replica,
        tab: Callable[[], Tab],
        *,
        edit: Callable[[Make], bool],
        dropped: Callable[[], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._seat = seat
        self._swarm = swarm
        self._kernels = kernels
        self._replica = replica
        self._tab = tab
        self._edit = edit
        self._dropped = dropped
        self._failed = failed
        self._session = f"rtc-locust-{swarm.run_id}-{seat.user}-{seat.incarnation}"
        self._requests = 0
        self._executions: dict[str, _Execution] = {}
        """What was asked for and is not over, by the id of the request."""
        self._held: deque[KernelMessage] = deque()
        """What was heard of them and is not written yet."""
        self._kernel: str | None = None
        self._connection: Connection | None = None
        self._question: str | None = None
        """The id of the request that the kernel has to answer before anything is run on this line."""
        self._connected = 0.0
        self._asked = 0
        """How many interruptions and restarts are under way."""
        self._restarting = 0
        self._end_heard: float | None = None
        """When the kernel last told that it ends because somebody starts it again."""
        self._last_heard = 0.0
        self._network = Event()
        self._network.set()
        self._asleep = False
        self._closed = True
        self._work = Group()
        self._watch: Heartbeat | None = None

    # -- the line -----------------------------------------------------------------------------------------------

    def open(self) -> None:
        """The document is open; the kernel is asked for. Does not wait for it."""
        if not self._closed:
            return
        self._closed = False
        self._watch = Heartbeat(_LOOK_S, self._look)
        self._work.spawn(self._keep_line)

    def close(self) -> None:
        """The tab is closed: nothing is written any more of what runs, and the kernel goes on for the others."""
        self._closed = True
        self.stop()
        if self._watch is not None:
            self._watch.stop()
            self._watch = None
        self._work.kill(block=False)
        self._network.set()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def stop(self) -> None:
        """Nothing is run or written any more."""
        self._executions.clear()
        self._held.clear()

    def drop_line(self) -> None:
        """The line is lost without a word; it comes back by itself."""
        if self._connection is not None:
            self._connection.abort()
            self._lost(ConnectionBroken("the connection was cut on purpose"))

    def go_offline(self, *, asleep: bool) -> None:
        """There is no network until `come_online`; who is asleep writes nothing meanwhile."""
        self._asleep = asleep
        self._network.clear()

    def come_online(self) -> None:
        """There is a network again."""
        self._asleep = False
        self._network.set()

    def _keep_line(self) -> None:
        """Connect, as often as it takes; a failure is told once in a row of tries."""
        backoff, told = Backoff(), False
        while True:
            self._network.wait()
            if not self._wanted():
                return
            try:
                self._connect()
                return
            except RoomError as error:
                if not told:
                    self._swarm.recorder.failed("connect", f"the kernel's channels could not be opened: {error}")
                told = True
            except Exception as error:
                self._failed(error)
                return
            gevent.sleep(backoff.next())

    def _wanted(self) -> bool:
        """Asked anew after everything that waits."""
        return not self._closed and not self._swarm.ended

    def _connect(self) -> None:
        document, user, settings = self._seat.document, self._seat.person, self._swarm.settings
        # One at a time: two tabs that found no session would get a kernel each.
        with self._swarm.room(document).kernel_lock:
            kernel = self._kernels.open(document, user)
        address = self._kernels.channels(kernel, self._session, user)
        opened = open_websocket(address, HTTP_TRY_DEADLINE_S, str(settings.ca_file) if settings.ca_file else None)
        if not self._wanted():
            opened.close()
            return
        if not self._network.is_set():
            opened.close()
            raise ConnectionBroken("the network was lost while the line was being opened")
        self._kernel = kernel
        self._connection = Connection(opened, self._receive, self._lost, texts=True)
        self._last_heard = self._connected = time.monotonic()
        self._question = self._next_id()
        self._connection.send(
            encode_kernel_info_request(message_id=self._question, session=self._session, date=_present_date())
        )

    def _answered(self) -> None:
        """The kernel is at the other end of the line: what waits is sent."""
        self._question = None
        self._send_all()

    def _lost(self, error: BaseException) -> None:
        """Called from the event loop."""
        self._connection = None
        if self._closed:
            return
        if not isinstance(error, (RoomError, OSError, FrameError)):
            self._failed(error)
            return
        self._swarm.counts["kernel_lines_lost"] += 1
        self._give_up("the line to the kernel was lost while a cell ran", only_sent=True)
        if self._wanted():
            self._work.spawn(self._keep_line)

    @property
    def busy(self) -> bool:
        """Whether a cell that this tab has run is not over, or the kernel is being interrupted or started again."""
        return bool(self._executions or self._asked)

    # -- asked for ----------------------------------------------------------------------------------------------

    def take(self, gesture: RunCell | RestartKernel) -> None:
        """Do in the kernel what the person does in the tab. Not within a transaction."""
        if isinstance(gesture, RestartKernel):
            self.restart()
        else:
            self.run(gesture.cell_id, interrupted_after=gesture.interrupted_after)

    def run(self, cell_id: str, *, interrupted_after: int | None = None) -> None:
        """Run the source of a code cell as it stands; the kernel may be interrupted after so many messages of output.

        As in JupyterLab an empty cell is only cleared. One with a line for a shell is not run, and counted.
        """
        run = CellRun(cell_id)
        code = run.code(self._replica, self._tab())
        if code is None:
            self._dropped()
            return
        if starts_a_shell(code):
            self._swarm.counts["cells_not_run"] += 1
            return
        if not code.strip():
            self._edit(run.clear)
            return
        if not (self._edit(run.start) and self._edit(run.state(RUNNING))):
            self._dropped()
            return
        message_id = self._next_id()
        execution = _Execution(run, code, time.monotonic(), interrupted_after)
        self._executions[message_id] = execution
        self._send(message_id, execution)

    def interrupt(self) -> None:
        """Interrupt what the kernel runs, whoever asked for it. Does not wait."""
        kernel = self._kernel
        if kernel is not None:
            self._ask(lambda: self._kernels.interrupt(kernel, self._seat.person))

    def restart(self) -> None:
        """Start the kernel again; what this tab has it run is given up. Does not wait."""
        kernel = self._kernel
        self._give_up("")
        if kernel is not None:
            self._restarting += 1
            self._ask(lambda: self._restart(kernel))

    def resume(self) -> None:
        """Editing goes on after a checkpoint: what was heard meanwhile is written."""
        self._write_what_was_heard()

    def _restart(self, kernel: str) -> None:
        """Hold back what is run meanwhile, because the kernel that ends would take it along, and open the line anew."""
        line = None
        try:
            self._kernels.restart(kernel, self._seat.person)
            line, self._connection = self._connection, None
        finally:
            self._restarting -= 1
            self._send_all()
        if line is not None:  # else it is being opened
            line.close()
            self._keep_line()

    def _ask(self, ask: Callable[[], None]) -> None:
        def told() -> None:
            try:
                ask()
            except RoomError as error:
                self._swarm.recorder.failed("run cell", str(error))
            finally:
                self._asked -= 1

        self._asked += 1
        self._work.spawn(told)

    def _next_id(self) -> str:
        self._requests += 1
        return f"{self._session}_{self._requests}"

    def _send_all(self) -> None:
        for message_id, execution in list(self._executions.items()):
            self._send(message_id, execution)

    def _send(self, message_id: str, execution: _Execution) -> None:
        """Now, or when there is a line, and a kernel."""
        if self._connection is None or self._question or self._restarting or execution.sent:
            return
        execution.sent = True
        self._connection.send(
            encode_execute_request(
                execution.code,
                execution.run.cell_id,
                message_id=message_id,
                session=self._session,
                date=_present_date(),
            )
        )

    # -- heard --------------------------------------------------------------------------------------------------

    def _receive(self, messages: list[bytes]) -> None:
        self._last_heard = time.monotonic()
        self._swarm.counts["kernel_messages_received"] += len(messages)
        for message in messages:
            try:
                envelope = read_envelope(message)
                if envelope.kind == "kernel_info_reply" and envelope.parent_id == self._question:
                    self._answered()
                # What has no parent concerns everybody: it is the server that says what became of the kernel.
                if (
                    envelope.parent_id in self._executions
                    or not envelope.parent_id
                    or envelope.kind == "shutdown_reply"
                ):
                    self._held.append(decode_message(message))
            except KernelMessageError as error:
                self._swarm.counts["messages_unreadable"] += 1
                self._swarm.recorder.failed("run cell", f"a message of the kernel could not be read: {error}")
        self._write_what_was_heard()

    def _write_what_was_heard(self) -> None:
        if not self._swarm.editing:
            self.stop()
        while self._held and not self._swarm.paused:
            self._hear(self._held.popleft())

    def _hear(self, message: KernelMessage) -> None:
        envelope, content = message.envelope, message.content
        execution = self._executions.get(envelope.parent_id)
        if execution is not None:
            if envelope.kind == "execute_reply":
                self._give_up_before(envelope.parent_id)
            self._hear_of(execution, envelope.kind, content)
            if execution.replied and execution.idle:
                del self._executions[envelope.parent_id]
                self._finish(execution)
        elif envelope.kind == "shutdown_reply":
            self._end_heard = time.monotonic()
            self._give_up("", only_sent=True)
        elif envelope.kind == "status" and content.get("execution_state") in _DEAD:
            self._give_up("the kernel died while a cell ran")

    def _hear_of(self, execution: _Execution, kind: str, content: Mapping[str, Any]) -> None:
        if kind == "status":
            execution.idle = execution.idle or content.get("execution_state") == IDLE
        elif kind == "execute_reply":
            execution.replied = True
            execution.aborted = content.get("status") == "aborted"
            # A kernel that aborts what waited behind an error gives it no count, and may say nothing else of it.
            execution.idle = execution.idle or execution.aborted
            self._note_count(execution, content)
        elif kind == "execute_input":
            self._note_count(execution, content)
        elif kind == "clear_output":
            execution.clears = bool(content.get("wait"))
            if not execution.clears:
                self._write(execution, execution.run.outputs_removed())
        elif kind == "stream":
            self._output(execution, execution.run.printed(str(content.get("name")), str(content.get("text"))))
        elif kind in _OUTPUTS:
            output_type, names, words = _OUTPUTS[kind]
            output = {"output_type": output_type, **{name: content.get(name) for name in names}}
            self._output(execution, execution.run.added(output, words))

    def _note_count(self, execution: _Execution, content: Mapping[str, Any]) -> None:
        count = content.get("execution_count")
        if isinstance(count, int):
            execution.count = count

    def _output(self, execution: _Execution, make: Make) -> None:
        if execution.clears:
            execution.clears = False
            self._write(execution, execution.run.outputs_removed())
        self._write(execution, make)
        execution.outputs += 1
        if execution.outputs == execution.interrupted_after:
            self.interrupt()

    def _write(self, execution: _Execution, make: Make) -> None:
        if execution.cell_is_there and not self._asleep:
            execution.cell_is_there = self._edit(make)
            if not execution.cell_is_there:
                self._dropped()

    def _finish(self, execution: _Execution) -> None:
        if execution.count is not None:
            self._write(execution, execution.run.counted(execution.count))
        self._write(execution, execution.run.state(IDLE))
        if execution.aborted:
            self._swarm.counts["cells_aborted"] += 1
            return
        self._swarm.counts["cells_run"] += 1
        self._swarm.recorder.record("run cell", (time.monotonic() - execution.asked) * 1000)

    # -- given up -----------------------------------------------------------------------------------------------

    def _look(self) -> None:
        try:
            now = time.monotonic()
            if self._question and self._connection is not None and now - self._connected > KERNEL_INFO_S:
                self._answered()
            heard = max(self._last_heard, min((one.asked for one in self._executions.values()), default=now))
            if self._executions and now - heard > SILENT_KERNEL_S and not self._swarm.paused:
                self._give_up(f"the kernel said nothing for {SILENT_KERNEL_S:.0f} s while a cell ran")
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            self._failed(error)

    def _give_up_before(self, answered: str) -> None:
        """A kernel answers one tab's requests in order, so what was asked before and has no answer will get none."""
        earlier = list(takewhile(lambda name: name != answered, self._executions))
        self._end_without_answer(
            [name for name in earlier if self._executions[name].sent and not self._executions[name].replied],
            "the kernel answered a later cell and not this one",
        )

    def _give_up(self, why: str, *, only_sent: bool = False) -> None:
        """No answer is waited for any more; `why` is a failure, and "" is none."""
        self._end_without_answer([name for name, one in self._executions.items() if one.sent or not only_sent], why)

    def _end_without_answer(self, names: list[str], why: str) -> None:
        for name in names:
            execution = self._executions.pop(name)
            self._swarm.counts["cells_given_up"] += 1
            ended_with_it = self._end_heard is not None and abs(execution.asked - self._end_heard) < RESTART_S
            if why and not ended_with_it:
                self._swarm.recorder.failed("run cell", why)
            self._write(execution, execution.run.state(IDLE))


def _present_date() -> str:
    return datetime.now(UTC).isoformat()
