"""What checks find, and what a verdict is: three values, of which unknown never turns into pass."""

from __future__ import annotations

from dataclasses import asdict, dataclass
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


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a person would have lost, or been given: one sentence says what that person would have seen."""

    kind: str
    document: str
    detail: str
    users: tuple[int, ...] = ()
    evidence: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """For the result file."""
        return {**asdict(self), "users": list(self.users)}


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
class Opinion:
    """What one check, or all of them, have to say: findings, cautions, and sentences about what is unknown."""

    findings: tuple[Finding, ...] = ()
    cautions: tuple[Caution, ...] = ()
    unknown: tuple[str, ...] = ()

    def __add__(self, other: Opinion) -> Opinion:
        return Opinion(self.findings + other.findings, self.cautions + other.cautions, self.unknown + other.unknown)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision, with the sentence that carries it."""

    value: Value
    reason: str
    opinion: Opinion
