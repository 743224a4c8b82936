"""The evidence folder, read: by a later check, on any machine."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from jupyter_rtc_locust.verdict.evidence import DocumentEvidence, RunEvidence
from jupyter_rtc_locust.verdict.evidence_form import EvidenceError, decode_evidence
from jupyter_rtc_locust.verdict.findings import Finding, Opinion, Value, Verdict
from jupyter_rtc_locust.verdict.folder.digests import RunDigests, read_digests
from jupyter_rtc_locust.verdict.folder.names import DIGESTS, DOCUMENT, FOLDER, RUN, finding_names, folder_names

Shape = TypeVar("Shape")


class StoredError(Exception):
    """The folder holds no evidence that could be checked; its text is a sentence for a person."""


def read_stored_digests(results: Path) -> RunDigests:
    """The digests of a run.

    Raises:
        StoredError: there are none, or they cannot be read.
    """
    path = results / FOLDER / DIGESTS
    try:
        return read_digests(path.read_bytes())
    except FileNotFoundError:
        raise StoredError(
            f"{results} holds no evidence: {path} is missing. Name the results folder of a run (--rtc-results)."
        ) from None
    except (OSError, ValueError) as error:
        raise StoredError(f"{path} cannot be read: {error}.") from None


def has_evidence(results: Path) -> bool:
    """Whether more than digests was kept."""
    return (results / FOLDER / RUN).exists()


def read_stored_run(results: Path, paths: list[str]) -> tuple[RunEvidence, list[str]]:
    """The evidence of a run with these documents, in their order; and the documents whose evidence was left out.

    Raises:
        StoredError: something of it cannot be read.
    """
    run = _read(results / FOLDER / RUN, RunEvidence)
    documents = []
    missing = []
    for path, folder in zip(paths, folder_names(paths), strict=True):
        file = results / FOLDER / folder / DOCUMENT
        if file.exists():
            documents.append(_read(file, DocumentEvidence))
        else:
            missing.append(path)
    return replace(run, documents=tuple(documents)), missing


def evidence_of_findings(findings: Sequence[Finding], results: Path, paths: list[str]) -> tuple[str | None, ...]:
    """For each finding, where its evidence lies, from the results folder; None: it is not there."""
    names = finding_names([one.document for one in findings], dict(zip(paths, folder_names(paths), strict=True)))
    return tuple(f"{FOLDER}/{name}" if (results / FOLDER / name).exists() else None for name in names)


def with_evidence_named(verdict: Verdict, where: Sequence[str | None]) -> Verdict:
    """The verdict, whose findings say where their evidence lies."""
    findings = tuple(
        replace(finding, evidence=place) for finding, place in zip(verdict.opinion.findings, where, strict=True)
    )
    return replace(verdict, opinion=replace(verdict.opinion, findings=findings))


def incomplete(verdict: Verdict, missing: list[str]) -> Verdict:
    """The verdict on a part of the documents: what was left out is not known, and not known is never green."""
    if not missing:
        return verdict
    unknown = tuple(
        f"{path}: its evidence was left out (--rtc-evidence-limit), so it was not checked." for path in missing
    )
    opinion = verdict.opinion + Opinion(unknown=unknown)
    if verdict.value is Value.PASS:
        return replace(verdict, value=Value.INCONCLUSIVE, reason=unknown[0], opinion=opinion)
    return replace(verdict, opinion=opinion)


def _read(path: Path, shape: type[Shape]) -> Shape:
    try:
        return decode_evidence(gzip.decompress(path.read_bytes()), shape)
    except (OSError, EOFError, zlib.error, EvidenceError) as error:
        raise StoredError(f"{path} cannot be read: {error}.") from None
