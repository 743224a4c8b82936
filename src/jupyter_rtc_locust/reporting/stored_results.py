"""A results folder, looked at later: shown to a person, or checked once more from the evidence in it.

On any machine, without the run: neither Locust nor a server is needed. What stands in the folder is taken as it is, so
whatever cannot be read is said in a sentence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_rtc_locust.exit_codes import FAILED, INCONCLUSIVE, PASSED
from jupyter_rtc_locust.reporting.console import full_report, verdict_report
from jupyter_rtc_locust.reporting.result_file import FILE_NAME, REDACTED, installed_versions, redact
from jupyter_rtc_locust.verdict.decision import decide
from jupyter_rtc_locust.verdict.findings import Value, Verdict
from jupyter_rtc_locust.verdict.folder.digests import RunDigests, disagreements
from jupyter_rtc_locust.verdict.folder.names import FOLDER
from jupyter_rtc_locust.verdict.folder.stored import (
    StoredError,
    evidence_of_findings,
    has_evidence,
    incomplete,
    read_stored_digests,
    read_stored_run,
    with_evidence_named,
)
from jupyter_rtc_locust.verdict.neutralising import neutralised
from jupyter_rtc_locust.verdict.wording import counted

COMPARED = ("verdict", "findings", "warnings", "unknown", "guests", "exercised")
"""The fields of the result file that follow from the evidence alone."""

_EXIT_CODES = {Value.PASS.value: PASSED, Value.FAIL.value: FAILED, Value.INCONCLUSIVE.value: INCONCLUSIVE}


def checked(results: Path) -> tuple[list[str], int]:
    """All checks repeated on the evidence in a results folder: what to tell, and the exit code that a run would have.

    A pass that does not agree with the result file is not known to be one, and ends with 4.

    Raises:
        StoredError: there is no evidence, or it cannot be read.
    """
    digests = read_stored_digests(results)
    if not has_evidence(results):
        return _digests_checked(results, digests)
    run, missing = read_stored_run(results, list(digests.paths))
    verdict = incomplete(decide(run), missing)
    where = evidence_of_findings(verdict.opinion.findings, results, list(digests.paths))
    found = as_result(with_evidence_named(verdict, where))
    lines = verdict_report(found)
    lines.append(f"Decided again from the evidence in {neutralised(str(results / FOLDER))}.")
    return _compared(results, found, lines)


def as_result(verdict: Verdict) -> dict[str, Any]:
    """The fields of the result file that a verdict decides."""
    opinion = verdict.opinion
    told: dict[str, Any] = redact(
        {
            "verdict": verdict.value.value,
            "reason": verdict.reason,
            "findings": [finding.as_dict() for finding in opinion.findings],
            "warnings": [caution.as_dict() for caution in opinion.cautions],
            "unknown": list(opinion.unknown),
            "guests": [guest.as_dict() for guest in opinion.guests],
            "exercised": dict(verdict.exercised),
        },
        (),
    )
    return told


def shown(results: Path) -> list[str]:
    """What a run found, for a person: everything that its result file tells of the verdict.

    Raises:
        StoredError: there is no result file, or it cannot be read.
    """
    result = _result(results)
    if result is None:
        raise StoredError(f"{results / FILE_NAME} is missing. Name the results folder of a run (--rtc-results).")
    try:
        return full_report(result, str(results))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise StoredError(f"{results / FILE_NAME} is not the result of a run: {error!r}.") from None


def _digests_checked(results: Path, digests: RunDigests) -> tuple[list[str], int]:
    if digests.verdict != Value.PASS.value:
        raise StoredError(
            f"{results} holds digests only, of a run that did not pass. Its evidence was left out: run it again with a "
            f"larger --rtc-evidence-limit."
        )
    found = disagreements(digests)
    if found:
        lines = ["INCONCLUSIVE: the digests of this pass do not agree.", *(f"  {neutralised(one)}" for one in found)]
        return lines, INCONCLUSIVE
    documents = counted(len(digests.documents), "document")
    looked_at = (
        f"Of this pass only digests were kept, so only they were looked at: those of {documents} agree with each "
        f"other. To keep everything, run with --rtc-evidence always."
    )
    lines = [f"PASS: {neutralised(digests.reason)}", looked_at]
    return _compared(results, {"verdict": digests.verdict, "reason": digests.reason}, lines)


def _compared(results: Path, found: Mapping[str, Any], lines: list[str]) -> tuple[list[str], int]:
    code = _EXIT_CODES[found["verdict"]]
    file = neutralised(str(results / FILE_NAME))
    told = _result(results)
    if told is None:
        return [*lines, f"There is no {file} to compare with."], code
    differing = [name for name in COMPARED if name in found and not agree(found[name], told.get(name))]
    if not differing:
        count = len(told.get("findings") or ())
        return [*lines, f"This agrees with {file}: the same verdict, the same {count} findings."], code
    lines.append(f"This does not agree with {file}, which has something else under: {', '.join(differing)}.")
    lines += _other_versions(told)
    return lines, INCONCLUSIVE if code == PASSED else code


def _other_versions(told: Mapping[str, Any]) -> list[str]:
    """A reason for another outcome: other code."""
    run = told.get("run")
    theirs = run.get("versions") if isinstance(run, dict) else None
    if not isinstance(theirs, dict):
        return []
    differing = [
        f"{package} {theirs[package]} there, {version} here"
        for package, version in installed_versions().items()
        if package in ("jupyter-rtc-locust", "pycrdt") and theirs.get(package, version) != version
    ]
    return [neutralised(f"Other versions decided: {'; '.join(differing)}.")] if differing else []


def agree(found: Any, told: Any) -> bool:
    """Whether a field is what the result file has. Where the run took out a secret, anything may have stood."""
    if isinstance(found, dict) and isinstance(told, dict):
        return found.keys() == told.keys() and all(agree(value, told[name]) for name, value in found.items())
    if isinstance(found, list) and isinstance(told, list):
        return len(found) == len(told) and all(agree(one, other) for one, other in zip(found, told, strict=True))
    if isinstance(found, str) and isinstance(told, str) and REDACTED in told:
        pattern = "(?s:.*)".join(re.escape(piece) for piece in told.split(REDACTED))
        return re.fullmatch(pattern, found) is not None
    return type(found) is type(told) and bool(found == told)


def _result(results: Path) -> dict[str, Any] | None:
    path = results / FILE_NAME
    try:
        result = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StoredError(f"{path} cannot be read: {error}.") from None
    if not isinstance(result, dict):
        raise StoredError(f"{path} is not the result of a run: it holds a {type(result).__name__}.")
    return result
