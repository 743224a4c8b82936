"""One for each process that plays users: takes seats for them, and at the end gathers and sends the evidence.

Speaks only through messages, so that one process, forked processes and workers elsewhere take the same way.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import msgpack  # type: ignore[import-untyped]
from gevent.event import Event
from locust.env import Environment
from locust.runners import LocalRunner, MasterRunner, WorkerRunner

from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.coordination.answers import documents_told
from jupyter_rtc_locust.coordination.asked_of_users import AskedOfUsers
from jupyter_rtc_locust.coordination.asking_for_seats import AskingForSeats
from jupyter_rtc_locust.coordination.at_checkpoints import AtCheckpoints
from jupyter_rtc_locust.coordination.channel import channel_of
from jupyter_rtc_locust.coordination.clock_asking import ClockAsking
from jupyter_rtc_locust.coordination.faults_of_users import FaultsOfUsers
from jupyter_rtc_locust.coordination.gathering import gather, stop_editing
from jupyter_rtc_locust.coordination.hubs import hub_servers, seconds_to_bring_up
from jupyter_rtc_locust.coordination.joining import Joining
from jupyter_rtc_locust.coordination.plans import plan_to_play
from jupyter_rtc_locust.coordination.replaying_here import ReplayingHere
from jupyter_rtc_locust.coordination.rounds import AT_THE_END
from jupyter_rtc_locust.coordination.seats import Seat
from jupyter_rtc_locust.coordination.stumbles import Stumbles
from jupyter_rtc_locust.coordination.telling import Telling, process_name
from jupyter_rtc_locust.coordination.told_once import Contents
from jupyter_rtc_locust.editing.choices import Choice
from jupyter_rtc_locust.editing.gestures.step import Gesture
from jupyter_rtc_locust.errors import RtcLocustError
from jupyter_rtc_locust.reporting.history import COORDINATOR_FILE, History
from jupyter_rtc_locust.reporting.locust_statistics import LocustStatistics
from jupyter_rtc_locust.reporting.result_file import redact
from jupyter_rtc_locust.servers.base import Server
from jupyter_rtc_locust.servers.detection import KINDS
from jupyter_rtc_locust.servers.http import HttpClient
from jupyter_rtc_locust.settings import (
    END_BUDGET_S,
    Settings,
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
from jupyter_rtc_locust.users.saving_now_and_then import save_now_and_then
from jupyter_rtc_locust.users.swarm import FOR_A_PERSON, Swarm
from jupyter_rtc_locust.users.warm_up import close_seconds
from jupyter_rtc_locust.verdict.evidence import RoomEvidence

logger = logging.getLogger(__name__)

SEAT_DEADLINE_S = 30.0
"""A seat is given at once, but a master that is still preparing documents lets its workers wait."""
_HISTORY_EVERY_S = 1.0


class ProcessAgent:
    """This process's part of a run."""

    def __init__(self, environment: Environment, secrets: list[str]) -> None:
        self.environment = environment
        self.recorder = Recorder()
        self._name = process_name(environment)
        self.health = GeneratorHealth(self._name)
        self.course = Course()
        self.swarm: Swarm | None = None
        self.live: LiveLooks | None = None
        """Who tells the coordinator once a second how the present run goes here."""
        self.joining: Joining | None = None
        """At a worker: who asks the master whether it may take part."""
        self._clock: ClockAsking | None = None
        """At a worker: who asks the master for the time, in the present run."""
        self._secrets = secrets
        self.end_budget_s = END_BUDGET_S
        """How long the end of the run may take, as the coordinator said when it began."""
        self.ends = Event()
        """Everybody was told to stop editing."""
        self.over = Event()
        """Everybody was told to close the documents."""
        self._problems: list[str] = []
        self._told: set[str] = set()
        """Runs of which all was told."""
        self._history_writer: gevent.Greenlet[..., None] | None = None
        self._greenlets: list[gevent.Greenlet[..., Any]] = []
        self.statistics: LocustStatistics | None = None
        self.history: History | None = None
        self.seats = AskingForSeats(self.send, lambda run_id: run_id in self._told)
        self.stumbles = Stumbles(environment, self._under_way, self.send, self.hidden)
        self.replay = ReplayingHere(self._present, self.send, self.hidden)
        self.telling = Telling(environment, self._present, self.send, self._is_over)
        self.checkpoints = AtCheckpoints(
            self._name,
            self._present,
            self.telling,
            self.health,
            set_clock=self._set_clock,
            note_problem=self._note_problem,
            hide=self.hidden,
        )
        runner = environment.runner
        if runner is not None and not isinstance(runner, MasterRunner):
            environment.events.quitting.add_listener(lambda **_: self.leave_server())
            channel = channel_of(environment)
            self.stumbles.listen()
            for part in (self.seats, self.replay, self.telling, self.checkpoints):
                part.listen(channel)
            FaultsOfUsers(self._present, self._note_problem).listen(channel)
            AskedOfUsers(self._present, self.send).listen(channel)
            channel.register_message(messages.CLOCK_TOLD, self._on_clock_told)
            channel.register_message(messages.RUN_ENDS, self._on_run_ends)
            channel.register_message(messages.RUN_OVER, self._on_run_over)

    def _present(self) -> Swarm | None:
        return self.swarm

    def _under_way(self) -> str:
        """The run in which users of this process have seats; "" where that is over, and another may have begun."""
        swarm = self.swarm
        return "" if swarm is None or swarm.ended or swarm.run_id in self._told else swarm.run_id

    def _is_over(self, number: int) -> bool:
        """Everybody was told to go on after this round, or to leave."""
        return self.over.is_set() if number == AT_THE_END else self.checkpoints.over

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
        kind = owner.opens(self.environment.parsed_options)
        wanted = {"kind": kind, "tabs_per_person": int(getattr(owner, "tabs_per_person", 1))}
        patience = SEAT_DEADLINE_S + seconds_to_bring_up(self.environment.parsed_options)
        with self.seats.asked(wanted, patience) as given:
            seat, swarm = self._let_in(given)
        collaborator = Collaborator(seat, swarm, choose, owner=owner)
        try:
            collaborator.open()
        except BaseException:
            self.give_seat_back(collaborator)
            raise
        return collaborator

    def _let_in(self, given: dict[str, Any]) -> tuple[Seat, Swarm]:
        """Begin the run that this seat belongs to, if need be, and wait for the server to know its user."""
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
            self.seats.give_back(self.swarm.run_id, collaborator.seat)

    def user_ended(self) -> None:
        """A user ends by itself, as its scenario has it: nobody is to miss it."""
        if self.swarm is not None and self.swarm.editing:
            self.send(messages.USER_ENDED, {"run": self.swarm.run_id})

    def swarm_settings(self) -> Settings:
        """The settings of the present run."""
        if self.swarm is None:
            raise RtcLocustError("no user of this process has a seat yet.")
        return self.swarm.settings

    def user_failed(self, owner: Any, error: BaseException) -> None:
        """Tell Locust and the coordinator: the error is counted, shown in the web UI, and makes the exit code 1."""
        self.stumbles.failed(owner, error)

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
            name = COORDINATOR_FILE.replace(".", f"-{self._name.replace(' ', '-')}.", 1)
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
        self.replay.begin()
        self.telling.begin()
        self._problems = []
        self.ends.clear()
        self.over.clear()
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
        self.checkpoints.join(self.swarm, run.get("checkpoint", 0))

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
            self._name,
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

    def _note_problem(self, problem: str) -> None:
        self._problems.append(problem)

    # -- the end ------------------------------------------------------------------------------------------------

    def tell_evidence(self, run_id: str, drain_timeout: float) -> None:
        """Stop editing, get quiet, wait until everybody is, gather, send."""

        def documents(swarm: Swarm) -> Iterator[RoomEvidence]:
            return gather(swarm, self.telling.quiet(swarm, AT_THE_END, drain_timeout), hide=self.hidden)

        self.tell(run_id, documents, lambda: self.telling.contents(run_id, AT_THE_END))

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
        self.seats.all_is_told()
        self.stumbles.tell(run_id)
        swarm = self.swarm
        self.checkpoints.end()
        payload: dict[str, Any] = {"process": self._name, "counts": {}}
        try:
            if swarm is not None and swarm.run_id == run_id:
                stop_editing(swarm)
                # Now, and not only when it is quiet: what was edited since the last look was edited before this moment.
                look(self.course, swarm)
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
        self.telling.send_in_pieces(run_id, AT_THE_END, msgpack.packb(payload))

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

    # -- messages -----------------------------------------------------------------------------------------------

    def send(self, kind: str, body: dict[str, Any]) -> None:
        """To the coordinator."""
        if self.environment.runner is not None:
            channel_of(self.environment).send_message(kind, body)

    def _set_clock(self, swarm: Swarm) -> None:
        """What is told from now on counts from when the run began at the master."""
        if self._clock is not None:
            swarm.run_started = self._clock.run_started(swarm.run_started)

    def _on_clock_told(self, msg: Any, **_: Any) -> None:
        if self._clock is not None:
            self._clock.hear(msg.data)

    def _on_run_ends(self, msg: Any, **_: Any) -> None:
        if self.swarm is not None and self.swarm.run_id == msg.data["run"]:
            self.end_budget_s = msg.data["budget"]
            self.ends.set()
        gevent.spawn(self.tell_evidence, msg.data["run"], msg.data["drain_timeout"])

    def _on_run_over(self, msg: Any, **_: Any) -> None:
        if self.swarm is not None and self.swarm.run_id == msg.data["run"]:
            self.over.set()
            self.telling.forget_contents(msg.data["run"], AT_THE_END)
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
