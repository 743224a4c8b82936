"""Who knew of what in a trace: its transactions as lanes, each lane one line of transactions that follow each other.

An agent is one lane where everything it did follows from what it did before, as the collection promises; one that
worked on several branches at once has several. What a transaction knows of is then a number for each lane: how many of
its transactions, from the first on.
"""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_rtc_locust.editing.traces import Trace

Knowledge = tuple[int, ...]
"""For each lane, of how many of its transactions one knows. Lanes that are not named: of none."""


@dataclass(frozen=True, slots=True)
class Lanes:
    """A trace's transactions in lanes."""

    agents: tuple[int, ...]
    """For each lane, whose it is."""
    transactions: tuple[tuple[int, ...], ...]
    """For each lane, its transactions, by index, in order."""
    lane_of: tuple[int, ...]
    """For each transaction, its lane."""
    place_in_lane: tuple[int, ...]
    """For each transaction, its place in its lane, from 0."""
    known: tuple[Knowledge, ...]
    """For each transaction, what it was made upon."""

    def missing(self, have: Knowledge, wanted: Knowledge) -> list[int]:
        """The transactions that one who knows `have` lacks to know `wanted`, in the order of the trace."""
        found: list[int] = []
        for lane, count in enumerate(wanted):
            had = have[lane] if lane < len(have) else 0
            if count > had:
                found += self.transactions[lane][had:count]
        found.sort()
        return found


def lanes_of(trace: Trace) -> Lanes:
    """Divide a trace into lanes; of one agent, the first into which a transaction fits."""
    agents: list[int] = []
    transactions: list[list[int]] = []
    lane_of: list[int] = []
    place_in_lane: list[int] = []
    known: list[Knowledge] = []
    lanes_of_agent: dict[int, list[int]] = {}
    after: list[Knowledge] = []
    for index, one in enumerate(trace.transactions):
        wanted: Knowledge = ()
        for parent in one.parents:
            wanted = joined(wanted, after[parent])
        lane = next(
            (
                lane
                for lane in lanes_of_agent.get(one.agent, ())
                if lane < len(wanted) and wanted[lane] == len(transactions[lane])
            ),
            None,
        )
        if lane is None:
            lane = len(agents)
            agents.append(one.agent)
            transactions.append([])
            lanes_of_agent.setdefault(one.agent, []).append(lane)
        place_in_lane.append(len(transactions[lane]))
        transactions[lane].append(index)
        lane_of.append(lane)
        known.append(wanted)
        after.append(joined(wanted, (0,) * lane + (len(transactions[lane]),)))
    return Lanes(tuple(agents), tuple(map(tuple, transactions)), tuple(lane_of), tuple(place_in_lane), tuple(known))


def joined(one: Knowledge, other: Knowledge) -> Knowledge:
    """What both together know."""
    if one == other:
        return one
    if len(one) < len(other):
        one, other = other, one
    return (*map(max, one, other), *one[len(other) :])
