"""Any plain Y-websocket server (Node y-websocket, pycrdt-websocket): the path is the room, documents live in memory.

The first who opens a room makes it; nothing removes it (y-websocket keeps rooms, pycrdt-websocket drops them when
the last user leaves).
"""

from __future__ import annotations

from math import inf
from typing import Any, ClassVar

from jupyter_rtc_locust.documents.templates import Template
from jupyter_rtc_locust.errors import ConnectionBroken, OwnMachineFull, ServerUnusable
from jupyter_rtc_locust.servers.base import Document, RoomAddress, Server
from jupyter_rtc_locust.servers.http import quoted
from jupyter_rtc_locust.servers.jupyter_collaboration import websocket_base


class YWebsocket(Server):
    """A server whose rooms are the paths of its address."""

    name: ClassVar[str] = "y-websocket"
    stores_files: ClassVar[bool] = False

    def check(self) -> None:
        """See that something answers HTTP; the upgrade itself is tried with the first document."""
        try:
            self.http.request("GET", "/", tries=2)
        except ConnectionBroken as error:
            raise ServerUnusable(f"{error} Is the server running, and is --host its address?") from None

    def create_document(self, folder: str, name: str, template: Template) -> Document:
        """Name a room; it is made when the first user opens it."""
        return Document(f"{folder}-{name}", template.kind)

    def open_room(self, document: Document, identity: int) -> RoomAddress:
        """The room's address is the server's, followed by the room's name."""
        token = self.http.token(identity)
        url = f"{websocket_base(self.http.base)}/{quoted(document.path)}"
        return RoomAddress(url, (f"Authorization: token {token}",) if token else ())

    def read_saved(self, document: Document) -> Any:  # noqa: ARG002
        """Nothing is saved."""
        return None

    def remove(self, folder: str, documents: list[Document], until: float = inf) -> list[str]:  # noqa: ARG002
        """No API removes a room."""
        return []

    def answers(self, owner: str = "") -> bool:  # noqa: ARG002 (there is one server)
        """Any HTTP answer at all."""
        try:
            self.http.request("GET", "/")
        except OwnMachineFull:
            return True  # the silence is ours
        except ConnectionBroken:
            return False
        return True
