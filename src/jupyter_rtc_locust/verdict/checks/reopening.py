"""Whoever opens the document when everybody has gone: is it still what they left?

The server has dropped the room by then, and makes it anew of its store and its file: where rooms are doubled, reverted
or emptied on released servers. Compared by what rebuilding may rightly do to a document (`documents/leniency.py`).
"""

from __future__ import annotations

from jupyter_rtc_locust.documents.comparison import sentence
from jupyter_rtc_locust.documents.leniency import rebuilt_differences
from jupyter_rtc_locust.verdict.findings import Finding, Kind, Opinion
from jupyter_rtc_locust.verdict.reading import Reading
from jupyter_rtc_locust.verdict.rebuilt import content_of, copied_ids


def check_reopened_document(reading: Reading) -> Opinion:
    """`joiner-differs` after the end: the document opened again is not the one that was left."""
    document = reading.evidence
    reopened = document.reopened
    if reopened is None or reading.judged is None:
        return Opinion()
    if reopened.problem:
        unknown = f"{document.path}: it could not be opened again after everybody had left: {reopened.problem}"
        return Opinion(unknown=(unknown,))
    left = content_of(reading.judged.encoded, document.kind)
    again = content_of(reopened.update, document.kind)
    found = rebuilt_differences(left, again, document.kind, copied_ids(left))
    if not found:
        return Opinion()
    more = f" ({len(found) - 1} more)" if len(found) > 1 else ""
    users = tuple(sorted({user for group in reading.groups for user in group.users}))
    first = sentence(found[0], "before", "then")
    detail = f"Everybody left, and whoever opened the document again was given another one: {first}{more}"
    return Opinion((Finding(Kind.JOINER_DIFFERS, document.path, detail, users),))
