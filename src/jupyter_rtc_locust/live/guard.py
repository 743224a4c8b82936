"""Who may press the buttons: only the page that this process served itself.

A browser sends requests to any address that any page names, and with them whatever logs the person in. So a press has
to bring what another page cannot know or send: a token made at the start of the process, in a header of its own, which
no form can set; the page's own host as its origin, where the browser tells one; and JSON as its type, which a page of
another host may send only after having asked.

Pure: headers in, a sentence out.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

HEADER: Final = "X-RTC-Guard"
_JSON: Final = "application/json"
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Guard:
    """`token` is for the page, in a `meta` element. It is good as long as the process lives, and for nothing else."""

    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    def refusal(self, header: Callable[[str], str | None], own_host: str) -> str | None:
        """Why this request must not do anything, in a sentence; None: it may.

        `header` tells a header of the request by its name. `own_host` is what its `Host` says: the address under which
        the page was opened.
        """
        for name in ("Origin", "Referer"):
            told = header(name)
            if told is not None and not _same_host(told, own_host):
                return (
                    f"The request comes from another page ({name}), which may not steer a run: use the run's own page."
                )
        if (header("Content-Type") or "").partition(";")[0].strip().lower() != _JSON:
            return f"The request's Content-Type is not {_JSON}, which a form of another page could not send."
        if not hmac.compare_digest((header(HEADER) or "").encode(), self.token.encode()):
            return (
                f"The request has no valid token in its {HEADER} header. A page keeps that of the process which served "
                f"it: load it again."
            )
        return None


def _same_host(address: str, own_host: str) -> bool:
    """Whether an address is on this host, port included. A proxy that ends TLS changes the scheme, and not the host."""
    try:
        parts = urlsplit(address)
        there = parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)
        own = urlsplit(f"{parts.scheme}://{own_host}")
        here = own.hostname, own.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return False
    return parts.hostname is not None and there == here
