"""People who are not of the run and edit the same document: what they wrote, and what they deleted (rule 4).

A guest is a client id that showed itself in awareness. What it wrote carries its id. What it deleted carries nobody's,
and is known only from the update it came with: JupyterLab marks unsaved changes in the same transaction, so the guest's
own structs stand beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.verdict.findings import Guest
from jupyter_rtc_locust.verdict.reading import Reading


@dataclass(frozen=True, slots=True)
class Guests:
    """What people outside the run did to the document."""

    clients: frozenset[int]
    """Those who wrote anything at all; who only watches is no guest."""
    structs: ClockRanges
    """What they wrote outside `state`."""
    deletions: ClockRanges
    """What they are known to have deleted."""

    def listed(self, document: str) -> tuple[Guest, ...]:
        """For the result file."""
        return tuple(
            Guest(document, client, self.structs.of_clients([client]).total()) for client in sorted(self.clients)
        )


def find_guests(reading: Reading, others: ClockRanges, outside_state: ClockRanges) -> Guests:
    """The guests among the writers of `others` (clocks that nobody of the run wrote), and what they did."""
    clients = frozenset(others.of_clients(reading.visitors).clients())
    deletions = [
        update.deletions
        for _, update in reading.received
        if any(client in clients for client in update.structs)
    ]  # fmt: skip
    return Guests(clients, outside_state.of_clients(clients), ClockRanges().union(*deletions))
