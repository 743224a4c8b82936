"""Findings of checkpoints and of the end put together: the first bad checkpoint dates the damage.

What a checkpoint found stays a finding, also where nothing of it can be seen at the end (rule 6): people worked on a
document that was wrong. What it could not establish is said, and does not make the end unknown.
"""

from __future__ import annotations

from dataclasses import replace

from jupyter_rtc_locust.verdict.evidence import Checkpoint
from jupyter_rtc_locust.verdict.findings import Caution, Finding, Opinion


def with_checkpoints(opinion: Opinion, checkpoints: tuple[Checkpoint, ...]) -> Opinion:
    """The opinion at the end, with the damage dated by the checkpoints, and what only they saw added."""
    if not checkpoints:
        return opinion
    seen: dict[tuple[str, str], Checkpoint] = {}
    first: dict[tuple[str, str], Finding] = {}
    for checkpoint in checkpoints:
        for finding in checkpoint.findings:
            place = (finding.kind, finding.document)
            if place not in seen:
                seen[place], first[place] = checkpoint, finding
    at_the_end = {(finding.kind, finding.document) for finding in opinion.findings}
    findings = [
        replace(finding, detail=f"{finding.detail} {_dated(checkpoints, seen.get((finding.kind, finding.document)))}")
        for finding in opinion.findings
    ]
    findings += [
        replace(
            finding, detail=f"{finding.detail} {_dated(checkpoints, seen[place])} At the end it was not seen again."
        )
        for place, finding in first.items()
        if place not in at_the_end
    ]
    return replace(opinion, findings=tuple(findings), cautions=opinion.cautions + _unknown(checkpoints))


def _dated(checkpoints: tuple[Checkpoint, ...], seen: Checkpoint | None) -> str:
    """When such a finding was made first, and until when all was well."""
    if seen is None:
        last = checkpoints[-1]
        return f"At the last checkpoint, {last.at:.0f} s after the start, there was none of this kind."
    earlier = [one for one in checkpoints if one.number < seen.number]
    well = (
        f"; at the one of {earlier[-1].at:.0f} s there was none of this kind" if earlier else ", the first of the run"
    )
    return f"First seen at the checkpoint of {seen.at:.0f} s{well}."


def _unknown(checkpoints: tuple[Checkpoint, ...]) -> tuple[Caution, ...]:
    return tuple(
        Caution("checkpoint-inconclusive", "", f"At the checkpoint of {one.at:.0f} s it was not known: {one.reason}")
        for one in checkpoints
        if one.verdict == "inconclusive"
    )
