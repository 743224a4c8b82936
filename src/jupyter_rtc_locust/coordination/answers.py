"""What a process tells at the end, as one payload and back. Document by document, with a turn of the loop between.

Encoding or reading all of a large run at once would stop the event loop for so long that heartbeats are missed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgpack  # type: ignore[import-untyped]

from jupyter_rtc_locust.coordination.turns import Turns
from jupyter_rtc_locust.verdict.evidence import RoomEvidence
from jupyter_rtc_locust.verdict.evidence_form import EvidenceError, decode_evidence, encode_evidence


def encoded_rooms(rooms: Iterable[RoomEvidence]) -> list[bytes]:
    """The evidence of a process, one entry for each part of a document."""
    encoded = []
    turns = Turns()
    for room in rooms:
        encoded.append(encode_evidence(room))
        turns()
    return encoded


def read_answer(payload: bytes) -> dict[str, Any]:
    """What a process told, with its documents read; what cannot be read is its problem, and makes nothing green."""
    answer: dict[str, Any] = msgpack.unpackb(payload, strict_map_key=False)
    turns = Turns()
    encoded, answer["documents"] = answer.get("documents") or [], []
    try:
        for one in encoded:
            answer["documents"].append(decode_evidence(one, RoomEvidence))
            turns()
    except EvidenceError as error:
        answer["documents"] = []
        answer["problem"] = f"{answer['process']}: {error}"
    return answer
