"""Which kind of server is there: asked in the order that leaves nothing behind."""

from __future__ import annotations

from jupyter_rtc_locust.errors import ConnectionBroken, ServerUnusable
from jupyter_rtc_locust.servers.base import Server
from jupyter_rtc_locust.servers.http import HttpClient
from jupyter_rtc_locust.servers.jupyter_collaboration import JupyterCollaboration
from jupyter_rtc_locust.servers.y_websocket import YWebsocket

KINDS: dict[str, type[Server]] = {kind.name: kind for kind in (JupyterCollaboration, YWebsocket)}
"""Every kind by the name `--rtc-server` takes. A new kind is one more entry, and a clue below if it has one."""


def find_server(http: HttpClient, kind: str) -> Server:
    """The server at this address: of the kind named, or found out.

    Raises:
        ServerUnusable: when it cannot be used, with what was tried and what came back.
    """
    if kind != "auto":
        server = KINDS[kind](http)
    else:
        server = (JupyterCollaboration if _is_jupyter(http) else YWebsocket)(http)
    server.check()
    return server


def _is_jupyter(http: HttpClient) -> bool:
    """Every Jupyter server tells its version at /api, without a token."""
    try:
        answer = http.request("GET", "/api", tries=2)
    except ConnectionBroken as error:
        raise ServerUnusable(f"{error} Is the server running, and is --host its address?") from None
    try:
        return answer.status_code == 200 and "version" in answer.json()
    except (ValueError, TypeError):
        return False
