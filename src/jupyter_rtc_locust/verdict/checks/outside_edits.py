"""What was written into the file from outside on purpose: did the server write over it without a look?"""

from __future__ import annotations

import json

from jupyter_rtc_locust.protocol.contents import StringContent
from jupyter_rtc_locust.protocol.structs import Item
from jupyter_rtc_locust.verdict.findings import Finding, Kind, Opinion
from jupyter_rtc_locust.verdict.oracle import Oracle
from jupyter_rtc_locust.verdict.reading import Reading


def check_outside_edits_were_taken_in(reading: Reading, oracle: Oracle) -> Opinion:
    """`lost-edit`: on disk, written from outside, and at the end neither there nor ever in the room.

    Where it is on disk and not in the room, the saved file differs, which is told there. What was in the room is judged
    like everything else that is meant.
    """
    saved = reading.evidence.saved
    if saved is None or saved.problem or oracle.replaced:
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
        if one.words not in on_disk and one.words not in _seen(reading)
    )
    return Opinion(findings)


def _seen(reading: Reading) -> str:
    """Every text that is known of the document, whoever wrote it."""
    return "\n".join(
        struct.content.text
        for struct in reading.lineage
        if isinstance(struct, Item) and isinstance(struct.content, StringContent)
    )
