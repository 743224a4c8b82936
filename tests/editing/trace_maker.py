"""Traces made up for tests: people who type at once, and see of each other what the dice say, through pycrdt."""

from __future__ import annotations

import random
from typing import Any

from pycrdt import Doc, Text

ALPHABETS = ("abc ", "äß\n", "日本", "😀🧪")


def made_up_trace(
    dice: random.Random, *, agents: int, transactions: int, start: str = "", descending: bool = False
) -> dict[str, Any]:
    """A concurrent trace, with texts put into one place at once; `descending`: the last agent comes first there.

    An agent knows all of its own, and of others what it has merged.
    """
    docs: list[Doc[Any]] = []
    base: Doc[Any] = Doc(client_id=9999)
    base.get("source", type=Text).insert(0, start)
    for agent in range(agents):
        docs.append(Doc(client_id=agents - agent if descending else agent + 1))
        docs[-1].apply_update(base.get_update())
    heads: list[set[int]] = [set() for _ in range(agents)]
    updates: list[bytes] = []
    before: list[set[int]] = []
    txns: list[dict[str, Any]] = []
    for index in range(transactions):
        agent = dice.randrange(agents)
        if heads and dice.random() < 0.4 and any(heads):
            other = dice.randrange(agents)
            _learn(docs[agent], heads[agent], heads[other], updates, before)
        if index == transactions - 1:
            for other in range(agents):
                _learn(docs[agent], heads[agent], heads[other], updates, before)
        text = docs[agent].get("source", type=Text)
        known = heads[agent]
        parents = sorted(one for one in known if not any(one in before[other] for other in known))
        written: list[bytes] = []
        subscription = docs[agent].observe(lambda event, written=written: written.append(event.update))
        patches = []
        with docs[agent].transaction():
            for _ in range(dice.choice((1, 1, 1, 2, 3))):
                content = str(text)
                # Often at a border, so that texts of several people meet in one place.
                position = dice.choice((0, len(content), dice.randint(0, len(content))))
                deleted = dice.choice((0, 0, 1, 3)) if position < len(content) else 0
                deleted = min(deleted, len(content) - position)
                inserted = "".join(dice.choice(dice.choice(ALPHABETS)) for _ in range(dice.choice((0, 1, 1, 4))))
                head = len(content[:position].encode())
                if deleted:
                    del text[head : head + len(content[position : position + deleted].encode())]
                if inserted:
                    text.insert(head, inserted)
                patches.append([position, deleted, inserted])
        docs[agent].unobserve(subscription)
        updates.append(written[0] if written else b"\x00\x00")
        before.append(set(known))
        heads[agent] = known | {index}
        txns.append({"parents": parents, "agent": agent, "patches": patches, "numChildren": 0})
    everything: Doc[Any] = Doc()
    everything.apply_update(base.get_update())
    for update in updates:
        everything.apply_update(update)
    end = str(everything.get("source", type=Text))
    return {"kind": "concurrent", "startContent": start, "endContent": end, "numAgents": agents, "txns": txns}


def _learn(doc: Doc[Any], known: set[int], others: set[int], updates: list[bytes], before: list[set[int]]) -> None:
    for index in sorted(others - known):
        doc.apply_update(updates[index])
        known |= {index} | before[index]
