"""Why a row of the table may be away from the recording: one sentence each, for what is known."""

from __future__ import annotations

from benchmarks.fidelity.counts import Row

_BY_THE_SERVERS_CLOCK = "the server tells of itself every 15 s, by a clock of its own"
_CLOSED_AT_ONCE = "ours closes the tab with its notebook, and hears nothing any more"

REASONS: dict[tuple[str, str], str] = {
    ("open", "events received"): (
        "every request for contents is an event; three of the tab's requests are for a kernel's session, which ours "
        "leaves out, and ours has asked for the folder once more by then"
    ),
    ("idle", "document: presence sent"): "every 15 s: five times in 62 s, or four",
    ("idle", "document: presence received"): "every 15 s: five times in 62 s, or four",
    ("reconnect", "document: update sent"): "the tab's first letter left on the line that was being cut, and was lost",
    ("reconnect", "requests"): "what comes every ten seconds falls into these fifteen once or twice",
    ("reconnect", "events received"): "what comes every ten seconds falls into these fifteen once or twice",
    ("leave", "all tabs: presence received"): _CLOSED_AT_ONCE,
    ("leave", "document: presence received"): _CLOSED_AT_ONCE,
    ("leave", "events received"): _CLOSED_AT_ONCE,
    ("leave", "requests"): "ours removes its workspace, where the tab asks for kernels and stores it",
}
"""By phase and what."""


def reason_for(row: Row) -> str:
    """The sentence; empty where there is none."""
    if "presence of the server" in row.what:
        return _BY_THE_SERVERS_CLOCK
    return REASONS.get((row.phase, row.what), "")
