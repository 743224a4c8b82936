"""jupyter-collaboration 4 and 5 (jupyter-server-ydoc): a session for each document, files through the contents API.

The server speaks first in a room (its step 1), sends every update back to its author, and saves one second after
the last change. Measured on 4.4.2 and 5.0.4 (docs/environment.md).
"""

from __future__ import annotations

import json
import re
import time
from math import inf
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit, urlunsplit

import requests

from jupyter_rtc_locust.documents.templates import Template
from jupyter_rtc_locust.errors import ConnectionBroken, FileGone, OwnMachineFull, RoomRefused, ServerUnusable
from jupyter_rtc_locust.servers.base import Document, DocumentKind, RoomAddress, Server
from jupyter_rtc_locust.servers.http import json_of, quoted
from jupyter_rtc_locust.servers.kernels import Kernels
from jupyter_rtc_locust.servers.wrong_address import what_is_there
from jupyter_rtc_locust.settings import HTTP_TRY_DEADLINE_S

_FORMATS: dict[DocumentKind, tuple[str, str]] = {"notebook": ("json", "notebook"), "text": ("text", "file")}
"""Kind of document: (format, type) in the session request and in the room's name."""

_RESIDENT_MEMORY = re.compile(r"^process_resident_memory_bytes ([0-9.e+]+)$", re.MULTILINE)
"""As the Prometheus client for Python writes it, on Linux."""


class JupyterCollaboration(Server):
    """A Jupyter server with jupyter-collaboration."""

    name: ClassVar[str] = "jupyter-collaboration"
    stores_files: ClassVar[bool] = True

    def check(self) -> None:
        """See that the token is accepted and that the collaboration extension answers."""
        try:
            contents = self.http.request("GET", "/api/contents/?content=0", tries=3)
            asked = f"GET {self.http.base}/api/contents/"
            if contents.status_code in (401, 403) or contents.is_redirect:
                raise ServerUnusable(self._refused(asked, contents))
            if contents.status_code != 200:
                raise ServerUnusable(self._unreadable(asked, contents))
            # A route that exists only for PUT answers 405; without the extension Jupyter answers 404.
            session = self.http.request("GET", "/api/collaboration/session/probe", tries=3)
        except ConnectionBroken as error:
            raise ServerUnusable(self._unreachable(error)) from None
        if session.status_code == 404:
            raise ServerUnusable(
                f"{self.http.base} is a Jupyter server without real-time collaboration: it knows no "
                f"/api/collaboration/session. Install jupyter-collaboration there and restart it."
            )

    def create_document(self, folder: str, name: str, template: Template) -> Document:
        """Write the template, byte for byte, as a file into the run's own folder."""
        made = self.http.request("PUT", f"/api/contents/{quoted(folder)}", json={"type": "directory"}, tries=3)
        if made.status_code not in (200, 201):
            raise ServerUnusable(self._write_refused(f"PUT {self.http.base}/api/contents/{folder}", made))
        path = f"{folder}/{name}"
        # As plain text, so that the file is the template's, and no conversion of the contents API hides in it.
        model = {"type": "file", "format": "text", "content": template.text}
        written = self.http.request("PUT", f"/api/contents/{quoted(path)}", json=model, tries=3)
        if written.status_code not in (200, 201):
            raise ServerUnusable(self._write_refused(f"PUT {self.http.base}/api/contents/{path}", written))
        return Document(path, template.kind)

    def find_document(self, path: str) -> Document:
        """The existing document of `--rtc-notebook`.

        Raises:
            ServerUnusable: when it does not exist, is a folder, or is no notebook.
        """
        found = self.http.request("GET", f"/api/contents/{quoted(path)}?content=0", tries=3)
        if found.status_code == 404:
            raise ServerUnusable(
                f"--rtc-notebook {path}: the server at {self.http.base} has no such document. Paths start at the "
                f"server's root folder."
            )
        if found.status_code != 200:
            raise ServerUnusable(f"--rtc-notebook {path}: the server answered {self._short(found)}.")
        kind = json_of(found).get("type")
        if kind == "directory":
            raise ServerUnusable(f"--rtc-notebook {path} is a folder: name one document in it.")
        if kind == "notebook":
            readable = self.http.request("GET", f"/api/contents/{quoted(path)}?type=notebook&content=1", tries=3)
            if readable.status_code != 200:
                raise ServerUnusable(
                    f"--rtc-notebook {path} is no readable notebook: the server answered {self._short(readable)}. "
                    f"Repair it, or name another one."
                )
            return Document(path, "notebook", ours=False)
        raise ServerUnusable(
            f"--rtc-notebook {path} is no notebook (the server calls it a {kind}): name a document in .ipynb."
        )

    def open_room(self, document: Document, identity: int) -> RoomAddress:
        """PUT the session as a tab does; the room's address carries its id."""
        file_format, file_type = _FORMATS[document.kind]
        path = f"/api/collaboration/session/{quoted(document.path)}"
        body = {"format": file_format, "type": file_type}
        # Asking again changes nothing, so a gateway's passing trouble need not become this user's.
        answer, line = self.http.request_on_a_line("PUT", path, identity=identity, json=body, tries=3)
        asked = f"PUT {self.http.base}{path}"
        if answer.status_code in (401, 403):
            raise RoomRefused(self._refused(asked, answer))
        if answer.status_code >= 500:
            raise ConnectionBroken(self._not_opened(asked, answer))
        session = json_of(answer)
        if answer.status_code not in (200, 201) or not {"format", "type", "fileId", "sessionId"} <= session.keys():
            if line is not None:
                line.close()
            raise RoomRefused(self._not_opened(asked, answer))
        room = quote(f"{session['format']}:{session['type']}:{session['fileId']}", safe=":")
        session_id = quote(str(session["sessionId"]))
        url = f"{websocket_base(self.http.base)}/api/collaboration/room/{room}?sessionId={session_id}"
        return RoomAddress(url, self._authorization(identity), line)

    def global_room(self, identity: int) -> RoomAddress:
        """`JupyterLab:globalAwareness`, which every tab of the server enters, without a session."""
        url = f"{websocket_base(self.http.base)}/api/collaboration/room/JupyterLab:globalAwareness"
        return RoomAddress(url, self._authorization(identity))

    def events(self, identity: int) -> RoomAddress:
        """Jupyter Server's events; every request for contents is one of them."""
        return RoomAddress(f"{websocket_base(self.http.base)}/api/events/subscribe", self._authorization(identity))

    @property
    def kernels(self) -> Kernels:
        """Jupyter Server's sessions and kernels."""
        return Kernels(self.http, websocket_base(self.http.base))

    def _authorization(self, identity: int) -> tuple[str, ...]:
        token = self.http.token(identity)
        return (f"Authorization: token {token}",) if token else ()

    def read_saved(self, document: Document) -> Any:
        """The file's text through the contents API; a notebook's JSON is parsed here, not converted by the server."""
        path = f"/api/contents/{quoted(document.path)}?type=file&format=text&content=1"
        answer = self.http.request("GET", path, tries=3)
        if answer.status_code == 404:
            raise FileGone(f"GET {self.http.base}{path} answered {self._short(answer)}.")
        if answer.status_code != 200:
            raise ConnectionBroken(f"GET {self.http.base}{path} answered {self._short(answer)}.")
        text = json_of(answer).get("content")
        if not isinstance(text, str):
            raise ConnectionBroken(f"GET {self.http.base}{path} answered without the file's content.")
        if document.kind == "text":
            return text
        try:
            return json.loads(text)
        except ValueError as error:
            raise ConnectionBroken(f"{document.path} as saved is no JSON: {error}.") from None

    def saved_mark(self, document: Document) -> str | None:
        """When the file was written last, to a part of a second, and its size.

        A file system that tells whole seconds (or two) may hold two versions under one mark: there the file is read.
        """
        path = f"/api/contents/{quoted(document.path)}?type=file&content=0"
        answer = self.http.request("GET", path, tries=3)
        if answer.status_code == 404:
            raise FileGone(f"GET {self.http.base}{path} answered {self._short(answer)}.")
        model = json_of(answer)
        if answer.status_code != 200 or not model.get("last_modified"):
            raise ConnectionBroken(f"GET {self.http.base}{path} answered {self._short(answer)}.")
        if not re.search(r"\.0*[1-9]", model["last_modified"]):
            return None
        return f"{model['last_modified']} {model.get('size')}"

    def remove(self, folder: str, documents: list[Document], until: float = inf) -> list[str]:
        """Delete the run's own files, then its folder; a server that once does not answer is asked no more.

        One that hangs would take as long for each of many files as for the first.
        """
        problems: list[str] = []
        paths = [*(document.path for document in documents if document.ours), folder]
        for number, path in enumerate(paths, 1):
            time_left = until - time.monotonic()
            if time_left <= 0:
                files = len(paths) - number
                what = f"{folder}/ and {files} of the run's files in it were" if files else f"{folder}/ was"
                return [*problems, f"{what} not removed, because there was no time left: remove them by hand."]
            try:
                timeout = min(time_left, HTTP_TRY_DEADLINE_S)
                answer = self.http.request("DELETE", f"/api/contents/{quoted(path)}", timeout=timeout, tries=3)
            except ConnectionBroken as error:
                left = len(paths) - number
                rest = f" It was not asked for what else there is of the run: {left} of {len(paths)}." if left else ""
                return [*problems, f"{path} was not removed: {error}{rest}"]
            if answer.status_code not in (204, 404):
                problems.append(f"{path} was not removed: the server answered {self._short(answer)}.")
        return problems

    def answers(self, owner: str = "") -> bool:  # noqa: ARG002 (there is one server)
        """GET /api, which needs no token."""
        try:
            return self.http.request("GET", "/api").status_code < 500
        except OwnMachineFull:
            return True  # the silence is ours
        except ConnectionBroken:
            return False

    def memory(self) -> int | None:
        """From the server's own metrics, for Prometheus; None where they are switched off or not allowed."""
        try:
            answer = self.http.request("GET", "/metrics")
        except ConnectionBroken:
            return None
        found = _RESIDENT_MEMORY.search(answer.text) if answer.status_code == 200 else None
        return int(float(found[1])) if found else None

    def version(self) -> str:
        """Jupyter Server's version; the collaboration extension tells none."""
        try:
            version = json_of(self.http.request("GET", "/api")).get("version", "of unknown version")
        except ConnectionBroken:
            version = "of unknown version"
        return f"{self.name} on jupyter-server {version}"

    def _short(self, answer: requests.Response) -> str:
        """An answer in a few words: its status, and what the server says about it."""
        message = str(json_of(answer).get("message") or json_of(answer).get("reason") or answer.reason or "")
        return f"{answer.status_code} {self.http.without_tokens(' '.join(message.split()))[:200]}".strip()

    def _refused(self, asked: str, answer: requests.Response) -> str:  # noqa: ARG002 (any question is answered so)
        # A server sends whoever has no token to its login, and a hub whoever asks for a server to itself.
        if answer.is_redirect and (known := what_is_there(self.http)):
            return known
        given = "the token was refused" if self.http.has_token else "no token was given"
        return (
            f"{self.http.base} answered {answer.status_code}: {given}. Set JUPYTER_TOKEN, or name a file with "
            f"--rtc-token-file, with a token of this server."
        )

    def _unreachable(self, error: ConnectionBroken) -> str:
        return f"{error} Is the server running, and is --host its address?"

    def _unreadable(self, asked: str, answer: requests.Response) -> str:
        return what_is_there(self.http) or (
            f"{asked} answered {self._short(answer)}: no Jupyter server whose files can be read. Is --host the "
            f"server's whole address, with its path (a base_url)?"
        )

    def _write_refused(self, asked: str, answer: requests.Response) -> str:
        return (
            f"{asked} answered {self._short(answer)}: the server refuses to write the run's documents. Use a server "
            f"whose files can be written, or name a notebook of it with --rtc-notebook."
        )

    def _not_opened(self, asked: str, answer: requests.Response) -> str:
        return f"{asked} answered {self._short(answer)}."


def websocket_base(base: str) -> str:
    """http becomes ws, https becomes wss."""
    parts = urlsplit(base)
    return urlunsplit(("wss" if parts.scheme == "https" else "ws", *parts[1:]))
