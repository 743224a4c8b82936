"""Messages of one line between the master and a worker, sealed with a secret that both were given. Pure.

Locust's own channel has neither a login nor encryption: whoever reaches the master's port can send anything in the name
of anybody. With a secret, each message of ours carries an HMAC-SHA256 over all that decides what it does: its kind, its
direction, the worker it is for or from, a nonce of each process, a number, and the bytes of its body. So nobody without
the secret can make one, change one, send one to another worker, or send one again, in this run or, because of the
nonces, in another. Who reads along still reads everything: docs/security.md says what is left open.

The first message of a worker cannot have the master's nonce in it, since it asks for that. Sent again, it gets nobody
anything but an answer, which is sealed with the nonce of a process that is gone.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Any, Final

import msgpack  # type: ignore[import-untyped]

SHORTEST_SECRET: Final = 16
"""Characters. Whoever hears one message can try out secrets at home, as many as they like."""

_WINDOW: Final = 1024
"""A message may be overtaken by so many: a send that failed at first is repeated behind those that came after it."""


class SealBroken(Exception):
    """A message is not what the other side sent to us now; its text says in what way."""


def new_nonce() -> bytes:
    """What tells this process from every other one, before and after it."""
    return secrets.token_bytes(16)


def is_sealed(body: Any) -> bool:
    """Whether a message carries a seal, be it a good one or not."""
    return isinstance(body, Mapping) and "seal" in body


class Line:
    """One end of the line between the master and the worker with this node id.

    `at_master` says which end. `other_nonce` is empty until it is known.
    """

    __slots__ = ("_at_master", "_key", "_node", "_number", "_own_nonce", "_seen", "_seen_to", "other_nonce")

    def __init__(self, secret: str, node: str, own_nonce: bytes, *, at_master: bool, other_nonce: bytes = b"") -> None:
        self._key = hmac.digest(secret.encode(), b"jupyter-rtc-locust: messages of a run", hashlib.sha256)
        self._node = node
        self._own_nonce = own_nonce
        self.other_nonce = other_nonce
        self._at_master = at_master
        self._number = 0
        self._seen: set[int] = set()
        self._seen_to = 0

    def seal(self, kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The body to send in the place of this one."""
        self._number += 1
        packed = msgpack.packb(body)
        seal = self._seal_of(kind, packed, self._number, self._own_nonce, self.other_nonce, from_master=self._at_master)
        return {"body": packed, "number": self._number, "nonce": self._own_nonce, "seal": seal}

    def open(self, kind: str, sealed: Any) -> dict[str, Any]:
        """The body that was sealed at the other end, once.

        The nonce of the other end is taken from the first message that proves to be its own, and stays.

        Raises:
            SealBroken: it was not sealed with our secret for us, or came before.
        """
        try:
            packed, number, nonce, seal = (sealed[name] for name in ("body", "number", "nonce", "seal"))
            whole = (
                all(isinstance(one, bytes) for one in (packed, nonce, seal))
                and isinstance(number, int)
                and not isinstance(number, bool)
                and 0 < number < 2**63
            )
        except (KeyError, TypeError):
            whole = False
        if not whole:
            raise SealBroken("it carries no seal, or not a whole one")
        if self.other_nonce and not hmac.compare_digest(nonce, self.other_nonce):
            raise SealBroken("it was sealed by another process than the one that joined")
        # What asks to join does not know our nonce yet.
        ours = self._own_nonce if self.other_nonce or not self._at_master else b""
        expected = self._seal_of(kind, packed, number, nonce, ours, from_master=not self._at_master)
        if not hmac.compare_digest(seal, expected):
            raise SealBroken("its seal was made with another secret, or for another message")
        if number in self._seen or number <= self._seen_to - _WINDOW:
            raise SealBroken("it came before")
        body = msgpack.unpackb(packed, strict_map_key=False)
        if not isinstance(body, dict):
            raise SealBroken("there is no message in it")
        self.other_nonce = nonce
        self._seen.add(number)
        if number > self._seen_to:
            self._seen_to = number
            if len(self._seen) > 2 * _WINDOW:
                self._seen = {one for one in self._seen if one > number - _WINDOW}
        return body

    def _seal_of(
        self, kind: str, packed: bytes, number: int, nonce: bytes, other_nonce: bytes, *, from_master: bool
    ) -> bytes:
        told = msgpack.packb([kind, from_master, self._node, nonce, other_nonce, number, packed])
        return hmac.digest(self._key, told, hashlib.sha256)
