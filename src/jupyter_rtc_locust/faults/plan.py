"""Faults as data: what goes wrong, and when. Pure.

A scenario lists its faults on its user class; the coordinator, which loads the same locustfile as the workers, is the
only one that acts on them. A plan is the list taken apart into operations in the order of their moments, as Jepsen's
nemesis has them and as FluidFramework's load tests write them: faults are operations like any other. All times are
seconds since the start of the run, which is the clock of the evidence, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal, TypeGuard

from jupyter_rtc_locust.errors import OptionsError

Store = Literal["kept", "lost", "none"]
KEPT: Store = "kept"
LOST: Store = "lost"
NONE: Store = "none"
"""What becomes of a server's store of updates at a restart; none: it never had one."""

MOST_SECONDS = 3600.0
"""How long a save may be made to take; longer is a server that does not save."""

_STORES = {
    KEPT: "its store of updates was kept",
    LOST: "its store of updates was lost",
    NONE: "it keeps no store of updates",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """The embedded server ends, and is started again on the same port, with the same token, folders and sessions."""

    at: float
    store: Store = KEPT
    """`kept`, `lost` (deleted while the server is down), or `none` (the server keeps none from its start on)."""
    politely: bool = False
    """Asked to stop (SIGTERM), and killed when it has not ended 3 s later; otherwise killed, as by a crash."""

    harms_the_server: ClassVar[bool] = True

    @property
    def description(self) -> str:
        """What a person is told happened."""
        how = "asked to stop" if self.politely else "killed"
        return f"the server was {how} and started again, and {_STORES[self.store]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offline:
    """Some users lose their line and stay without one, with their documents open; then they come back by themselves."""

    users: tuple[int, ...]
    """Their indices in the run, from 0."""
    since: float
    until: float
    asleep: bool = False
    """They do not type meanwhile, as on a laptop that is closed; otherwise they go on in the copy that they have."""

    harms_the_server: ClassVar[bool] = False

    @property
    def at(self) -> float:
        """When it begins."""
        return self.since

    @property
    def description(self) -> str:
        """What a person is told happened."""
        return f"{_were(self.users)} {'asleep and ' if self.asleep else ''}offline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """Some users close the document, and open it anew later: under a new client id, with what the server gives them."""

    users: tuple[int, ...]
    """Their indices in the run, from 0."""
    since: float
    until: float

    harms_the_server: ClassVar[bool] = False

    @property
    def at(self) -> float:
        """When it begins."""
        return self.since

    @property
    def description(self) -> str:
        """What a person is told happened."""
        return f"{_were(self.users)} away, with the document closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evict:
    """The embedded server drops a document's room while people have it open, as by a crash of that room alone.

    Their lines end without a word, and a save that is under way or waits for a pause is not waited for. The store of
    updates and the file stay. Whoever comes back first makes the room anew, from these two.
    """

    at: float
    document: int = 0
    """Its number in the run, from 0."""

    harms_the_server: ClassVar[bool] = True

    @property
    def description(self) -> str:
        """What a person is told happened."""
        return f"the server dropped the room of document {self.document} while people had it open"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideEdit:
    """A document's file is changed on the embedded server's disk, behind its back, as by an editor or `git pull`.

    A cell is added at the end of a notebook, a line at the end of a text (`faults/outside_edit.py`).
    """

    at: float
    document: int = 0
    """Its number in the run, from 0."""

    harms_the_server: ClassVar[bool] = True

    @property
    def description(self) -> str:
        """What a person is told happened."""
        return f"the file of document {self.document} was changed on disk from outside"


@dataclass(frozen=True, slots=True, kw_only=True)
class DelaySaves:
    """Every save of the embedded server waits before it writes, as on a slow disk; what waits at the end is written."""

    since: float
    until: float
    seconds: float
    """How much longer each save takes."""

    harms_the_server: ClassVar[bool] = True

    @property
    def at(self) -> float:
        """When it begins."""
        return self.since

    @property
    def description(self) -> str:
        """What a person is told happened."""
        return f"each save of the server took {self.seconds:g} s longer"


FaultOfServer = Restart | Evict | OutsideEdit | DelaySaves
FaultOfUsers = Offline | Away
Fault = FaultOfServer | FaultOfUsers

_POSSIBLE = "Restart(...), Evict(...), OutsideEdit(...), DelaySaves(...), Offline(...) and Away(...)"


@dataclass(frozen=True, slots=True)
class Operation:
    """One step of a plan: at this moment the fault begins, or what it took away comes back."""

    at: float
    fault: Fault
    ends: bool = False


def lasts(fault: Fault) -> TypeGuard[Offline | Away | DelaySaves]:
    """Whether it has an end of its own, at `until`; the others are over when they have been done."""
    return isinstance(fault, Offline | Away | DelaySaves)


def plan_of(faults: Iterable[Fault]) -> list[Operation]:
    """The faults' operations in the order of their moments; of equal ones, what ends before what begins."""
    operations = []
    for fault in faults:
        operations.append(Operation(fault.at, fault))
        if lasts(fault):
            operations.append(Operation(fault.until, fault, ends=True))
    return sorted(operations, key=lambda one: (one.at, not one.ends))


def checked_faults(
    listed: object, *, own_server: bool, users: int | None, documents: int | None = None
) -> tuple[Fault, ...]:
    """The faults of a scenario, each once, if they can be made to happen.

    `own_server` says whether the server is the embedded one, which alone is ever harmed. `users` and `documents` are
    how many the run was asked for; None where that is not known yet.

    Raises:
        OptionsError: with a sentence that says which fault, and what is possible.
    """
    if not isinstance(listed, list | tuple):
        raise OptionsError(f"faults = {listed!r:.100}: give a list of {_POSSIBLE}.")
    faults = tuple(dict.fromkeys(_checked(one, users, documents) for one in listed))
    harmful = next((one for one in faults if one.harms_the_server), None)
    if harmful is not None and not own_server:
        raise OptionsError(
            f"this locustfile has the fault {harmful}, and only a server of our own is ever harmed: leave --host "
            f"and --rtc-hub out, and one is started for the run."
        )
    stores = {one.store for one in faults if isinstance(one, Restart)}
    if NONE in stores and len(stores) > 1:
        raise OptionsError(
            'faults: a server that keeps no store of updates (store="none") has none that a restart could keep or '
            "lose: give all restarts of a scenario the same store."
        )
    delays = sorted((one for one in faults if isinstance(one, DelaySaves)), key=lambda one: one.since)
    for first, second in pairwise(delays):
        if second.since < first.until:
            raise OptionsError(f"faults: {second} begins before {first} has ended: saves are delayed by one at a time.")
    return faults


def keeps_no_store(faults: Iterable[Fault]) -> bool:
    """Whether the embedded server is to be started without a store of updates."""
    return any(isinstance(one, Restart) and one.store == NONE for one in faults)


def _checked(fault: object, users: int | None, documents: int | None) -> Fault:
    # A locustfile is checked by no one, so nothing is taken for granted that the types say.
    if isinstance(fault, Restart):
        if fault.store not in _STORES:
            raise OptionsError(f"faults: {fault}: store is one of {', '.join(_STORES)}.")
        _check_moments(fault, fault.at)
        return fault
    if isinstance(fault, Evict | OutsideEdit):
        _check_moments(fault, fault.at)
        if not _is_index(fault.document, documents):
            most = (
                f" of {documents} (--rtc-documents) the last is {documents - 1}" if documents else " they begin with 0"
            )
            raise OptionsError(f"faults: {fault} names document {fault.document!r}, but{most}.")
        return fault
    if isinstance(fault, DelaySaves):
        _check_moments(fault, fault.since, fault.until)
        if type(fault.seconds) not in (int, float) or not 0 < fault.seconds <= MOST_SECONDS:
            raise OptionsError(f"faults: {fault}: seconds is more than 0 and at most {MOST_SECONDS:.0f}.")
        return fault
    if isinstance(fault, Offline | Away):
        _check_moments(fault, fault.since, fault.until)
        if type(fault.users) is not tuple or not fault.users:
            raise OptionsError(f"faults: {fault}: users is a tuple of the indices of users, such as (0, 1).")
        strangers = [one for one in fault.users if not _is_index(one, users)]
        if strangers:
            most = f" of {users} users (-u) the last is {users - 1}" if users else " they begin with 0"
            raise OptionsError(f"faults: {fault} names user {strangers[0]!r}, but{most}.")
        return fault
    raise OptionsError(f"faults: {fault!r:.100} is no fault: give {_POSSIBLE}.")


def _were(users: tuple[int, ...]) -> str:
    return f"user {users[0]} was" if len(users) == 1 else f"users {', '.join(map(str, users))} were"


def _is_index(value: object, count: int | None) -> bool:
    return type(value) is int and value >= 0 and (count is None or value < count)


def _check_moments(fault: Fault, *moments: float) -> None:
    numbers = all(type(one) in (int, float) and 0 <= one < float("inf") for one in moments)
    if not numbers or list(moments) != sorted(set(moments)):
        raise OptionsError(
            f"faults: {fault}: moments are seconds since the start of the run, 0 or more, the end after the beginning."
        )
