"""Is the document still a notebook?"""

from __future__ import annotations

from jupyter_rtc_locust.documents.validity import malformations
from jupyter_rtc_locust.verdict.findings import Finding, Kind, Opinion
from jupyter_rtc_locust.verdict.oracle import Oracle, content_of
from jupyter_rtc_locust.verdict.reading import Reading


def check_document_is_well_formed(reading: Reading, oracle: Oracle | None) -> Opinion:
    """`malformed-document`: in the form the file would have it is no valid notebook, or ids of cells repeat.

    What was wrong before anybody edited is not held against the run; nor are copies that the oracle holds, too; nor is
    a room that nobody filled.
    """
    document = reading.evidence
    judged = reading.judged
    if judged is None or (not document.authored and not reading.initial.structs):
        return Opinion()
    _, _, update = judged
    before = set(malformations(content_of(document.initial.update, document.kind), document.kind))
    copies = oracle.copies if oracle is not None else frozenset()
    findings = [
        Finding(Kind.MALFORMED_DOCUMENT, document.path, f"The document is no valid notebook any more: {problem}")
        for problem in malformations(content_of(update, document.kind), document.kind, copies)
        if problem not in before
    ]
    return Opinion(tuple(findings))
