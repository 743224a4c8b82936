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
from functools import partial
from pathlib import Path
from typing import Any

import gevent
from gevent.event import Event
from locust.env import Environment
from locust.runners import STATE_RUNNING, STATE_SPAWNING, MasterRunner

from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.coordination.capacities import Capacities
from jupyter_rtc_locust.coordination.capacity_shape import check_capacity
from jupyter_rtc_locust.coordination.channel import channel_of
from jupyter_rtc_locust.coordination.collecting import EvidenceCollector
from jupyter_rtc_locust.coordination.conclusion import forget_earlier_run
from jupyter_rtc_locust.coordination.differences import Differences
from jupyter_rtc_locust.coordination.ending import Ending
from jupyter_rtc_locust.coordination.holding_checkpoints import HoldingCheckpoints
from jupyter_rtc_locust.coordination.hubs import THE_RUN_ENDS, BringingUp, hub_servers
from jupyter_rtc_locust.coordination.joining import Welcoming
from jupyter_rtc_locust.coordination.live import Live
from jupyter_rtc_locust.coordination.making_faults import begin_faults, faults_of
from jupyter_rtc_locust.coordination.nobody_left import NobodyLeft
from jupyter_rtc_locust.coordination.people_watch import PeopleWatch
from jupyter_rtc_locust.coordination.plans import cell_names, checked_plan, plan_to_play
from jupyter_rtc_locust.coordination.preparation import prepare, rehearse, templates_for
from jupyter_rtc_locust.coordination.process_agent import ProcessAgent
from jupyter_rtc_locust.coordination.progress import Progress, progress_wanted
from jupyter_rtc_locust.coordination.replay_watch import ReplayWatch
from jupyter_rtc_locust.coordination.replays import Replay, replay_of
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.save_watch import SaveWatch
from jupyter_rtc_locust.coordination.scenario import Scenario
from jupyter_rtc_locust.coordination.seats import Seat
from jupyter_rtc_locust.coordination.served_later import ServedLater
from jupyter_rtc_locust.coordination.server_watch import ServerWatch
from jupyter_rtc_locust.coordination.steering import Steering
from jupyter_rtc_locust.documents.kinds import DocumentKind
from jupyter_rtc_locust.documents.templates import Template
from jupyter_rtc_locust.errors import OptionsError, ServerUnusable
from jupyter_rtc_locust.reporting.console import start_sentence
from jupyter_rtc_locust.reporting.history import COORDINATOR_FILE, History
from jupyter_rtc_locust.reporting.terminal import say
from jupyter_rtc_locust.servers.http import HttpClient
from jupyter_rtc_locust.servers.hub_people import read_access
from jupyter_rtc_locust.servers.hub_servers import HubServers
from jupyter_rtc_locust.settings import (
    Settings,
    read_tokens,
)
from jupyter_rtc_locust.users.class_attributes import check_classes
from jupyter_rtc_locust.users.collaboration_user import user_classes_of

logger = logging.getLogger(__name__)

_PREPARATION_DEADLINE_S = 60.0
"""A preparation that a run's end has to wait for. Each of its steps has a deadline of its own."""
_KEEPER_STAYS_S = 5.0
"""After a seat was given, until its user has surely opened the room."""


class Coordinator:
    """One for each environment that is master or alone. `server` is the embedded one, where one was started."""

    def __init__(self, environment: Environment, secrets: list[str], embedded: Any = None) -> None:
        self.environment = environment
        self._agent: ProcessAgent = environment.rtc_agent  # type: ignore[attr-defined]
        self.embedded = embedded
        self.state: RunState | None = None
        self.welcoming: Welcoming | None = None
        """At a master: who lets workers take part, or refuses them."""
        self.begun = False
        """Whether any run has begun."""
        self._secrets = secrets
        self._not_preparing = Event()
        self._not_preparing.set()
        runner = environment.runner
        assert runner is not None
        channel_of(environment).register_message(messages.SEAT_WANTED, self._on_seat_wanted)
        channel_of(environment).register_message(messages.SEAT_LEFT, self._on_seat_left)
        channel_of(environment).register_message(messages.CLOCK_ASKED, self._on_clock_asked)
        channel_of(environment).register_message(messages.STUMBLED, self._on_stumbled)
        self._collector = EvidenceCollector(environment)
        self._served_later = ServedLater(channel_of(environment), self._collector.hearing.is_gone)
        self._ending = Ending(environment, self._agent, self._collector, secrets, self._stop_watching)
        self._checkpoints = HoldingCheckpoints(self._collector, self._send, self._ending.note, secrets)
        steering = Steering(lambda: self.state, self._send, self._ending.note, self._checkpoints)
        self.live = Live(environment, secrets, steering, Differences(self._collector, self._send))
        self.progress = Progress(self.live) if progress_wanted(environment) else None
        self.capacities = Capacities(
            environment, self.check_options, self.live, self._checkpoints, self._send, embedded
        )
        self._people = PeopleWatch(environment)
        self._nobody_left = NobodyLeft(environment, lambda: self.live.picture, self._ending.quit_or_stop)
        self._replay_watch = ReplayWatch(
            channel_of(environment), lambda: self.state, self._send, self._ending.quit_or_stop
        )
        events = environment.events
        events.test_start.add_listener(self._on_test_start)
        events.test_stopping.add_listener(self._on_test_stopping)
        events.quitting.add_listener(self._on_quitting)
        events.quit.add_listener(self._on_quit)

    # -- the start ----------------------------------------------------------------------------------------------

    def check_options(self) -> Settings:
        """The settings of the next run, with user classes and templates looked at.

        Raises:
            OptionsError: with a sentence.
        """
        check_classes(user_classes_of(self.environment))
        settings = self._scenario.settings(self.environment.parsed_options, self.environment.host)
        replay = replay_of(self.environment, settings)
        if settings.notebook is None:
            self._templates(settings, self.embedded is not None and settings.host is None, replay)
        read_tokens(settings.token_file)
        if settings.hub is not None:
            read_access(settings)
        faults_of(self.environment, settings)
        checked_plan(settings, self._kinds())
        check_capacity(self.environment.shape_class, settings)
        return settings

    @property
    def _scenario(self) -> Scenario:
        return Scenario(user_classes_of(self.environment))

    def _templates(
        self, settings: Settings, embedded: bool, replay: Replay | None
    ) -> dict[DocumentKind, list[Template]]:
        return templates_for(settings, self._kinds(), embedded, replay, self._scenario.template())

    def _kinds(self) -> list[DocumentKind]:
        kinds: list[DocumentKind] = [
            user.opens(self.environment.parsed_options) for user in user_classes_of(self.environment)
        ]
        return sorted(set(kinds)) or ["notebook"]

    def rehearse(self, settings: Settings) -> None:
        """See whether a run with these settings could start, and leave nothing behind.

        Raises:
            OptionsError, ServerUnusable: with a sentence.
        """
        check_classes(user_classes_of(self.environment))  # the page may have changed them
        replay = replay_of(self.environment, settings)
        http, token = self._server_of(settings)
        kinds = self._kinds()
        templates = self._templates(settings, token is not None, replay)
        hub = self._hub_of(settings, f"try-{uuid.uuid4().hex[:8]}")
        rehearse(settings, http, kinds=kinds, templates=templates, hub=hub)

    def _hub_of(self, settings: Settings, run_id: str) -> HubServers | None:
        """The servers behind a hub, where that is where the run goes."""
        return None if settings.hub is None else hub_servers(settings, run_id, self._secrets, as_owners=True)

    def _server_of(self, settings: Settings) -> tuple[HttpClient, str | None]:
        """The server to load, and the token of the embedded one if it is that."""
        if settings.host is None and self.embedded is not None:
            return HttpClient(self.embedded.url, (self.embedded.token,), settings.ca_file), self.embedded.token
        tokens = read_tokens(settings.token_file)
        self._secrets.extend(one for one in tokens if one not in self._secrets)
        return HttpClient(settings.host or "", tokens, settings.ca_file), None

    def _on_test_start(self, **_: Any) -> None:
        self.begun = True
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
        # Until this run has written its own, there is none that could be taken for it.
        forget_earlier_run(settings.results)
        http, token = self._server_of(settings)
        base = http.base
        plan = plan_to_play(settings)
        seed = (
            settings.seed or (plan.header.seed if plan is not None else 0) or random.SystemRandom().randrange(1, 2**31)
        )
        state = self.state = self._collector.state = RunState(uuid.uuid4().hex[:8], seed, settings, base, token)
        state.hearing = self._collector.hearing
        self.live.begin(state)
        kinds = self._kinds()
        documents = settings.documents * len(kinds)
        runner = self.environment.runner
        processes = len(runner.clients.ready) if isinstance(runner, MasterRunner) else 1
        shaped = self.environment.shape_class is not None
        say(start_sentence(base, settings.users, documents, seed=seed, processes=processes, at_most=shaped))
        try:
            replay = state.replay = replay_of(self.environment, settings)
            templates = self._templates(settings, token is not None, replay)
            state.prepared = prepare(
                settings,
                http,
                run_id=state.run_id,
                seed=seed,
                kinds=kinds,
                templates=templates,
                replay=replay,
                hub=self._hub_of(settings, state.run_id),
            )
        except (OptionsError, ServerUnusable) as error:
            self._refuse(state, str(error))
            return
        except Exception as error:
            logger.exception("The run could not be prepared")
            self._refuse(state, f"The run could not be prepared: {type(error).__name__}: {error}")
            return
        if settings.hub is not None:
            self._agent.make_statistics(settings).start()
            state.bringing_up = BringingUp(state, self._agent.recorder, self._secrets)
        state.served_later = self._served_later
        state.watch = ServerWatch(state, self._server_log(state), self._secrets)
        state.saves = SaveWatch(state, self._ending.note)
        state.started = time.monotonic()
        path = settings.results / COORDINATOR_FILE
        self._agent.begin_history(History(path, hide=self._agent.hidden) if settings.history else None)
        self.live.prepared()
        if self.progress is not None:
            self.progress.begin(state)
        self._ending.note("start", seed=seed, documents=[one.document.path for one in state.prepared.documents])
        state.watch.start(state.problems.append)
        state.saves.start(state.problems.append)
        begin_faults(state, faults_of(self.environment, settings), self.embedded, self._send)
        if replay is not None:
            self._replay_watch.begin(state)
        self._checkpoints.begin(state)
        self.capacities.begin(state)
        self._people.begin(state)

    def _server_log(self, state: RunState) -> Path | None:
        """The server's log, where it can be read: the one that was named, or the embedded server's."""
        if state.settings.server_log is not None:
            return state.settings.server_log
        return self.embedded.log_path if state.embedded_token is not None else None

    def _refuse(self, state: RunState, sentence: str) -> None:
        """The run cannot take place: say why, write it down, and end it as soon as Locust lets us."""
        self.state = state
        self.live.begin(state)
        state.problems.append(sentence)
        logger.error("This run cannot take place. %s", sentence)
        gevent.spawn(self._end_refused_run)

    def go_on_without(self, sentence: str) -> None:
        """A worker was refused for this reason: if fewer than were expected take part, the run ends.

        Locust counts a worker as soon as it is connected, and may begin before it can be refused.
        """
        self._not_preparing.wait(_PREPARATION_DEADLINE_S)
        state, welcoming = self.state, self.welcoming
        expected = getattr(self.environment.parsed_options, "expect_workers", 0) or 0
        if state is None or welcoming is None or state.concluding or welcoming.taking_part >= expected:
            return
        if sentence not in state.problems:
            state.problems.append(sentence)
        self._end_refused_run()

    def _end_refused_run(self) -> None:
        runner = self.environment.runner
        assert runner is not None
        until = time.monotonic() + 20
        while runner.state not in (STATE_SPAWNING, STATE_RUNNING) and time.monotonic() < until:
            gevent.sleep(0.05)
        self._ending.quit_or_stop()

    # -- seats --------------------------------------------------------------------------------------------------

    def _on_seat_wanted(self, msg: Any, **_: Any) -> None:
        state = self.state
        body: dict[str, Any] = {"request": msg.data["request"]}
        if state is None or state.prepared is None or state.concluding:
            reason = state.problems[0] if state is not None and state.problems else THE_RUN_ENDS
            body["refused"] = reason
        elif self.welcoming is not None and not self.welcoming.may_take_part(msg.node_id):
            body["refused"] = "this worker does not take part in the run"
        else:
            seats = state.prepared.seats
            kind = msg.data["kind"]
            if kind not in {one.document.kind for one in state.prepared.documents}:
                body["refused"] = f"this run has no document for users who open a {kind}"
            else:
                seat = seats.take(msg.node_id, kind, msg.data.get("tabs_per_person", 1))
                state.processes.add(msg.node_id)
                state.users_seated += 1
                state.most_users = max(state.most_users, len(seats.held()))
                if state.bringing_up is not None and not state.prepared.documents[seat.document_index].ready:
                    state.seats_on_the_way.add(seat.user)
                    give = partial(self._give_when_up, state, seat, body, msg.node_id)
                    state.bringing_up.bring_up(seat.document_index, give)
                    return
                body |= self._given(state, seat, msg.node_id)
        self._send(messages.SEAT_GIVEN, body, msg.node_id)

    def _give_when_up(self, state: RunState, seat: Seat, body: dict[str, Any], node_id: str, problem: str) -> None:
        """The seat's document is there, or, for this reason, is not."""
        assert state.prepared is not None
        state.seats_on_the_way.discard(seat.user)
        if problem := problem or (THE_RUN_ENDS if state.concluding else ""):
            state.prepared.seats.leave(seat.user)
            state.never_opened.add(seat.client_id)
            body["refused"] = problem
        else:
            body |= self._given(state, seat, node_id)
        self._send(messages.SEAT_GIVEN, body, node_id)

    def _given(self, state: RunState, seat: Seat, node_id: str) -> dict[str, Any]:
        """What a process is told that plays this seat, and is asked from the next checkpoint on."""
        assert state.prepared is not None
        state.playing.add(node_id)
        self._relieve_keeper(state, seat.document_index)
        run: dict[str, Any] = {
            "run_id": state.run_id,
            "seed": state.seed,
            "host": state.base,
            "server": state.prepared.server.name,
            "users": state.settings.users,
            "elapsed": state.since_start(time.monotonic()),
            "paused": state.paused,
            "checkpoint": state.paused_by_checkpoint,
            # Only an embedded server's token travels; all others each process reads itself.
            "tokens": [state.embedded_token] if state.embedded_token else [],
        }
        if state.replay is not None:
            run["replay"] = state.replay.terms(state.prepared.seats.planned, state.prepared.documents[0]).as_message()
        return {"seat": seat.as_message(), "cell_names": cell_names(state, seat.document_index), "run": run}

    def _relieve_keeper(self, state: RunState, index: int) -> None:
        """A user comes, so whoever looked first may leave a room that the server would keep for a minute anyway."""
        assert state.prepared is not None
        prepared = state.prepared.documents[index]
        if state.prepared.server.stores_files and prepared.keeper is not None:
            gevent.spawn_later(_KEEPER_STAYS_S, prepared.leave)

    def _on_seat_left(self, msg: Any, **_: Any) -> None:
        state = self.state
        if state is not None and state.prepared is not None and msg.data["run"] == state.run_id:
            state.prepared.seats.leave(msg.data["user"], msg.data["incarnation"])
            if (client_id := msg.data.get("never_opened")) is not None:
                state.never_opened.add(client_id)

    def _on_clock_asked(self, msg: Any, **_: Any) -> None:
        state = self.state
        if state is not None and msg.data["run"] == state.run_id:
            told = {**msg.data, "told": state.since_start(time.monotonic())}
            self._send(messages.CLOCK_TOLD, told, msg.node_id)

    # -- while it runs ------------------------------------------------------------------------------------------

    def _on_stumbled(self, msg: Any, **_: Any) -> None:
        state = self.state
        if state is None or msg.data["run"] not in ("", state.run_id) or state.result is not None:
            return
        state.stumbled.hear(msg.data)
        self._nobody_left.heard(state)

    def _stop_watching(self) -> None:
        self._people.stop()
        self.capacities.stop()
        self._checkpoints.stop()
        if self.state is not None and self.state.watch is not None:
            self.state.watch.stop()
        if self.state is not None and self.state.saves is not None:
            self.state.saves.stop()

    # -- the end ------------------------------------------------------------------------------------------------

    @property
    def ending(self) -> bool:
        """Whether a verdict is under way, or has been reached."""
        return self.state is not None and self.state.concluding

    def give_up(self, why: str) -> None:
        """Wait for the verdict no longer, if one is under way: it is inconclusive then, for this reason."""
        self._ending.give_up(why)

    def conclude_unbegun(self, why: str) -> None:
        """The verdict on a run that never began."""
        try:
            settings = self.check_options()
        except OptionsError:
            settings = Settings()
        forget_earlier_run(settings.results)
        self.state = RunState(uuid.uuid4().hex[:8], settings.seed, settings, settings.host or "", None)
        self._ending.of_one_that_never_began(self.state, why)

    def _on_test_stopping(self, **_: Any) -> None:
        if self.state is not None and self.state.bringing_up is not None:
            self.state.bringing_up.stop()
        # A run may be told to end while its documents are being made; nobody could remove what is half made then.
        self._not_preparing.wait(_PREPARATION_DEADLINE_S)
        self.capacities.stop()
        self._checkpoints.stop()
        if self.state is not None:
            if self.welcoming is not None and not self.state.users_seated and not self.state.concluding:
                self.state.problems += [one for one in self.welcoming.refusals if one not in self.state.problems]
            self._ending.of(self.state)

    # -- leaving ------------------------------------------------------------------------------------------------

    def _on_quitting(self, **_: Any) -> None:
        """On one process, a signal fires this before the users are stopped, and fixes the exit code right after."""
        runner = self.environment.runner
        if runner is not None and runner.state in (STATE_SPAWNING, STATE_RUNNING):
            runner.stop()
        # A master that is told to end before its first user fires no test_stopping (measured on Locust 2.47).
        self._on_test_stopping()
        self._stop_watching()
        if self.embedded is not None:
            self.embedded.stop()

    def _on_quit(self, **_: Any) -> None:
        if self.environment.web_ui is None and self.state is not None:
            self._ending.print(self.state)

    def _send(self, kind: str, body: dict[str, Any], node_id: str | None = None) -> None:
        if self.environment.runner is not None:
            channel_of(self.environment).send_message(kind, body, node_id)
