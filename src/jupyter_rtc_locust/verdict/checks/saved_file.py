"""Is on disk what users have?"""

from __future__ import annotations

from jupyter_rtc_locust.documents.comparison import Difference, sentence
from jupyter_rtc_locust.documents.leniency import first_snapshot_differences, saved_file_differences
from jupyter_rtc_locust.verdict.evidence import DocumentEvidence, SavedFile
from jupyter_rtc_locust.verdict.findings import Finding, Kind, Opinion
from jupyter_rtc_locust.verdict.oracle import content_of, copied_ids
from jupyter_rtc_locust.verdict.reading import Reading, named_users


def file_agrees(document: DocumentEvidence, saved: SavedFile) -> bool:
    """Whether this reading of the file is what it should be; the coordinator waits until it is."""
    update = _expected(document)
    return update is None or not _differences(document, update, saved)


def check_saved_file(reading: Reading) -> Opinion:
    """`saved-file-differs`: whoever opens the file tomorrow does not find what users had at the end."""
    document = reading.evidence
    saved = document.saved
    if saved is None:
        return Opinion()
    if saved.problem and not saved.gone:
        return Opinion(unknown=(f"{document.path}: the saved file could not be read: {saved.problem}",))
    update = _expected(document)
    if update is None:
        return Opinion()
    users = tuple(sorted({user for replica in document.replicas for user in replica.users}))
    if saved.gone:
        detail = f"The file is gone: {saved.problem} {named_users(users).capitalize()} still had it open."
        return Opinion((Finding(Kind.SAVED_FILE_DIFFERS, document.path, detail, users),))
    found = _differences(document, update, saved)
    if not found:
        return Opinion()
    more = f" ({len(found) - 1} more differences)" if len(found) > 1 else ""
    return Opinion(
        (
            Finding(
                Kind.SAVED_FILE_DIFFERS,
                document.path,
                f"{saved.waited:.0f} s after the last edit the file is not what {named_users(users)} have: "
                f"{sentence(found[0])}{more}",
                users,
            ),
        )
    )


def _expected(document: DocumentEvidence) -> bytes | None:
    """The newcomer's document, else that of most users: a loss in it is named elsewhere, and not once more for the file."""
    if document.joiner is not None and not document.joiner.problem:
        return document.joiner.update
    if document.replicas:
        return max(document.replicas, key=lambda one: len(one.users)).update
    return None


def _differences(document: DocumentEvidence, update: bytes, saved: SavedFile) -> list[Difference]:
    content = content_of(update, document.kind)
    try:
        if not document.authored:
            # Nobody wrote, so the file was never saved again: it is still what the room was loaded from.
            return first_snapshot_differences(saved.content, content, document.kind)
        return saved_file_differences(content, saved.content, document.kind, copied_ids(content))
    except ValueError as error:
        return [Difference("the file", "a notebook" if document.kind == "notebook" else "text", str(error))]
