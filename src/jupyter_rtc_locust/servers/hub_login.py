"""The login form of a JupyterHub, as a browser sends it: for authenticators that ask for a name and a password.

The dummy and the native authenticator have this form, and so have PAM and LDAP. Those that lead to somebody else's
page (OAuth) cannot be passed so: for them a token is made by hand, or one that manages the hub is used.

The cookies of a login live in a session of its own, as long as it takes to make a token with them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from jupyter_rtc_locust.errors import ConnectionBroken, HubRefused
from jupyter_rtc_locust.servers.http import TokenAuthentication, json_of
from jupyter_rtc_locust.servers.hub import TOKENS_LAST_S, MadeToken
from jupyter_rtc_locust.settings import HTTP_TRY_DEADLINE_S


def log_in(base: str, name: str, password: str, note: str, ca_file: Path | None = None) -> tuple[str, MadeToken]:
    """The name by which the hub knows this person, and a token of theirs.

    Raises:
        HubRefused: the hub does not take the name with this password, or makes no token.
        ConnectionBroken: it does not answer.
    """
    with requests.Session() as session:
        session.auth = TokenAuthentication("")
        verify = str(ca_file) if ca_file is not None else True
        form = _asked(session, verify, base, "GET", "/hub/login")
        if form.status_code != 200 or "password" not in form.text:
            raise HubRefused(
                f"{base}/hub/login answered {form.status_code} without a form for a name and a password. Where the hub "
                f"sends people to another page to log in, give tokens (--rtc-token-file) in place of logins."
            )
        fields = {"username": name, "password": password, "_xsrf": _mark(session)}
        answer = _asked(session, verify, base, "POST", "/hub/login", data=fields)
        if answer.status_code >= 500:
            raise HubRefused(f"{base} failed at the login of {name}: status {answer.status_code}; its log says why.")
        if answer.status_code not in (301, 302, 303):
            raise HubRefused(
                f"{base} refused the login of {name}: status {answer.status_code}. Is the password right, and may this "
                f"person log in?"
            )
        # Other hubs than 6.1 give the mark of a person who is logged in with a page only.
        _asked(session, verify, base, "GET", "/hub/token")
        headers = {"X-XSRFToken": _mark(session), "Referer": f"{base}/hub/token"}
        person = _asked(session, verify, base, "GET", "/hub/api/user", headers=headers)
        known_as = json_of(person).get("name")
        if person.status_code != 200 or not isinstance(known_as, str):
            raise HubRefused(f"{base} let {name} log in, and does not say who that is: status {person.status_code}.")
        body = {"note": note, "expires_in": TOKENS_LAST_S}
        path = f"/hub/api/users/{quote(known_as, safe='')}/tokens"
        made = _asked(session, verify, base, "POST", path, headers=headers, json=body)
        model = json_of(made)
        if made.status_code not in (200, 201) or not isinstance(model.get("token"), str):
            raise HubRefused(f"{base} made no token for {known_as}: status {made.status_code}.")
        return known_as, MadeToken(str(model.get("id", "")), model["token"])


def _mark(session: requests.Session) -> str:
    """The mark against forged requests; the latest, where there are several."""
    marks = [str(cookie.value) for cookie in session.cookies if cookie.name == "_xsrf"]
    return marks[-1] if marks else ""


def _asked(
    session: requests.Session, verify: str | bool, base: str, method: str, path: str, **what: Any
) -> requests.Response:
    try:
        # With each request: a session's own setting loses against REQUESTS_CA_BUNDLE in the environment.
        what |= {"timeout": HTTP_TRY_DEADLINE_S, "allow_redirects": False, "verify": verify}
        return session.request(method, base + path, **what)
    except (requests.exceptions.RequestException, OSError, UnicodeError, ValueError) as error:
        # The error's own words may repeat what was sent.
        where = urlsplit(base).netloc
        raise ConnectionBroken(f"{method} {path} at {where}: no usable answer ({type(error).__name__}).") from None
