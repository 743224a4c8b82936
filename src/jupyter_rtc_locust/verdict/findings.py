"""What checks find, and what a verdict is: three values, of which unknown never turns into pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any


class Value(Enum):
    """The verdict's value."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


class Kind:
    """The kinds of finding (docs/verdict.md says, for each, what a person would have seen)."""

    DIVERGED = "diverged"
    PENDING_UPDATES = "pending-updates"
    JOINER_DIFFERS = "joiner-differs"
    LOST_EDIT = "lost-edit"
    DUPLICATED_CONTENT = "duplicated-content"
    INVENTED_EDIT = "invented-edit"
    SAVED_FILE_DIFFERS = "saved-file-differs"
    UNACKNOWLEDGED_EDIT = "unacknowledged-edit"
    STALLED = "stalled"
    MALFORMED_DOCUMENT = "malformed-document"
    SERVER_LOST = "server-lost"
    SERVER_MEMORY = "server-memory"
    AWARENESS_DIFFERS = "awareness-differs"
    SAVE_STALLED = "save-stalled"
    SAVE_STARVED = "save-starved"
    SAVE_NOT_DONE = "save-not-done"
    TRACE_DIFFERS = "trace-differs"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a person would have lost, or been given: one sentence says what that person would have seen."""

    kind: str
    document: str
    detail: str
    users: tuple[int, ...] = ()
    evidence: str | None = None
    """Where its evidence lies, from the results folder; None: nowhere."""
    edits: tuple[tuple[int, int], ...] = ()
    """The edits behind it, as (client id, number); they stand with its evidence, and not in the result file."""

    def as_dict(self) -> dict[str, Any]:
        """For the result file."""
        told = {**asdict(self), "users": list(self.users)}
        del told["edits"]
        return told


@dataclass(frozen=True, slots=True)
class Caution:
    """Something worth knowing that is no finding by itself: a `warning` of the result file."""

    kind: str
    document: str
    detail: str

    def as_dict(self) -> dict[str, Any]:
        """For the result file."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who is not of the run and edited a document all the same, having shown itself in awareness."""

    document: str
    client_id: int
    units: int
    """How much it wrote that is content: UTF-16 units of text, and single values. Deletions are not counted."""

    def as_dict(self) -> dict[str, Any]:
        """For the result file."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one check, or all of them, have to say: findings, cautions, unknowns (sentences), guests, and figures."""

    findings: tuple[Finding, ...] = ()
    cautions: tuple[Caution, ...] = ()
    unknown: tuple[str, ...] = ()
    guests: tuple[Guest, ...] = ()
    figures: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """What a check measured on the way: the name of a timing to its samples in milliseconds."""

    def __add__(self, other: Opinion) -> Opinion:
        return Opinion(
            self.findings + other.findings,
            self.cautions + other.cautions,
            self.unknown + other.unknown,
            self.guests + other.guests,
            {
                name: self.figures.get(name, ()) + other.figures.get(name, ())
                for name in dict.fromkeys((*self.figures, *other.figures))
            },
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision, with the sentence that carries it."""

    value: Value
    reason: str
    opinion: Opinion
    exercised: Mapping[str, int] = field(default_factory=dict)
    """What the run put to the test, and how often (`verdict/exercised.py`)."""

    @property
    def guests(self) -> tuple[Guest, ...]:
        """Everybody outside the run who edited one of its documents."""
        return self.opinion.guests

    @property
    def figures(self) -> Mapping[str, tuple[float, ...]]:
        """The name of a timing to what the checks measured of it, in milliseconds."""
        return self.opinion.figures


MOST_FINDINGS = 20
"""Of one kind by one check in one document; how many more there were is said."""


def limited(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """At most so many findings of a kind; a last one says how many more there were, and whom they concern."""
    kept: list[Finding] = []
    for kind in dict.fromkeys(finding.kind for finding in findings):
        of_kind = [finding for finding in findings if finding.kind == kind]
        kept += of_kind[:MOST_FINDINGS]
        rest = of_kind[MOST_FINDINGS:]
        if rest:
            users = tuple(sorted({user for finding in rest for user in finding.users}))
            kept.append(Finding(kind, rest[0].document, f"{len(rest)} more of this kind in this document.", users))
    return tuple(kept)


OWN_DOING = "But the generator was overloaded, so this may be its own doing."


def resting_on_time(findings: Sequence[Finding], sound: bool) -> Opinion:
    """Findings that rest on time, and are not known to be any where the generator was overloaded."""
    kept = limited(findings)
    if sound:
        return Opinion(kept)
    return Opinion(
        unknown=tuple(f"{one.document}{': ' if one.document else ''}{one.detail} {OWN_DOING}" for one in kept)
    )
