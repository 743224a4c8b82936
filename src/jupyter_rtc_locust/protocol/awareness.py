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

from jupyter_rtc_locust.protocol.messages import MessageError
from jupyter_rtc_locust.protocol.variable_length import (
    read_string,
    read_variable_unsigned,
    write_string,
    write_variable_unsigned,
)


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
        return [Presence(client_id, clock, _object(text)) for client_id, clock, text in _entries(payload)]


def selected_presences(payload: bytes, clients: Collection[int]) -> bytes:
    """The awareness update that speaks of these clients only, with each state as it came.

    Raises:
        MessageError: when it is cut short or its JSON is none.
    """
    with _unreadable(payload):
        entries = [entry for entry in _entries(payload) if entry[0] in clients]
    parts = [write_variable_unsigned(len(entries))]
    for client_id, clock, text in entries:
        parts += [write_variable_unsigned(client_id), write_variable_unsigned(clock), write_string(text)]
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
"""Longer presence is read each time anew: with it, 4,096 messages that are remembered could take any memory."""


def read_presences(payload: bytes) -> tuple[PresenceEntry, ...]:
    """As `decode_presences`, for the hot path: everybody in a room is sent the same bytes, which are read once.

    Raises:
        MessageError: when it is cut short or its JSON is none.
    """
    return _read_once(payload) if len(payload) <= REMEMBERED_BYTES else _read_once.__wrapped__(payload)


@lru_cache(maxsize=4096)
def _read_once(payload: bytes) -> tuple[PresenceEntry, ...]:
    with _unreadable(payload):
        return tuple(PresenceEntry(client_id, clock, state_of(text)) for client_id, clock, text in _entries(payload))


def state_of(text: str) -> StateDigest | None:
    """The digest of a state's JSON; None for `null`. Heartbeats repeat the state, so that it is decoded once.

    Raises:
        ValueError, RecursionError: when it is no JSON.
    """
    return _digest_once(text) if len(text) <= REMEMBERED_BYTES else _digest_once.__wrapped__(text)


@lru_cache(maxsize=4096)
def _digest_once(text: str) -> StateDigest | None:
    state = _object(text)
    if state is None:
        return None
    canonical = json.dumps(state, sort_keys=True, separators=(",", ":")).encode("ascii")
    return StateDigest(int.from_bytes(blake2b(canonical, digest_size=6).digest(), "big"), "user" in state)


def _entries(payload: bytes) -> Iterator[tuple[int, int, str]]:
    count, position = read_variable_unsigned(payload, 0)
    for _ in range(min(count, len(payload))):
        client_id, position = read_variable_unsigned(payload, position)
        clock, position = read_variable_unsigned(payload, position)
        text, position = read_string(payload, position)
        yield client_id, clock, text


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
