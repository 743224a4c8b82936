"""Who the people of a run are on a JupyterHub, and with which token each of them asks.

Three ways, told by what a process was given: names with passwords; one password for names of our own; tokens. One
token that manages the hub makes an account and a token for each person; any other is one person's own. What this
process made, it removes (`leave`). Every process logs its own people in, so no token travels between processes.

Called from many greenlets at once; Locust patches the locks.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_rtc_locust.errors import HubRefused, OptionsError, RtcLocustError
from jupyter_rtc_locust.servers.http import HttpClient
from jupyter_rtc_locust.servers.hub import Hub, MadeToken
from jupyter_rtc_locust.servers.hub_login import log_in
from jupyter_rtc_locust.settings import HUB_PASSWORD, Settings, read_tokens

NAMES_OF_OURS = "rtc-person-"
"""Whoever has no name of their own is called so, with the run and a number: two runs at once, on one hub, would
otherwise use each other's servers, and end them."""

AT_ONCE = 30
"""So many requests of one kind are under way at the same time."""


@dataclass(frozen=True, slots=True)
class HubAccess:
    """What a process was given to log people in with: exactly one of the three is there."""

    logins: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Names and passwords."""
    password: str = field(default="", repr=False)
    """Of everybody, under names of our own."""
    tokens: tuple[str, ...] = field(default=(), repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What is never shown."""
        return tuple(one for one in (*(password for _, password in self.logins), self.password, *self.tokens) if one)


def read_access(settings: Settings, environment: dict[str, str] | None = None) -> HubAccess:
    """What this process may log in with: `--rtc-hub-logins`, else `JUPYTERHUB_PASSWORD`, else tokens.

    Raises:
        OptionsError: there is nothing of the kind, a file that cannot be read, or nothing for who has the server.
    """
    if settings.hub_logins is not None:
        logins = read_logins(settings.hub_logins)
        if settings.hub_server and settings.hub_server not in dict(logins):
            raise OptionsError(
                f"--rtc-hub-server {settings.hub_server[:100]!r}: --rtc-hub-logins {settings.hub_logins} has no line "
                f"for that person. Add one, or name somebody who has."
            )
        return HubAccess(logins=logins)
    password = (os.environ if environment is None else environment).get(HUB_PASSWORD, "")
    if password:
        return HubAccess(password=password)
    tokens = read_tokens(settings.token_file, environment)
    if not tokens:
        raise OptionsError(
            f"--rtc-hub {settings.hub}: nobody can log in. Set JUPYTER_TOKEN to a token of the hub, or name a file "
            f"with --rtc-token-file (a token each) or --rtc-hub-logins (NAME:PASSWORD each), or set {HUB_PASSWORD} "
            f"where a hub lets everybody in with the same password."
        )
    return HubAccess(tokens=tokens)


def read_logins(path: Path) -> tuple[tuple[str, str], ...]:
    """Names and passwords, one `NAME:PASSWORD` in each line.

    Raises:
        OptionsError: the file cannot be read, or holds none. The sentence does not repeat what may be a secret.
    """
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise OptionsError(f"--rtc-hub-logins {path} could not be read: {error}.") from error
    logins = []
    for number, line in enumerate(lines, 1):
        name, _, password = line.partition(":")
        if not line.strip():
            continue
        if not name.strip() or not password:
            raise OptionsError(
                f"--rtc-hub-logins {path}: line {number} is no NAME:PASSWORD. Write one in each line, and nothing else."
            )
        logins.append((name.strip(), password))
    if not logins:
        raise OptionsError(f"--rtc-hub-logins {path} holds no login: write one NAME:PASSWORD in each line.")
    if len({name for name, _ in logins}) < len(logins):
        raise OptionsError(f"--rtc-hub-logins {path} has a name twice: write each person once.")
    return tuple(logins)


def some_at_once(do: Callable[[Any], None], items: list[Any]) -> list[str]:
    """`do` with each, some at once; the sentences of those that went wrong, whatever it was. The others are done."""

    def tried(item: Any) -> str:
        try:
            do(item)
        except RtcLocustError as error:
            return str(error)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return ""

    if not items:
        return []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [problem for problem in pool.map(tried, items) if problem]


def _failed(login: Future[Any]) -> bool:
    """Whether nothing came of a login that is over."""
    return login.cancelled() or login.exception() is not None


@dataclass(slots=True, eq=False)
class _Person:
    """Somebody who is logged in."""

    name: str
    hub: Hub
    token: str = field(repr=False)
    made: MadeToken | None = None
    """The token, where this process made it."""


class HubPeople:
    """The people of a run, as far as this process has to do with them. `keep_secret` is told every secret."""

    def __init__(
        self, base: str, access: HubAccess, run_id: str, keep_secret: Callable[[str], None], ca_file: Path | None = None
    ) -> None:
        self._base = base
        self._access = access
        self._names_of_ours = f"{NAMES_OF_OURS}{run_id}-"
        self._note = f"jupyter-rtc-locust, run {run_id}"
        self._keep_secret = keep_secret
        self._ca_file = ca_file
        self._lock = threading.Lock()
        self._people: dict[str, Future[_Person]] = {}
        self._accounts: dict[str, bool] = {}
        """Accounts that this process asked for, unless they were there before; whether the hub said that it made it."""
        self._manager: Hub | None = None
        self._owners: tuple[str, ...] = ()
        """Whose the given tokens are, where each is one person's own."""
        self._looked = False
        self._left = False
        self._accounts_given_back = False
        self._logins = ThreadPoolExecutor(AT_ONCE)
        for secret in access.secrets:
            keep_secret(secret)

    def name(self, person: int) -> str:
        """What the person of this index is called. Where there are fewer names than people, several share one.

        Raises:
            HubRefused, ConnectionBroken: a token is nobody's, or the hub does not say whose.
        """
        if self._access.logins:
            return self._access.logins[person % len(self._access.logins)][0]
        self._look_at_tokens()
        if self._owners:
            return self._owners[person % len(self._owners)]
        return f"{self._names_of_ours}{person}"

    def token_of(self, name: str) -> str:
        """The token of this person, who is logged in first where that was not yet done.

        Raises:
            HubRefused, ConnectionBroken: the hub does not let this person in.
        """
        return self._logged_in(name).token

    def known_as(self, name: str) -> str:
        """How the hub writes the name of this person; Carol may be carol there.

        Raises:
            HubRefused, ConnectionBroken: the hub does not let this person in.
        """
        self._look_at_tokens()
        return name if self._manager is not None else self._logged_in(name).name

    def hub_of(self, name: str) -> Hub:
        """The hub, asked as whoever may start and share the server of this person: itself, or who manages the hub.

        Raises:
            HubRefused, ConnectionBroken: the hub does not let this person in.
        """
        self._look_at_tokens()
        return self._manager or self._logged_in(name).hub

    def leave(self) -> list[str]:
        """Revoke every token and remove every account that this process made; sentences about what was left."""
        problems, accounts = self._given_back()
        return problems + some_at_once(self._remove, sorted(accounts.items()))

    def leave_to_others(self) -> tuple[list[str], list[str]]:
        """Revoke every token; sentences about what was left, and the accounts that are left to who leaves last."""
        problems, accounts = self._given_back()
        theirs = sorted(name for name in accounts if not name.startswith(self._names_of_ours))
        problems += [f"The account {name} was made for a run that goes on: remove it afterwards." for name in theirs]
        return problems, sorted(accounts.keys() - theirs)

    def inherit(self, accounts: list[str]) -> list[str]:
        """Remove these at the end, too; those for which it is too late. Only names of the run: a stranger's word
        removes nobody else."""
        ours = [name for name in accounts if self._manager is not None and name.startswith(self._names_of_ours)]
        with self._lock:
            if self._accounts_given_back:
                return ours
            self._accounts |= dict.fromkeys(ours, True)
        return []

    def _given_back(self) -> tuple[list[str], dict[str, bool]]:
        """Sentences about tokens that were not revoked; and the accounts, which are noted no more."""
        with self._lock:
            self._left = True
        # Those that wait would make tokens that are revoked a moment later.
        self._logins.shutdown(cancel_futures=True)
        with self._lock:
            logins, self._people = list(self._people.values()), {}
            self._accounts_given_back = True
            accounts, self._accounts = self._accounts, {}
        people = [login.result() for login in logins if not _failed(login)]
        return some_at_once(self._revoke, people), accounts

    def _revoke(self, person: _Person) -> None:
        if person.made is None:
            return
        try:
            (self._manager or person.hub).revoke_token(person.name, person.made.id)
        except RtcLocustError as error:
            raise HubRefused(f"A token of {person.name} was not revoked: {error}") from None

    def _remove(self, account: tuple[str, bool]) -> None:
        name, surely_made = account
        assert self._manager is not None
        if not surely_made and not name.startswith(self._names_of_ours):
            raise HubRefused(
                f"{self._base} was asked for an account {name} and did not say what became of it. Where there was none "
                f"before, remove it."
            )
        try:
            self._manager.remove_account(name)
        except RtcLocustError as error:
            raise HubRefused(f"The account {name} was not removed: {error}") from None

    def _make_account(self, manager: Hub, name: str) -> None:
        """Noted first: a hub may make it and not be heard, and knows it when it is asked again.

        What the hub itself refuses (4xx) is not made; who says 5xx may be a proxy, which does not know.
        """
        asked_before = name in self._accounts
        self._accounts.setdefault(name, False)
        try:
            made = manager.make_account(name)
        except HubRefused as error:
            if not asked_before and 400 <= error.status < 500:
                del self._accounts[name]
            raise
        if made:
            self._accounts[name] = True
        elif not asked_before:
            del self._accounts[name]

    def _logged_in(self, name: str) -> _Person:
        """Logged in once, whoever asks, and not by who waits: that one may be stopped before the token is noted."""
        self._look_at_tokens()
        too_late = HubRefused(f"{name} came to {self._base} after the run had left it.")
        with self._lock:
            login = self._people.get(name)
            if login is None or (login.done() and _failed(login)):
                if self._left:
                    raise too_late
                login = self._people[name] = self._logins.submit(self._log_in, name)
        try:
            person = login.result()
        except CancelledError:
            raise too_late from None
        self._keep_secret(person.token)
        return person

    def _log_in(self, name: str) -> _Person:
        if self._access.tokens:
            if self._manager is None:
                if name not in self._owners:
                    raise HubRefused(
                        f"{self._base}: none of the given tokens is one of {name}. Give one of theirs, or a single one "
                        f"that may manage users."
                    )
                token = self._access.tokens[self._owners.index(name)]
                return _Person(name, self._hub(token), token)
            self._make_account(self._manager, name)
            made = self._manager.make_token(name, self._note)
            return _Person(name, self._hub(made.token), made.token, made)
        password = self._access.password or dict(self._access.logins).get(name, "")
        if not password:
            raise HubRefused(f"--rtc-hub-logins has no line for {name}.")
        known_as, made = log_in(self._base, name, password, self._note, self._ca_file)
        return _Person(known_as, self._hub(made.token), made.token, made)

    def _look_at_tokens(self) -> None:
        """Whose tokens were given: asked once, some at a time, since many people bring one each."""
        if not self._access.tokens or self._looked:
            return
        with self._lock:
            if self._looked:
                return
            tokens = self._access.tokens
            many = len(tokens) > 1
            called = [f"token {number} of {len(tokens)}" if many else "the token" for number, _ in enumerate(tokens, 1)]
            with ThreadPoolExecutor(AT_ONCE) as pool:
                found = list(pool.map(lambda token, which: self._hub(token).whose(which), tokens, called))
            if len(found) == 1 and found[0].manages:
                self._manager = self._hub(self._access.tokens[0])
            else:
                self._owners = tuple(one.name for one in found)
                if not all(self._owners):
                    raise HubRefused(
                        f"{self._base}: a given token is nobody's. Give tokens of its people, or a single one that may "
                        f"manage users."
                    )
            self._looked = True

    def _hub(self, token: str) -> Hub:
        return Hub(HttpClient(self._base, (token,), self._ca_file))
