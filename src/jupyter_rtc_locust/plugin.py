"""Where the package meets Locust: options, the process's agent, the coordinator, and sentences instead of stack traces.

Importing `jupyter_rtc_locust` in a locustfile is enough; whoever uses Locust as a library calls `install`.
"""

from __future__ import annotations

import atexit
import logging
import socket
import sys
import time
from copy import copy
from functools import partial
from pathlib import Path
from typing import Any

import gevent
import locust
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from jupyter_rtc_locust import exit_codes
from jupyter_rtc_locust.coordination.by_itself import QuitAfterRun, begins_by_itself
from jupyter_rtc_locust.coordination.capacity_shape import check_capacity, looks_for_a_capacity
from jupyter_rtc_locust.coordination.channel import Channel, read_secret
from jupyter_rtc_locust.coordination.coordinator import Coordinator
from jupyter_rtc_locust.coordination.dispatching import Dispatching
from jupyter_rtc_locust.coordination.joining import Joining, Welcoming, equipment_of
from jupyter_rtc_locust.coordination.leaving import Leaving
from jupyter_rtc_locust.coordination.making_faults import faults_of
from jupyter_rtc_locust.coordination.process_agent import ProcessAgent
from jupyter_rtc_locust.coordination.replays import agents_of, replay_of
from jupyter_rtc_locust.coordination.scenario import Scenario
from jupyter_rtc_locust.coordination.signals import BEFORE_IT_BEGAN, Signals
from jupyter_rtc_locust.demo.embedded_server import EXTRA_MISSING, NO_STORE, EmbeddedServer, missing_packages
from jupyter_rtc_locust.errors import OptionsError, RtcLocustError
from jupyter_rtc_locust.faults.plan import Fault, keeps_no_store
from jupyter_rtc_locust.live.web import endpoints
from jupyter_rtc_locust.options import add_options
from jupyter_rtc_locust.reporting.log_lines import keep_secrets_out
from jupyter_rtc_locust.reporting.result_file import ResultFileError, check_folder_writable
from jupyter_rtc_locust.reporting.telemetry import ask_for_fitting_buckets, let_others_go_on
from jupyter_rtc_locust.reporting.web_form import guard_form
from jupyter_rtc_locust.settings import Settings
from jupyter_rtc_locust.users.class_attributes import check_classes
from jupyter_rtc_locust.users.collaboration_user import CollaborationUser, user_classes_of
from jupyter_rtc_locust.web.pages import add_to_web_ui

logger = logging.getLogger(__name__)

_WORKERS_JOIN_S = 5.0
"""How long a master that refuses its options waits for the workers it expects, to tell them to end; they would wait a
minute for its heartbeat otherwise."""


def register() -> None:
    """Listen to Locust's global events; done once, when the package is imported into a Locust process."""
    ask_for_fitting_buckets()
    let_others_go_on()
    locust.events.init_command_line_parser.add_listener(lambda parser, **_: add_options(parser))
    locust.events.init.add_listener(_on_init)


def install(environment: Environment) -> Coordinator | None:
    """Make a Locust environment ours, after its runner was made: an agent, and a coordinator unless it is a worker.

    Raises:
        OptionsError: the options of a run that would start at once are refused.
        ServerUnusable: the embedded server did not come up.
    """
    secrets: list[str] = []
    keep_secrets_out(secrets)
    secret = read_secret()
    secrets.extend([secret] if secret else [])
    channel = Channel(environment.runner, secret)
    environment.rtc_channel = channel  # type: ignore[attr-defined]
    # Before anything is filled in: what each process was given is compared.
    equipment = equipment_of(environment.user_classes, environment.parsed_options)
    agent = ProcessAgent(environment, secrets)
    environment.rtc_agent = agent  # type: ignore[attr-defined]
    environment.rtc_leaving = None  # type: ignore[attr-defined]
    if isinstance(environment.runner, WorkerRunner):
        agent.joining = Joining(environment, channel, equipment)
        environment.rtc_leaving = Leaving(environment, agent)  # type: ignore[attr-defined]
        return None
    if environment.runner is None:
        return None
    # Before anything that takes its time: workers are there already, and ask.
    welcoming = dispatching = None
    if isinstance(environment.runner, MasterRunner):
        welcoming = Welcoming(channel, equipment)
        dispatching = Dispatching(environment, welcoming.may_take_part)
        welcoming.let_in = dispatching.let_in
    embedded = None
    settings, faults = _check_first(environment)
    if settings.host is None:
        embedded = _start_server(settings, faults)
        secrets.append(embedded.token)
        atexit.register(embedded.stop)
        print(
            f"No --host was given, so a Jupyter server of our own was started at {embedded.url}. To look at its "
            f"notebooks, open {embedded.browser_file} in a browser on this machine.",
            flush=True,
        )
    coordinator = Coordinator(environment, secrets, embedded)
    environment.rtc_coordinator = coordinator  # type: ignore[attr-defined]
    coordinator.welcoming = welcoming
    if dispatching is not None:
        dispatching.ended = lambda: coordinator.ending
    if begins_by_itself(environment):
        # Now, because it takes seconds the first time, and later they would be taken from the run's `--run-time`.
        coordinator.check_options()
        # Locust arms the timer of `--run-time` next, and the loop has not looked at the clock for those seconds.
        gevent.get_hub().loop.update_now()
    if environment.web_ui is not None:
        guard_form(environment, coordinator)
        _serve_pages(environment, coordinator)
    return coordinator


def _serve_pages(environment: Environment, coordinator: Coordinator) -> None:
    """The picture of the run as data, and the pages that show it."""
    web_ui = environment.web_ui
    assert web_ui is not None and web_ui.app is not None
    base = getattr(environment.parsed_options, "web_base_path", "") or ""
    live = coordinator.live
    web_ui.app.register_blueprint(endpoints(live, base, web_ui.auth_required_if_enabled))
    results = partial(_results_of_last_run, coordinator)
    add_to_web_ui(web_ui, base, picture=live.as_json, results_folder=results, guard=live.guard.token)


def _results_of_last_run(coordinator: Coordinator) -> Path | None:
    """Where the results of the run stand that ended last; None before one has, and while another goes on."""
    state = coordinator.state
    return state.settings.results if state is not None and state.result_path is not None else None


def _start_server(settings: Settings, faults: tuple[Fault, ...]) -> EmbeddedServer:
    """The embedded server: it drops an empty room after so many seconds, and keeps a store of updates, where asked."""
    options = NO_STORE if keeps_no_store(faults) else None
    if settings.evict_after:
        return EmbeddedServer.start(settings.evict_after, options, settings.server_python)
    return EmbeddedServer.start(options=options, python=settings.server_python)


def _check_first(environment: Environment) -> tuple[Settings, tuple[Fault, ...]]:
    """What the command line says is refused before anything is opened; a form is checked when it is sent.

    Settings and faults of the scenario are returned, because they say what kind of server is to be started.
    """
    from jupyter_rtc_locust.coordination.plans import adopt_plan, checked_plan
    from jupyter_rtc_locust.coordination.preparation import templates_for
    from jupyter_rtc_locust.servers.hub_people import read_access
    from jupyter_rtc_locust.settings import read_tokens

    check_classes(user_classes_of(environment))
    options: Any = environment.parsed_options
    at_once = begins_by_itself(environment)
    if at_once:
        adopt_plan(options)
    _take_users_of_trace(options)
    scenario = Scenario(user_classes_of(environment))
    # A search for a capacity ends by itself, and nobody knows how soon.
    scenario.fill_in(options, ends=at_once and not looks_for_a_capacity(environment.shape_class))
    if not at_once and not getattr(options, "num_users", None):
        # The number of users comes with the form.
        options = copy(options)
        options.num_users = sys.maxsize
    settings = scenario.settings(options, environment.host)
    if settings.server_python is not None and settings.host is not None:
        raise OptionsError(
            "--rtc-server-python is for the server that a run starts itself, --host names another: leave one out."
        )
    try:
        check_folder_writable(settings.results)
    except ResultFileError as error:
        raise OptionsError(f"--rtc-results: {error}") from None
    if settings.host is None and missing_packages(settings.server_python):
        raise OptionsError(EXTRA_MISSING)
    read_tokens(settings.token_file)
    if settings.hub is not None:
        read_access(settings)
    if environment.web_ui is not None:
        _check_port(environment.web_ui.host, environment.web_ui.port)
    if at_once:
        check_capacity(environment.shape_class, settings)
    replay_of(environment, settings)
    kinds: Any = sorted({user.opens(options) for user in user_classes_of(environment)})
    if at_once:
        checked_plan(settings, kinds or ["notebook"])
    if settings.template is not None:
        templates_for(settings, kinds or ["notebook"], False)
    return settings, faults_of(environment, settings, documents_known=at_once)


def _take_users_of_trace(options: Any) -> None:
    """Where a trace is replayed and no number of users is given: as many as typed it, and all at once."""
    trace = getattr(options, "rtc_trace", "")
    if not trace or getattr(options, "num_users", None) is not None:
        return
    if Path(trace).is_file():  # else the settings refuse it
        options.num_users = agents_of(Path(trace))
        if getattr(options, "spawn_rate", None) is None:
            options.spawn_rate = options.num_users


def _check_port(host: str, port: int) -> None:
    """Locust would print a stack trace, and leave the embedded server waiting for a page that never comes."""
    try:
        addresses = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = addresses[0]
        with socket.socket(family, kind, protocol) as probe:
            # As web servers do, so that connections which linger after the last run are no obstacle.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise OptionsError(
            f"the web UI cannot be served at {host or '*'}:{port}: {error.strerror or error}. End whoever uses that "
            f"port, or choose another with --web-port."
        ) from None


def _on_init(environment: Environment, runner: Any = None, **_: Any) -> None:
    if runner is None or not any(issubclass(user, CollaborationUser) for user in environment.user_classes):
        return
    try:
        coordinator = install(environment)
        Signals(environment, coordinator, environment.rtc_leaving)  # type: ignore[attr-defined]
        if coordinator is not None:
            QuitAfterRun(environment)
    except KeyboardInterrupt:
        print(f"jupyter-rtc-locust: {BEFORE_IT_BEGAN}", file=sys.stderr, flush=True)
        _leave(environment, exit_codes.INCONCLUSIVE)
    except RtcLocustError as error:
        # Locust would print a stack trace and end with 1.
        code = exit_codes.OPTIONS_REFUSED if isinstance(error, OptionsError) else exit_codes.INCONCLUSIVE
        print(f"jupyter-rtc-locust: {error}", file=sys.stderr, flush=True)
        _leave(environment, code)


def _leave(environment: Environment, code: int) -> None:
    """End a process that never began: workers that are connected, or about to be, are told to quit first."""
    runner = environment.runner
    if isinstance(runner, MasterRunner):
        until = time.monotonic() + _WORKERS_JOIN_S
        expected = getattr(environment.parsed_options, "expect_workers", None) or 1
        while len(runner.clients) < expected and time.monotonic() < until:
            gevent.sleep(0.1)
        runner.quit()
    sys.exit(code)
