"""The faults of a scenario, and the two hands that make them happen: the embedded server, and messages to the users."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import gevent
from locust.env import Environment

from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.demo.embedded_server import EmbeddedServer
from jupyter_rtc_locust.errors import OptionsError
from jupyter_rtc_locust.faults.executor import FaultExecutor
from jupyter_rtc_locust.faults.outside_edit import changed_file, outside_words
from jupyter_rtc_locust.faults.plan import (
    LOST,
    Away,
    DelaySaves,
    Evict,
    Fault,
    FaultOfServer,
    FaultOfUsers,
    OutsideEdit,
    Restart,
    checked_faults,
)
from jupyter_rtc_locust.settings import Settings
from jupyter_rtc_locust.users.collaboration_user import CollaborationUser
from jupyter_rtc_locust.verdict.evidence import WrittenOutside

FAULT_UNDER_WAY_S = 40.0
"""How long a fault under way at the end is waited for; a server that starts again has a shorter deadline of its own."""


def faults_of(environment: Environment, settings: Settings, *, documents_known: bool = True) -> tuple[Fault, ...]:
    """What the scenario's user classes say shall go wrong.

    The number of documents is not known before the form of the web UI was sent.

    Raises:
        OptionsError: it cannot be made to happen, or would harm a server that is not the embedded one.
    """
    own_server = settings.host is None
    classes = [user for user in environment.user_classes if issubclass(user, CollaborationUser)]
    # As many of each kind.
    documents = settings.documents * len({user.document_kind for user in classes}) if documents_known else None
    listed: list[Fault] = []
    for user in classes:
        try:
            listed += checked_faults(user.faults, own_server=own_server, users=settings.users, documents=documents)
        except OptionsError as error:
            raise OptionsError(f"{user.__name__}: {error}") from None
    return checked_faults(listed, own_server=own_server, users=settings.users, documents=documents)


def begin_faults(
    state: RunState,
    faults: tuple[Fault, ...],
    embedded: EmbeddedServer | None,
    send: Callable[[str, dict[str, Any]], None],
) -> None:
    """Let the faults of a run happen from now on, each at its moment. `send` takes a message to all processes."""
    if not faults:
        return

    def harm(fault: FaultOfServer, begins: bool) -> None:
        assert embedded is not None, "a fault that harms the server is refused where there is no embedded one"
        assert state.prepared is not None, "the documents are made before anything goes wrong"
        match fault:
            case Restart():
                state.silences.taken_away(time.monotonic())
                embedded.restart(politely=fault.politely, lose_store=fault.store == LOST)
            case Evict():
                embedded.evict(state.prepared.documents[fault.document].document.path)
            case OutsideEdit():
                document = state.prepared.documents[fault.document].document
                embedded.change_file(document.path, lambda text: changed_file(text, document.kind, fault))
                written = WrittenOutside(state.since_start(time.monotonic()), outside_words(fault))
                state.outside.setdefault(document.path, []).append(written)
            case DelaySaves():
                embedded.delay_saves(fault.seconds if begins else 0.0)

    def tell(fault: FaultOfUsers, begins: bool) -> None:
        body: dict[str, Any] = {"run": state.run_id, "users": list(fault.users)}
        if isinstance(fault, Away):
            send(messages.AWAY if begins else messages.BACK, body)
        elif begins:
            send(messages.OFFLINE, body | {"asleep": fault.asleep})
        else:
            send(messages.ONLINE, body)

    state.faults = FaultExecutor(faults, started=state.started, harm=harm, tell=tell)
    gevent.spawn(state.faults.run).link_exception(
        lambda dead: state.problems.append(f"The faults of the scenario broke off: {dead.exception}")
    )
