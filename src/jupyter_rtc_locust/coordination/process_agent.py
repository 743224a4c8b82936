"""One for each process that plays users: takes seats for them, and at the end gathers and sends the evidence.

Speaks only through messages, so that one process, forked processes and workers elsewhere take the same way.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import gevent
import msgpack  # type: ignore[import-untyped]
from gevent.event import AsyncResult, Event
from gevent.lock import BoundedSemaphore
from locust.env import Environment
from locust.runners import LocalRunner, MasterRunner, WorkerRunner

from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.coordination.answers import documents_told
from jupyter_rtc_locust.coordination.asked_of_users import AskedOfUsers
from jupyter_rtc_locust.coordination.channel import channel_of
from jupyter_rtc_locust.coordination.clock_asking import ClockAsking
from jupyter_rtc_locust.coordination.faults_of_users import FaultsOfUsers
from jupyter_rtc_locust.coordination.gathering import gather, quiet_and_asked, stop_editing
from jupyter_rtc_locust.coordination.giving_contents import GivingContents
from jupyter_rtc_locust.coordination.hubs import hub_servers, seconds_to_bring_up
from jupyter_rtc_locust.coordination.joining import Joining
from jupyter_rtc_locust.coordination.plans import plan_to_play
from jupyter_rtc_locust.coordination.replays import CELL, plan_of
from jupyter_rtc_locust.coordination.rounds import AT_THE_END
from jupyter_rtc_locust.coordination.seats import Seat
from jupyter_rtc_locust.coordination.sending import Sending
from jupyter_rtc_locust.coordination.told_once import Contents
from jupyter_rtc_locust.coordination.turns import Turns
from jupyter_rtc_locust.editing.choices import Choice
from jupyter_rtc_locust.editing.gestures.step import Gesture
from jupyter_rtc_locust.editing.trace_plan import Plan
from jupyter_rtc_locust.errors import RtcLocustError, SeatRefused, ServerUnusable
from jupyter_rtc_locust.reporting.history import COORDINATOR_FILE, History
from jupyter_rtc_locust.reporting.locust_statistics import LocustStatistics
from jupyter_rtc_locust.reporting.result_file import redact
from jupyter_rtc_locust.servers.base import Server
from jupyter_rtc_locust.servers.detection import KINDS
from jupyter_rtc_locust.servers.http import HttpClient
from jupyter_rtc_locust.settings import (
    END_BUDGET_S,
    SILENT_SERVER_S,
    WORKER_ANSWER_DEADLINE_S,
    Settings,
    end_budget,
    read_tokens,
)
from jupyter_rtc_locust.timing.course import Course
from jupyter_rtc_locust.timing.generator_health import GeneratorHealth
from jupyter_rtc_locust.timing.recorder import OPEN_DOCUMENT, SESSION, Recorder
from jupyter_rtc_locust.users.backlog import Backlog
from jupyter_rtc_locust.users.collaborator import Collaborator
from jupyter_rtc_locust.users.course_watch import look, watch_course
from jupyter_rtc_locust.users.health_monitor import watch_health
from jupyter_rtc_locust.users.live_looks import LiveLooks
from jupyter_rtc_locust.users.looking_after import look_after
from jupyter_rtc_locust.users.plan_player import PlannedUsers
from jupyter_rtc_locust.users.replay_terms import ReplayTerms
from jupyter_rtc_locust.users.replaying import Replaying
from jupyter_rtc_locust.users.saving_now_and_then import save_now_and_then
from jupyter_rtc_locust.users.swarm import FOR_A_PERSON, Swarm
from jupyter_rtc_locust.users.trace_user import TraceUser
from jupyter_rtc_locust.users.warm_up import close_seconds
from jupyter_rtc_locust.verdict.evidence import RoomEvidence
from jupyter_rtc_locust.verdict.neutralising import neutralised

logger = logging.getLogger(__name__)

SEAT_DEADLINE_S = 30.0
"""A seat is given at once, but a master that is still preparing documents lets its workers wait."""
_TOO_LATE = "this process has told what its users did"
_HISTORY_EVERY_S = 1.0


def longest_pause(drain_timeout: float) -> float:
    """Seconds at a checkpoint, from the evidence on: as long as an end may take where a server is silent."""
    return end_budget(0, drain_timeout) + SILENT_SERVER_S


class ProcessAgent:
    """This process's part of a run."""

    def __init__(self, environment: Environment, secrets: list[str]) -> None:
        self.environment = environment
        self.recorder = Recorder()
        self.health = GeneratorHealth(_process_name(environment))
        self.course = Course()
        self.swarm: Swarm | None = None
        self.live: LiveLooks | None = None
        """Who tells the coordinator once a second how the present run goes here."""
        self.joining: Joining | None = None
        """At a worker: who asks the master whether it may take part."""
        self._clock: ClockAsking | None = None
        """At a worker: who asks the master for the time, in the present run."""
        self._secrets = secrets
        self._requests = count()
        self._waiting: dict[int, AsyncResult[dict[str, Any]]] = {}
        self._gave_up: set[int] = set()
        """Requests of users that failed because no answer came in time. Nobody stopped them, so they are missed."""
        self._sending = Sending(self.send)
        self._giving = GivingContents(self._send_in_pieces)
        self._gather: dict[int, Event] = {}
        """For each round, whether everybody is quiet."""
        self._resume = Event()
        self._resumed = ("", 0)
        """The latest checkpoint that is over, by run and number, also where no user was here yet."""
        self._early_checkpoint: dict[str, Any] | None = None
        """What was said of a checkpoint before the first user was here; that there is none was told then."""
        self.end_budget_s = END_BUDGET_S
        """How long the end of the run may take, as the coordinator said when it began."""
        self.ends = Event()
        """Everybody was told to stop editing."""
        self.over = Event()
        """Everybody was told to close the documents."""
        self._checkpoint: gevent.Greenlet[..., None] | None = None
        self._problems: list[str] = []
        self._told: set[str] = set()
        self._history_writer: gevent.Greenlet[..., None] | None = None
        self._greenlets: list[gevent.Greenlet[..., Any]] = []
        self._reported_errors: set[str] = set()
        self._plan: Plan | None = None
        """Everything that the users of a replay write, once somebody asked for it."""
        self._planning = BoundedSemaphore(1)
        self.statistics: LocustStatistics | None = None
        self.history: History | None = None
        runner = environment.runner
        if runner is not None and not isinstance(runner, MasterRunner):
            environment.events.quitting.add_listener(lambda **_: self.leave_server())
            channel = channel_of(environment)
            channel.register_message(messages.SEAT_GIVEN, self._on_seat_given)
            channel.register_message(messages.CHECKPOINT, self._on_checkpoint)
            channel.register_message(messages.RESUME, self._on_resume)
            FaultsOfUsers(lambda: self.swarm, self._note_problem).listen(channel)
            AskedOfUsers(lambda: self.swarm, self.send).listen(channel)
            channel.register_message(messages.CONTENTS_WANTED, self._giving.on_wanted)
            channel.register_message(messages.CLOCK_TOLD, self._on_clock_told)
            channel.register_message(messages.TRACE_BEGINS, self._on_trace_begins)
            channel.register_message(messages.RUN_ENDS, self._on_run_ends)
            channel.register_message(messages.GATHER, self._on_gather)
            channel.register_message(messages.EVIDENCE_TAKEN, self._sending.on_taken)
            channel.register_message(messages.RUN_OVER, self._on_run_over)

    # -- seats --------------------------------------------------------------------------------------------------

    def seat_user(self, choose: Callable[[int], Choice | Gesture | None], *, owner: Any) -> Collaborator:
        """Ask for a seat, and open its document.

        Raises:
            SeatRefused: the coordinator gives no seat, and has said why; or this process has told all meanwhile.
            ServerUnusable: the coordinator did not answer.
            RoomRefused, ConnectionBroken: the document could not be opened.
        """
        if self.joining is not None:
            self.joining.wait(SEAT_DEADLINE_S)
        request = next(self._requests)
        answer: AsyncResult[dict[str, Any]] = AsyncResult()
        self._waiting[request] = answer
        kind = owner.opens(self.environment.parsed_options)
        wanted = {"request": request, "kind": kind, "tabs_per_person": getattr(owner, "tabs_per_person", 1)}
        patience = SEAT_DEADLINE_S + seconds_to_bring_up(self.environment.parsed_options)
        self.send(messages.SEAT_WANTED, wanted)
        try:
            seat, swarm = self._let_in(answer, patience)
            if request not in self._waiting:
                raise SeatRefused(_TOO_LATE)
        except BaseException as error:
            if request in self._waiting:
                # Whoever is stopped has not opened it; of an error the log tells.
                failed = isinstance(error, Exception)
                if failed and not answer.ready():
                    self._gave_up.add(request)
                self._give_back_unused(answer, opens_none=not failed)
            raise
        finally:
            self._waiting.pop(request, None)
        collaborator = Collaborator(seat, swarm, choose, owner=owner)
        try:
            collaborator.open()
        except BaseException:
            self.give_seat_back(collaborator)
            raise
        return collaborator

    def _let_in(self, answer: AsyncResult[dict[str, Any]], patience: float) -> tuple[Seat, Swarm]:
        """Wait for a seat, and for the server to know its user."""
        try:
            given: dict[str, Any] = answer.get(timeout=patience) or {}
        except gevent.Timeout:
            raise ServerUnusable(f"the coordinator gave no seat within {patience:.0f} s.") from None
        if given.get("refused"):
            raise SeatRefused(given["refused"])
        swarm, seat = self._swarm_of(given["run"], given["heard"]), Seat.from_message(given["seat"])
        if swarm.planned is not None:
            swarm.planned.name_cells(seat.document_index, given.get("cell_names") or {})
        try:
            swarm.server.arrive(seat.document, seat.person)
        except RtcLocustError as error:
            sentence = self.hidden(str(error))
            for name in (SESSION, OPEN_DOCUMENT):
                self.recorder.failed(name, sentence)
            self._problems.append(f"user {seat.user} was not let in: {sentence}")
            raise
        return seat, swarm

    def _give_back_unused(self, answer: AsyncResult[dict[str, Any]], *, opens_none: bool = True) -> None:
        """Whoever waits for this answer does not open its document; `opens_none`: and nobody is missed for it."""
        given: dict[str, Any] = (answer.get() if answer.ready() else None) or {}
        if "seat" in given:
            self._say_left(given["run"]["run_id"], Seat.from_message(given["seat"]), never_opened=opens_none)

    def unseat_user(self, collaborator: Collaborator) -> None:
        """Close the user's document and give its seat back. What it authored stays evidence.

        Whatever stops a user while the run is being judged, be it Locust that moves it to another worker, does not take
        its document away: what it holds is evidence, and is closed when all is told.
        """
        if self.swarm is not None and not self.swarm.editing and not self.swarm.ended:
            return
        collaborator.leave()
        self.give_seat_back(collaborator)

    def give_seat_back(self, collaborator: Collaborator) -> None:
        """Tell the coordinator that the user is gone, unless the run is over."""
        if self.swarm is not None and not self.swarm.ended:
            self._say_left(self.swarm.run_id, collaborator.seat)

    def _say_left(self, run_id: str, seat: Seat, *, never_opened: bool = False) -> None:
        left = {"run": run_id, "user": seat.user, "incarnation": seat.incarnation}
        self.send(messages.SEAT_LEFT, left | ({"never_opened": seat.client_id} if never_opened else {}))

    def prepare_replay(self, collaborator: Collaborator) -> Replaying:
        """The part of this user in the replay.

        Raises:
            RtcLocustError: it cannot be played, for this reason.
        """
        swarm, seat = collaborator.swarm, collaborator.seat
        terms, path = swarm.replay, swarm.settings.trace
        if terms is None or path is None:
            raise RtcLocustError("this run replays no trace: name one with --rtc-trace FILE.")
        if seat.incarnation:
            raise RtcLocustError(
                f"user {seat.user} was started anew, and what it has still to write counts on the old one"
            )
        with self._planning:
            if self._plan is None:
                self._plan = plan_of(path, terms, Turns())
        return Replaying(
            collaborator,
            [step for step in self._plan.steps if step.user == seat.user],
            speed=swarm.settings.trace_speed,
            cell=None if terms.start.cell is None else (terms.start.cell, CELL),
            ended=lambda trouble: self.trace_ended(seat.user, trouble),
        )

    def trace_ready(self, user: int) -> None:
        """Tell the coordinator that a user can begin; on one process it may begin before this returns."""
        assert self.swarm is not None
        self.send(messages.TRACE_READY, {"run": self.swarm.run_id, "user": user})

    def trace_ended(self, user: int | None, trouble: str) -> None:
        """Tell the coordinator that a user's part is done, or, with a reason, that it cannot be.

        Called from callbacks of the loop, too, in which nothing may wait for a socket.
        """
        if self.swarm is not None and not self.swarm.ended:
            body = {"run": self.swarm.run_id, "user": user, "trouble": self.hidden(trouble)}
            gevent.spawn(self.send, messages.TRACE_ENDED, body)

    def swarm_settings(self) -> Settings:
        """The settings of the present run."""
        if self.swarm is None:
            raise RtcLocustError("no user of this process has a seat yet.")
        return self.swarm.settings

    def user_failed(self, owner: Any, error: BaseException) -> None:
        """Tell Locust: the error is counted, shown in the web UI, and makes the run's exit code 1.

        Locust's listeners may send messages and so block, which a callback of the loop must not.
        """
        gevent.spawn(self._fire_user_error, owner, error)

    def _fire_user_error(self, owner: Any, error: BaseException) -> None:
        # A server's words are in it, and it is shown on a page of the web UI.
        text = neutralised(self.hidden(str(error)))
        if text not in self._reported_errors and len(self._reported_errors) < 20:
            self._reported_errors.add(text)
            logger.error("A user failed: %s", text)
        told = error if text == str(error) else RtcLocustError(text)
        self.environment.events.user_error.fire(user_instance=owner, exception=told, tb=error.__traceback__)

    def _swarm_of(self, run: dict[str, Any], heard: float) -> Swarm:
        if self.swarm is None or self.swarm.run_id != run["run_id"]:
            self._begin(run, heard)
        assert self.swarm is not None
        return self.swarm

    def _begin(self, run: dict[str, Any], heard: float) -> None:
        """`heard`: when (`time.monotonic`) all this was told."""
        settings = Settings.from_options(_with_users(self.environment.parsed_options, run["users"]), run["host"])
        server = self._server_of(run, settings)
        plan = plan_to_play(settings)
        self._stop_greenlets()
        self.health.clear()
        self.statistics = self.statistics or self.make_statistics(settings)
        self.statistics.start()
        if settings.history and not isinstance(self.environment.runner, LocalRunner):
            # On one process the coordinator has begun it.
            name = COORDINATOR_FILE.replace(".", f"-{_process_name(self.environment).replace(' ', '-')}.", 1)
            self.begin_history(History(settings.results / name, hide=self.hidden))
        self.swarm = Swarm(
            run_id=run["run_id"],
            seed=run["seed"],
            settings=settings,
            server=server,
            recorder=self.recorder,
            # What was read in between, a plan of minutes perhaps, took time too.
            elapsed=run["elapsed"] + time.monotonic() - heard,
            user_failed=self.user_failed,
            schedule_lag=self.health.schedule_lag,
            arrival_error=self.health.arrival_error,
            history=self.history if settings.history else None,
            planned=PlannedUsers(plan) if plan is not None else None,
        )
        if run.get("paused"):
            self.swarm.pause_editing(FOR_A_PERSON)
        self.swarm.replay = ReplayTerms.from_message(run["replay"]) if run.get("replay") else None
        self._plan = None
        self._problems = []
        self._sending.begin()
        self.ends.clear()
        self.over.clear()
        self._gather = {}
        self._checkpoint = None
        backlog = Backlog(self.swarm.collaborators, self.health.receive_backlog)
        watch = gevent.spawn(watch_health, self.health, backlog, self.swarm.arrivals)
        warm_up = gevent.spawn(close_seconds, self.recorder, self.swarm.run_started, settings.warmup)
        self.course = Course()
        self.live = self._begin_live(self.swarm)
        self._greenlets = [
            watch,
            warm_up,
            gevent.spawn(watch_course, self.course, self.swarm, also=self.live.times),
            gevent.spawn(look_after, self.swarm, self.swarm.look_for_stalls, self.swarm.put_away_old_edits),
        ]
        if settings.save_every:
            self._greenlets.append(gevent.spawn(save_now_and_then, self.swarm, settings.save_every))
        if isinstance(self.environment.runner, WorkerRunner):
            self._clock = ClockAsking(self.swarm.run_id, self.send)
            self._greenlets.append(gevent.spawn(self._clock.go_on))
        for greenlet in self._greenlets:
            greenlet.link_exception(lambda dead: self._problems.append(f"a watch of it died: {dead.exception}"))
        self._join_checkpoint(self.swarm, run.get("checkpoint", 0))

    def _server_of(self, run: dict[str, Any], settings: Settings) -> Server:
        """The server of this run, as this process asks it."""
        if self.swarm is not None:
            self._leave_server(self.swarm)
        if settings.hub is not None:
            return hub_servers(settings, run["run_id"], self._secrets, as_owners=False)
        tokens = tuple(run["tokens"]) or read_tokens(settings.token_file)
        self._secrets.extend(token for token in tokens if token not in self._secrets)
        return KINDS[run["server"]](HttpClient(run["host"], tokens, settings.ca_file))

    def _leave_server(self, swarm: Swarm) -> None:
        """Give back what was made for the users of this process; once more does nothing."""
        for problem in swarm.server.leave():
            logger.warning("%s", self.hidden(problem))

    def leave_server(self) -> None:
        """The process ends, or its part of the run has."""
        if self.swarm is not None:
            self._leave_server(self.swarm)

    def leave_server_to_others(self) -> dict[str, Any]:
        """The run goes on without this process; what of the server's is left to whoever leaves last."""
        assert self.swarm is not None
        problems, left = self.swarm.server.leave_to_others()
        for problem in problems:
            logger.warning("%s", self.hidden(problem))
        return left

    def _begin_live(self, swarm: Swarm) -> LiveLooks:
        """Tell the coordinator once a second how the run goes here, until documents are closed.

        Nothing rests on it, so a look that cannot be taken ends the looks, and not the run.
        """
        if self.live is not None:
            self.live.end()
        live = LiveLooks(
            swarm,
            self.health,
            _process_name(self.environment),
            lambda look: self.send(messages.LIVE, {"run": swarm.run_id, "look": look.as_message()}),
        )
        gevent.spawn(live.go_on).link_exception(
            lambda dead: logger.error("What goes on here is not told any more: %s", dead.exception)
        )
        return live

    def begin_history(self, history: History | None) -> None:
        """The history of a new run, or none; the one before is closed."""
        if self._history_writer is not None:
            self._history_writer.kill(block=False)
            self._history_writer = None
        if self.history is not None:
            self.history.close()
        self.history = history
        if history is not None:
            self._history_writer = gevent.spawn(_write_history, history)

    def make_statistics(self, settings: Settings) -> LocustStatistics:
        """The bridge from this process's recorder into Locust's statistics; once a process."""
        if self.statistics is None:
            self.statistics = LocustStatistics(
                self.environment, self.recorder, fire_events=settings.request_events, secrets=self._secrets
            )
        return self.statistics

    def _stop_greenlets(self) -> None:
        for greenlet in self._greenlets:
            greenlet.kill(block=False)
        self._greenlets = []

    # -- in the middle ------------------------------------------------------------------------------------------

    def _tell_at_checkpoint(self, swarm: Swarm, number: int, drain_timeout: float) -> None:
        """Pause editing, get quiet, tell what everybody holds, go on when the coordinator has seen enough."""
        swarm.pause_editing()
        try:
            quiet = self._quiet(swarm, number, drain_timeout)
            self._set_clock(swarm)
            payload = {
                "process": _process_name(self.environment),
                **documents_told(
                    gather(swarm, quiet, going_on=True, hide=self.hidden), self._contents(swarm.run_id, number)
                ),
                "counts": dict(swarm.counts),
                "health": self.health.as_evidence(),
            }
            self._send_in_pieces(swarm.run_id, number, msgpack.packb(payload))
            # A coordinator that says nothing any more is gone; people do not wait for it for ever.
            self._resume.wait(longest_pause(drain_timeout))
        finally:
            self._giving.forget(swarm.run_id, number)
            swarm.resume_editing()

    def _join_checkpoint(self, swarm: Swarm, number: int) -> None:
        """The first user of this process comes; if everybody pauses for a checkpoint just now, so does it.

        `number` of the one during which the seat was given, which is asked of others only; 0: of none. One that began
        later is over for this process, too: it told that nobody plays here.
        """
        early, self._early_checkpoint = self._early_checkpoint, None
        if early is not None and early["run"] == swarm.run_id:
            number = max(number, early["round"])
        if not number or (swarm.run_id, number) == self._resumed:
            return
        swarm.pause_editing()
        self._resume.clear()
        self._checkpoint = gevent.spawn(self._sit_out, swarm)

    def _tell_that_nobody_plays(self, run_id: str, number: int) -> None:
        """So that no checkpoint waits for who was given a seat and did not come. Of its health nothing was measured."""
        payload = {"process": _process_name(self.environment), **documents_told((), None), "counts": {}}
        self._send_in_pieces(run_id, number, msgpack.packb(payload))

    def _sit_out(self, swarm: Swarm) -> None:
        """A checkpoint at which nothing is to be told of this swarm is under way: go on when it is over."""
        try:
            self._resume.wait(longest_pause(swarm.settings.drain_timeout))
        finally:
            swarm.resume_editing()

    def _quiet(self, swarm: Swarm, number: int, drain_timeout: float) -> dict[str, bool]:
        """Get quiet, wait until everybody is, ask what replicas lack; which documents are quiet."""

        def everybody_is_quiet() -> None:
            self.send(messages.QUIET, {"run": swarm.run_id, "round": number})
            # A coordinator that says nothing any more is gone; the evidence is offered all the same.
            self._gather_event(number).wait(drain_timeout + WORKER_ANSWER_DEADLINE_S / 3)

        return quiet_and_asked(swarm, drain_timeout, everybody_is_quiet)

    def _note_problem(self, problem: str) -> None:
        self._problems.append(problem)

    def _checkpoint_failed(self, dead: gevent.Greenlet[..., None]) -> None:
        self._problems.append(f"a checkpoint of it failed: {type(dead.exception).__name__}: {dead.exception}")

    # -- the end ------------------------------------------------------------------------------------------------

    def tell_evidence(self, run_id: str, drain_timeout: float) -> None:
        """Stop editing, get quiet, wait until everybody is, gather, send."""

        def documents(swarm: Swarm) -> Iterator[RoomEvidence]:
            return gather(swarm, self._quiet(swarm, AT_THE_END, drain_timeout), hide=self.hidden)

        self.tell(run_id, documents, lambda: self._contents(run_id, AT_THE_END))

    def _contents(self, run_id: str, number: int) -> Contents | None:
        """What is told with digests in this round is kept in there; None in the only process, which tells all whole."""
        if isinstance(self.environment.runner, WorkerRunner):
            return self._giving.begin(run_id, number)
        return None

    def tell(
        self,
        run_id: str,
        documents: Callable[[Swarm], Iterator[RoomEvidence]],
        contents: Callable[[], Contents | None] = lambda: None,
    ) -> None:
        """Stop editing, gather this evidence, send it. Once a run, whoever asks first.

        Without `contents`, all of it is told whole, as by who does not stay to be asked. It is asked for only by who
        does tell, and when no checkpoint is under way any more: those of the round before are gone then.
        """
        if run_id in self._told:
            return
        self._told.add(run_id)
        for request in [one for one, answer in self._waiting.items() if answer.ready()]:
            self._give_back_unused(self._waiting.pop(request))
        swarm = self.swarm
        if self._checkpoint is not None:
            self._checkpoint.kill()
        payload: dict[str, Any] = {"process": _process_name(self.environment), "counts": {}}
        try:
            if swarm is not None and swarm.run_id == run_id:
                stop_editing(swarm)
                self._stop_greenlets()
                self._set_clock(swarm)
                # Only of who played anybody: how late its loop was is measured from then on.
                payload["health"] = self.health.as_evidence()
                payload |= documents_told(documents(swarm), contents())
                payload["counts"] = dict(swarm.counts)
                payload["bytes"] = swarm.traffic.as_evidence()
                payload["plan"] = swarm.plan.as_message()
                look(self.course, swarm)
        except BaseException as error:
            logger.exception("The evidence of this process could not be gathered")
            self._problems.append(f"it could not gather its evidence: {type(error).__name__}: {error}")
        if self._problems:
            payload["problem"] = f"{payload['process']}: {'; '.join(self._problems)}"
        if self.history is not None:
            self.history.flush()
        payload["stats"] = self._final_statistics()
        payload["clock"] = []
        if swarm is not None and self._clock is not None:
            payload["clock"] = self._clock.as_evidence(swarm.since_start)
        payload["timings"] = self.recorder.as_evidence()
        payload["course"] = self.course.as_evidence()
        self._send_in_pieces(run_id, AT_THE_END, msgpack.packb(payload))

    def hidden(self, text: str) -> str:
        """What a server said, without the secrets of this process."""
        return str(redact(text, self._secrets))

    def _final_statistics(self) -> dict[str, Any]:
        """Locust's own report of a worker, now, so that the master has all figures before the verdict.

        On a single process the statistics are the master's already; they only want to be up to date.
        """
        data: dict[str, Any] = {}
        if isinstance(self.environment.runner, WorkerRunner):
            self.environment.events.report_to_master.fire(client_id=self.environment.runner.client_id, data=data)
        elif self.statistics is not None:
            self.statistics.flush()
        return data

    def _gather_event(self, number: int) -> Event:
        return self._gather.setdefault(number, Event())

    def _send_in_pieces(self, run_id: str, number: int, payload: bytes, part: int = 0) -> None:
        """Until it was taken, or nobody waits for it any more: everybody was told to go on, or to leave."""
        told = self.over if number == AT_THE_END else self._resume

        def nobody_waits() -> bool:
            return self.swarm is not None and self.swarm.run_id == run_id and told.is_set()

        self._sending.send_in_pieces(run_id, number, part, payload, nobody_waits)

    # -- messages -----------------------------------------------------------------------------------------------

    def send(self, kind: str, body: dict[str, Any]) -> None:
        """To the coordinator."""
        if self.environment.runner is not None:
            channel_of(self.environment).send_message(kind, body)

    def _on_seat_given(self, msg: Any, **_: Any) -> None:
        given = msg.data
        waiting = self._waiting.get(given["request"])
        if "seat" in given and (waiting is None or given["run"]["run_id"] in self._told):
            # Whoever asked is gone, or gave up waiting, or would open it when all is told.
            seat, stopped = Seat.from_message(given["seat"]), given["request"] not in self._gave_up
            self._say_left(given["run"]["run_id"], seat, never_opened=stopped)
            given = {"refused": _TOO_LATE}
        if waiting is not None:
            waiting.set({**given, "heard": time.monotonic()})

    def _set_clock(self, swarm: Swarm) -> None:
        """What is told from now on counts from when the run began at the master."""
        if self._clock is not None:
            swarm.run_started = self._clock.run_started(swarm.run_started)

    def _on_clock_told(self, msg: Any, **_: Any) -> None:
        if self._clock is not None:
            self._clock.hear(msg.data)

    def _on_checkpoint(self, msg: Any, **_: Any) -> None:
        swarm, body = self.swarm, msg.data
        if swarm is None or swarm.run_id != body["run"]:
            self._early_checkpoint = body
            # Not in here, where nothing else is heard meanwhile.
            gevent.spawn(self._tell_that_nobody_plays, body["run"], body["round"])
        elif swarm.editing:
            self._resume.clear()
            self._checkpoint = gevent.spawn(self._tell_at_checkpoint, swarm, body["round"], body["drain_timeout"])
            self._checkpoint.link_exception(self._checkpoint_failed)

    def _on_resume(self, msg: Any, **_: Any) -> None:
        self._resumed = msg.data["run"], msg.data["round"]
        if self.swarm is not None and self.swarm.run_id == msg.data["run"]:
            self._resume.set()

    def _on_trace_begins(self, msg: Any, **_: Any) -> None:
        if self.swarm is not None and self.swarm.run_id == msg.data["run"]:
            for one in self.swarm.collaborators():
                if isinstance(one.owner, TraceUser):
                    one.owner.begin_replay()

    def _on_run_ends(self, msg: Any, **_: Any) -> None:
        if self.swarm is not None and self.swarm.run_id == msg.data["run"]:
            self.end_budget_s = msg.data["budget"]
            self.ends.set()
        gevent.spawn(self.tell_evidence, msg.data["run"], msg.data["drain_timeout"])

    def _on_gather(self, msg: Any, **_: Any) -> None:
        if self.swarm is not None and msg.data["run"] == self.swarm.run_id:
            self._gather_event(msg.data["round"]).set()

    def _on_run_over(self, msg: Any, **_: Any) -> None:
        if self.swarm is not None and self.swarm.run_id == msg.data["run"]:
            self.over.set()
            self._giving.forget(msg.data["run"], AT_THE_END)
            if self.live is not None:
                self.live.end()
        gevent.spawn(self._close_everything, msg.data["run"])

    def _close_everything(self, run_id: str) -> None:
        swarm = self.swarm
        if swarm is not None and swarm.run_id == run_id:
            swarm.ended = True
            swarm.close(swarm.collaborators())
            self._leave_server(swarm)
            if isinstance(self.environment.runner, WorkerRunner):
                self.begin_history(None)
        self.send(messages.ALL_LEFT, {"run": run_id})


def _write_history(history: History) -> None:
    while True:
        gevent.sleep(_HISTORY_EVERY_S)
        history.flush()


class _WithUsers:
    """A namespace of options with the run's number of users, which Locust does not send to workers."""

    def __init__(self, options: Any, users: int) -> None:
        self._options = options
        self.num_users = users

    def __getattr__(self, name: str) -> Any:
        return getattr(self._options, name)


def _with_users(options: Any, users: int) -> Any:
    return _WithUsers(options, users)


def _process_name(environment: Environment) -> str:
    runner = environment.runner
    if isinstance(runner, WorkerRunner):
        return f"worker {runner.client_id}"
    return f"process {os.getpid()}"
