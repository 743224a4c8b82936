"""Before the first user: find the server, make the documents, look at what it makes of them.

Blocking, with deadlines. Either everything is there afterwards, or nothing of ours is.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import gevent

from jupyter_rtc_locust.coordination.kernels import check_kernels, end_kernels, start_kernels
from jupyter_rtc_locust.coordination.seats import Seats
from jupyter_rtc_locust.coordination.side_by_side import side_by_side
from jupyter_rtc_locust.documents.default_notebook import default_notebook
from jupyter_rtc_locust.documents.default_text import default_text
from jupyter_rtc_locust.documents.seeding import fill
from jupyter_rtc_locust.documents.templates import Template, TemplateError, load_templates
from jupyter_rtc_locust.errors import RoomError, RoomRefused, RtcLocustError, ServerUnusable
from jupyter_rtc_locust.servers.base import Document, DocumentKind, Server
from jupyter_rtc_locust.servers.detection import find_server
from jupyter_rtc_locust.servers.http import HttpClient
from jupyter_rtc_locust.servers.hub_servers import HubServers
from jupyter_rtc_locust.servers.wrong_address import what_is_there
from jupyter_rtc_locust.settings import JOINER_DEADLINE_S, Settings
from jupyter_rtc_locust.users.observer import Observer
from jupyter_rtc_locust.verdict.evidence import AuthoredUpdate, Snapshot

if TYPE_CHECKING:
    # Only its type: a replay knows of Locust's users, and whoever prepares does not.
    from jupyter_rtc_locust.coordination.replays import Replay

SEEDER = -1
"""The user index of whoever fills the empty rooms of a server without files: its edit is authored like any other."""

FINDING_DEADLINE_S = 20.0
"""For all questions that tell which server is there and whether it can be used. Each of them has a deadline of its own,
which a server that sends a byte now and then never meets."""


@dataclass(slots=True)
class PreparedDocument:
    """A document, what it was made from, and what its room held before the first user came."""

    document: Document
    template: Template | None
    initial: Snapshot = field(default_factory=lambda: Snapshot({}, b"\x00\x00"))
    seed_edits: list[AuthoredUpdate] = field(default_factory=list)
    keeper: Observer | None = None
    """Whoever looked first stays in the room: until a user has come, since a server rebuilds a room that stood empty
    for a minute, with new ids; and on a server without files to the end, since some drop a room with its last user."""

    ready: bool = True
    """False: it is made when its first user comes, because the server that it lies in is started then."""

    def leave(self) -> None:
        """Nobody of ours keeps the room any more."""
        if self.keeper is not None:
            self.keeper.close()
            self.keeper = None


@dataclass(slots=True)
class Prepared:
    """What a run starts from."""

    server: Server
    folder: str
    documents: list[PreparedDocument]
    seats: Seats


def templates_for(
    settings: Settings,
    kinds: list[DocumentKind],
    embedded: bool,
    replay: Replay | None = None,
    named: Template | None = None,
) -> dict[DocumentKind, list[Template]]:
    """What each kind of document starts from: a trace, the user's template, one that is `named` by the scenario, the
    demo's notebooks, or the package's own.

    Raises:
        TemplateError: the template cannot be used, or is of a kind that no user of the locustfile opens.
    """
    own: dict[DocumentKind, list[Template]] = {"notebook": [default_notebook()], "text": [default_text()]}
    if replay is not None:
        own[replay.template.kind] = [replay.template]
    elif settings.template is not None:
        given = load_templates(settings.template)
        kind = given[0].kind
        if kind not in kinds:
            raise TemplateError(
                f"--rtc-template {settings.template} is a {kind}, but the users of this locustfile open "
                f"{kinds[0]}s: give a template of their kind, or run a locustfile with users of that kind."
            )
        own[kind] = given
    elif named is not None:
        own[named.kind] = [named]
    elif embedded and "notebook" in kinds:
        from jupyter_rtc_locust.demo.notebooks import notebook_paths  # of the extra `demo`

        own["notebook"] = [template for path in notebook_paths() for template in load_templates(path)]
    return {kind: own[kind] for kind in kinds}


def find_usable_server(settings: Settings, http: HttpClient, hub: HubServers | None = None) -> Server:
    """The server of this run, after everything was asked that leaves nothing behind.

    Raises:
        ServerUnusable: with a sentence, within `FINDING_DEADLINE_S`.
    """
    too_late = ServerUnusable(
        f"{http.base} was asked whether it can be used, and had not finished its answers after "
        f"{FINDING_DEADLINE_S:.0f} s. Is the server overloaded, and is --host its address?"
    )
    what = f"{http.base} could not be asked whether it can be used"
    with _as_server_unusable(what), gevent.Timeout(FINDING_DEADLINE_S, too_late):
        if hub is not None:
            hub.check()
            return hub
        server = find_server(http, settings.server)
        if settings.notebook is not None:
            server.find_document(settings.notebook)
        if settings.kernels == "real":
            check_kernels(server)
    return server


def prepare(
    settings: Settings,
    http: HttpClient,
    *,
    run_id: str,
    seed: int,
    kinds: list[DocumentKind],
    templates: dict[DocumentKind, list[Template]],
    replay: Replay | None = None,
    hub: HubServers | None = None,
) -> Prepared:
    """Find the server, make the documents, take the first snapshots; behind a `hub`, say only where documents will be.

    Raises:
        ServerUnusable: with a sentence; what was made is removed again.
    """
    folder = f"rtc-locust-{run_id}"
    if hub is not None:
        return _prepare_behind(hub, settings, http, folder, run_id, seed, kinds, templates, replay)
    server = find_usable_server(settings, http)
    prepared: list[PreparedDocument] = []
    attempted: list[Document] = []
    try:
        with _as_server_unusable(f"the documents could not be made on {http.base}"):
            if settings.notebook is not None:
                prepared.append(PreparedDocument(server.find_document(settings.notebook), None))
            else:
                for kind in kinds:
                    for index in range(settings.documents):
                        template, name = _template_and_name(templates, kind, index)
                        # Before it is made: a server that fails half-way may leave a part of it behind.
                        attempted.append(Document(f"{folder}/{name}", kind))
                        prepared.append(PreparedDocument(server.create_document(folder, name, template), template))
            seats = _seats_at(prepared, settings, run_id, seed, replay)
            edits = settings.edit_rate > 0 or replay is not None or settings.plan is not None
            to_be_filled = edits or settings.template is not None
            fill_rooms = not server.stores_files and to_be_filled
            _look_at_all(settings, server, prepared, seats if fill_rooms else None)
            if settings.kernels == "real" and server.kernels is not None:
                start_kernels(server.kernels, [one.document for one in prepared])
    except BaseException as error:
        for one in prepared:
            one.leave()
        left_behind = end_kernels(server, folder) if settings.kernels == "real" else []
        left_behind += server.remove(folder, attempted) if server.stores_files and attempted else []
        if left_behind and isinstance(error, ServerUnusable):
            raise ServerUnusable(f"{error} {' '.join(left_behind)}") from None
        raise
    return Prepared(server, folder, prepared, seats)


def _template_and_name(
    templates: dict[DocumentKind, list[Template]], kind: DocumentKind, index: int
) -> tuple[Template, str]:
    """What the n-th document of a kind is made from, and the name of its file."""
    return templates[kind][index % len(templates[kind])], f"{kind}-{index}.{'ipynb' if kind == 'notebook' else 'txt'}"


def _seats_at(
    prepared: list[PreparedDocument], settings: Settings, run_id: str, seed: int, replay: Replay | None
) -> Seats:
    arranged = replay.casting.clients if replay is not None else None
    documents = [one.document for one in prepared]
    return Seats(run_id, seed, documents, settings.users, arranged, settings.together, settings.spread)


def _prepare_behind(
    hub: HubServers,
    settings: Settings,
    http: HttpClient,
    folder: str,
    run_id: str,
    seed: int,
    kinds: list[DocumentKind],
    templates: dict[DocumentKind, list[Template]],
    replay: Replay | None,
) -> Prepared:
    """See that the hub lets people in. Each document lies in the server of the first of its people, or of who is named.

    Raises:
        ServerUnusable: with a sentence; what was made is given back.
    """
    try:
        find_usable_server(settings, http, hub)
        prepared = []
        for number, kind in enumerate(kinds):
            for index in range(settings.documents):
                template, name = _template_and_name(templates, kind, index)
                place = hub.folder_of(index * len(kinds) + number, folder)
                prepared.append(PreparedDocument(Document(f"{place}/{name}", kind), template, ready=False))
        seats = _seats_at(prepared, settings, run_id, seed, replay)
    except BaseException as error:
        left_behind = hub.leave()
        if left_behind and isinstance(error, ServerUnusable):
            raise ServerUnusable(f"{error} {' '.join(left_behind)}") from None
        raise
    return Prepared(hub, folder, prepared, seats)


def make_and_look(settings: Settings, server: Server, prepared: PreparedDocument) -> None:
    """Make one document, and take its first snapshot, when the server in which it lies is there.

    Raises:
        RtcLocustError: with a sentence.
    """
    assert prepared.template is not None, "documents behind a hub are made from templates"
    folder, _, name = prepared.document.path.rpartition("/")
    server.create_document(folder, name, prepared.template)
    _look_first(settings, server, prepared, None)


def rehearse(
    settings: Settings,
    http: HttpClient,
    *,
    kinds: list[DocumentKind],
    templates: dict[DocumentKind, list[Template]],
    hub: HubServers | None = None,
) -> None:
    """Prepare a run with one document of each kind, and remove it again: what a form is answered with.

    A server that cannot be used is found out while the person still looks at the form.

    Raises:
        ServerUnusable: with the sentence that the run itself would have ended with.
    """
    if hub is not None:
        try:
            find_usable_server(settings, http, hub)
        finally:
            problems = hub.leave()
        if problems:
            raise ServerUnusable(" ".join(problems))
        return
    run_id = f"try-{uuid.uuid4().hex[:8]}"
    little = replace(settings, documents=1, users=1, edit_rate=0.0, template=None, trace=None)
    prepared = prepare(little, http, run_id=run_id, seed=0, kinds=kinds, templates=templates)
    for one in prepared.documents:
        one.leave()
    if settings.notebook is None:
        problems = end_kernels(prepared.server, prepared.folder) if settings.kernels == "real" else []
        problems += prepared.server.remove(prepared.folder, [one.document for one in prepared.documents])
        if problems:
            raise ServerUnusable(" ".join(problems))


@contextmanager
def _as_server_unusable(what: str) -> Iterator[None]:
    """Whatever goes wrong inside becomes the one error with a sentence that the coordinator expects.

    What a server says is read by many hands (HTTP, JSON, updates), and one that is no collaboration server, or a broken
    one, can make any of them stumble; that is the server's fault and shall not end in a stack trace.
    """
    try:
        yield
    except ServerUnusable:
        raise
    except RtcLocustError as error:
        raise ServerUnusable(str(error)) from None
    except Exception as error:
        raise ServerUnusable(f"{what}: {type(error).__name__}: {str(error)[:300]}") from error


def _look_at_all(settings: Settings, server: Server, prepared: list[PreparedDocument], seats: Seats | None) -> None:
    def look(one: PreparedDocument) -> Exception | None:
        # Returned, not raised: gevent prints the stack of a greenlet that ends with an error.
        try:
            _look_first(settings, server, one, seats)
        except Exception as error:
            return error
        return None

    # The first room on a new Jupyter server makes the store for all of them;
    # those that are opened meanwhile take it from each other (docs/issues.md).
    first, others = prepared[:1], prepared[1:]
    for error in (error for some in (first, others) for error in side_by_side(look, some)):
        if error is None:
            continue
        if isinstance(error, RoomError) and settings.server == "auto" and not server.stores_files:
            # A way that is broken says nothing of the address: a plain server may lie below a Jupyter server's.
            known = what_is_there(server.http) if isinstance(error, RoomRefused) else ""
            raise ServerUnusable(
                known
                or f"{error} GET {server.http.base}/api showed no Jupyter server either. Is --host the whole address, "
                f"with the path if the server has one (a base_url, a hub's /user/NAME)?"
            )
        raise error


def keep_open(settings: Settings, server: Server, prepared: PreparedDocument) -> None:
    """Have somebody stay in the document's room, who writes nothing; until a user comes, or to the end.

    Raises:
        RtcLocustError: the server does not let anybody in.
    """
    address = server.open_room(prepared.document, 0)
    ca_file = str(settings.ca_file) if settings.ca_file else None
    observer = Observer(address, JOINER_DEADLINE_S, ca_file)
    try:
        observer.snapshot()
    except BaseException:
        observer.close()
        raise
    observer.linger()
    prepared.keeper = observer


def _look_first(settings: Settings, server: Server, prepared: PreparedDocument, seats: Seats | None) -> None:
    address = server.open_room(prepared.document, 0)
    ca_file = str(settings.ca_file) if settings.ca_file else None
    observer = Observer(address, JOINER_DEADLINE_S, ca_file)
    try:
        prepared.initial = observer.snapshot()
        template = prepared.template
        if seats is not None and template is not None:
            client_id = seats.register(SEEDER, len(seats.authors), prepared.document.path)
            update = observer.author(prepared.document.kind, client_id, lambda replica: fill(replica, template))
            if update is not None:
                prepared.seed_edits.append(
                    AuthoredUpdate(SEEDER, client_id, 0, "filled the empty room", None, 0.0, 0.0, update)
                )
        observer.linger()
        prepared.keeper = observer
    finally:
        if prepared.keeper is None:
            observer.close()
