"""What bytes a message of the Y-websocket protocol has.

A frame holds one message: a variable-length type, then its body. Type 0 is sync (step 1, step 2, update), 1 is
awareness; jupyter-collaboration adds 2, text in the form of JSON (saves, conflicts). Sources: y-protocols'
PROTOCOL.md, jupyter-server-ydoc's `MessageType`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import IntEnum

from jupyter_rtc_locust.protocol.variable_length import (
    read_string,
    read_variable_unsigned,
    write_string,
    write_variable_unsigned,
)


class MessageType(IntEnum):
    """The first number of a frame."""

    SYNC = 0
    AWARENESS = 1
    RAW = 2


class SyncType(IntEnum):
    """The second number of a sync message."""

    STEP_1 = 0
    STEP_2 = 1
    UPDATE = 2


UPDATE_PREFIX = bytes((MessageType.SYNC, SyncType.UPDATE))
AWARENESS_PREFIX = bytes((MessageType.AWARENESS,))


class MessageError(ValueError):
    """A frame that is no message of this protocol."""


@dataclass(frozen=True, slots=True)
class SyncStep1:
    """ "This is my state vector; what do I lack?" The vector is encoded."""

    state_vector: bytes


@dataclass(frozen=True, slots=True)
class SyncStep2:
    """The answer to a step 1: one update with all the asker lacked, and the whole delete set."""

    update: bytes


@dataclass(frozen=True, slots=True)
class UpdateMessage:
    """One transaction of somebody's."""

    update: bytes


@dataclass(frozen=True, slots=True)
class AwarenessMessage:
    """Presence of one or more clients, encoded (see `awareness.py`)."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class RawMessage:
    """jupyter-collaboration's own: JSON text from the server."""

    text: str


@dataclass(frozen=True, slots=True)
class SaveAnswer:
    """What jupyter-collaboration 4 and 5 say of a save asked for by hand: `success`, `skipped` or `failed`."""

    request_id: int
    status: str


@dataclass(frozen=True, slots=True)
class UnknownMessage:
    """A type this protocol does not have; ignored, as y-websocket does."""

    message_type: int


Message = SyncStep1 | SyncStep2 | UpdateMessage | AwarenessMessage | RawMessage | UnknownMessage


def encode_sync_step_1(state_vector: bytes) -> bytes:
    """`00 00`, then the state vector with its length."""
    return b"\x00\x00" + write_variable_unsigned(len(state_vector)) + state_vector


def encode_sync_step_2(update: bytes) -> bytes:
    """`00 01`, then the update with its length."""
    return b"\x00\x01" + write_variable_unsigned(len(update)) + update


def encode_update(update: bytes) -> bytes:
    """`00 02`, then the update with its length."""
    return b"\x00\x02" + write_variable_unsigned(len(update)) + update


def encode_awareness(payload: bytes) -> bytes:
    """`01`, then the awareness update with its length."""
    return b"\x01" + write_variable_unsigned(len(payload)) + payload


def encode_save_request(request_id: int) -> bytes:
    """jupyter-collaboration's manual save: `02`, the string "save", the request's number (docprovider 4 and 5)."""
    return b"\x02" + write_string("save") + write_variable_unsigned(request_id)


def read_save_answer(message: RawMessage) -> SaveAnswer | None:
    """The answer to a manual save, `{"type": "save", "responseTo": 3, "status": "success"}`; None: another message."""
    try:
        said = json.loads(message.text)
    except ValueError:
        return None
    if not isinstance(said, dict) or said.get("type") != "save":
        return None
    request_id, status = said.get("responseTo"), said.get("status")
    if not isinstance(request_id, int) or not isinstance(status, str):
        return None
    return SaveAnswer(request_id, status)


def decode_message(frame: bytes) -> Message:
    """Take one frame apart.

    Raises:
        MessageError: when the frame is empty, cut short, or longer than it says.
    """
    try:
        message_type, position = read_variable_unsigned(frame, 0)
        if message_type == MessageType.SYNC:
            sync_type, position = read_variable_unsigned(frame, position)
            body = _read_bytes(frame, position)
            if sync_type == SyncType.UPDATE:
                return UpdateMessage(body)
            if sync_type == SyncType.STEP_2:
                return SyncStep2(body)
            if sync_type == SyncType.STEP_1:
                return SyncStep1(body)
            return UnknownMessage(message_type)
        if message_type == MessageType.AWARENESS:
            return AwarenessMessage(_read_bytes(frame, position))
        if message_type == MessageType.RAW:
            text, position = read_string(frame, position)
            return RawMessage(text)
    except MessageError:
        raise
    except (ValueError, IndexError) as error:
        raise MessageError(f"a frame of {len(frame)} bytes is no message of the protocol: {error}") from error
    return UnknownMessage(message_type)


def read_update_body(frame: bytes) -> bytes:
    """The update in a frame that starts with `UPDATE_PREFIX`: the hot path, without building a message.

    Raises:
        MessageError: when the declared length is not that of the rest of the frame.
    """
    # Most updates are shorter than 128 bytes, so that their length takes one byte.
    if len(frame) > 2 and frame[2] == len(frame) - 3 < 0x80:
        return frame[3:]
    try:
        return _read_bytes(frame, 2)
    except (ValueError, IndexError) as error:
        raise MessageError(f"an update frame of {len(frame)} bytes is cut short: {error}") from error


def _read_bytes(frame: bytes, position: int) -> bytes:
    length, position = read_variable_unsigned(frame, position)
    if length != len(frame) - position:
        raise MessageError(f"a message says it has {length} bytes, but {len(frame) - position} are there")
    return frame[position:]
