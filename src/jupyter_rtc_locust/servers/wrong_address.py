"""What stands at an address that no server could be reached at: a hub, a server that does not run, a page of a browser.

Asked when a run has failed at its `--host`, and not before: a plain server may well lie below the address of a Jupyter
server, as behind a proxy, and is told by nothing but that its rooms open.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit, urlunsplit

from jupyter_rtc_locust.errors import ConnectionBroken, HubRefused
from jupyter_rtc_locust.servers.http import HttpClient, json_of
from jupyter_rtc_locust.servers.hub import Hub, ServerState

_MOST_ADDRESSES = 8
"""So many are tried at most, those with the longest path first; an address out of a browser has fewer parts."""


def what_is_there(http: HttpClient) -> str:
    """A sentence about what stands at this address, or at what it begins with, and what to do; empty: not known.

    What stands above the address may be somebody else's, so it is asked without the token; the hub of a server below
    `/user/` has given that.
    """
    for base in _shorter_and_shorter(http.base):
        there = HttpClient(base, ca_file=http.ca_file)
        try:
            # A hub tells its version below /hub/ as a server does.
            if not base.endswith("/hub") and _version(there, "/api"):
                return _a_page_of_a_server(http.base, base)
            if version := _version(there, "/hub/api"):
                return _a_hub(Hub(http.at(base)), version, http.base)
        except ConnectionBroken:
            return ""
    return ""


def _shorter_and_shorter(base: str) -> Iterator[str]:
    """The address itself, and without the last part of its path, the last two, and so on."""
    parts = urlsplit(base)
    path = parts.path.rstrip("/").split("/")
    for length in range(len(path), max(0, len(path) - _MOST_ADDRESSES), -1):
        yield urlunsplit(parts._replace(path="/".join(path[:length])))


def _version(http: HttpClient, path: str) -> str:
    """Every Jupyter server tells its version at `/api`, every hub at `/hub/api`, both without a token."""
    answer = http.request("GET", path)
    version = json_of(answer).get("version") if answer.status_code == 200 else None
    return version if isinstance(version, str) else ""


def _a_page_of_a_server(given: str, base: str) -> str:
    if given == base:
        return ""
    return (
        f"GET {given}/api showed no Jupyter server, GET {base}/api did: leave {given.removeprefix(base)} out of the "
        f"address, and give --host {base}."
    )


def _a_hub(hub: Hub, version: str, given: str) -> str:
    base = hub.http.base
    name = given.removeprefix(f"{base}/user/").partition("/")[0] if given.startswith(f"{base}/user/") else ""
    if name:
        return (
            f"GET {given}/api showed no Jupyter server, and the JupyterHub {version} at {base} answers in its place: "
            f"{_why_not(hub, unquote(name))} With --rtc-hub {base} in place of --host, a run starts the servers of its "
            f"people itself."
        )
    return (
        f"--host {given} is the address of a JupyterHub ({base}/hub/api says {version}), and not that of a server. Go "
        f"through the hub with --rtc-hub {base} in place of --host, or name one of its servers that runs: "
        f"--host {base}/user/NAME."
    )


def _why_not(hub: Hub, name: str) -> str:
    """What the hub says of this person's server, as far as it says that to whoever has the token; and what to do."""
    start_it = f"Start it first, at {hub.http.base}/hub/home."
    try:
        state = hub.server_of(name)
    except HubRefused as error:
        if error.status == 404:
            return f"nobody there is called {name}. Is the name right?"
        return f"the server of {name} does not run, or nobody there is called so. {start_it}"
    if state == ServerState():
        return f"the server of {name} does not run. {start_it}"
    if state.pending:
        return f"the server of {name} is not ready (pending {state.pending}). Wait until it is."
    return f"it says that the server of {name} runs at {state.url}. Is that the address that was given?"
