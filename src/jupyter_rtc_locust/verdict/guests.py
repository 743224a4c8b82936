"""People who are not of the run and edit the same document: what they wrote, and what they deleted (rule 4).

A guest is a client id that showed itself in awareness. What it wrote carries its id. What it deleted carries nobody's,
and is known only from the update it came with: JupyterLab marks unsaved changes in the same transaction, so the guest's
own structs stand beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.verdict.findings import Guest
from jupyter_rtc_locust.verdict.reading import STATE_ROOT, Reading

_LOADED_FROM_FILE = 0
"""The client id under which jupyter-collaboration writes what it loads."""


@dataclass(frozen=True, slots=True)
class Guests:
    """What people outside the run did to the document."""

    clients: frozenset[int]
    """Those who wrote anything at all; who only watches is no guest."""
    unseen: frozenset[int]
    """Those of them whose presence was not seen: who else wrote where guests were expected, or perhaps the server."""
    structs: ClockRanges
    """What they wrote outside `state`."""
    deletions: ClockRanges
    """What they are known to have deleted."""

    def listed(self, document: str) -> tuple[Guest, ...]:
        """For the result file."""
        return tuple(
            Guest(document, client, self.structs.of_clients([client]).total())
            for client in sorted(self.clients - self.unseen)
        )


def find_guests(reading: Reading, others: ClockRanges, outside_state: ClockRanges) -> Guests:
    """The guests among the writers of `others` (clocks that nobody of the run wrote), and what they did."""
    unseen = _unseen(reading, others, outside_state)
    clients = frozenset(others.of_clients(reading.visitors).clients()) | unseen
    deletions = _came_with(reading, clients)
    return Guests(clients, unseen, outside_state.of_clients(clients), deletions)


def _came_with(reading: Reading, clients: frozenset[int]) -> ClockRanges:
    """What was deleted by the updates that hold something of these clients."""
    updates = (update for _, update in reading.received if any(client in clients for client in update.structs))
    return ClockRanges().union(*(update.deletions for update in updates))


def _unseen(reading: Reading, others: ClockRanges, outside_state: ClockRanges) -> frozenset[int]:
    """Clients that may be guests though nobody saw their presence, and wrote or deleted something.

    Servers tell a newcomer nothing of who is there, and a tab repeats itself every 15 s, so a guest of a short run may
    go unseen. A document of the run's own expects no guests. A server is known by its own notes, such as the path.
    """
    if not reading.evidence.guests_expected:
        return frozenset()
    strangers = (client for client in others.clients() if client not in reading.visitors)
    return frozenset(
        client
        for client in strangers
        if client != _LOADED_FROM_FILE
        and not _keeps_notes(reading, client)
        and (outside_state.of_clients([client]) or reading.outside_state(_came_with(reading, frozenset([client]))))
    )


def _keeps_notes(reading: Reading, client: int) -> bool:
    """Whether the client wrote under `state` anything but the mark of unsaved changes, which tabs write, too."""
    lineage = reading.lineage
    written = lineage.by_root(lineage.clock_ranges().of_clients([client])).get(STATE_ROOT, ClockRanges())
    places = (lineage.place_of((client, clock)) for _, start, end in written for clock in range(start, end))
    return any(place is not None and place.key not in (None, "dirty") for place in places)
