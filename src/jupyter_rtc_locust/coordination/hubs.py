"""Runs through a JupyterHub: a document's server is started when its first user comes, and stopped when the run ends.

So the hub is asked as people arrive, and a person waits for a seat as long as the server takes. What the start took is
the timing `hub spawn`, taken here, because nobody else knows it. A document whose server did not start was not
tested, and the run says so: it is inconclusive.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from gevent.lock import BoundedSemaphore
from gevent.pool import Group

from jupyter_rtc_locust.coordination.preparation import PreparedDocument, make_and_look
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.errors import ConnectionBroken, RtcLocustError, ServerUnusable, SpawnFailed
from jupyter_rtc_locust.reporting.result_file import redact
from jupyter_rtc_locust.servers.http import HttpClient
from jupyter_rtc_locust.servers.hub_people import HubPeople, read_access
from jupyter_rtc_locust.servers.hub_servers import HubServers
from jupyter_rtc_locust.settings import Settings
from jupyter_rtc_locust.timing.recorder import Recorder

logger = logging.getLogger(__name__)

THE_RUN_ENDS = "the run is ending"
"""Why nobody is given a seat any more."""


def hub_servers(settings: Settings, run_id: str, secrets: list[str], *, as_owners: bool) -> HubServers:
    """The servers behind the hub of these settings, as this process asks them; `secrets` receives every secret.

    Raises:
        OptionsError: this process was given nothing to log in with.
    """
    assert settings.hub is not None

    def keep(secret: str) -> None:
        if secret not in secrets:
            secrets.append(secret)

    people = HubPeople(settings.hub, read_access(settings), run_id, keep, settings.ca_file)
    return HubServers(HttpClient(settings.hub, (), settings.ca_file), settings, people, as_owners=as_owners)


def seconds_to_bring_up(options: Any) -> float:
    """How long a seat may take in addition, because a server is started for it."""
    if not getattr(options, "rtc_hub", ""):
        return 0.0
    return float(options.rtc_hub_spawn_timeout)


class _NotReached(RtcLocustError):
    """The way to somebody's server was broken, so whoever comes next tries again."""


class BringingUp:
    """Brings documents of a run up, each once, however many of its users come at once."""

    def __init__(self, state: RunState, recorder: Recorder, secrets: list[str]) -> None:
        self._state = state
        self._recorder = recorder
        self._secrets = secrets
        self._locks: dict[int, BoundedSemaphore] = {}
        self._servers: dict[str, BoundedSemaphore] = {}
        """By owner: held by whoever starts it, or makes a document there."""
        self._no_use: dict[str, str] = {}
        """By owner: why the server is of none. The next document is not a reason to wait for it as long once more."""
        self._failed: dict[int, str] = {}
        self._under_way = Group()
        self._stopped = False

    def bring_up(self, index: int, then: Callable[[str], None]) -> None:
        """Have the document of this number brought up; `then` is told why it cannot be, or nothing, in a greenlet.

        When this was stopped, it is told at once that the run is ending.
        """
        if self._stopped:
            then(THE_RUN_ENDS)
            return
        self._under_way.spawn(lambda: then(self._brought_up(index)))

    def stop(self) -> None:
        """Nobody waits for a server any more; those that were asked for are stopped when the run leaves the hub."""
        self._stopped = True
        self._under_way.kill()

    def _brought_up(self, index: int) -> str:
        assert self._state.prepared is not None
        one = self._state.prepared.documents[index]
        with self._locks.setdefault(index, BoundedSemaphore()):
            if one.ready:
                return ""
            if index in self._failed:
                return self._failed[index]
            passes = False
            try:
                self._bring_up(one)
            except _NotReached as error:
                problem, passes = str(error), True
            except RtcLocustError as error:
                problem = str(error)
            except Exception as error:
                logger.exception("%s could not be brought up", one.document.path)
                problem = f"{type(error).__name__}: {error}"
            else:
                one.ready = True
                if self._state.saves is not None:
                    self._state.saves.begin(one.document)
                return ""
            problem = str(redact(problem, self._secrets))
            sentence = f"{one.document.path} was not opened when somebody came: {problem}"
            if not passes:
                self._failed[index] = problem
                sentence = f"{one.document.path} was not opened: {problem}"
            if sentence not in self._state.problems:
                self._state.problems.append(sentence)
            logger.error("%s could not be brought up. %s", one.document.path, problem)
            return problem

    def _bring_up(self, one: PreparedDocument) -> None:
        state = self._state
        assert state.prepared is not None and isinstance(state.prepared.server, HubServers)
        server = state.prepared.server
        owner = one.document.path.partition("/")[0]
        # One after the other in each server: a folder that two make at once, and the first rooms of a new server, are
        # in each other's way (docs/issues.md).
        with self._servers.setdefault(owner, BoundedSemaphore()):
            if owner in self._no_use:
                raise ServerUnusable(self._no_use[owner])
            try:
                server.bring_up(one.document, _tell, partial(self._started, owner))
            except ConnectionBroken as error:
                raise _NotReached(str(error)) from error
            except RtcLocustError as error:
                self._no_use[owner] = str(error)
                if isinstance(error, SpawnFailed):
                    self._recorder.failed("hub spawn", str(redact(str(error), self._secrets)))
                raise
            make_and_look(state.settings, server, one)

    def _started(self, owner: str, took: float) -> None:
        self._recorder.record("hub spawn", took * 1000)
        logger.info("The server of %s was ready after %.1f s.", owner, took)


def _tell(owner: str, percent: int, message: str) -> None:
    logger.info("The server of %s: %d %%, %s", owner, percent, message)


def documents_nobody_opened(state: RunState) -> list[str]:
    """Sentences about documents whose server nobody asked for, because nobody came."""
    assert state.prepared is not None
    told = " ".join(state.problems)
    unseen = [one.document.path for one in state.prepared.documents if not one.ready]
    unseen = [path for path in unseen if path not in told]
    if not unseen:
        return []
    sentence = (
        f"{len(unseen)} of {len(state.prepared.documents)} documents were opened by nobody before the run ended, the "
        f"first {unseen[0]}: ask for a faster ramp (-r), a longer run (-t), or fewer documents."
    )
    return [sentence]
