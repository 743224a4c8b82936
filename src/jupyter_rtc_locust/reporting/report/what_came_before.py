"""What had been done on purpose before a finding, told apart from what was found.

The verdict writes it in front of each finding (`verdict/faults_beside.py`), so that one finding alone says what
happened. Where many are shown together it would be all that one sees. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

_BEGINNING: Final = "After "
_BETWEEN: Final = ", and "
_END: Final = ": "


def told_apart(detail: str, faults: Iterable[Mapping[str, Any]]) -> tuple[str, str]:
    """What had been done, and what was found; the first is empty where the detail names no fault of this run."""
    told = [_told(fault) for fault in faults if fault.get("began") is not None]
    if not detail.startswith(_BEGINNING):
        return "", detail
    at = len(_BEGINNING)
    while (one := next((one for one in told if detail.startswith(one, at)), None)) is not None:
        at += len(one)
        if detail.startswith(_END, at):
            found = detail[at + len(_END) :]
            return detail[len(_BEGINNING) : at], found[:1].upper() + found[1:]
        if not detail.startswith(_BETWEEN, at):
            break
        at += len(_BETWEEN)
    return "", detail


def _told(fault: Mapping[str, Any]) -> str:
    began, ended = float(fault["began"]), fault.get("ended")
    when = f"at {began:.0f} s" if ended is None else f"from {began:.0f} to {float(ended):.0f} s"
    return f"{fault['what']} ({when})"
