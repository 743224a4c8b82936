"""What a server lacked when a promise broke, as far as it shows from outside: its CPU, the machine's, or nobody knows.

Pure: figures of a window in, a kind and words out. A cause is named only where a figure shows it; what nobody could
look at is said to be unknown, not guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jupyter_rtc_locust.capacity.window import Window

FULL_PERCENT: Final = 90.0
"""Of a core, above which work of a server that runs in one thread waits in line."""
MACHINE_FULL_PERCENT: Final = 90.0
"""Of all cores of the machine."""

_WAY_OUT: Final = ": give the server and the load generator a core each"

SERVER_CPU: Final = "server-cpu"
MACHINE_CPU: Final = "machine-cpu"
NOT_CPU: Final = "not-cpu"
UNKNOWN: Final = "unknown"
ABSENT: Final = "absent"
"""Not everybody could open a document in time."""


@dataclass(frozen=True, slots=True)
class Limit:
    """The kind, and how a sentence goes on after it has said what broke; it begins with a blank or a sign."""

    kind: str
    words: str


def limit_of(window: Window) -> Limit:
    """What was at its end in this window."""
    server, waited, machine = window.server_cpu_percent, window.server_waited_percent, window.machine_cpu_percent
    if server is None:
        return Limit(UNKNOWN, "; why is not known, because nobody could look at the server's CPU")
    if server >= FULL_PERCENT:
        return Limit(SERVER_CPU, f" because the server's CPU was at {server:.0f} %")
    if waited is not None and server + waited >= FULL_PERCENT:
        return Limit(
            MACHINE_CPU,
            f" because the server, which used {server:.0f} % of a core, waited for one "
            f"{waited:.0f} % of the time{_WAY_OUT}",
        )
    if machine is not None and machine >= MACHINE_FULL_PERCENT:
        return Limit(
            MACHINE_CPU,
            f" because the machine's cores were all busy ({machine:.0f} %), the server's share being {server:.0f} % of "
            f"one{_WAY_OUT}",
        )
    return Limit(NOT_CPU, f", though the server's CPU was at {server:.0f} %: what it waited for is not known")
