"""Presence, encoded as y-protocols does: a count, then for each client its id, a clock, and its state as JSON.

A state of `null` means that the client left. Strings are counted in UTF-8 bytes (pycrdt's own `write_var_string`
counts characters, which breaks names outside ASCII).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

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
        parts.append(write_string(json.dumps(presence.state, ensure_ascii=False, separators=(",", ":"))))
    return b"".join(parts)


def decode_presences(payload: bytes) -> list[Presence]:
    """The clients an awareness update speaks of.

    Raises:
        MessageError: when it is cut short or its JSON is none.
    """
    try:
        count, position = read_variable_unsigned(payload, 0)
        presences = []
        for _ in range(min(count, len(payload))):
            client_id, position = read_variable_unsigned(payload, position)
            clock, position = read_variable_unsigned(payload, position)
            text, position = read_string(payload, position)
            state = json.loads(text)
            presences.append(Presence(client_id, clock, state if isinstance(state, dict) else None))
    except (ValueError, IndexError, RecursionError) as error:
        raise MessageError(f"an awareness update of {len(payload)} bytes cannot be read: {error}") from error
    return presences


def person(user_index: int) -> dict[str, Any]:
    """The state a tab of jupyter-collaboration announces for its person (recorded: 214 bytes)."""
    name = f"Locust user {user_index}"
    return {
        "autosave": True,
        "user": {
            "username": f"rtc-locust-{user_index}",
            "name": name,
            "display_name": name,
            "initials": f"L{user_index}",
            "avatar_url": None,
            "color": "var(--jp-collaborator-color1)",
        },
    }
