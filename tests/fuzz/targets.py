"""What is given hostile bytes, and what may become of each: an outcome in words. Whatever else is raised has escaped.

A target makes input number N of a seed from nothing but these two, so that any input can be had again.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from typing import Any

from fuzz.corpus import Corpus
from fuzz.mutations import mutated, random_bytes
from jupyter_rtc_locust.documents.replica import Replica, ReplicaError
from jupyter_rtc_locust.protocol.awareness import decode_presences, read_awareness, selected_presences
from jupyter_rtc_locust.protocol.hostile_updates import reason_to_refuse
from jupyter_rtc_locust.protocol.messages import (
    UPDATE_PREFIX,
    AwarenessMessage,
    MessageError,
    RawMessage,
    SyncStep2,
    UpdateMessage,
    decode_message,
    encode_awareness,
    encode_sync_step_1,
    encode_sync_step_2,
    encode_update,
    read_save_answer,
    read_update_body,
)
from jupyter_rtc_locust.protocol.state_vectors import decode_state_vector
from jupyter_rtc_locust.protocol.updates import UpdateError, decode_update
from jupyter_rtc_locust.protocol.updates import encode_update as write_update
from jupyter_rtc_locust.protocol.variable_length import MalformedBytesError
from jupyter_rtc_locust.protocol.websocket_frames import FrameError, FrameReader


class Broken(Exception):
    """Something that must hold did not."""


class Target(ABC):
    """One thing that reads. `together` inputs meet the same state, beginning with a number that it divides."""

    name: str
    share: float
    """Of all inputs."""
    together = 1

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus

    def begin(self) -> None:  # noqa: B027
        """A fresh state, where there is any."""

    @abstractmethod
    def made(self, chance: random.Random) -> Any:
        """An input."""

    @abstractmethod
    def take(self, hostile: Any) -> str:
        """Give it to what reads; what became of it."""

    def end(self) -> None:  # noqa: B027
        """Look at the state once more, where there is any."""


def frame(payload: bytes, opcode: int = 2, *, final: bool = True) -> bytes:
    """A frame as a server sends it (RFC 6455)."""
    length = len(payload)
    if length < 126:
        head = bytes((length,))
    else:
        head = b"\x7e" + length.to_bytes(2, "big") if length < 65536 else b"\x7f" + length.to_bytes(8, "big")
    return bytes(((0x80 if final else 0) | opcode,)) + head + payload


def hostile_update(chance: random.Random, corpus: Corpus) -> bytes:
    """An update, mutated more often than not random."""
    if chance.random() < 0.1:
        return random_bytes(chance)
    return mutated(chance, chance.choice(corpus.updates), corpus.updates)


def hostile_message(chance: random.Random, corpus: Corpus) -> bytes:
    """A message whose form is right but whose body is not, or a message that is mutated as a whole, or random."""
    kind = chance.random()
    if kind < 0.1:
        return random_bytes(chance)
    if kind < 0.4:
        return mutated(chance, chance.choice(corpus.messages), corpus.messages)
    if kind < 0.65:
        return encode_awareness(mutated(chance, chance.choice(corpus.presences), corpus.presences))
    if kind < 0.75:
        return encode_sync_step_1(mutated(chance, chance.choice(corpus.state_vectors), corpus.state_vectors))
    return chance.choice((encode_update, encode_sync_step_2))(hostile_update(chance, corpus))


class Frames(Target):
    """A byte stream, in pieces of any size."""

    name, share = "frame reader", 0.3

    def made(self, chance: random.Random) -> list[bytes]:
        if chance.random() < 0.15:
            stream = random_bytes(chance)
        else:
            stream = b""
            for _ in range(chance.randrange(1, 5)):
                opcode = chance.choice((2, 2, 2, 2, 0, 1, 8, 9, 10))
                stream += frame(chance.choice(self.corpus.messages), opcode, final=chance.random() < 0.8)
            stream = mutated(chance, stream, self.corpus.messages)
        if chance.random() < 0.5:
            return [stream]
        cuts = sorted(chance.randrange(len(stream) + 1) for _ in range(chance.randrange(1, 6)))
        return [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    def take(self, hostile: list[bytes]) -> str:
        reader, told = FrameReader(), 0
        try:
            for piece in hostile:
                told += len(reader.feed(piece))
        except FrameError:
            return "refused"
        kept = sum(map(len, reader._pieces)) + sum(map(len, reader._fragments or ()))
        if kept > sum(map(len, hostile)):
            raise Broken(f"{kept} bytes are kept of {sum(map(len, hostile))}")
        return "messages" if told else "waits for more"


class Messages(Target):
    """One message, and the presence in it."""

    name, share = "message decoder", 0.3

    def made(self, chance: random.Random) -> bytes:
        return hostile_message(chance, self.corpus)

    def take(self, hostile: bytes) -> str:
        try:
            if hostile[:2] == UPDATE_PREFIX:
                read_update_body(hostile)
            message = decode_message(hostile)
            if isinstance(message, AwarenessMessage):
                read_awareness(hostile)
                told = decode_presences(message.payload)
                selected_presences(message.payload, {one.client_id for one in told})
                return "presence"
            if isinstance(message, RawMessage):
                read_save_answer(message)
        except MessageError:
            return "refused"
        return "update or step 2" if isinstance(message, UpdateMessage | SyncStep2) else "another message"


class Updates(Target):
    """An update, and a state vector now and then."""

    name, share = "update reader", 0.15

    def made(self, chance: random.Random) -> tuple[bytes, bytes]:
        vector = mutated(chance, chance.choice(self.corpus.state_vectors), self.corpus.state_vectors)
        return hostile_update(chance, self.corpus), vector

    def take(self, hostile: tuple[bytes, bytes]) -> str:
        update, vector = hostile
        try:
            decode_state_vector(vector)
        except MalformedBytesError:
            pass
        try:
            read = decode_update(update)
        except UpdateError:
            reason_to_refuse(update)
            return "refused"
        if reason := reason_to_refuse(update):
            raise Broken(f"what can be read was refused: {reason}")
        if decode_update(write_update(read)) != read:
            raise Broken("what was read is not what was written of it")
        return "an update"


class Replicas(Target):
    """pycrdt, through the door of a replica, as a user does it: forty hostile updates to one document."""

    name, share, together = "replica (pycrdt)", 0.2, 40

    def begin(self) -> None:
        self.replica = Replica("notebook", 4)
        self.replica.apply_updates([self.corpus.whole])

    def made(self, chance: random.Random) -> tuple[list[bytes], bytes]:
        vector = mutated(chance, chance.choice(self.corpus.state_vectors), self.corpus.state_vectors)
        return [hostile_update(chance, self.corpus) for _ in range(chance.choice((1, 1, 1, 2)))], vector

    def take(self, hostile: tuple[list[bytes], bytes]) -> str:
        if self.replica.broken is not None:
            self.begin()
        updates = [update for update in hostile[0] if not reason_to_refuse(update)]
        if not updates:
            return "withheld"
        try:
            self.replica.apply_updates(updates)
        except ReplicaError as error:
            return "panic, replica given up" if error.replica_is_broken else "refused"
        finally:
            self._read(hostile[1])
        return "applied"

    def _read(self, vector: bytes) -> None:
        self.replica.state_vector()
        try:
            decode_state_vector(vector)
            self.replica.update_since(vector)
        except (MalformedBytesError, ReplicaError):
            pass

    def end(self) -> None:
        self.replica.full_update()
