"""Real bytes to begin from: what people's edits in a notebook, presence, syncs and saves look like on the wire.

Made anew in each process: pycrdt's documents with fixed client ids, and updates that Yjs wrote (tests/protocol/data).
The bytes are the same each time: what pycrdt orders at random (clients, keys) is put in order, or there is one of it.
"""

from __future__ import annotations

import base64
import json
import random
from dataclasses import dataclass
from pathlib import Path

from pycrdt import Array, Doc, Map, Text, create_awareness_message, create_update_message

from jupyter_rtc_locust.protocol.awareness import Presence, encode_presences, person_in_document
from jupyter_rtc_locust.protocol.messages import encode_sync_step_1, encode_sync_step_2
from jupyter_rtc_locust.protocol.state_vectors import decode_state_vector, encode_state_vector
from jupyter_rtc_locust.protocol.updates import decode_update, encode_update
from jupyter_rtc_locust.protocol.variable_length import write_string

_RECORDED = Path(__file__).parents[1] / "protocol" / "data" / "yjs_updates.json"
_LETTERS = "abc uvwxyz\n\tÄß日本🧪"


@dataclass(frozen=True)
class Corpus:
    """Real bytes of each kind."""

    updates: tuple[bytes, ...]
    """What one transaction wrote; of one history, in order, then some of Yjs."""
    state_vectors: tuple[bytes, ...]
    presences: tuple[bytes, ...]
    messages: tuple[bytes, ...]
    whole: bytes
    """The document at the end, as one update."""


def made() -> Corpus:
    """Two people edit a notebook for a while."""
    chance = random.Random(20261126)
    docs = [Doc(client_id=101), Doc(client_id=2**31 + 5)]
    updates: list[bytes] = []
    vectors: list[bytes] = []
    subscriptions = [doc.observe(lambda event: updates.append(event.update)) for doc in docs]
    for doc in docs:
        doc.get("cells", type=Array)
        doc.get("meta", type=Map)
        doc.get("state", type=Map)
    for number in range(150):
        doc = docs[number % 2]
        before = len(updates)
        with doc.transaction():
            _edit(doc, chance, number)
        for update in updates[before:]:
            docs[(number + 1) % 2].apply_update(update)
        del updates[before + 1 :]  # the other's event for the same
        vectors.append(encode_state_vector(decode_state_vector(doc.get_state())))
    for doc, subscription in zip(docs, subscriptions, strict=True):
        doc.unobserve(subscription)
    updates = [_in_order(update) for update in updates]
    whole = _in_order(docs[0].get_update())
    states = [[Presence(user, user + 3, person_in_document(user) if user % 3 else None)] for user in range(12)]
    states.append([Presence(user, 7, {"user": {"name": "Łucja"}, "x": [1, None]}) for user in range(9)])
    presences = tuple(map(encode_presences, states))
    recorded = [
        base64.b64decode(one)
        for case in json.loads(_RECORDED.read_text())
        for one in [*case["updates"], case["full"], case["gaps"]]
    ]
    saves = [json.dumps({"type": "save", "responseTo": one, "status": "success"}) for one in range(3)]
    messages = (
        [create_update_message(update) for update in [*updates, *recorded]]
        + [encode_sync_step_2(whole), encode_sync_step_1(vectors[10]), encode_sync_step_1(vectors[-1])]
        + [create_awareness_message(one) for one in presences]
        + [b"\x02" + write_string(one) for one in saves]
    )
    return Corpus(tuple(updates + recorded), tuple(vectors), presences, tuple(messages), whole)


def _in_order(update: bytes) -> bytes:
    return encode_update(decode_update(update))


def _edit(doc: Doc, chance: random.Random, number: int) -> None:
    cells, state = doc.get("cells", type=Array), doc.get("state", type=Map)
    what = chance.randrange(8) if len(cells) else 0
    words = "".join(chance.choice(_LETTERS) for _ in range(chance.randrange(1, 12)))
    if what == 0:
        cells.insert(chance.randrange(len(cells) + 1), cell := Map({"id": f"cell-{number}"}))
        for key, value in (("source", Text(words)), ("metadata", Map({"a": words})), ("outputs", Array([]))):
            cell[key] = value
        cell["execution_count"] = None
    elif what == 1:
        outputs = cells[chance.randrange(len(cells))]["outputs"]
        outputs.append({"data": {"n": [words, 1, 2.5, None, True, {"d": []}]}})
    elif what == 2 and len(cells) > 3:
        del cells[chance.randrange(len(cells))]
    elif what == 3:
        cells[chance.randrange(len(cells))]["execution_count"] = number
    elif what == 4:
        doc.get("meta", type=Map)["title"] = words
    elif what == 5:
        source = cells[chance.randrange(len(cells))]["source"]
        if len(source):
            source.clear()
    else:
        cells[chance.randrange(len(cells))]["source"].insert(0, words)
    state["dirty"] = True
