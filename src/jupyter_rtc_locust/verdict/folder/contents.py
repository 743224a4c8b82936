"""What is kept of a run's evidence, in the order in which it matters: what a finding rests on comes first.

1. Digests, which are small. 2. For each finding: the edits behind it, and where contents differ. 3. The plan, by which
the run can be done again, and what a later check needs of documents with findings. 4. Their contents, for people.
5. The same of all other documents.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from jupyter_rtc_locust.documents.canonical import Content
from jupyter_rtc_locust.documents.file_form import as_saved, read_saved
from jupyter_rtc_locust.verdict.evidence import AuthoredUpdate, DocumentEvidence, RunEvidence, Snapshot
from jupyter_rtc_locust.verdict.evidence_form import encode_evidence
from jupyter_rtc_locust.verdict.findings import Finding, Value, Verdict
from jupyter_rtc_locust.verdict.folder.differences import described_difference
from jupyter_rtc_locust.verdict.folder.digests import DocumentDigests, digests_file, document_digests
from jupyter_rtc_locust.verdict.folder.names import (
    ABOUT_THE_FINDING,
    DIGESTS,
    DOCUMENT,
    PLAN,
    RUN,
    finding_names,
    folder_names,
)
from jupyter_rtc_locust.verdict.folder.writing import Item
from jupyter_rtc_locust.verdict.oracle import Oracle
from jupyter_rtc_locust.verdict.reading import CONNECTED, Reading
from jupyter_rtc_locust.verdict.rebuilt import content_of
from jupyter_rtc_locust.verdict.wording import named_users

_LAST_EDITS = 20
"""Of each user named by a finding for which no edit could be singled out."""


class Witness:
    """Sees each document while it is judged, and remembers the little that cannot be had from its evidence again."""

    def __init__(self) -> None:
        self.digests: list[DocumentDigests] = []
        self.oracles: dict[str, bytes] = {}
        self.problem = ""
        """Why digests are missing: a sentence."""

    def __call__(self, reading: Reading, oracle: Oracle | None) -> None:
        """Of one document. Never raises: the verdict is not to suffer from it."""
        try:
            if oracle is not None:
                self.oracles[reading.evidence.path] = oracle.update
            self.digests.append(document_digests(reading, oracle))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            what = f"{type(error).__name__}: {str(error)[:300]}"
            self.problem = f"The digests of {reading.evidence.path} could not be made: {what}."


def items_of(run: RunEvidence, verdict: Verdict, witness: Witness, *, everything: bool) -> Iterator[Item]:
    """All files of the evidence of a run, the most important first; `everything`: of a pass, too."""
    documents = {one.path: one for one in run.documents}
    yield Item(DIGESTS, lambda: digests_file(verdict, list(documents), witness.digests), always=True)
    if verdict.value is Value.PASS and not everything:
        return
    folders = dict(
        zip([one.path for one in run.documents], folder_names(one.path for one in run.documents), strict=True)
    )
    findings = verdict.opinion.findings
    for name, finding in zip(finding_names([one.document for one in findings], folders), findings, strict=True):
        yield Item(name, _finding_file(finding, documents.get(finding.document)))
    concerned = {finding.document for finding in findings}
    first = [one for one in run.documents if one.path in concerned]
    others = [one for one in run.documents if one.path not in concerned]
    for document in first:
        yield from _differences(document, folders[document.path], witness)
    yield Item(RUN, lambda: gzip.compress(encode_evidence(replace(run, documents=(), plan=b"")), mtime=0))
    yield Item(PLAN, lambda: run.plan or None)
    for group in (first, others):
        for document in group:
            yield _stored(document, folders[document.path])
        for document in group:
            if document.path not in concerned:
                yield from _differences(document, folders[document.path], witness)
            yield from _readable(document, folders[document.path], witness)


def _stored(document: DocumentEvidence, folder: str) -> Item:
    return Item(f"{folder}/{DOCUMENT}", lambda: gzip.compress(encode_evidence(document), mtime=0))


# What a finding rests on


def _finding_file(finding: Finding, document: DocumentEvidence | None) -> Callable[[], bytes]:
    def make() -> bytes:
        edits, which = _edits_behind(finding, document)
        told = {name: value for name, value in finding.as_dict().items() if name != "evidence"}
        return _json({**told, "edits_are": which, "edits": [{**_told(one), **_bytes_of(one)} for one in edits]})

    return make


def _edits_behind(finding: Finding, document: DocumentEvidence | None) -> tuple[list[AuthoredUpdate], str]:
    authored = document.authored if document is not None else ()
    if finding.edits:
        wanted = set(finding.edits)
        behind = [one for one in authored if (one.client_id, one.number) in wanted]
        return behind, ABOUT_THE_FINDING
    last: list[AuthoredUpdate] = []
    for user in finding.users:
        last += [one for one in authored if one.user == user][-_LAST_EDITS:]
    return sorted(last, key=lambda one: one.due), "the last ones of the users concerned, because none stands out"


def _told(edit: AuthoredUpdate) -> dict[str, Any]:
    return {
        "user": edit.user,
        "client_id": edit.client_id,
        "number": edit.number,
        "due_s": edit.due,
        "acknowledged_s": edit.acknowledged,
        "cell": edit.cell,
        "description": edit.description,
    }


def _bytes_of(edit: AuthoredUpdate) -> dict[str, str]:
    return {"update_base64": base64.b64encode(edit.update).decode()}


# Contents


@dataclass(frozen=True, slots=True)
class _View:
    """A copy of the document that somebody had: the name of its files, whose it was, and the whole as one update."""

    name: str
    whose: str
    update: bytes


def _views(document: DocumentEvidence, witness: Witness) -> list[_View]:
    """Everybody's copy, the most telling first."""
    views = []
    if document.path in witness.oracles:
        views.append(_View("oracle", "the oracle", witness.oracles[document.path]))
    views += _seen("newcomer", "a newcomer", document.joiner)
    for number, replica in enumerate(document.replicas, start=1):
        views.append(_View(f"replica-{number}", named_users(replica.users), replica.update))
    views += _seen("opened-again", "whoever opened it again", document.reopened)
    views += _seen("initial", "the first snapshot", document.initial)
    return views


def _seen(name: str, whose: str, snapshot: Snapshot | None) -> list[_View]:
    return [] if snapshot is None or snapshot.problem else [_View(name, whose, snapshot.update)]


def _readable(document: DocumentEvidence, folder: str, witness: Witness) -> Iterator[Item]:
    """The contents of a document, for people and their tools."""
    yield Item(f"{folder}/copies.json", lambda: _json(_copies(document, witness)))
    yield Item(f"{folder}/edits.jsonl", lambda: _edit_lines(document))
    if document.saved is not None and not document.saved.problem:
        yield _plain_file(f"{folder}/saved-file", document.saved.content)
    for view in _views(document, witness):
        yield Item(f"{folder}/{view.name}.json", _content_file(view, document))
        yield Item(f"{folder}/{view.name}.bin", _update_file(view))
    yield Item(f"{folder}/edits.bin", lambda: b"".join(edit.update for edit in document.authored))
    yield Item(f"{folder}/received.jsonl", lambda: _received_lines(document))
    yield Item(f"{folder}/received.bin", lambda: b"".join(one.update for one in document.foreign))
    if document.template is not None:
        yield _plain_file(f"{folder}/template", document.template)


def _copies(document: DocumentEvidence, witness: Witness) -> dict[str, Any]:
    """Whose the files are."""
    return {
        "document": document.path,
        "kind": document.kind,
        "copies": {view.name: view.whose for view in _views(document, witness)},
        "users_of_replicas": {
            f"replica-{number}": list(replica.users) for number, replica in enumerate(document.replicas, start=1)
        },
        "problems": {
            name: one.problem
            for name, one in (
                ("initial", document.initial),
                ("newcomer", document.joiner),
                ("opened-again", document.reopened),
                ("saved-file", document.saved),
            )
            if one is not None and one.problem
        },
        "users": [
            {"user": one.user, "client_id": one.client_id, "stage": one.stage, "trouble": one.trouble}
            for one in document.users
        ],
    }


def _edit_lines(document: DocumentEvidence) -> bytes:
    """One line for each edit: who, what, when, and where its bytes stand in `edits.bin`."""
    return _lines(
        {**_told(edit), "at": at, "bytes": len(edit.update)}
        for edit, at in zip(document.authored, _starts(edit.update for edit in document.authored), strict=True)
    )


def _received_lines(document: DocumentEvidence) -> bytes:
    """One line for each update that is, byte for byte, nobody's; its bytes stand in `received.bin`."""
    return _lines(
        {"received_s": one.received, "at": at, "bytes": len(one.update)}
        for one, at in zip(document.foreign, _starts(one.update for one in document.foreign), strict=True)
    )


def _starts(updates: Iterable[bytes]) -> Iterator[int]:
    at = 0
    for update in updates:
        yield at
        at += len(update)


def _content_file(view: _View, document: DocumentEvidence) -> Callable[[], bytes]:
    return lambda: _json(content_of(view.update, document.kind))


def _update_file(view: _View) -> Callable[[], bytes]:
    return lambda: view.update


def _plain_file(name: str, content: Any) -> Item:
    if isinstance(content, str):
        return Item(f"{name}.txt", lambda: content.encode("utf-8", "backslashreplace"))
    return Item(f"{name}.json", lambda: _json(content))


# Differences


def _differences(document: DocumentEvidence, folder: str, witness: Witness) -> Iterator[Item]:
    """What differs between those copies that should be equal; a file for each pair that is not."""
    views = {view.name: view for view in _views(document, witness)}
    connected = {user.user for user in document.users if user.stage == CONNECTED}
    replicas = [f"replica-{number}" for number, one in enumerate(document.replicas, 1) if connected & set(one.users)]
    base = "newcomer" if "newcomer" in views else replicas[0] if replicas else None
    pairs = [("oracle", base), *((base, replica) for replica in replicas if replica != base), (base, "opened-again")]
    for old, new in pairs:
        if old in views and new in views:
            name = f"{folder}/difference-{old}-{new}.txt"
            yield Item(name, _difference(document, views[old], views[new]))
    if base is not None and document.saved is not None and not document.saved.problem:
        yield Item(f"{folder}/difference-{base}-saved-file.txt", _file_difference(document, views[base]))


def _difference(document: DocumentEvidence, old: _View, new: _View) -> Callable[[], bytes | None]:
    def make() -> bytes | None:
        names = (old.whose, new.whose)
        return _text(described_difference(names, _form(document, old), _form(document, new), document.kind))

    return make


def _file_difference(document: DocumentEvidence, view: _View) -> Callable[[], bytes | None]:
    def make() -> bytes | None:
        assert document.saved is not None
        try:
            found = read_saved(document.saved.content, document.kind)
        except ValueError:
            return None  # it is no notebook, or no text, and stands in the folder as it is
        return _text(described_difference((view.whose, "the saved file"), _form(document, view), found, document.kind))

    return make


def _text(text: str) -> bytes | None:
    return text.encode("utf-8", "backslashreplace") or None


def _form(document: DocumentEvidence, view: _View) -> Any:
    content: Content = content_of(view.update, document.kind)
    return as_saved(content, document.kind)


def _json(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, indent=1, default=_other)
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _lines(values: Iterable[dict[str, Any]]) -> bytes:
    lines = (json.dumps(value, ensure_ascii=False) for value in values)
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")


def _other(value: Any) -> Any:
    """Bytes in documents, which JSON has no word for."""
    if isinstance(value, bytes | bytearray | memoryview):
        return {"bytes_base64": base64.b64encode(bytes(value)).decode()}
    raise TypeError(f"a {type(value).__name__} has no place in JSON")
