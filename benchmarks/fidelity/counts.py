"""What was counted in a phase: messages and bytes, by room, direction and kind. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from jupyter_rtc_locust.protocol.awareness import decode_presences
from jupyter_rtc_locust.protocol.messages import (
    AwarenessMessage,
    MessageError,
    RawMessage,
    SyncStep1,
    SyncStep2,
    decode_message,
)

DOCUMENT, ALL_TABS = "document", "all tabs"
"""The two rooms that a tab is in."""
REQUESTS, EVENTS = "requests", "events"


_NAMES = ((SyncStep1, "step 1"), (SyncStep2, "step 2"), (RawMessage, "raw"))
_LARGEST_OF_SERVER = 16
_OF_LEAVING = 14
"""`null`, with which a person leaves."""


def kind_of(message: bytes) -> str:
    """What a message of a room is."""
    try:
        decoded = decode_message(message)
    except MessageError:
        return "unreadable"
    if isinstance(decoded, AwarenessMessage):
        try:
            states = [presence.state for presence in decode_presences(decoded.payload)]
        except MessageError:
            return "unreadable"
        return "presence of the server" if states and all(state == {} for state in states) else "presence"
    return next((name for kind, name in _NAMES if isinstance(decoded, kind)), "update")


def presence_of(size: int) -> str:
    """A person's presence, or the server's own, which is empty and told on like anybody's.

    By how many bytes a recorded message has, whose content is not in the recording; the ids in it are long ones.
    """
    return "presence" if size > _LARGEST_OF_SERVER or size == _OF_LEAVING else "presence of the server"


@dataclass(slots=True)
class Counts:
    """By phase and by what: how many, and their bytes."""

    phases: dict[str, dict[str, list[int]]] = field(default_factory=lambda: defaultdict(dict))
    phase: str = ""
    """The one that is on."""

    def note(self, what: str, size: int) -> None:
        """One more in the present phase."""
        if self.phase:
            entry = self.phases[self.phase].setdefault(what, [0, 0])
            entry[0] += 1
            entry[1] += size


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    phase: str
    what: str
    tab: tuple[int, int]
    """Messages and bytes of the recording; a request has no bytes here."""
    ours: tuple[int, int]

    @property
    def off(self) -> float:
        """By how much ours are away from the tab's: the larger of messages and bytes, as a part."""
        return max((_off(tab, ours) for tab, ours in zip(self.tab, self.ours, strict=True)), key=abs)


def _off(tab: int, ours: int) -> float:
    if tab == ours:
        return 0.0
    return (ours - tab) / tab if tab else float("inf")


def compared(recorded: dict[str, dict[str, list[int]]], counted: dict[str, dict[str, list[int]]]) -> list[Row]:
    """The rows of all phases of the recording, in its order, and those of what goes on beside all work, added up."""
    recorded, counted = _with_work(recorded), _with_work(counted)
    rows = []
    for phase, tab in recorded.items():
        ours = counted.get(phase, {})
        for what in dict.fromkeys([*tab, *ours]):
            one, other = tab.get(what, [0, 0]), ours.get(what, [0, 0])
            rows.append(Row(phase, what, (one[0], one[1]), (other[0], other[1])))
    return rows


WORK = "all work"
_PHASES_OF_WORK = ("caret", "type", "undo", "structure", "run", "save")
_OWN_DOING = ("step 1", "step 2", "update", "raw")
"""Kinds of messages of a phase that are the doing of what was done in it; all else comes when its time comes."""


def _with_work(phases: dict[str, dict[str, list[int]]]) -> dict[str, dict[str, list[int]]]:
    """What a clock brings falls into one short phase or the next by chance: in those of work it is added up."""
    sums: dict[str, list[int]] = {}
    result: dict[str, dict[str, list[int]]] = {}
    for phase, found in phases.items():
        if phase not in _PHASES_OF_WORK:
            result[phase] = found
            continue
        result[phase] = {}
        for what, (number, size) in found.items():
            if what.startswith(DOCUMENT) and any(f": {kind} " in what for kind in _OWN_DOING):
                result[phase][what] = [number, size]
            else:
                entry = sums.setdefault(what, [0, 0])
                entry[0], entry[1] = entry[0] + number, entry[1] + size
    if sums:
        result = {phase: found for phase, found in result.items() if found}
        place = list(result).index("idle") if "idle" in result else len(result)
        items = list(result.items())
        result = dict([*items[:place], (WORK, dict(sorted(sums.items()))), *items[place:]])
    return result
