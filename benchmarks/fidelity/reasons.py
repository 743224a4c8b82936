"""Why a row of the table may be away from the recording: one sentence each, for what is known."""

from __future__ import annotations

from benchmarks.fidelity.counts import Row

REASONS: dict[tuple[str, str], str] = {}
"""By phase and what."""


def reason_for(row: Row) -> str:
    """The sentence; empty where there is none."""
    return REASONS.get((row.phase, row.what), "")
