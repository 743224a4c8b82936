"""Kernels of a Jupyter server: one session for each notebook, which all tabs of the notebook share.

A session belongs to the path of its notebook, and asking for one that is there gives that one (`POST /api/sessions`).
Two tabs that ask at the same moment where there is none would get a kernel each, which is why the run opens the session
of a notebook before its users come. Closing a session ends its kernel.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from jupyter_rtc_locust.errors import ConnectionBroken, RoomRefused, ServerUnusable
from jupyter_rtc_locust.protocol.kernel_messages import SUBPROTOCOL
from jupyter_rtc_locust.servers.base import Document, RoomAddress
from jupyter_rtc_locust.servers.http import HttpClient, json_of

KERNEL_NAME = "python3"
"""The kernel of the run's notebooks: what ipykernel installs, and what JupyterLab gives notebooks that name none."""

KERNEL_START_DEADLINE_S = 30.0
"""A kernel is a process that a busy server starts: it took 0.1 s where nothing else went on."""


class Kernels:
    """The kernels of one server, reached by one process. `websockets` is its address with ws or wss."""

    def __init__(self, http: HttpClient, websockets: str) -> None:
        self._http = http
        self._websockets = websockets

    def check(self) -> None:
        """See that the server can start Python kernels, without starting one.

        Raises:
            ServerUnusable: with what it has instead, and what to do.
        """
        asked = f"--rtc-kernels real: GET {self._http.base}/api/kernelspecs"
        answer = self._http.request("GET", "/api/kernelspecs", tries=3)
        known = json_of(answer).get("kernelspecs")
        if answer.status_code != 200 or not isinstance(known, dict):
            raise ServerUnusable(
                f"{asked} answered {answer.status_code}: this server starts no kernels for the token that was given. "
                f"Use one that does, or leave the option out."
            )
        if KERNEL_NAME not in known:
            there = ", ".join(sorted(str(name)[:50] for name in known)[:10]) or "none"
            raise ServerUnusable(
                f"{asked} names no kernel {KERNEL_NAME!r} (it has: {self._http.without_tokens(there)}). Install "
                f"ipykernel where the server runs, or leave the option out."
            )

    def open(self, document: Document, identity: int = 0) -> str:
        """The id of the notebook's kernel, which is started where there is none.

        Raises:
            RoomRefused: the server starts no such kernel.
            ConnectionBroken: nothing usable answered.
        """
        body = {
            "path": document.path,
            "type": "notebook",
            "name": document.path.rpartition("/")[2],
            "kernel": {"name": KERNEL_NAME},
        }
        answer = self._http.request(
            "POST", "/api/sessions", identity=identity, json=body, timeout=KERNEL_START_DEADLINE_S
        )
        kernel = json_of(answer).get("kernel")
        if answer.status_code in (200, 201) and isinstance(kernel, dict) and isinstance(kernel.get("id"), str):
            return str(kernel["id"])
        sentence = f"POST {self._http.base}/api/sessions answered {self._short(answer)}, and no kernel for a notebook."
        if answer.status_code >= 500 and answer.status_code != 501:
            raise ConnectionBroken(sentence)
        raise RoomRefused(sentence)

    def channels(self, kernel: str, session: str, identity: int) -> RoomAddress:
        """The socket of a kernel's channels, for a tab that names itself by a session id of its own."""
        token = self._http.token(identity)
        url = f"{self._websockets}/api/kernels/{quote(kernel, safe='')}/channels?session_id={quote(session, safe='')}"
        headers = (f"Sec-WebSocket-Protocol: {SUBPROTOCOL}",)
        return RoomAddress(url, (*headers, f"Authorization: token {token}") if token else headers)

    def interrupt(self, kernel: str, identity: int) -> None:
        """Interrupt what the kernel runs.

        Raises:
            ConnectionBroken: it was not done.
        """
        self._act(kernel, "interrupt", identity)

    def restart(self, kernel: str, identity: int) -> None:
        """End the kernel's process, and start another one under the same id.

        Raises:
            ConnectionBroken: it was not done.
        """
        self._act(kernel, "restart", identity)

    def sessions_below(self, folder: str) -> list[str]:
        """The ids of all sessions for documents in a folder.

        Raises:
            ConnectionBroken: the server did not tell.
        """
        answer = self._http.request("GET", "/api/sessions", tries=3)
        sessions = _json(answer)
        if answer.status_code != 200 or not isinstance(sessions, list):
            raise ConnectionBroken(f"GET {self._http.base}/api/sessions answered {self._short(answer)}.")
        of_folder = [one for one in sessions if isinstance(one, dict)]
        return [str(one.get("id")) for one in of_folder if str(one.get("path")).startswith(f"{folder}/")]

    def close(self, session: str) -> None:
        """Close a session, which ends its kernel; one that is gone is closed.

        Raises:
            ConnectionBroken: it was not done.
        """
        path = f"/api/sessions/{quote(session, safe='')}"
        answer = self._http.request("DELETE", path, tries=3)
        if answer.status_code not in (204, 404, 410):
            raise ConnectionBroken(f"DELETE {self._http.base}{path} answered {self._short(answer)}.")

    def _act(self, kernel: str, what: str, identity: int) -> None:
        path = f"/api/kernels/{quote(kernel, safe='')}/{what}"
        answer = self._http.request("POST", path, identity=identity, timeout=KERNEL_START_DEADLINE_S)
        if answer.status_code >= 300:
            raise ConnectionBroken(f"the kernel could not be {what}ed: the server answered {self._short(answer)}.")

    def _short(self, answer: Any) -> str:
        message = str(json_of(answer).get("message") or answer.reason or "")
        return f"{answer.status_code} {self._http.without_tokens(' '.join(message.split()))[:200]}".strip()


def _json(answer: Any) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None
