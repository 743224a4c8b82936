"""Reading a verdict in a test."""

from __future__ import annotations

from jupyter_rtc_locust.verdict.findings import Finding, Value, Verdict


def kinds_of(verdict: Verdict) -> set[str]:
    """The kinds of its findings; none unless the verdict is fail."""
    assert bool(verdict.opinion.findings) == (verdict.value is Value.FAIL)
    return {finding.kind for finding in verdict.opinion.findings}


def of_kind(verdict: Verdict, kind: str) -> Finding:
    """The one finding of this kind."""
    (found,) = [finding for finding in verdict.opinion.findings if finding.kind == kind]
    return found


def report(verdict: Verdict) -> str:
    """Everything it says, for the message of a failing assertion."""
    findings = [f"{finding.kind}: {finding.detail}" for finding in verdict.opinion.findings]
    return "\n".join([verdict.value.value, *findings, *verdict.opinion.unknown])
