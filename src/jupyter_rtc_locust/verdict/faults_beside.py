"""Findings beside what went wrong on purpose: whoever reads a finding learns what had been done before it."""

from __future__ import annotations

from dataclasses import replace
from math import inf

from jupyter_rtc_locust.verdict.evidence import Checkpoint, FaultEvidence
from jupyter_rtc_locust.verdict.findings import Finding, Opinion


def with_faults(opinion: Opinion, faults: tuple[FaultEvidence, ...], checkpoints: tuple[Checkpoint, ...]) -> Opinion:
    """The same findings, each with the faults that had begun when it was first seen.

    What happened to some users only is told beside findings that concern them, or nobody in particular.
    """
    begun = [one for one in faults if one.began is not None]
    if not begun:
        return opinion
    return replace(opinion, findings=tuple(_beside(one, begun, checkpoints) for one in opinion.findings))


def _beside(finding: Finding, faults: list[FaultEvidence], checkpoints: tuple[Checkpoint, ...]) -> Finding:
    place = (finding.kind, finding.document)
    seen = next((one.at for one in checkpoints if place in {(it.kind, it.document) for it in one.findings}), inf)
    before = [
        one
        for one in sorted(faults, key=lambda one: one.began or 0.0)
        if (one.began or 0.0) < seen and not (one.users and finding.users and not {*one.users} & {*finding.users})
    ]
    if not before:
        return finding
    told = ", and ".join(f"{one.what} ({_when(one)})" for one in before)
    return replace(finding, detail=f"After {told}: {finding.detail}")


def _when(fault: FaultEvidence) -> str:
    began = fault.began or 0.0
    return f"at {began:.0f} s" if fault.ended is None else f"from {began:.0f} to {fault.ended:.0f} s"
