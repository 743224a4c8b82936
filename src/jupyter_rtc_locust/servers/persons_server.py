"""A person's server behind a hub: a Jupyter server whose refusals say who refused, since two may answer there.

Where it does not run any more, the hub answers in its place, and to whom it seems a refusal: JupyterHub 6.1.1 sends
whoever reads, or opens a WebSocket, elsewhere (302), and whoever writes is forbidden it (403), as the server itself
would. Options of `--host` are no remedy here, so no sentence names them.
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

import requests

from jupyter_rtc_locust.errors import ConnectionBroken, OwnMachineFull
from jupyter_rtc_locust.servers.base import Document, RoomAddress, of_a_server_that_ended
from jupyter_rtc_locust.servers.http import HttpClient
from jupyter_rtc_locust.servers.jupyter_collaboration import JupyterCollaboration

_FORBIDDEN = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_OF_A_PROXY = (
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)
"""What an ingress says of its own: too large a file for it, too many requests, a server that it does not reach."""


class PersonsServer(JupyterCollaboration):
    """The server of `owner`, asked as `person`; both names as the run has them."""

    def __init__(self, http: HttpClient, owner: str, person: str) -> None:
        super().__init__(http)
        self._owner = owner
        self._person = person

    def open_room(self, document: Document, identity: int) -> RoomAddress:
        """As of every Jupyter server; whoever is refused there later has to know whose it is, too."""
        return replace(super().open_room(document, identity), owner=self._owner)

    def answers(self, owner: str = "") -> bool:  # noqa: ARG002 (there is one server)
        """Whether it answers itself, be it with a refusal; where it has ended, the hub answers in its place."""
        try:
            status = self.http.request("GET", "/api").status_code
        except OwnMachineFull:
            return True  # the silence is ours
        except ConnectionBroken:
            return False
        return status < HTTPStatus.INTERNAL_SERVER_ERROR and not of_a_server_that_ended(status)

    def _refused(self, asked: str, answer: requests.Response) -> str:
        return self._told(asked, answer)

    def _unreadable(self, asked: str, answer: requests.Response) -> str:
        return self._told(asked, answer)

    def _write_refused(self, asked: str, answer: requests.Response) -> str:
        return self._told(asked, answer)

    def _not_opened(self, asked: str, answer: requests.Response) -> str:
        return self._told(asked, answer)

    def _unreachable(self, error: ConnectionBroken) -> str:
        return f"{error} The hub calls the server of {self._owner} ready: is there a way to it from here?"

    def _told(self, asked: str, answer: requests.Response) -> str:
        """What was asked, what came back, who said so, and what to do. It is looked at once more who answers there."""
        said = f"{asked} answered {self._short(answer)}."
        if not self.answers():
            return (
                f"{said} The server of {self._owner} does not answer itself; where it has ended, the hub says so in "
                f"its place. The hub's log tells what became of it."
            )
        if answer.status_code in _OF_A_PROXY:
            return f"{said} The server of {self._owner} answers itself: it says so, or a proxy before it does."
        allowed = " The hub itself lets in whoever has the scope access:servers for it."
        return (
            f"{said} It is the server of {self._owner}, and not the hub, that says so to {self._person}: its log says "
            f"why.{allowed if answer.status_code in _FORBIDDEN else ''}"
        )
