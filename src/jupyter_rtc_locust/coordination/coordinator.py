"""The master's part of a run, or the only process's: prepare, hand out seats, end in order, one verdict.

The order of Locust's hooks differs between a run-time limit, the web UI's Stop, signals and a load shape; the one
moment they share, in which users are still at work and a listener may block, is `test_stopping` on the master
(measured on Locust 2.47). Everything from "stop editing" to the verdict happens there.
"""

from __future__ import annotations

import logging
import random
import time
import uuid
from collections.abc import Callable
from typing import Any

import gevent
import msgpack  # type: ignore[import-untyped]
from gevent.event import Event
from locust.env import Environment
from locust.runners import STATE_MISSING, STATE_RUNNING, STATE_SPAWNING, MasterRunner

from jupyter_rtc_locust import exit_codes
from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.coordination.conclusion import conclude
from jupyter_rtc_locust.coordination.pieces import Assembly
from jupyter_rtc_locust.coordination.preparation import prepare, rehearse, templates_for
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.documents.kinds import DocumentKind
from jupyter_rtc_locust.errors import OptionsError, ServerUnusable
from jupyter_rtc_locust.reporting.console import end_report, start_sentence
from jupyter_rtc_locust.servers.http import HttpClient
from jupyter_rtc_locust.settings import (
    END_BUDGET_S,
    SYNC_DEADLINE_S,
    WORKER_ANSWER_DEADLINE_S,
    Settings,
    read_tokens,
)
from jupyter_rtc_locust.users.collaboration_user import CollaborationUser
from jupyter_rtc_locust.verdict.evidence import RoomEvidence
from jupyter_rtc_locust.verdict.evidence_form import EvidenceError, decode_evidence, encode_evidence
from jupyter_rtc_locust.verdict.findings import Value

logger = logging.getLogger(__name__)

_ALIVE_EVERY_S = 2.0
_MISSING_GRACE_HEARTBEATS = -6
"""Locust calls a worker missing after three seconds without a heartbeat; one that is only busy comes back."""
_LEAVE_DEADLINE_S = 6.0
_AFTER_EVIDENCE_S = 40.0
"""What a newcomer, the saved file and closing may take of the time from the end of editing to the exit."""
_PREPARATION_DEADLINE_S = 60.0
"""A preparation that a run's end has to wait for. Each of its steps has a deadline of its own."""
_KEEPER_STAYS_S = 5.0
"""After a seat was given, until its user has surely opened the room."""


class Coordinator:
    """One for each environment that is master or alone. `server` is the embedded one, where one was started."""

    def __init__(self, environment: Environment, secrets: list[str], embedded: Any = None) -> None:
        self.environment = environment
        self.embedded = embedded
        self.state: RunState | None = None
        self._secrets = secrets
        self._alive: gevent.Greenlet[..., Any] | None = None
        self._not_preparing = Event()
        self._not_preparing.set()
        runner = environment.runner
        assert runner is not None
        runner.register_message(messages.SEAT_WANTED, self._on_seat_wanted)
        runner.register_message(messages.SEAT_LEFT, self._on_seat_left)
        runner.register_message(messages.QUIET, self._on_quiet)
        runner.register_message(messages.EVIDENCE, self._on_evidence)
        runner.register_message(messages.ALL_LEFT, self._on_all_left)
        events = environment.events
        events.test_start.add_listener(self._on_test_start)
        events.test_stopping.add_listener(self._on_test_stopping)
        events.quitting.add_listener(self._on_quitting)
        events.quit.add_listener(self._on_quit)

    # -- the start ----------------------------------------------------------------------------------------------

    def check_options(self) -> Settings:
        """The settings of the next run, with the templates looked at.

        Raises:
            OptionsError: with a sentence.
        """
        settings = Settings.from_options(self.environment.parsed_options, self.environment.host)
        if settings.notebook is None:
            templates_for(settings, self._kinds(), self.embedded is not None and settings.host is None)
        read_tokens(settings.token_file)
        return settings

    def _kinds(self) -> list[DocumentKind]:
        kinds: list[DocumentKind] = [
            user.document_kind  # type: ignore[misc]
            for user in self.environment.user_classes
            if issubclass(user, CollaborationUser)
        ]
        return sorted(set(kinds)) or ["notebook"]

    def rehearse(self, settings: Settings) -> None:
        """See whether a run with these settings could start, and leave nothing behind.

        Raises:
            OptionsError, ServerUnusable: with a sentence.
        """
        http, token = self._server_of(settings)
        kinds = self._kinds()
        rehearse(settings, http, kinds=kinds, templates=templates_for(settings, kinds, token is not None))

    def _server_of(self, settings: Settings) -> tuple[HttpClient, str | None]:
        """The server to load, and the token of the embedded one if it is that."""
        if settings.host is None and self.embedded is not None:
            return HttpClient(self.embedded.url, (self.embedded.token,), settings.ca_file), self.embedded.token
        tokens = read_tokens(settings.token_file)
        self._secrets.extend(one for one in tokens if one not in self._secrets)
        return HttpClient(settings.host or "", tokens, settings.ca_file), None

    def _on_test_start(self, **_: Any) -> None:
        self._not_preparing.clear()
        try:
            self._start()
        finally:
            self._not_preparing.set()

    def _start(self) -> None:
        self.environment.process_exit_code = None
        self._stop_watching()
        try:
            settings = self.check_options()
        except OptionsError as error:
            # The command line was refused before; only a form or a program comes so far.
            self._refuse(RunState(uuid.uuid4().hex[:8], 0, Settings(), "", None), str(error))
            return
        http, token = self._server_of(settings)
        base = http.base
        seed = settings.seed or random.SystemRandom().randrange(1, 2**31)
        state = self.state = RunState(uuid.uuid4().hex[:8], seed, settings, base, token)
        kinds = self._kinds()
        documents = settings.documents * len(kinds)
        runner = self.environment.runner
        processes = len(runner.clients.ready) if isinstance(runner, MasterRunner) else 1
        print(start_sentence(base, settings.users, documents, seed=seed, processes=processes), flush=True)
        try:
            templates = templates_for(settings, kinds, token is not None)
            state.prepared = prepare(
                settings,
                http,
                run_id=state.run_id,
                seed=seed,
                kinds=kinds,
                templates=templates,
            )
        except (OptionsError, ServerUnusable) as error:
            self._refuse(state, str(error))
            return
        except Exception as error:
            logger.exception("The run could not be prepared")
            self._refuse(state, f"The run could not be prepared: {type(error).__name__}: {error}")
            return
        state.started = time.monotonic()
        self._alive = gevent.spawn(self._watch_server, state)
        # A watch that dies would make every server look alive.
        self._alive.link_exception(
            lambda dead: state.problems.append(f"The watch over the server died: {dead.exception}")
        )

    def _refuse(self, state: RunState, sentence: str) -> None:
        """The run cannot take place: say why, write it down, and end it as soon as Locust lets us."""
        self.state = state
        state.problems.append(sentence)
        logger.error("This run cannot take place. %s", sentence)
        gevent.spawn(self._end_refused_run)

    def _end_refused_run(self) -> None:
        runner = self.environment.runner
        assert runner is not None
        until = time.monotonic() + 20
        while runner.state not in (STATE_SPAWNING, STATE_RUNNING) and time.monotonic() < until:
            gevent.sleep(0.05)
        if self.environment.web_ui is None:
            runner.quit()
        else:
            runner.stop()

    # -- seats --------------------------------------------------------------------------------------------------

    def _on_seat_wanted(self, msg: Any, **_: Any) -> None:
        state = self.state
        body: dict[str, Any] = {"request": msg.data["request"]}
        if state is None or state.prepared is None or state.concluding:
            reason = state.problems[0] if state is not None and state.problems else "the run is ending"
            body["refused"] = reason
        else:
            seats = state.prepared.seats
            kind = msg.data["kind"]
            if kind not in {one.document.kind for one in state.prepared.documents}:
                body["refused"] = f"this run has no document for users who open a {kind}"
            else:
                seat = seats.take(msg.node_id, kind)
                state.processes.add(msg.node_id)
                state.users_seated += 1
                self._relieve_keeper(state, seat.document_index)
                state.most_users = max(state.most_users, len(seats.held()))
                body["seat"] = seat.as_message()
                body["run"] = {
                    "run_id": state.run_id,
                    "seed": state.seed,
                    "host": state.base,
                    "server": state.prepared.server.name,
                    "users": state.settings.users,
                    "elapsed": state.since_start(time.monotonic()),
                    # Only an embedded server's token travels; all others each process reads itself.
                    "tokens": [state.embedded_token] if state.embedded_token else [],
                }
        self._send(messages.SEAT_GIVEN, body, msg.node_id)

    def _relieve_keeper(self, state: RunState, index: int) -> None:
        """A user comes, so whoever looked first may leave a room that the server would keep for a minute anyway."""
        assert state.prepared is not None
        prepared = state.prepared.documents[index]
        if state.prepared.server.stores_files and prepared.keeper is not None:
            gevent.spawn_later(_KEEPER_STAYS_S, prepared.leave)

    def _on_seat_left(self, msg: Any, **_: Any) -> None:
        state = self.state
        if state is not None and state.prepared is not None and msg.data["run"] == state.run_id:
            state.prepared.seats.leave(msg.data["user"])

    # -- while it runs ------------------------------------------------------------------------------------------

    def _watch_server(self, state: RunState) -> None:
        """Ask the server now and then whether it lives; note silences longer than the deadline."""
        assert state.prepared is not None
        while not state.concluded.is_set():
            asked = time.monotonic()
            if state.prepared.server.answers():
                state.note_silence_over(asked)
            elif state.silent_since is None:
                state.silent_since = asked
            gevent.sleep(_ALIVE_EVERY_S)

    def _stop_watching(self) -> None:
        if self._alive is not None:
            self._alive.kill(block=False)
            self._alive = None

    # -- the end ------------------------------------------------------------------------------------------------

    def _on_test_stopping(self, **_: Any) -> None:
        # A run may be told to end while its documents are being made; nobody could remove what is half made then.
        self._not_preparing.wait(_PREPARATION_DEADLINE_S)
        state = self.state
        if state is None or state.verdict is not None:
            return
        if state.concluding:
            # A second Stop, or a signal while the first is being worked on, must not stop the users under it.
            state.concluded.wait(120)
            return
        state.concluding = True
        try:
            self._collect(state)
        except KeyboardInterrupt:
            state.problems.append("The run was interrupted while its evidence was being collected.")
        except BaseException as error:
            logger.exception("The evidence could not be collected")
            state.problems.append(f"The evidence could not be collected: {type(error).__name__}: {error}")
            state.lost |= state.pending
        try:
            conclude(self.environment, state, self._secrets)
        finally:
            self._stop_watching()
            try:
                self._part(state)
            finally:
                state.concluded.set()
        self._set_exit_code()
        if self.environment.web_ui is not None:
            self._print_end()

    def _collect(self, state: RunState) -> None:
        """Tell every process to stop editing; when all are quiet, ask for their evidence, and wait for it.

        In two steps, because one process's last edits may be on their way to another that hears nothing just then.
        """
        state.ended = state.last_piece = time.monotonic()
        if state.users_seated:
            print(
                f"Editing has ended. The documents are being checked (a few seconds, at most {END_BUDGET_S:.0f}); "
                f"Ctrl-C would give the verdict up.",
                flush=True,
            )
        patience = state.settings.drain_timeout
        self._send(messages.RUN_ENDS, {"run": state.run_id, "drain_timeout": patience})
        self._wait_for_processes(state, lambda: state.pending - state.quiet, patience + WORKER_ANSWER_DEADLINE_S / 3)
        self._send(messages.GATHER, {"run": state.run_id})
        state.last_piece = time.monotonic()
        self._wait_for_processes(state, lambda: state.pending, SYNC_DEADLINE_S + WORKER_ANSWER_DEADLINE_S)
        state.lost |= state.pending

    def _wait_for_processes(self, state: RunState, waited_for: Callable[[], set[str]], patience: float) -> None:
        """Until nobody is waited for, or nothing came for so long: a worker whose evidence still comes is not lost."""
        latest = state.ended + END_BUDGET_S - _AFTER_EVIDENCE_S
        while waited_for() and time.monotonic() < min(state.last_piece + patience, latest):
            state.changed.wait(0.25)
            state.changed.clear()
            self._notice_lost(state)

    def _on_quiet(self, msg: Any, **_: Any) -> None:
        if self.state is not None and msg.data["run"] == self.state.run_id:
            self.state.quiet.add(msg.node_id)
            self.state.changed.set()

    def _notice_lost(self, state: RunState) -> None:
        runner = self.environment.runner
        if not isinstance(runner, MasterRunner):
            return
        for node in state.pending:
            client = runner.clients.get(node)
            if client is None or (client.state == STATE_MISSING and client.heartbeat <= _MISSING_GRACE_HEARTBEATS):
                state.lost.add(node)

    def _on_evidence(self, msg: Any, **_: Any) -> None:
        state, body = self.state, msg.data
        if state is None or body["run"] != state.run_id:
            return
        assembly = state.assemblies.setdefault(msg.node_id, Assembly(body["count"]))
        assembly.add(body["index"], body["piece"])
        state.last_piece = time.monotonic()
        if assembly.complete and msg.node_id not in state.answers:
            state.answers[msg.node_id] = _answer(assembly.payload())
            state.lost.discard(msg.node_id)
            self._take_statistics(msg.node_id, state.answers[msg.node_id])
        self._send(messages.EVIDENCE_TAKEN, {"run": state.run_id, "index": body["index"]}, msg.node_id)
        state.changed.set()

    def _take_statistics(self, node_id: str, answer: dict[str, Any]) -> None:
        """A worker's last figures came with its evidence: hand them to Locust as the report they are."""
        data = answer.get("stats")
        if data and isinstance(self.environment.runner, MasterRunner):
            self.environment.events.worker_report.fire(client_id=node_id, data=data)

    def _part(self, state: RunState) -> None:
        """Close all documents, then remove what the run made."""
        self._send(messages.RUN_OVER, {"run": state.run_id})
        until = time.monotonic() + _LEAVE_DEADLINE_S
        while state.answers.keys() - state.left - state.lost and time.monotonic() < until:
            state.changed.wait(0.1)
            state.changed.clear()
        prepared = state.prepared
        for one in prepared.documents if prepared is not None else ():
            one.leave()
        if prepared is None or state.settings.keep or state.settings.notebook is not None:
            return
        if state.silent_since is not None:
            logger.warning(
                "The server does not answer, so the run's documents in %s/ were not removed.", prepared.folder
            )
            return
        for problem in prepared.server.remove(prepared.folder, [one.document for one in prepared.documents]):
            logger.warning("%s", problem)

    def _on_all_left(self, msg: Any, **_: Any) -> None:
        if self.state is not None and msg.data["run"] == self.state.run_id:
            self.state.left.add(msg.node_id)
            self.state.changed.set()

    # -- leaving ------------------------------------------------------------------------------------------------

    def _on_quitting(self, **_: Any) -> None:
        """On one process, a signal fires this before the users are stopped, and fixes the exit code right after."""
        runner = self.environment.runner
        if runner is not None and runner.state in (STATE_SPAWNING, STATE_RUNNING):
            runner.stop()
        # A master that is told to end before its first user fires no test_stopping (measured on Locust 2.47).
        self._on_test_stopping()
        self._set_exit_code()
        self._stop_watching()
        if self.embedded is not None:
            self.embedded.stop()

    def _on_quit(self, **_: Any) -> None:
        if self.environment.web_ui is None:
            self._print_end()

    def _set_exit_code(self) -> None:
        """3 and 4 win over Locust's 1; a pass leaves Locust's own rule in force."""
        if self.state is None:
            return
        verdict = self.state.verdict
        if verdict is None or verdict.value is Value.INCONCLUSIVE:
            self.environment.process_exit_code = exit_codes.INCONCLUSIVE
        elif verdict.value is Value.FAIL:
            self.environment.process_exit_code = exit_codes.FAILED

    def _print_end(self) -> None:
        state = self.state
        if state is not None and state.result is not None:
            print("\n" + "\n".join(end_report(state.result, state.result_path)), flush=True)

    def _send(self, kind: str, body: dict[str, Any], node_id: str | None = None) -> None:
        runner = self.environment.runner
        if runner is not None:
            runner.send_message(kind, body, node_id)


def _answer(payload: bytes) -> dict[str, Any]:
    """What a process told, with its documents read; what cannot be read is its problem, and makes nothing green."""
    answer: dict[str, Any] = msgpack.unpackb(payload, strict_map_key=False)
    try:
        answer["documents"] = decode_evidence(answer.get("documents") or encode_evidence([]), list[RoomEvidence])
    except EvidenceError as error:
        answer["documents"] = []
        answer["problem"] = f"{answer['process']}: {error}"
    return answer
