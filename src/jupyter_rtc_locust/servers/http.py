"""HTTP to one server: one address, one token for each identity, deadlines, and sentences instead of stack traces."""

from __future__ import annotations

import contextlib
import errno
import re
import time
from collections.abc import Callable, Iterator
from http.client import BadStatusLine
from http.cookiejar import DefaultCookiePolicy
from io import BytesIO
from json import dumps
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests
from requests.structures import CaseInsensitiveDict
from requests.utils import default_user_agent, get_encoding_from_headers

from jupyter_rtc_locust.errors import ConnectionBroken, OwnMachineFull
from jupyter_rtc_locust.servers.lines import Answer, Line, Unusual, place_and_target
from jupyter_rtc_locust.settings import HTTP_TRY_DEADLINE_S

_OURS = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.EADDRNOTAVAIL}
"""Errors of the system that say nothing about the server."""
_SHORTEST_TRY_S = 0.1


class TokenAuthentication(requests.auth.AuthBase):
    """Sets the header itself, or none without a token, so that requests puts no password from ~/.netrc in its place."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """What requests asks of it, before each request."""
        if self.token:
            request.headers["Authorization"] = f"token {self.token}"
        return request


class HttpClient:
    """requests with this package's deadlines. Cookies are refused: a login cookie would mix the users' identities."""

    def __init__(self, base: str, tokens: tuple[str, ...] = (), ca_file: Path | None = None) -> None:
        self.base = base
        self.ca_file = ca_file
        self._tokens = tokens
        self._session = requests.Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = requests.adapters.HTTPAdapter(pool_connections=4, pool_maxsize=500)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    @property
    def has_token(self) -> bool:
        """Whether any token was given."""
        return bool(self._tokens)

    def token(self, identity: int = 0) -> str:
        """The token of the user with this index; empty without one."""
        return self._tokens[identity % len(self._tokens)] if self._tokens else ""

    def at(self, base: str) -> HttpClient:
        """The same client for another address, which is asked with the same tokens."""
        return HttpClient(base, self._tokens, self.ca_file)

    def without_tokens(self, text: str) -> str:
        """A server's words as they may be shown and kept: a server may repeat the token it was given."""
        for token in self._tokens:
            # As it is, as it stands in an address, and as Python shows it in its own errors.
            for form in (token, quote(token, safe=""), repr(token)[1:-1], ascii(token)[1:-1]):
                text = text.replace(form, "[token]")
        return text

    def request(
        self,
        method: str,
        path: str,
        *,
        identity: int = 0,
        json: Any = None,
        timeout: float = HTTP_TRY_DEADLINE_S,
        tries: int = 1,
    ) -> requests.Response:
        """One request below the base address; `path` is already quoted and starts with a slash.

        A try ends after `timeout` seconds without an answer. Answers of 502, 503 and 504 are tried again, and so are
        broken connections, but nothing is once `timeout` seconds have passed in all: trying again is for trouble that
        passes, and who is silent for so long would only keep everybody waiting.

        Raises:
            ConnectionBroken: when no try was answered.
            OwnMachineFull: when none could be made.
        """
        return self._tried(lambda _, left: self._sent(method, path, identity, json, left), method, path, timeout, tries)

    def request_on_a_line(
        self,
        method: str,
        path: str,
        *,
        identity: int,
        json: Any,
        timeout: float = HTTP_TRY_DEADLINE_S,
        tries: int = 1,
    ) -> tuple[requests.Response, Line | None]:
        """What `request` does, and the line on which the answer came, where more can be asked for on it.

        The first try has a connection of its own; whatever is unusual about it, and every other try, is `request`'s.

        Raises:
            ConnectionBroken: when no try was answered.
            OwnMachineFull: when none could be made.
        """
        lines: list[Line] = []

        def send(attempt: int, left: float) -> requests.Response:
            until = time.monotonic() + left
            _close(lines)
            if attempt == 0:
                with contextlib.suppress(Unusual):
                    answer, line = self._asked_on_a_line(method, path, identity, json, until)
                    lines.append(line)
                    return _as_response(answer)
            return self._sent(method, path, identity, json, max(_SHORTEST_TRY_S, until - time.monotonic()))

        response = self._tried(send, method, path, timeout, tries)
        if not response.ok:
            _close(lines)
        return response, next((line for line in lines if line.usable), None)

    def lines(self, path: str, *, until: float, identity: int = 0) -> Iterator[str]:
        """The lines of an answer that goes on, such as a stream of events, as they come; none, where it is no success.

        It ends with the answer, or at the moment `until` (`time.monotonic`), looked at with each line: who reads here
        wants lines that come every few seconds, empty ones included.

        Raises:
            ConnectionBroken: nobody answered, or the answer broke off.
        """
        try:
            with self._session.get(
                self.base + path,
                stream=True,
                timeout=max(_SHORTEST_TRY_S, min(HTTP_TRY_DEADLINE_S, until - time.monotonic())),
                auth=TokenAuthentication(self.token(identity)),
                allow_redirects=False,
                verify=str(self.ca_file) if self.ca_file is not None else True,
            ) as answer:
                if answer.status_code != 200:
                    return
                for line in answer.iter_lines(chunk_size=1):
                    yield line.decode("utf-8", "replace")
                    if time.monotonic() >= until:
                        return
        except (requests.exceptions.RequestException, OSError, UnicodeError, ValueError) as error:
            problem = self.without_tokens(_cause(error))
            raise ConnectionBroken(f"GET {self.base}{path}: {problem}.") from None

    def _asked_on_a_line(self, method: str, path: str, identity: int, body: Any, until: float) -> tuple[Answer, Line]:
        place, target = place_and_target(self.base + path)
        token = self.token(identity)
        written = dumps(body, allow_nan=False).encode()
        headers = [
            ("Host", place.header),
            ("User-Agent", default_user_agent()),
            ("Accept", "*/*"),
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(written))),
        ]
        if token:
            headers.append(("Authorization", f"token {token}"))
        line = Line.open(place, until, str(self.ca_file) if self.ca_file is not None else None)
        return line.request(method, target, headers, written, until), line

    def _sent(self, method: str, path: str, identity: int, json: Any, left: float) -> requests.Response:
        return self._session.request(
            method,
            self.base + path,
            json=json,
            timeout=left,
            auth=TokenAuthentication(self.token(identity)),
            allow_redirects=False,
            # With each request: a session's own setting loses against REQUESTS_CA_BUNDLE in the environment.
            verify=str(self.ca_file) if self.ca_file is not None else True,
        )

    def _tried(
        self, send: Callable[[int, float], requests.Response], method: str, path: str, timeout: float, tries: int
    ) -> requests.Response:
        """`send(attempt, seconds)`, as often as `request` tells."""
        problem = ""
        until = time.monotonic() + timeout
        for attempt in range(tries):
            try:
                response = send(attempt, timeout)
            except requests.exceptions.SSLError as error:
                cause = _cause(error)
                advice = "Is it http:// that the server speaks there?"
                if "certificate" in cause.lower():
                    advice = "A private certificate authority is named with --rtc-ca-file."
                raise ConnectionBroken(f"{method} {self.base}{path}: no https ({cause}). {advice}") from None
            except (requests.exceptions.Timeout, TimeoutError):
                problem = f"no answer within {timeout:.0f} s"
                if self.base.startswith("https:"):
                    # A Jupyter server without a certificate waits for ever for the rest of what it takes for HTTP.
                    problem += "; does it speak http:// and not https://?"
            except (requests.exceptions.RequestException, OSError, UnicodeError, ValueError) as error:
                problem = self.without_tokens(_cause(error))
                if getattr(_innermost(error), "errno", None) in _OURS:
                    raise OwnMachineFull(f"{method} {self.base}{path}: not asked ({problem}).") from None
            else:
                if response.status_code not in (502, 503, 504) or attempt == tries - 1:
                    return response
                problem = f"status {response.status_code}"
            if time.monotonic() >= until:
                break
        raise ConnectionBroken(f"{method} {self.base}{path}: {problem}.") from None


def _close(lines: list[Line]) -> None:
    while lines:
        lines.pop().close()


def _as_response(answer: Answer) -> requests.Response:
    """The same, as requests gives it."""
    response = requests.Response()
    response.status_code = answer.status
    response.reason = answer.reason
    response.headers = CaseInsensitiveDict(answer.headers)
    response.encoding = get_encoding_from_headers(response.headers)
    response.raw = BytesIO(answer.body)
    return response


def json_of(answer: requests.Response) -> dict[str, Any]:
    """The answer's JSON, where it is an object; empty otherwise."""
    try:
        value = answer.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def quoted(path: str) -> str:
    """A document's path in an address: slashes stay."""
    return quote(path, safe="/")


def _cause(error: BaseException) -> str:
    """The innermost reason of a requests exception, in a few words."""
    seen = _innermost(error)
    if isinstance(seen, BadStatusLine):
        return f"it does not speak HTTP (it said {str(seen)[:100]!r})"
    text = str(getattr(seen, "strerror", None) or seen) or type(seen).__name__
    return re.sub(r" \(_ssl\.c:\d+\)", "", text)[:200]


def _innermost(error: BaseException) -> BaseException:
    while (inner := error.__cause__ or error.__context__) is not None and inner is not error:
        error = inner
    return error
