"""What a process tells at the end, as one payload and back. Document by document, with a turn of the loop between.

Encoding or reading all of a large run at once would stop the event loop for so long that heartbeats are missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgpack  # type: ignore[import-untyped]

from jupyter_rtc_locust.coordination.told_once import Contents, RoomTold
from jupyter_rtc_locust.coordination.turns import Turns
from jupyter_rtc_locust.verdict.evidence import RoomEvidence
from jupyter_rtc_locust.verdict.evidence_form import EvidenceError, decode_evidence, encode_evidence

WHOLE: Final = "documents"
"""Where an answer has documents whose evidence is whole."""
ONCE: Final = "documents_once"
"""Where it has those that are told with digests."""
_SHAPES: Final[Mapping[str, type[Any]]] = {WHOLE: RoomEvidence, ONCE: RoomTold}


def encoded_rooms(rooms: Iterable[RoomEvidence], contents: Contents | None = None) -> list[bytes]:
    """The evidence of a process, one entry for each part of a document.

    With `contents`, which keeps them, it has digests where others may tell the same.
    """
    encoded = []
    turns = Turns()
    for room in rooms:
        encoded.append(encode_evidence(room if contents is None else contents.tell(room)))
        turns()
    return encoded


def documents_told(rooms: Iterable[RoomEvidence], contents: Contents | None) -> dict[str, list[bytes]]:
    """The documents as a part of an answer, whole or with digests."""
    return {WHOLE if contents is None else ONCE: encoded_rooms(rooms, contents)}


def read_answer(payload: bytes) -> dict[str, Any]:
    """What a process told, with its documents read; what cannot be read is its problem, and makes nothing green."""
    answer: dict[str, Any] = msgpack.unpackb(payload, strict_map_key=False)
    turns = Turns()
    try:
        for name, shape in _SHAPES.items():
            encoded, answer[name] = answer.get(name) or [], []
            for one in encoded:
                answer[name].append(decode_evidence(one, shape))
                turns()
    except EvidenceError as error:
        answer |= {WHOLE: [], ONCE: []}
        answer["problem"] = f"{answer['process']}: {error}"
    return answer
