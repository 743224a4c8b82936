"""Makes a plan's operations happen, each at its moment, one after the other; and notes what really happened when.

An operation that comes late, because one before it took its time as a restart does on a busy machine, makes those
behind it later by as much. Otherwise what a scenario keeps apart would happen at one moment, and reach users in any
order.

Runs in one greenlet beside the coordinator. It waits with `gevent`, harms the embedded server through one function that
it is given, and reaches users only through another one, which sends messages: their processes may be elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from gevent.event import Event

from jupyter_rtc_locust.errors import RtcLocustError
from jupyter_rtc_locust.faults.plan import (
    Away,
    DelaySaves,
    Fault,
    FaultOfServer,
    FaultOfUsers,
    Offline,
    Operation,
    Restart,
    lasts,
    plan_of,
)
from jupyter_rtc_locust.verdict.evidence import DONE, UNDER_WAY, FaultEvidence

NOT_REACHED = "the run ended before"
NOT_OVER = "it was not over when the run ended"


class FaultExecutor:
    """The faults of one run. `harm` does one to the server, and returns when it is done; `tell` sends users off.

    Both are told whether the fault begins; False ends one that lasts.

    `started` is the start of the run (`time.monotonic`). Errors of a fault are its outcome, and end no run.
    """

    def __init__(
        self,
        faults: Sequence[Fault],
        *,
        started: float,
        harm: Callable[[FaultOfServer, bool], None],
        tell: Callable[[FaultOfUsers, bool], None],
    ) -> None:
        self._plan = plan_of(faults)
        self._started = started
        self._harm = harm
        self._tell = tell
        self._ending = Event()
        self._at_work = Event()
        self._at_work.set()
        self._back_at = float("-inf")
        """When the server was back from its latest absence (`time.monotonic`); infinite while it is away."""
        self._noted: dict[Fault, FaultEvidence] = {
            fault: FaultEvidence(
                what=fault.description,
                planned=fault.at,
                began=None,
                ended=None,
                outcome=NOT_REACHED,
                users=fault.users if isinstance(fault, Offline | Away) else (),
            )
            for fault in faults
        }

    @property
    def noted(self) -> tuple[FaultEvidence, ...]:
        """What became of each fault, in the order of the scenario."""
        return tuple(self._noted.values())

    def server_was_away_since(self, moment: float) -> bool:
        """Whether the server was down by a fault at any time since this moment (`time.monotonic`)."""
        return self._back_at >= moment

    def run(self) -> None:
        """Make everything happen; returns when it has, or when the run ends."""
        late_s = 0.0
        for operation in self._plan:
            due = self._started + operation.at + late_s
            if self._ending.wait(max(0.0, due - time.monotonic())):
                return
            late_s += max(0.0, time.monotonic() - due)
            self._at_work.clear()
            try:
                self._do(operation)
            finally:
                self._at_work.set()

    def end(self, patience_s: float) -> None:
        """No fault begins any more; one under way is waited for.

        Whoever is off the line is brought back, and saves take no longer than they do.
        """
        self._ending.set()
        self._at_work.wait(patience_s)
        for fault, noted in list(self._noted.items()):
            if noted.outcome == UNDER_WAY and isinstance(fault, Offline | DelaySaves):
                self._do(Operation(fault.until, fault, ends=True))
            elif noted.outcome == UNDER_WAY:
                self._noted[fault] = replace(noted, outcome=NOT_OVER)

    def _do(self, operation: Operation) -> None:
        fault = operation.fault
        if not operation.ends:
            self._noted[fault] = replace(self._noted[fault], began=self._now(), outcome=UNDER_WAY)
        try:
            if isinstance(fault, Restart):
                self._restart_server(fault)
            elif isinstance(fault, Offline | Away):
                self._tell(fault, not operation.ends)
            else:
                self._harm(fault, not operation.ends)
        except (RtcLocustError, OSError) as error:
            self._noted[fault] = replace(self._noted[fault], outcome=str(error).partition("\n")[0])
            return
        if operation.ends or not lasts(fault):
            self._noted[fault] = replace(self._noted[fault], ended=self._now(), outcome=DONE)

    def _restart_server(self, fault: Restart) -> None:
        self._back_at = float("inf")
        try:
            self._harm(fault, True)
        finally:
            self._back_at = time.monotonic()

    def _now(self) -> float:
        return time.monotonic() - self._started
