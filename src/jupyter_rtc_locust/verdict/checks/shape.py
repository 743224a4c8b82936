"""Is the document still a notebook?"""

from __future__ import annotations

import re

from jupyter_rtc_locust.documents.validity import MOST_MESSAGES, malformations
from jupyter_rtc_locust.verdict.findings import Caution, Finding, Kind, Opinion
from jupyter_rtc_locust.verdict.oracle import Oracle
from jupyter_rtc_locust.verdict.reading import Reading
from jupyter_rtc_locust.verdict.rebuilt import content_of, copied_ids


def check_document_is_well_formed(reading: Reading, oracle: Oracle | None) -> Opinion:
    """`malformed-document`: in the form the file would have it is no valid notebook, or ids of cells repeat.

    What was wrong before anybody edited is not held against the run; nor are copies that the oracle holds, too; nor is
    a room that nobody filled; nor, with a warning, what is exactly as people wrote it.
    """
    document = reading.evidence
    judged = reading.judged
    if judged is None or (not document.authored and not reading.initial.structs):
        return Opinion()
    initial = content_of(document.initial.update, document.kind)
    whole_oracle = oracle if oracle is not None and not (oracle.missing or oracle.unaccounted) else None
    copies = copied_ids(initial) | (oracle.copies if oracle is not None else frozenset())
    found = malformations(content_of(judged.encoded, document.kind), document.kind, copies)
    found = _beyond(found, malformations(initial, document.kind, copies) if reading.initial.structs else [])
    written = [] if whole_oracle is None else malformations(whole_oracle.content, document.kind, copies)
    findings = [
        Finding(Kind.MALFORMED_DOCUMENT, document.path, f"The document is no valid notebook any more: {problem}")
        for problem in found
        if problem not in written
    ]
    cautions = [
        Caution("written-malformed", document.path, f"People wrote what is no valid notebook: {problem}")
        for problem in found
        if problem in written
    ]
    return Opinion(tuple(findings), tuple(cautions))


def _beyond(found: list[str], before: list[str]) -> list[str]:
    """The malformations that there were not before, wherever in the document the old ones stand now.

    Only so many of the schema are listed, so that of a document full of them nothing more can be said.
    """
    kinds = {_kind_of(problem) for problem in before}
    if len(before) >= MOST_MESSAGES:
        return []
    return [problem for problem in found if _kind_of(problem) not in kinds]


def _kind_of(problem: str) -> str:
    """The malformation without the place and the content it was found in, which both change while people edit."""
    return re.sub(r"\[\d+\]", "[]", re.sub(r"^(.*?): .*? (is not valid|is not|does not)", r"\1: \2", problem))
