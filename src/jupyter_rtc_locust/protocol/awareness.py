"""Presence, encoded as y-protocols does: a count, then for each client its id, a clock, and its state as JSON.

A state of `null` means that the client left. Strings are counted in UTF-8 bytes (pycrdt's own `write_var_string`
counts characters, which breaks names outside ASCII).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

from jupyter_rtc_locust.protocol.messages import AwarenessMessage, MessageError, decode_message
from jupyter_rtc_locust.protocol.variable_length import (
    read_variable_unsigned,
    write_string,
    write_variable_unsigned,
)
from jupyter_rtc_locust.protocol.websocket_frames import frame_bytes


@dataclass(frozen=True, slots=True)
class Presence:
    """One client's entry: its clock grows with each change; `state` is None when it left."""

    client_id: int
    clock: int
    state: dict[str, Any] | None


def encode_presences(presences: list[Presence]) -> bytes:
    """The awareness update for these clients."""
    parts = [write_variable_unsigned(len(presences))]
    for presence in presences:
        parts.append(write_variable_unsigned(presence.client_id))
        parts.append(write_variable_unsigned(presence.clock))
        parts.append(write_string(state_text(presence.state)))
    return b"".join(parts)


def state_text(state: dict[str, Any] | None) -> str:
    """The state as it travels."""
    return json.dumps(state, ensure_ascii=False, separators=(",", ":"))


def decode_presences(payload: bytes) -> list[Presence]:
    """The clients an awareness update speaks of.

    Raises:
        MessageError: when it is cut short or its JSON is none.
    """
    with _unreadable(payload):
        return [Presence(client_id, clock, _object(text.decode())) for client_id, clock, text in _entries(payload)]


def selected_presences(payload: bytes, clients: Collection[int]) -> bytes:
    """The awareness update that speaks of these clients only, with each state as it came.

    Raises:
        MessageError: when it is cut short or its JSON is none.
    """
    with _unreadable(payload):
        entries = [entry for entry in _entries(payload) if entry[0] in clients]
    parts = [write_variable_unsigned(len(entries))]
    for client_id, clock, text in entries:
        parts += [write_variable_unsigned(client_id), write_variable_unsigned(clock)]
        parts += [write_variable_unsigned(len(text)), text]
    return b"".join(parts)


class StateDigest(NamedTuple):
    """What a state is told apart by."""

    digest: int
    """48 bits; the same for the same JSON, however its keys are ordered and its letters escaped."""
    person: bool
    """Whether it has a user; pycrdt's server announces its own document with an empty state."""


class PresenceEntry(NamedTuple):
    """As `Presence`, with the digest of the state in its place."""

    client_id: int
    clock: int
    state: StateDigest | None


REMEMBERED_BYTES = 16 * 1024
"""Longer presence is read each time anew: with it, the messages that are remembered could take any memory."""


class Presences:
    """What an awareness update says, for whoever hears it: everybody in a room is sent the same bytes."""

    __slots__ = ("clients", "entries", "message", "on_the_wire", "payload", "people")

    def __init__(self, message: bytes, payload: bytes, entries: tuple[PresenceEntry, ...]) -> None:
        self.message = message
        """All of it, as it is told on."""
        self.on_the_wire = frame_bytes(len(message), masked=False)
        """Its bytes as a server sends it, the frame included."""
        self.payload = payload
        self.entries = entries
        self.clients = frozenset(entry.client_id for entry in entries)
        self.people = frozenset(entry.client_id for entry in entries if entry.state is not None and entry.state.person)
        """Those that have a user; pycrdt's server announces its own document's client id with an empty state."""


def read_awareness(message: bytes) -> Presences:
    """As `decode_presences` of a whole message, with digests of the states; for the hot path.

    A message is read once for all who are sent the same, a state once however often it comes.

    Raises:
        MessageError: when it is no awareness message, is cut short, or its JSON is none.
    """
    return _read_once(message) if len(message) <= REMEMBERED_BYTES else _read_once.__wrapped__(message)


@lru_cache(maxsize=256)
def _read_once(message: bytes) -> Presences:
    decoded = decode_message(message)
    if not isinstance(decoded, AwarenessMessage):
        raise MessageError(f"a message of {len(message)} bytes is no awareness")
    payload = decoded.payload
    with _unreadable(payload):
        entries = [PresenceEntry(client_id, clock, _state_in(state)) for client_id, clock, state in _entries(payload)]
    return Presences(message, payload, tuple(entries))


def state_of(text: str) -> StateDigest | None:
    """The digest of a state's JSON; None for `null`. Heartbeats repeat the state, so that it is decoded once.

    Raises:
        ValueError, RecursionError: when it is no JSON.
    """
    return _state_in(text.encode())


def _state_in(json_bytes: bytes) -> StateDigest | None:
    return _digest_once(json_bytes) if len(json_bytes) <= REMEMBERED_BYTES else _digest_once.__wrapped__(json_bytes)


@lru_cache(maxsize=4096)
def _digest_once(json_bytes: bytes) -> StateDigest | None:
    state = _object(json_bytes.decode())
    if state is None:
        return None
    canonical = json.dumps(state, sort_keys=True, separators=(",", ":")).encode("ascii")
    return StateDigest(int.from_bytes(blake2b(canonical, digest_size=6).digest(), "big"), "user" in state)


def _entries(payload: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Client id, clock, and the JSON of the state, of each client."""
    count, position = read_variable_unsigned(payload, 0)
    for _ in range(min(count, len(payload))):
        client_id, position = read_variable_unsigned(payload, position)
        clock, position = read_variable_unsigned(payload, position)
        length, position = read_variable_unsigned(payload, position)
        end = position + length
        if end > len(payload):
            raise ValueError(f"a state of {length} bytes, but {len(payload) - position} are there")
        yield client_id, clock, payload[position:end]
        position = end


def _object(text: str) -> dict[str, Any] | None:
    state = json.loads(text)
    return state if isinstance(state, dict) else None


@contextmanager
def _unreadable(payload: bytes) -> Iterator[None]:
    try:
        yield
    except (ValueError, IndexError, RecursionError) as error:
        raise MessageError(f"an awareness update of {len(payload)} bytes cannot be read: {error}") from error


def person(user_index: int) -> dict[str, Any]:
    """Whom a tab of jupyter-collaboration announces, in every room that it enters."""
    name = f"Locust user {user_index}"
    return {
        # As long as the names that Jupyter Server gives to people it does not know (32 characters).
        "username": f"rtc-locust-{user_index:021d}",
        "name": name,
        "display_name": name,
        "initials": f"L{user_index}",
        "avatar_url": None,
        "color": f"var(--jp-collaborator-color{user_index % 7 + 1})",
    }


def person_in_document(user_index: int) -> dict[str, Any]:
    """The state of a tab in a document's room (recorded: a message of 214 bytes)."""
    return {"autosave": True, "user": person(user_index)}


def person_in_lab(user_index: int, document: str | None, *, shown: bool) -> dict[str, Any]:
    """The state of a tab in the room of all documents, with the document it has open, and whether that is in front."""
    return {
        "user": person(user_index),
        "current": f"notebook:{document}" if document is not None and shown else None,
        "documents": [] if document is None else [document],
    }
