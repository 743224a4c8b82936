"""What a replica holds, as eight bytes to compare: the clocks it has of each client, and what is deleted in it.

Two replicas with the same digest have taken in the same edits, in whatever order. Content is not read, so this costs
microseconds where reading a notebook costs milliseconds; what it cannot see is different content under the same clocks,
which no honest server makes, and updates that still wait for missing ones.
"""

from __future__ import annotations

from hashlib import blake2b

from jupyter_rtc_locust.documents.replica import Replica, ReplicaError
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.state_vectors import decode_state_vector
from jupyter_rtc_locust.protocol.updates import UpdateError, decode_update
from jupyter_rtc_locust.protocol.variable_length import MalformedBytesError

BYTES = 8


class HeldDigests:
    """Digests of replicas of one document. Who is asked of several at once reads equal bytes once."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, bytes], bytes] = {}

    def of(self, replica: Replica) -> bytes:
        """What this replica holds now; one that cannot be read is like no other."""
        try:
            clocks = replica.encoded_state()
            # Asked for what it lacks itself, a document answers with nothing but its delete set.
            deletions = replica.update_since(clocks)
            digest = self._known.get((clocks, deletions))
            if digest is None:
                digest = self._known[clocks, deletions] = _digest(clocks, deletions)
        except (ReplicaError, UpdateError, MalformedBytesError, ValueError):
            return _hashed(f"the copy of client {replica.client_id} cannot be read")
        return digest


def _digest(clocks: bytes, deletions: bytes) -> bytes:
    """Of what the bytes mean: the clients stand in them in any order."""
    return _hashed(f"{sorted(decode_state_vector(clocks).items())} {_in_order(decode_update(deletions).deletions)}")


def _in_order(ranges: ClockRanges) -> list[tuple[int, list[tuple[int, int]]]]:
    return [(client, list(ranges.of_client(client))) for client in sorted(ranges.clients())]


def _hashed(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=BYTES).digest()
