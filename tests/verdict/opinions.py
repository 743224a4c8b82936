"""Reading a verdict in a test."""

from __future__ import annotations

from jupyter_rtc_locust.verdict.findings import Caution, Finding, Value, Verdict


def kinds_of(verdict: Verdict) -> set[str]:
    """The kinds of its findings; none unless the verdict is fail."""
    assert bool(verdict.opinion.findings) == (verdict.value is Value.FAIL)
    return {finding.kind for finding in verdict.opinion.findings}


def of_kind(verdict: Verdict, kind: str) -> Finding:
    """The one finding of this kind."""
    (found,) = [finding for finding in verdict.opinion.findings if finding.kind == kind]
    return found


def cautions_of(verdict: Verdict) -> tuple[Caution, ...]:
    """Its warnings, apart from unfinished business of people who left, which tests make on purpose."""
    return tuple(caution for caution in verdict.opinion.cautions if caution.kind != "unknown-edit")


def report(verdict: Verdict) -> str:
    """Everything it says, for the message of a failing assertion."""
    findings = [f"{finding.kind}: {finding.detail}" for finding in verdict.opinion.findings]
    cautions = [f"({caution.kind}: {caution.detail})" for caution in verdict.opinion.cautions]
    return "\n".join([verdict.value.value, *findings, *verdict.opinion.unknown, *cautions])
