"""What a kind of server has to tell: how documents are made, rooms opened, saved files read, and all of it removed.

A new kind is a module with a subclass of `Server`, a line in `detection.py`, and its name in `settings.SERVER_KINDS`.
Blocking calls with deadlines; the modules know nothing of gevent (Locust patches the standard library) and nothing of
what travels inside a room.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar

from jupyter_rtc_locust.documents.kinds import DocumentKind
from jupyter_rtc_locust.documents.templates import Template
from jupyter_rtc_locust.errors import ServerUnusable
from jupyter_rtc_locust.servers.http import HttpClient
from jupyter_rtc_locust.servers.lines import Line

if TYPE_CHECKING:
    from jupyter_rtc_locust.servers.kernels import Kernels

__all__ = ["Document", "DocumentKind", "RoomAddress", "Server"]


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a run: its path (or room name) on the server and what it is."""

    path: str
    kind: DocumentKind
    ours: bool = True
    """False for a document the user named with `--rtc-notebook`: it is never removed."""


@dataclass(frozen=True, slots=True)
class RoomAddress:
    """Where a room is entered: a ws(s) address, and the headers of the upgrade (the token is in them, so no repr)."""

    url: str
    headers: tuple[str, ...] = field(default=(), repr=False)
    line: Line | None = field(default=None, repr=False, compare=False)
    """The connection on which the address was asked for, where it is good for the first upgrade, too."""
    owner: str = ""
    """Whose server it is, behind a hub, which answers for one that has ended."""


def of_a_server_that_ended(status: int) -> bool:
    """Whether a question or an upgrade (GET) that was answered so came to no server of a person, but to its hub.

    JupyterHub answers for one that has ended: sends elsewhere (6.1.1), or says 424, for APIs; its proxy says 404 where
    it has lost all it knew, and 503 where the server's process is gone. Trouble (5xx) may as well be the server's own.
    """
    return 300 <= status < 400 or status in (404, 424)


class Server(ABC):
    """One server, reached by one process. `http.base` is its address without a trailing slash."""

    name: ClassVar[str]
    stores_files: ClassVar[bool]
    """Whether documents are files that can be made beforehand and read back."""

    def __init__(self, http: HttpClient) -> None:
        self.http = http

    @abstractmethod
    def check(self) -> None:
        """See whether this server can be used, without leaving anything on it.

        Raises:
            ServerUnusable: with what was tried, what came back and what to do.
        """

    @abstractmethod
    def create_document(self, folder: str, name: str, template: Template) -> Document:
        """Make one document of the run (for a server without files: only name it).

        Raises:
            ServerUnusable: when the server refuses.
        """

    def find_document(self, path: str) -> Document:
        """The existing document that `--rtc-notebook` names.

        Raises:
            ServerUnusable: there is none that could be worked on. So it is with every server without files.
        """
        raise ServerUnusable(f"--rtc-notebook {path}: a {self.name} server has no files; leave the option out.")

    def arrive(self, document: Document, identity: int) -> None:  # noqa: B027 (most servers have nothing to log in to)
        """The user with this index is about to open the document: log it in, where there is something to log in to.

        Raises:
            RtcLocustError: it is not let in.
        """

    def leave(self) -> list[str]:
        """The run is over: give back what was made for users; sentences about what stays."""
        return []

    def leave_to_others(self) -> tuple[list[str], dict[str, Any]]:
        """A process leaves a run that goes on: sentences as of `leave`, and what others may use, for `inherit`."""
        return self.leave(), {}

    def inherit(self, left: dict[str, Any]) -> list[str]:  # noqa: ARG002 (most make nothing)
        """Give back, when the run is over, what a process made that left before; sentences about what is too late."""
        return []

    @abstractmethod
    def open_room(self, document: Document, identity: int) -> RoomAddress:
        """Ask for the address of the document's room, as the user with this index.

        Raises:
            RoomRefused: the server refused.
            ConnectionBroken: nothing usable answered.
        """

    def global_room(self, identity: int) -> RoomAddress | None:  # noqa: ARG002 (whoever has one needs the user)
        """The room in which all tabs of the server show what they have open; None: there is none."""
        return None

    def events(self, identity: int) -> RoomAddress | None:  # noqa: ARG002 (whoever has them needs the user)
        """The socket on which the server tells of what happens on it; None: there is none."""
        return None

    @property
    def kernels(self) -> Kernels | None:
        """What starts and ends kernels for notebooks; None: there is nothing of the kind."""
        return None

    @abstractmethod
    def read_saved(self, document: Document) -> Any:
        """The saved file: parsed JSON of a notebook, the text of a text file; None for a server without files.

        Raises:
            ConnectionBroken: when it could not be read or parsed.
        """

    def saved_mark(self, document: Document) -> str | None:  # noqa: ARG002 (whoever knows one needs the document)
        """What changes whenever the saved file does, and is asked for cheaply; None: the file has to be read.

        Raises:
            ConnectionBroken: when it was not told.
        """
        return None

    @abstractmethod
    def remove(self, folder: str, documents: list[Document], until: float = inf) -> list[str]:
        """Remove what the run made; sentences about what could not be removed, be it for want of time.

        `until` is a moment of `time.monotonic`, from which on nothing is asked any more.
        """

    def owner_of(self, document: Document) -> str:  # noqa: ARG002 (whoever has owners needs the document)
        """Whose server the document lies in; "" where there is one server."""
        return ""

    def owners(self) -> list[str]:
        """Of which servers it is to be asked whether they answer, by their owners; "" is the one at `http.base`."""
        return [""]

    @abstractmethod
    def answers(self, owner: str = "") -> bool:
        """Whether the server, or that of this owner, answers at all, within the deadline of one HTTP try.

        True also where this machine had nothing left to ask with: that accuses no server.
        """

    def memory(self) -> int | None:
        """Resident memory of the server's process in bytes; None where the server does not tell."""
        return None

    def version(self) -> str:
        """Name and version of the server for the report, as far as it tells."""
        return self.name
