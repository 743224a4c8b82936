"""Is the document still a notebook?"""

from __future__ import annotations

import re

from jupyter_rtc_locust.documents.canonical import Content
from jupyter_rtc_locust.documents.file_form import as_saved
from jupyter_rtc_locust.documents.kinds import DocumentKind
from jupyter_rtc_locust.documents.validity import MOST_MESSAGES, malformations, schema_errors
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
    copies = copied_ids(initial) | (oracle.copies if oracle is not None else frozenset())
    content = content_of(judged.encoded, document.kind)
    found = malformations(content, document.kind, copies)
    before = malformations(initial, document.kind, copies) if found and reading.initial.structs else []
    if len(before) < MOST_MESSAGES:
        kinds = {_kind_of(problem) for problem in before}
        found = [problem for problem in found if _kind_of(problem) not in kinds]
    else:
        # Not all were listed, so that which are new cannot be told, but for repeated ids, which are all listed.
        found = [problem for problem in found if problem not in _schema_errors(content, document.kind)]
    written = _written(oracle, document.kind, copies) if found else []
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


def _written(oracle: Oracle | None, kind: DocumentKind, copies: frozenset[str]) -> list[str]:
    """What is malformed in the oracle itself, and so in what people wrote."""
    if oracle is None or oracle.missing or oracle.unaccounted:
        return []
    return malformations(oracle.content, kind, copies)


def _schema_errors(content: Content, kind: DocumentKind) -> list[str]:
    saved = as_saved(content, kind)
    return schema_errors(saved) if isinstance(saved, dict) else []


def _kind_of(problem: str) -> str:
    """The malformation without the place and the content it was found in, which both change while people edit."""
    return re.sub(r"\[\d+\]", "[]", re.sub(r"^(.*?): .*? (is not valid|is not|does not)", r"\1: \2", problem))
