"""Faults as data: what goes wrong, and when. Pure.

A scenario lists its faults on its user class; the coordinator, which loads the same locustfile as the workers, is the
only one that acts on them. A plan is the list taken apart into operations in the order of their moments, as Jepsen's
nemesis has them and as FluidFramework's load tests write them: faults are operations like any other. All times are
seconds since the start of the run, which is the clock of the evidence, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Literal

from jupyter_rtc_locust.errors import OptionsError

Store = Literal["kept", "lost", "none"]
KEPT: Store = "kept"
LOST: Store = "lost"
NONE: Store = "none"
"""What becomes of a server's store of updates at a restart; none: it never had one."""

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


Fault = Restart | Offline | Away


@dataclass(frozen=True, slots=True)
class Operation:
    """One step of a plan: at this moment the fault begins, or what it took away comes back."""

    at: float
    fault: Fault
    ends: bool = False


def plan_of(faults: Iterable[Fault]) -> list[Operation]:
    """The faults' operations in the order of their moments; of equal ones, what ends before what begins."""
    operations = []
    for fault in faults:
        operations.append(Operation(fault.at, fault))
        if isinstance(fault, Offline | Away):
            operations.append(Operation(fault.until, fault, ends=True))
    return sorted(operations, key=lambda one: (one.at, not one.ends))


def checked_faults(listed: object, *, own_server: bool, users: int | None) -> tuple[Fault, ...]:
    """The faults of a scenario, each once, if they can be made to happen.

    `own_server` says whether the server is the embedded one, which alone is ever harmed. `users` is how many the run
    was asked for; None where that is not known yet.

    Raises:
        OptionsError: with a sentence that says which fault, and what is possible.
    """
    if not isinstance(listed, list | tuple):
        raise OptionsError(f"faults = {listed!r:.100}: give a list of Restart(...), Offline(...) and Away(...).")
    faults = tuple(dict.fromkeys(_checked(one, users) for one in listed))
    harmful = next((one for one in faults if one.harms_the_server), None)
    if harmful is not None and not own_server:
        raise OptionsError(
            f"this locustfile has the fault {harmful}, and only a server of our own is ever harmed: leave --host out, "
            f"and one is started for the run."
        )
    stores = {one.store for one in faults if isinstance(one, Restart)}
    if NONE in stores and len(stores) > 1:
        raise OptionsError(
            'faults: a server that keeps no store of updates (store="none") has none that a restart could keep or '
            "lose: give all restarts of a scenario the same store."
        )
    return faults


def keeps_no_store(faults: Iterable[Fault]) -> bool:
    """Whether the embedded server is to be started without a store of updates."""
    return any(isinstance(one, Restart) and one.store == NONE for one in faults)


def _checked(fault: object, users: int | None) -> Fault:
    # A locustfile is checked by no one, so nothing is taken for granted that the types say.
    if isinstance(fault, Restart):
        if fault.store not in _STORES:
            raise OptionsError(f"faults: {fault}: store is one of {', '.join(_STORES)}.")
        _check_moments(fault, fault.at)
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
    raise OptionsError(f"faults: {fault!r:.100} is no fault: give Restart(...), Offline(...) and Away(...).")


def _were(users: tuple[int, ...]) -> str:
    return f"user {users[0]} was" if len(users) == 1 else f"users {', '.join(map(str, users))} were"


def _is_index(value: object, users: int | None) -> bool:
    return isinstance(value, int) and value >= 0 and (users is None or value < users)


def _check_moments(fault: Fault, *moments: float) -> None:
    numbers = all(type(one) in (int, float) and 0 <= one < float("inf") for one in moments)
    if not numbers or list(moments) != sorted(set(moments)):
        raise OptionsError(
            f"faults: {fault}: moments are seconds since the start of the run, 0 or more, the end after the beginning."
        )
