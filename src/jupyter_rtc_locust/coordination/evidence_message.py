"""One process's evidence as plain data and back. Pure; the shapes are those of `verdict/evidence.py`.

Times leave a process as seconds since the start of the run, so that no two processes' clocks are compared.
"""

from __future__ import annotations

from typing import Any

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.verdict.evidence import (
    AuthoredUpdate,
    ForeignUpdate,
    ReplicaEvidence,
    StallEvidence,
    UserEvidence,
)


def ranges_as_message(ranges: ClockRanges) -> list[list[int]]:
    """`[[client, start, end], …]`."""
    return [list(entry) for entry in ranges]


def ranges_from_message(message: list[list[int]]) -> ClockRanges:
    """The other way."""
    return ClockRanges.of((client, start, end) for client, start, end in message)


def authored_as_message(edit: AuthoredUpdate) -> list[Any]:
    """A row; there is one for each edit, so field names are not repeated."""
    return [
        edit.user,
        edit.client_id,
        edit.number,
        edit.description,
        edit.cell,
        edit.due,
        edit.acknowledged,
        edit.update,
    ]


def authored_from_message(row: list[Any]) -> AuthoredUpdate:
    """The other way."""
    return AuthoredUpdate(*row)


def replica_as_message(replica: ReplicaEvidence) -> dict[str, Any]:
    """One state of replicas."""
    return {
        "users": list(replica.users),
        "update": replica.update,
        "deletions": ranges_as_message(replica.deletions),
        "covered": ranges_as_message(replica.covered),
    }


def replica_from_message(message: dict[str, Any]) -> ReplicaEvidence:
    """The other way."""
    return ReplicaEvidence(
        tuple(message["users"]),
        message["update"],
        ranges_from_message(message["deletions"]),
        ranges_from_message(message["covered"]),
    )


def user_as_message(user: UserEvidence) -> dict[str, Any]:
    """One user's end."""
    return {
        "user": user.user,
        "client_id": user.client_id,
        "stage": user.stage,
        "trouble": user.trouble,
        "probed": user.probed,
        "lacks": ranges_as_message(user.lacks),
        "gaps": ranges_as_message(user.gaps),
    }


def user_from_message(message: dict[str, Any]) -> UserEvidence:
    """The other way."""
    return UserEvidence(
        **{
            **message,
            "lacks": ranges_from_message(message["lacks"]),
            "gaps": ranges_from_message(message["gaps"]),
        }
    )


def foreign_from_message(row: list[Any]) -> ForeignUpdate:
    """`[received, update]`."""
    return ForeignUpdate(*row)


def stall_from_message(row: list[Any]) -> StallEvidence:
    """`[user, seconds, what]`."""
    return StallEvidence(*row)
