"""CPU for an awareness message that a user receives, beyond reading it and ignoring it.

Forty users of a room in this process are handed the same messages as from a read, one by one; and so are forty who
ignore them when they have seen what they are. The two take turns. What most messages
are changes nothing: a tab tells on every change it hears of, so that each change is heard as often as there are tabs.
A change is told on by faithful tabs; what that costs is sending, and is left out here: the line takes the words and
does nothing with them.
"""

from __future__ import annotations

from benchmarks.measurement import Measurement
from benchmarks.processes import Child
from benchmarks.sizes import Sizes

GOAL_US = 1.0
KINDS = ("own", "faithful")
CASES = (
    ("heard before", "repeated", GOAL_US, "an echo, or told on by somebody: clock and id are looked at"),
    ("a new clock", "renewed", GOAL_US, "a heartbeat: the state is that of before"),
    ("a new state", "changed", None, "a caret that moved: the JSON is decoded once for the forty who hear it"),
)


def measure(sizes: Sizes) -> list[Measurement]:
    """Microseconds for each message and user, by kind of presence and by what it tells."""
    lines = []
    with Child("awareness_hearers") as child:
        child.answer()
        for kind in KINDS:
            for name, case, goal, note in CASES:
                rounds = [
                    child.ask("hear", kind=kind, case=case, messages=sizes.presences) for _ in range(sizes.rounds)
                ]
                beyond = tuple(one["heard"] - one["ignored"] for one in rounds)
                lines.append(Measurement(f"presence received ({kind}), {name}", "us", beyond, goal, note))
    return lines
