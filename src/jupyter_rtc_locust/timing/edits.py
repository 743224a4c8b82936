"""An edit of this process, and an update that is nobody's here: what is known of each, and both as plain records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, eq=False)
class AuthoredEdit:
    """One update that a user of this process made."""

    user: int
    client_id: int
    number: int
    description: str
    cell: str | None
    due: float
    update: bytes
    acknowledged: float | None = None
    """When its echo came, or a state vector of the server covered it; None: not yet."""
    timed: bool = False
    """Whether the acknowledgement was an echo, and so a sample."""
    arrived: float | None = None
    """When its broadcast first reached anybody in this process; of several in one read, each a little later."""
    index: int = 0
    """How many updates of the document this process had seen before."""


@dataclass(slots=True, eq=False)
class ForeignUpdate:
    """One update that came from the server and is, byte for byte, nobody's of this process."""

    received: float
    update: bytes
    originals: list[AuthoredEdit] = field(default_factory=list)
    """Edits of this process that it holds in another encoding; forgotten where it is put away."""
    readable: bool = True
    index: int = 0
    """How many updates of the document this process had seen before."""


def record_of_entry(entry: AuthoredEdit | ForeignUpdate) -> Sequence[Any]:
    """What an archive keeps of it: everything but the index, which is its place there."""
    if isinstance(entry, ForeignUpdate):
        return entry.received, entry.update, entry.readable
    return (
        entry.user,
        entry.client_id,
        entry.number,
        entry.description,
        entry.cell,
        entry.due,
        entry.update,
        entry.acknowledged,
        entry.timed,
        entry.arrived,
    )


def entry_of_record(record: Sequence[Any], index: int) -> AuthoredEdit | ForeignUpdate:
    """The other way."""
    if len(record) == 3:
        received, update, readable = record
        return ForeignUpdate(received, update, readable=readable, index=index)
    user, client_id, number, description, cell, due, update, acknowledged, timed, arrived = record
    return AuthoredEdit(
        user, client_id, number, description, cell, due, update, acknowledged, timed, arrived, index=index
    )
