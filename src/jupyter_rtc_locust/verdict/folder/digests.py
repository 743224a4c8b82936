"""Digests of what was compared: all that is kept of a pass, and enough to see that it was one.

What is equal has equal digests. Document and file are not equal byte by byte, so each is digested in the form in which
they are compared; where a comparison had to forgive something that only both sides together show, it says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from jupyter_rtc_locust.documents.canonical import Content, content_digest
from jupyter_rtc_locust.documents.file_form import as_saved, read_saved
from jupyter_rtc_locust.documents.kinds import DocumentKind
from jupyter_rtc_locust.verdict.checks.saved_file import file_agrees
from jupyter_rtc_locust.verdict.evidence import Snapshot
from jupyter_rtc_locust.verdict.findings import Verdict
from jupyter_rtc_locust.verdict.oracle import Oracle
from jupyter_rtc_locust.verdict.reading import Reading
from jupyter_rtc_locust.verdict.rebuilt import content_of


@dataclass(frozen=True, slots=True)
class GroupDigest:
    """Connected users whose replicas held equal content."""

    users: tuple[int, ...]
    content: str


@dataclass(frozen=True, slots=True)
class DocumentDigests:
    """One document: SHA-256 of canonical contents, None where there was none, and how much there was."""

    document: str
    first_snapshot: str | None
    replicas: tuple[GroupDigest, ...]
    newcomer: str | None
    oracle: str | None
    saved_file: str | None
    """In the form in which it is compared."""
    expected_file: str | None
    """The newcomer's document in that form."""
    saved_file_forgiven: bool
    """Whether file and document agree by a rule that has to see both, such as copies of a cell."""
    opened_again: str | None
    users: int
    edits: int
    updates_of_nobody: int


@dataclass(frozen=True, slots=True)
class RunDigests:
    """A run: its verdict, and the digests of its documents."""

    verdict: str
    reason: str
    paths: tuple[str, ...]
    """All documents of the run; of some there may be no digests, because they could not be read."""
    documents: tuple[DocumentDigests, ...]


def document_digests(reading: Reading, oracle: Oracle | None) -> DocumentDigests:
    """The digests of one document."""
    document = reading.evidence
    expected = _file_digest(as_saved(reading.given, document.kind)) if reading.given is not None else None
    found = None
    forgiven = False
    if document.saved is not None and not document.saved.problem:
        try:
            found = _file_digest(read_saved(document.saved.content, document.kind))
        except ValueError:
            pass  # no notebook, or no text: the check of the saved file says so
        forgiven = found is not None and found != expected and file_agrees(document, document.saved)
    return DocumentDigests(
        document=document.path,
        first_snapshot=_snapshot_digest(document.initial, document.kind),
        replicas=tuple(GroupDigest(group.users, group.digest) for group in reading.groups),
        newcomer=content_digest(reading.given) if reading.given is not None else None,
        oracle=content_digest(oracle.content) if oracle is not None else None,
        saved_file=found,
        expected_file=expected if document.saved is not None else None,
        saved_file_forgiven=forgiven,
        opened_again=_snapshot_digest(document.reopened, document.kind),
        users=len(document.users),
        edits=len(document.authored),
        updates_of_nobody=len(reading.received),
    )


def digests_file(verdict: Verdict, paths: Iterable[str], documents: Iterable[DocumentDigests]) -> bytes:
    """The file, for people and for `read_digests`."""
    digests = RunDigests(verdict.value.value, verdict.reason, tuple(paths), tuple(documents))
    return msgspec.json.format(msgspec.json.encode(digests), indent=1) + b"\n"


def read_digests(data: bytes) -> RunDigests:
    """The other way.

    Raises:
        ValueError: it is something else.
    """
    return msgspec.json.decode(data, type=RunDigests)


def disagreements(digests: RunDigests) -> list[str]:
    """What in the digests of a pass does not agree, as sentences; none: they are those of a pass."""
    found = []
    for one in digests.documents:
        if one.oracle is None or one.newcomer is None or not one.replicas:
            found.append(f"{one.document}: a digest of the oracle, the newcomer or the replicas is missing.")
            continue
        if one.newcomer != one.oracle:
            found.append(f"{one.document}: the digests of the newcomer's document and of the oracle differ.")
        if any(group.content != one.newcomer for group in one.replicas):
            found.append(f"{one.document}: the digests of replicas and of the newcomer's document differ.")
        if one.saved_file != one.expected_file and not one.saved_file_forgiven:
            found.append(f"{one.document}: the digests of the saved file and of what it should hold differ.")
    known = {one.document for one in digests.documents}
    found += [f"{path}: there are no digests of it." for path in digests.paths if path not in known]
    if not digests.paths:
        found.append("There are digests of no document.")
    return found


def _snapshot_digest(snapshot: Snapshot | None, kind: DocumentKind) -> str | None:
    return None if snapshot is None or snapshot.problem else content_digest(_content(snapshot, kind))


def _content(snapshot: Snapshot, kind: DocumentKind) -> Content:
    return content_of(snapshot.update, kind)


def _file_digest(content: object) -> str:
    return content_digest(content)
