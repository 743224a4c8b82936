"""A JupyterHub's own API: accounts, tokens, servers and shares, asked with one token.

Knows nothing of documents and of who plays whom. What is asked for is described in JupyterHub's REST API (`/hub/api`);
what stands here in addition was measured on JupyterHub 6.1.1 with local processes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urljoin

import requests

from jupyter_rtc_locust.errors import ConnectionBroken, HubRefused, OwnMachineFull, SpawnFailed
from jupyter_rtc_locust.servers.http import HttpClient, json_of

LOOK_EVERY_S = 0.5
"""How often a server that starts, or ends, is asked for where the hub tells nothing by itself."""
TOKENS_LAST_S = 86_400
"""A token that a run made and could not revoke, because its process was killed, is worth nothing after a day."""
_LEAST_TRY_S = 1.0
_WAIT_WHERE_TOO_MANY_START_S = 2.0
_STARTS = "spawn"
_MANAGERS_SCOPES = frozenset({"admin:users", "admin:servers", "tokens"})

Told = Callable[[int, str], None]
"""Is told how far a server is, in percent, and what the hub says of it."""


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose token it is, and whether it may make accounts, tokens and servers of others."""

    name: str
    manages: bool


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A token that was made, and the id by which it is revoked."""

    id: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ServerState:
    """What the hub says of somebody's default server."""

    ready: bool = False
    pending: str = ""
    """What the hub is about to do with it, in its own word: `spawn`, `stop`, `check` or `rename`; empty for nothing."""
    url: str = ""
    """Its address, without a trailing slash; empty where it does not run."""


class Hub:
    """One hub, asked with the one token of `http`, whose base is the hub's address without `/hub`."""

    def __init__(self, http: HttpClient) -> None:
        self.http = http

    def version(self) -> str:
        """The version of the JupyterHub that answers, which takes no token.

        Raises:
            ConnectionBroken: nothing answers, or it is no hub.
        """
        try:
            answer = self.http.request("GET", "/hub/api", tries=3)
        except OwnMachineFull:
            raise
        except ConnectionBroken as error:
            raise ConnectionBroken(f"{error} Is the hub running, and is --rtc-hub its address?") from None
        version = json_of(answer).get("version")
        if answer.status_code != 200 or not isinstance(version, str):
            raise ConnectionBroken(
                f"GET {self.http.base}/hub/api answered {self._short(answer)}: no JupyterHub. Is --rtc-hub its "
                f"address, with its base_url, and without /hub?"
            )
        return version

    def whose(self, which: str = "the token") -> Whose:
        """Whose the token is. `which`: what it is called in sentences, where there are several.

        Raises:
            HubRefused: the hub does not know it, or it is that of a service that may not manage the hub.
        """
        answer = self._asked("GET", "/user", f"a look at whose {which} is", also=(401, 403))
        if answer.status_code in (401, 403):
            raise HubRefused(
                f"{self.http.base} refused {which}: GET /hub/api/user answered {self._short(answer)}. Set "
                f"JUPYTER_TOKEN, or name a file with --rtc-token-file, with a token of this hub: a person's, made at "
                f"{self.http.base}/hub/token, or that of a service which may manage the hub.",
                answer.status_code,
            )
        model = json_of(answer)
        name = str(model.get("name", ""))
        missing = sorted(_MANAGERS_SCOPES - {str(scope) for scope in model.get("scopes") or ()})
        if missing and model.get("kind") == "service":
            raise HubRefused(
                f"{self.http.base}: {which} is that of the service {name}, which may not make accounts, tokens and "
                f"servers for people. Give it the scopes that are missing ({', '.join(missing)}; "
                f"c.JupyterHub.load_roles), or take tokens of people."
            )
        return Whose(name, not missing)

    def make_account(self, name: str) -> bool:
        """Make the account; False: there was one."""
        answer = self._asked("POST", _user(name), f"an account {name}", also=(409,))
        return answer.status_code != 409

    def remove_account(self, name: str) -> None:
        """Remove the account, with its tokens and shares."""
        self._asked("DELETE", _user(name), f"the removal of the account {name}", also=(404,))

    def make_token(self, name: str, note: str) -> MadeToken:
        """A token with everything that this person may do, which ends by itself after `TOKENS_LAST_S`."""
        body = {"note": note, "expires_in": TOKENS_LAST_S}
        model = json_of(self._asked("POST", f"{_user(name)}/tokens", f"a token of {name}", json=body))
        if not isinstance(model.get("token"), str) or not isinstance(model.get("id"), str):
            raise HubRefused(f"{self.http.base} made a token for {name}, and did not tell it.")
        return MadeToken(model["id"], model["token"])

    def revoke_token(self, name: str, token_id: str) -> None:
        """Revoke the token; one that is gone is none."""
        path = f"{_user(name)}/tokens/{quote(token_id, safe='')}"
        self._asked("DELETE", path, f"that a token of {name} is revoked", also=(404,))

    def server_of(self, name: str) -> ServerState:
        """What is known of this person's default server."""
        model = json_of(self._asked("GET", _user(name), f"a look at the server of {name}"))
        server = (model.get("servers") or {}).get("")
        if not isinstance(server, dict):
            return ServerState(pending=str(model.get("pending") or ""))
        url = str(server.get("url") or "")
        whole = urljoin(f"{self.http.base}/", url).rstrip("/") if url else ""
        return ServerState(bool(server.get("ready")), str(server.get("pending") or ""), whole)

    def ask_for_server(self, name: str, until: float, told: Told, ours: Callable[[bool], None]) -> bool:
        """Have the person's default server started; False: it runs already, or somebody else has it started.

        One that is still being stopped is waited for, and then asked for. `until` is a moment of `time.monotonic`.
        `ours` is told yes before each time that the hub is asked, and no where the hub says that nothing came of it:
        whoever asks may be stopped in between.

        A hub that is asked for a server which it starts already says what it says to the first who asks (202). So it
        is looked at before each time, and whoever asks in the last moment in between is not told apart.

        Raises:
            SpawnFailed: the hub refused to start it, or could not do so by then.
            ConnectionBroken: the hub itself does not answer.
        """
        latest = ""
        while True:
            state = self.server_of(name)
            if state == ServerState():
                ours(True)
                try:
                    waits_for, pause = self._start_begun(name, until), _WAIT_WHERE_TOO_MANY_START_S
                except SpawnFailed as error:
                    if 400 <= error.status < 500:
                        ours(False)
                    raise
                if not waits_for:
                    return True
                ours(False)
            elif state.pending in ("", _STARTS):
                return False
            else:
                waits_for, pause = f"it is still pending {state.pending}", LOOK_EVERY_S
            if waits_for != latest:
                told(0, waits_for)
                latest = waits_for
            time.sleep(max(0.0, min(pause, until - time.monotonic())))
            if time.monotonic() >= until:
                raise _late(name, f": {latest}")

    def wait_for_server(self, name: str, until: float, told: Told) -> str:
        """Wait until the hub calls the server that it starts ready; its address.

        `until` is a moment of `time.monotonic`.

        Raises:
            SpawnFailed: it failed, or was not ready in time.
            ConnectionBroken: the hub itself does not answer.
        """
        latest = "that it starts"
        follows = True
        while True:
            state = self.server_of(name)
            if state.ready and state.url:
                return state.url
            if time.monotonic() >= until:
                raise _late(name, f"; the last that the hub said: {latest}")
            if not state.pending:
                raise SpawnFailed(f"The server of {name} did not start; the last that the hub said: {latest}.")
            if follows:
                said, follows = self._follow(name, until, told)
                latest = said or latest
            time.sleep(LOOK_EVERY_S)

    def _start_begun(self, name: str, until: float) -> str:
        """Ask the hub once; why it is to be asked again, or nothing where it starts the server."""
        left = max(_LEAST_TRY_S, until - time.monotonic())
        try:
            # The hub answers when the server is ready, or after its own `slow_spawn_timeout` that it will be.
            answer = self.http.request("POST", f"/hub/api{_user(name)}/server", timeout=left)
        except ConnectionBroken as error:
            if time.monotonic() >= until:
                raise _late(name, f": {str(error).rstrip('.')}") from None
            raise
        if answer.status_code == 429:
            return "the hub starts too many at once (429)"
        said = self._short(answer)
        # Somebody else had it started or stopped in the last moment; what is stopped may be gone by now.
        if answer.status_code == 400 and (" is pending " in said or self.server_of(name) != ServerState()):
            return f"the hub said {said}"
        if answer.status_code not in (201, 202):
            raise SpawnFailed(f"{self.http.base} did not start the server of {name}: {said}.", answer.status_code)
        return ""

    def _follow(self, name: str, until: float, told: Told) -> tuple[str, bool]:
        """What the hub says while the server starts, until it says no more: the last of it, and whether to ask again.

        A hub says something every few seconds, and a proxy that holds it back does so each time: whoever waited for it
        again would see late that the server is ready.

        Raises:
            SpawnFailed: it says that it failed.
        """
        latest = ""
        try:
            for line in self.http.lines(f"/hub/api{_user(name)}/server/progress", until=until):
                event = progress_of(line)
                if event is None:
                    continue
                latest = self.http.without_tokens(" ".join(str(event.get("message") or "").split()))[:200] or latest
                if event.get("failed"):
                    raise SpawnFailed(f"The server of {name} did not start: {latest}.")
                told(_percent(event.get("progress")), latest)
                if event.get("ready"):
                    break
        except ConnectionBroken:
            return latest, False
        return latest, True

    def stop_server(self, name: str, until: float) -> None:
        """Have the person's default server stopped, and wait until it is.

        One that still starts is broken off by the hub; hubs that refuse that (400) are asked again until it is ready.

        Raises:
            HubRefused: the hub refused, or it was not stopped by this moment of `time.monotonic`.
        """
        while True:
            left = max(_LEAST_TRY_S, until - time.monotonic())
            answer = self.http.request("DELETE", f"/hub/api{_user(name)}/server", timeout=left)
            if answer.status_code in (204, 404):
                return
            if answer.status_code == 202:
                # It is being stopped, by the hub's own means; asked again meanwhile, the hub refuses.
                while self.server_of(name).pending == "stop":
                    if time.monotonic() >= until:
                        raise HubRefused(f"The server of {name} is still being stopped by {self.http.base}.")
                    time.sleep(LOOK_EVERY_S)
                return
            if answer.status_code != 400:
                raise HubRefused(f"{self.http.base} did not stop the server of {name}: {self._short(answer)}.")
            if self.server_of(name) == ServerState():
                return
            if time.monotonic() >= until:
                raise HubRefused(f"The server of {name} was not stopped in time: {self._short(answer)}.")
            time.sleep(LOOK_EVERY_S)

    def shares(self, owner: str) -> frozenset[str] | None:
        """With whom the owner's default server is shared; None: the hub knows no shares (before JupyterHub 5).

        Raises:
            HubRefused: it does, and does not tell.
        """
        path, seen, shared = f"/hub/api{_share(owner)}", 0, set()
        while True:
            answer = self.http.request("GET", path, tries=3)
            # A hub without shares has no such route; one that has them says in JSON what it does not find.
            if answer.status_code == 404 and "status" not in json_of(answer):
                return None
            if answer.status_code == 404:
                return frozenset()
            if answer.status_code != 200:
                raise self._no_shares(owner, answer)
            page = json_of(answer)
            users = [one.get("user") for one in page.get("items") or () if isinstance(one, dict)]
            shared |= {str(user["name"]) for user in users if isinstance(user, dict) and "name" in user}
            further = _next_page(page)
            if further is None or further[0] <= seen:
                return frozenset(shared)
            seen = further[0]
            path = f"/hub/api{_share(owner)}?offset={seen}&limit={further[1]}"

    def share_server(self, owner: str, name: str) -> None:
        """Let this person use the owner's default server.

        Raises:
            HubRefused: the hub does not let the owner do that; with a status of 5xx it may have been done all the same.
        """
        answer = self.http.request("POST", f"/hub/api{_share(owner)}", json={"user": name})
        if answer.status_code not in (200, 201):
            raise self._no_shares(owner, answer)

    def _no_shares(self, owner: str, answer: requests.Response) -> HubRefused:
        said, status = self._short(answer), answer.status_code
        if status >= 500:
            return HubRefused(f"{self.http.base} failed at the shares of {owner}: {said}; its log says why.", status)
        return HubRefused(
            f"{self.http.base} does not let {owner} share a server: {said}. People need the scopes shares!user and "
            f"read:users:name for that, a service needs shares (c.JupyterHub.load_roles).",
            status,
        )

    def end_share(self, owner: str, name: str) -> None:
        """The person may not use the owner's server any more."""
        what = f"that {owner} shares no server with {name} any more"
        self._asked("PATCH", _share(owner), what, json={"user": name}, also=(404,))

    def _asked(
        self, method: str, path: str, what: str, *, json: Any = None, also: tuple[int, ...] = ()
    ) -> requests.Response:
        """An answer that is a success, or has one of the statuses `also`.

        Raises:
            HubRefused: any other, with what was asked for in words.
            ConnectionBroken: none.
        """
        answer = self.http.request(method, f"/hub/api{path}", json=json, tries=3 if method == "GET" else 1)
        if answer.status_code not in also and not 200 <= answer.status_code < 300:
            said = f"{method} {path} answered {self._short(answer)}"
            raise HubRefused(f"{self.http.base} refused {what}: {said}.", answer.status_code)
        return answer

    def _short(self, answer: requests.Response) -> str:
        said = str(json_of(answer).get("message") or answer.reason or "")
        return f"{answer.status_code} {self.http.without_tokens(' '.join(said.split()))[:200]}".strip()


def _late(name: str, what: str) -> SpawnFailed:
    return SpawnFailed(
        f"The server of {name} was not ready in time{what}. Give it longer with --rtc-hub-spawn-timeout, or look "
        f"into the hub's log for what it waits for."
    )


def progress_of(line: str) -> dict[str, Any] | None:
    """What a line of the stream of progress says (`data: {...}`, as browsers are sent events); None for others."""
    if not line.startswith("data:"):
        return None
    try:
        event = json.loads(line.removeprefix("data:"))
    except ValueError:
        return None
    return event if isinstance(event, dict) else None


def _next_page(page: dict[str, Any]) -> tuple[int, int] | None:
    """Where the next page of a list begins, and how long it is; None: this is the last one."""
    pagination = page.get("_pagination")
    further = pagination.get("next") if isinstance(pagination, dict) else None
    if not isinstance(further, dict):
        return None
    offset, limit = further.get("offset"), further.get("limit")
    return (offset, limit) if isinstance(offset, int) and isinstance(limit, int) else None


def _percent(value: Any) -> int:
    return int(value) if isinstance(value, int | float) and 0 <= value <= 100 else 0


def _user(name: str) -> str:
    return f"/users/{quote(name, safe='')}"


def _share(owner: str) -> str:
    return f"/shares/{quote(owner, safe='')}/"
