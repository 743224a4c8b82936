"""All servers of a run behind a JupyterHub, as one: each document lies in the server of a person, its owner.

The path of a document begins with its owner's name, so that whoever has the path knows where to go. The coordinator
asks as the owners (it starts their servers, makes documents, reads files); a process that plays users asks as those,
and has a share made for whoever is no owner. What either made, `leave` gives back.

Servers are reached at `/user/NAME` below the hub's address. Hubs that give each person a host name are not known.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from math import inf
from typing import Any, ClassVar
from urllib.parse import quote, unquote

from jupyter_rtc_locust.documents.templates import Template
from jupyter_rtc_locust.errors import ConnectionBroken, HubRefused, OwnMachineFull
from jupyter_rtc_locust.servers.base import Document, RoomAddress, Server
from jupyter_rtc_locust.servers.http import HttpClient
from jupyter_rtc_locust.servers.hub import Hub, Told
from jupyter_rtc_locust.servers.hub_people import AT_ONCE, HubPeople, some_at_once
from jupyter_rtc_locust.servers.persons_server import PersonsServer
from jupyter_rtc_locust.settings import Settings

logger = logging.getLogger(__name__)

STOPPING_S = 25.0
"""For all servers together to be stopped."""


class HubServers(Server):
    """The servers of the people of a run. `as_owners`: every question about a document is asked as its owner."""

    name: ClassVar[str] = "jupyterhub"
    stores_files: ClassVar[bool] = True

    def __init__(self, http: HttpClient, settings: Settings, people: HubPeople, *, as_owners: bool) -> None:
        super().__init__(http)
        self._settings = settings
        self._people = people
        self._as_owners = as_owners
        self._lock = threading.Lock()
        self._leaving = threading.Lock()
        self._left_it = False
        self._shares_ended = False
        self._sharing = ThreadPoolExecutor(AT_ONCE)
        self._locks: dict[str, threading.Lock] = {}
        self._started: set[str] = set()
        """Owners whose server this process had started, or asked for."""
        self._up: dict[str, PersonsServer] = {}
        """By owner, the servers in use, asked as their owners."""
        self._asked_as: dict[tuple[str, str], PersonsServer] = {}
        """By owner and person, the owner's server asked as this person."""
        self._shares: set[tuple[str, str]] = set()
        """Owner and person of each share that this process made, or asked for, unless the hub refused it."""

    # -- where documents lie --------------------------------------------------------------------------------------

    def folder_of(self, person: int, folder: str) -> str:
        """The folder of a document whose first person this is, with its owner before it."""
        owner = self._settings.hub_server or self._people.name(person)
        return f"{quote(owner, safe='@~')}/{folder}"

    def check(self) -> None:
        """See that there is a hub, and that it lets the first person in."""
        Hub(self.http).version()
        self._people.token_of(self._settings.hub_server or self._people.name(0))

    def bring_up(
        self, document: Document, told: Callable[[str, int, str], None], started: Callable[[float], None]
    ) -> None:
        """Have the server of the document's owner started, where it does not run; after the last one was stopped.

        `told` hears, while it starts, whose server is how far; `started`, how many seconds it took, unless it ran or
        somebody else had asked for it.

        Raises:
            SpawnFailed: it did not start, or not within `--rtc-hub-spawn-timeout`.
            HubRefused, ConnectionBroken: the hub lets the owner not in, or does not answer.
            ServerUnusable: the server has no real-time collaboration.
        """
        owner, _ = _apart(document.path)
        with self._lock:
            lock = self._locks.setdefault(owner, threading.Lock())
        with lock:
            if owner in self._up:
                return
            token, known_as = self._people.token_of(owner), self._people.known_as(owner)
            hub = self._people.hub_of(owner)
            until = time.monotonic() + self._settings.hub_spawn_timeout
            tell: Told = lambda percent, message: told(owner, percent, message)  # noqa: E731
            asked: list[float] = []
            asked_before = owner in self._started

            def note(ours: bool) -> None:
                # First: this may be stopped at any moment. A server that is somebody else's is not ours to end; where
                # it was asked for before, and that was not answered, it may be ours all the same.
                asked.append(time.monotonic())
                if ours:
                    self._started.add(owner)
                elif not asked_before:
                    self._started.discard(owner)

            ours = hub.ask_for_server(known_as, until, tell, note)
            hub.wait_for_server(known_as, until, tell)
            if ours:
                started(time.monotonic() - asked[0])
            server = self._server(owner, owner, token)
            server.check()
            self._up[owner] = server

    def arrive(self, document: Document, identity: int) -> None:
        """Log this user in, and have the owner share the server with it, where it is another person."""
        owner, _ = _apart(document.path)
        name = self._people.name(identity)
        token, asks = self._people.token_of(name), name
        if (owner, name) in self._asked_as:
            return
        owner_known_as = self._people.known_as(owner)
        if name != owner:
            hub, known_as = self._people.hub_of(owner), self._people.known_as(name)
            shared = hub.shares(owner_known_as)
            if shared is None:
                logger.info(
                    "%s has no shares, so everybody enters the server of %s as its owner.", hub.http.base, owner
                )
                token, asks = self._people.token_of(owner), owner
            elif known_as not in shared:
                self._share(owner, name, lambda: hub.share_server(owner_known_as, known_as))
        self._asked_as[(owner, name)] = self._server(owner, asks, token)

    def _share(self, owner: str, name: str, share: Callable[[], None]) -> None:
        """Have it made, and not by who waits: that one may be stopped while the hub is asked, and `leave` waits.

        Noted first: a hub may make it and not be heard. What the hub itself refuses (4xx) is not made; who says 5xx may
        be a proxy, which does not know. Ending one that was never made does no harm.
        """

        def made() -> None:
            try:
                share()
            except HubRefused as error:
                if not asked_before and 400 <= error.status < 500:
                    self._shares.discard((owner, name))
                raise

        too_late = HubRefused(f"{name} came to {self.http.base} after the run had left it.")
        with self._lock:
            if self._left_it:
                raise too_late
            asked_before = (owner, name) in self._shares
            self._shares.add((owner, name))
            sharing = self._sharing.submit(made)
        try:
            sharing.result()
        except CancelledError:
            raise too_late from None

    def _server(self, owner: str, person: str, token: str) -> PersonsServer:
        """The owner's server, asked as this person, whose token it is."""
        base = f"{self.http.base}/user/{quote(self._people.known_as(owner), safe='@~')}"
        return PersonsServer(HttpClient(base, (token,), self._settings.ca_file), owner, person)

    def _of_owner(self, path: str) -> tuple[PersonsServer, str]:
        """The server in which a document lies, asked as its owner, and the document's path there."""
        owner, rest = _apart(path)
        server = self._up.get(owner)
        if server is None:
            raise ConnectionBroken(f"{path}: the server of {owner} was not started.")
        return server, rest

    # -- what is asked about documents ----------------------------------------------------------------------------

    def create_document(self, folder: str, name: str, template: Template) -> Document:
        """Make it in the server of the owner whose name the folder begins with."""
        server, inside = self._of_owner(folder)
        server.create_document(inside, name, template)
        return Document(f"{folder}/{name}", template.kind)

    def open_room(self, document: Document, identity: int) -> RoomAddress:
        """Ask for it as the document's owner, or as the user."""
        owner, inside = _apart(document.path)
        if self._as_owners:
            server, _ = self._of_owner(document.path)
        else:
            server = self._asked_as[(owner, self._people.name(identity))]
        return server.open_room(Document(inside, document.kind, document.ours), 0)

    def read_saved(self, document: Document) -> Any:
        """From the owner's server."""
        server, inside = self._of_owner(document.path)
        return server.read_saved(Document(inside, document.kind, document.ours))

    def saved_mark(self, document: Document) -> str | None:
        """From the owner's server."""
        server, inside = self._of_owner(document.path)
        return server.saved_mark(Document(inside, document.kind, document.ours))

    def remove(self, folder: str, documents: list[Document], until: float = inf) -> list[str]:
        """Remove the run's files from every server in use; one that is gone keeps them."""
        problems: list[str] = []

        def remove(item: tuple[str, PersonsServer]) -> None:
            owner, server = item
            inside = [
                Document(rest, one.kind, one.ours)
                for one in documents
                for whose, rest in (_apart(one.path),)
                if whose == owner
            ]
            problems.extend(f"{owner}: {problem}" for problem in server.remove(folder, inside, until))

        return some_at_once(remove, list(self._up.items())) + sorted(problems)

    # -- what is asked about servers ------------------------------------------------------------------------------

    def owner_of(self, document: Document) -> str:
        """The first name in the document's path."""
        return _apart(document.path)[0]

    def owners(self) -> list[str]:
        """The hub, and whoever's server is in use."""
        return ["", *self._up]

    def answers(self, owner: str = "") -> bool:
        """Whether the hub answers, or the server of this owner: one that was ended is answered for by the hub."""
        server = self._up.get(owner)
        if server is not None:
            return server.answers()
        try:
            return self.http.request("GET", "/hub/api").status_code == 200
        except OwnMachineFull:
            return True  # the silence is ours
        except ConnectionBroken:
            return False

    def version(self) -> str:
        """The hub's version, and that of the first server in use."""
        try:
            hub = f"{self.name} {Hub(self.http).version()}"
        except ConnectionBroken:
            hub = f"{self.name} of unknown version"
        servers = list(self._up.values())
        return f"{hub}, {servers[0].version()}" if servers else hub

    def leave(self) -> list[str]:
        """End shares, stop the servers that were started, revoke tokens; servers that ran before go on.

        Whoever calls it again waits for the first, and has nothing left to do.
        """
        with self._leaving:
            return self._left()

    def leave_to_others(self) -> tuple[list[str], dict[str, Any]]:
        """Revoke tokens; what others may use, shares and accounts, is left to who leaves last (`inherit`)."""
        with self._leaving:
            shares = self._end_sharing()
            problems, accounts = self._people.leave_to_others()
        left = {"shares": sorted(shares), "accounts": accounts}
        return problems, left if shares or accounts else {}

    def inherit(self, left: dict[str, Any]) -> list[str]:
        """At the end, give back these, too: shares of servers that are in use here, accounts of the run's people.

        What comes when shares were ended and accounts removed stays: sentences about it.
        """
        shares = {(str(owner), str(name)) for owner, name in left["shares"]}
        with self._lock:
            too_late = shares if self._shares_ended else set()
            self._shares |= {(owner, name) for owner, name in shares - too_late if owner in self._up}
        stays = [f"the share of {owner}'s server with {name}" for owner, name in sorted(too_late)]
        stays += [f"the account {name}" for name in self._people.inherit(left["accounts"])]
        return [f"A worker left the run when {self.http.base} had been left: {one} stays." for one in stays]

    def _end_sharing(self) -> set[tuple[str, str]]:
        """Nobody is given a share any more; those that this process made, which it knows no more."""
        with self._lock:
            self._left_it = True
        self._sharing.shutdown(cancel_futures=True)
        with self._lock:
            self._shares_ended = True
            shares, self._shares = self._shares, set()
        return shares

    def _left(self) -> list[str]:
        until = time.monotonic() + STOPPING_S
        shares = self._end_sharing()
        with self._lock:
            started, self._started = self._started, set()
        self._up = {}

        def end_share(pair: tuple[str, str]) -> None:
            owner, name = pair
            hub, known_as = self._people.hub_of(owner), self._people.known_as
            hub.end_share(known_as(owner), known_as(name))

        def stop(owner: str) -> None:
            self._people.hub_of(owner).stop_server(self._people.known_as(owner), until)

        problems = []
        try:
            problems += some_at_once(end_share, sorted(shares))
            problems += some_at_once(stop, sorted(started))
        finally:
            problems += self._people.leave()
        return problems


def _apart(path: str) -> tuple[str, str]:
    """The owner of a document or folder of the run, and its path in the owner's server."""
    owner, _, inside = path.partition("/")
    return unquote(owner), inside
