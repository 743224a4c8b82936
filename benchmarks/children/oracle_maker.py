"""Makes the edits of many users in one document, or the one right content of them: each in a process of its own.

Run as `python -m benchmarks.children.oracle_maker`. Commands: `make` (path, edits, users), `build` (path, order).
"""

import json
import resource
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.children.commands import Lines, reply
from benchmarks.recording import notebook
from jupyter_rtc_locust.documents.canonical import content_digest, read_whole_content
from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.documents.seeding import fill
from jupyter_rtc_locust.protocol.merging import merge_updates
from jupyter_rtc_locust.verdict.rebuilt import document_of

_EDITS_BETWEEN_SYNCS = 50
_WORDS = ("a", "x = 1\n", "words ", "print(", "\n")


def _make(path: str, edits: int, users: int) -> dict[str, Any]:
    """Everybody makes some edits, and then receives what the others made meanwhile."""
    loaded = fill(Replica("notebook", 0), notebook())
    assert loaded is not None
    replicas = [Replica("notebook", 1_000_000 + user) for user in range(users)]
    for replica in replicas:
        replica.apply_updates([loaded])
    dice = Random(1)
    authored = [loaded]
    while len(authored) <= edits:
        written = []
        for replica in replicas:
            cell = replica.cells[dice.randrange(len(replica.cells))]
            for _ in range(_EDITS_BETWEEN_SYNCS):
                update = replica.edit(_change(dice, cell))
                assert update is not None
                written.append(update)
        authored += written
        together = merge_updates(written)
        for replica in replicas:
            replica.apply_updates([together])
    del authored[edits + 1 :]
    Path(path).write_text(json.dumps([update.hex() for update in authored]))
    return {"edits": len(authored) - 1}


def _change(dice: Random, cell: Any) -> Callable[[Replica], bool]:
    """Typing most of all, deletions, and a value in the metadata now and then."""

    def change(_: Replica) -> bool:
        text, what = cell["source"], dice.random()
        length = len(text)
        if what < 0.05:
            cell["metadata"][f"key {dice.randrange(9)}"] = {"value": dice.randrange(99), "tags": ["a", "b"]}
        elif what < 0.25 and length > 20:
            start = dice.randrange(length - 8)
            del text[start : start + dice.randint(1, 8)]
        else:
            text.insert(dice.randint(0, length), dice.choice(_WORDS))
        return True

    return change


def _build(path: str, order: str) -> dict[str, Any]:
    updates = [bytes.fromhex(one) for one in json.loads(Path(path).read_text())]
    if order == "reversed":
        updates.reverse()
    elif order == "shuffled":
        Random(1).shuffle(updates)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    computed = time.process_time()
    doc = document_of(updates)
    content = read_whole_content(doc, "notebook")
    cpu = time.process_time() - computed
    added = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / 1e6
    return {"cpu": cpu, "megabytes": added, "digest": content_digest(content)}


def main() -> None:
    """Do what is asked until the parent is gone."""
    lines = Lines()
    while not lines.ended:
        for command in lines.read():
            reply(**(_make(**command) if command.pop("do") == "make" else _build(**command)))


if __name__ == "__main__":
    main()
