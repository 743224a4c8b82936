"""Play a tab as it was recorded, and compare: `make fidelity`. Three and a half minutes.

Ends with 1 where messages or bytes of a kind are more than a tenth away from the recording, and nobody has said why.
"""

# Locust patches the standard library and wants to be first.
import locust  # noqa: F401, I001

import argparse
import json
import sys

from benchmarks.fidelity.counts import Counts, Row, compared
from benchmarks.fidelity.reasons import reason_for
from benchmarks.fidelity.recorded import COUNTED
from benchmarks.fidelity.session import LEAVING, RECONNECTING, WORKING, play

WITHIN = 0.1


def line(row: Row) -> str:
    """A line of the table."""
    off = f"{row.off:+.0%}" if row.off != float("inf") else "more"
    within = "" if abs(row.off) <= WITHIN else reason_for(row) or "**not explained**"
    numbers = [f"{number:,}" if number else "" for pair in zip(row.tab, row.ours, strict=True) for number in pair]
    return f"| {row.phase} | {row.what} | {' | '.join(numbers)} | {off} | {within} |"


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fidelity", description=__doc__)
    parser.add_argument("--only", choices=("working", "reconnecting", "leaving"), action="append", default=[])
    options = parser.parse_args()
    counts = Counts()
    plans = {"working": (WORKING, "open"), "reconnecting": (RECONNECTING, ""), "leaving": (LEAVING, "")}
    for name, (plan, opening) in plans.items():
        if not options.only or name in options.only:
            play(plan, counts, opening=opening)
    recorded = json.loads(COUNTED.read_text())
    if options.only:
        recorded = {phase: found for phase, found in recorded.items() if phase in counts.phases}
    rows = compared(recorded, counts.phases)
    print("| phase | what | tab | ours | tab, bytes | ours, bytes | off | why |\n|---|---|---|---|---|---|---|---|")
    print("\n".join(map(line, rows)))
    return 1 if any(abs(row.off) > WITHIN and not reason_for(row) for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
