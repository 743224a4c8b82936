"""The faults of a scenario, and the two hands that make them happen: the embedded server, and messages to the users."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
from locust.env import Environment

from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.demo.embedded_server import EmbeddedServer
from jupyter_rtc_locust.faults.executor import FaultExecutor
from jupyter_rtc_locust.faults.plan import LOST, Away, Fault, Offline, Restart, checked_faults
from jupyter_rtc_locust.settings import Settings
from jupyter_rtc_locust.users.collaboration_user import CollaborationUser

FAULT_UNDER_WAY_S = 40.0
"""How long a fault under way at the end is waited for; a server that starts again has a shorter deadline of its own."""


def faults_of(environment: Environment, settings: Settings) -> tuple[Fault, ...]:
    """What the scenario's user classes say shall go wrong.

    Raises:
        OptionsError: it cannot be made to happen, or would harm a server that is not the embedded one.
    """
    own_server = settings.host is None
    listed = [
        fault
        for user in environment.user_classes
        if issubclass(user, CollaborationUser)
        for fault in checked_faults(user.faults, own_server=own_server, users=settings.users)
    ]
    return checked_faults(listed, own_server=own_server, users=settings.users)


def begin_faults(
    state: RunState,
    faults: tuple[Fault, ...],
    embedded: EmbeddedServer | None,
    send: Callable[[str, dict[str, Any]], None],
) -> None:
    """Let the faults of a run happen from now on, each at its moment. `send` takes a message to all processes."""
    if not faults:
        return

    def restart(fault: Restart) -> None:
        assert embedded is not None, "a fault that harms the server is refused where there is no embedded one"
        embedded.restart(politely=fault.politely, lose_store=fault.store == LOST)

    def tell(fault: Offline | Away, begins: bool) -> None:
        body: dict[str, Any] = {"run": state.run_id, "users": list(fault.users)}
        if isinstance(fault, Away):
            send(messages.AWAY if begins else messages.BACK, body)
        elif begins:
            send(messages.OFFLINE, body | {"asleep": fault.asleep})
        else:
            send(messages.ONLINE, body)

    state.faults = FaultExecutor(faults, started=state.started, restart=restart, tell=tell)
    gevent.spawn(state.faults.run).link_exception(
        lambda dead: state.problems.append(f"The faults of the scenario broke off: {dead.exception}")
    )
