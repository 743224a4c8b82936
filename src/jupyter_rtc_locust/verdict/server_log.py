"""What a server's log tells of trouble: evidence beside the findings, and a warning by itself.

A healthy server may write some of it (jupyter-collaboration 5 calls a room `out-of-sync` each time it is opened again),
so none of it decides anything. Pure: lines in, counts out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from jupyter_rtc_locust.verdict.evidence import LogEvent

STACK_TRACES = "stack traces"
TRACES = {
    STACK_TRACES: "Traceback (most recent call last)",
    "a room out of step with its store": "out-of-sync",
    "a file changed behind the room's back": "Out-of-band",
    "saves that failed": "Error saving",
}
"""What is looked for: in words, and as jupyter-server-ydoc 2 and 3 write it (read from their logs)."""

_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(:|$)")
"""The last line of a stack trace, which alone begins with a word: `sqlite3.OperationalError: database is locked`."""

LONGEST_LINE = 300
"""Characters of a line that are kept."""


def read_log(lines: Iterable[str]) -> tuple[LogEvent, ...]:
    """Count what is looked for. Letters' case does not matter; one line may count for several things.

    A stack trace says when and where only in the line before it, and what happened only in its last one: both are kept.
    """
    found: dict[str, list[str]] = {}
    before = trace = ""
    for line in lines:
        text = line.strip()
        if trace and _EXCEPTION.match(line):
            found[STACK_TRACES][-1] = f"{trace} {text}".strip()[:LONGEST_LINE]
            trace = ""
        lower = text.lower()
        for what, words in TRACES.items():
            if words.lower() in lower:
                if what == STACK_TRACES:
                    trace = before or text
                shown = f"{before} {text}".strip() if what == STACK_TRACES else text
                found.setdefault(what, []).append(shown[:LONGEST_LINE])
        before = text or before
    return tuple(LogEvent(what, len(found[what]), found[what][0], found[what][-1]) for what in TRACES if what in found)
