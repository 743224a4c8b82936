"""What was written into the file from outside on purpose: did the server write over it without a look?"""

from __future__ import annotations

import json

from jupyter_rtc_locust.verdict.findings import Finding, Kind, Opinion
from jupyter_rtc_locust.verdict.oracle import Oracle
from jupyter_rtc_locust.verdict.reading import Reading


def check_outside_edits_were_taken_in(reading: Reading, oracle: Oracle) -> Opinion:
    """`lost-edit`: it was on disk, and is at the end neither there nor was it ever in the room.

    Where it is on disk and not in the room, the saved file differs, which is told there. What was in the room is judged
    like everything else that is meant. Where the server wrote anything else into the room, that is a finding already,
    and the words may be within it.
    """
    saved = reading.evidence.saved
    if saved is None or saved.problem or oracle.replaced or oracle.foreign or oracle.unknown_root:
        return Opinion()
    on_disk = json.dumps(saved.content, ensure_ascii=False)
    findings = tuple(
        Finding(
            Kind.LOST_EDIT,
            reading.evidence.path,
            f"What was written into the file from outside at {one.at:.2f} s is gone: {one.words!r}. It was in nobody's "
            f"document: the server saved over it.",
        )
        for one in reading.evidence.outside
        if one not in oracle.outside.taken_in and one.words not in on_disk
    )
    return Opinion(findings)
