"""Is on disk what users have?"""

from __future__ import annotations

from jupyter_rtc_locust.documents.canonical import Content, same
from jupyter_rtc_locust.documents.comparison import Difference, sentence
from jupyter_rtc_locust.documents.leniency import first_snapshot_differences, saved_file_differences
from jupyter_rtc_locust.verdict.evidence import DocumentEvidence, SavedFile
from jupyter_rtc_locust.verdict.findings import Finding, Kind, Opinion
from jupyter_rtc_locust.verdict.reading import CONNECTED, Reading
from jupyter_rtc_locust.verdict.rebuilt import content_of, copied_ids
from jupyter_rtc_locust.verdict.wording import capitalised, named_users


def file_agrees(document: DocumentEvidence, saved: SavedFile) -> bool:
    """Whether this reading of the file is what it should be; the coordinator asks until it is, or gives up."""
    return not _differences(document, saved)


def contents_compared(document: DocumentEvidence) -> list[bytes]:
    """The documents, as updates, that a reading of the file may be compared with."""
    return [*_expected(document), document.initial.update]


def check_saved_file(reading: Reading) -> Opinion:
    """`saved-file-differs`: whoever opens the file tomorrow does not find what users had at the end."""
    document = reading.evidence
    saved = document.saved
    if saved is None:
        return Opinion()
    users = tuple(sorted({user for group in reading.groups for user in group.users}))
    if saved.gone:
        still = f" {capitalised(named_users(users))} still had it open." if users else ""
        return _differs(document, f"The file is gone: {saved.problem}{still}", users)
    if saved.problem:
        return Opinion(unknown=(f"{document.path}: the saved file could not be read: {saved.problem}",))
    if reading.judged is None:
        return Opinion(unknown=(f"{document.path}: nobody's document is known, so the file could not be compared.",))
    found = _differences(document, saved)
    if not found:
        return Opinion()
    more = f" ({len(found) - 1} more)" if len(found) > 1 else ""
    first = sentence(found[0], "people", "the file")
    detail = f"{saved.waited:.0f} s after editing ended, the file was not what people had: {first}{more}"
    return _differs(document, detail, users)


def _differs(document: DocumentEvidence, detail: str, users: tuple[int, ...]) -> Opinion:
    return Opinion((Finding(Kind.SAVED_FILE_DIFFERS, document.path, detail, users),))


def _differences(document: DocumentEvidence, saved: SavedFile) -> list[Difference]:
    """Where the file is not what the newcomer was given; of a newcomer who was given something else, what users have.

    A loss in the document itself is named elsewhere, and not once more for its file.
    """
    first: list[Difference] = []
    for update in _expected(document):
        found = _differences_from(document, content_of(update, document.kind), saved)
        if not found:
            return []
        first = first or found
    return first


def _expected(document: DocumentEvidence) -> list[bytes]:
    """The newcomer's document, and the one that most of the connected users have."""
    connected = {user.user for user in document.users if user.stage == CONNECTED}
    replicas = [one for one in document.replicas if connected.intersection(one.users)]
    joiner = document.joiner
    expected = [joiner.update] if joiner is not None and not joiner.problem else []
    if replicas:
        expected.append(max(replicas, key=lambda one: len(connected.intersection(one.users))).update)
    return expected


def _differences_from(document: DocumentEvidence, content: Content, saved: SavedFile) -> list[Difference]:
    try:
        found = saved_file_differences(content, saved.content, document.kind, copied_ids(content))
        if found and same(content, content_of(document.initial.update, document.kind)):
            # Nothing changed, so that the file may never have been saved, and still be what the room was loaded from.
            return first_snapshot_differences(saved.content, content, document.kind)
        return found
    except ValueError as error:
        return [Difference("the file", "a notebook" if document.kind == "notebook" else "text", str(error))]
