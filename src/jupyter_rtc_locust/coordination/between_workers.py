"""Deliveries from one process to another, out of what all processes told at the end.

An edit is known in another process by its bytes, and timed where it arrives there first. Where the server encoded it
anew, as it does when two people set the mark of unsaved changes at once, it is not timed: few are, and which part of
what arrived was this edit is for the verdict to say.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from jupyter_rtc_locust.coordination.turns import Turns
from jupyter_rtc_locust.timing.between_workers import Deliveries
from jupyter_rtc_locust.timing.clocks import Clock, ClockError, delivery, surely_off
from jupyter_rtc_locust.verdict.reading import CLOCKS_DIFFER_S


def deliveries_between(answers: Collection[Mapping[str, Any]], warmup_s: float) -> dict[str, Any] | None:
    """For the result file; None where only one process played users. `warmup_s`: what arrived before is left out."""
    playing = [answer for answer in answers if answer.get("documents")]
    if len(playing) < 2:
        return None
    clocks: dict[str, Clock] = {}
    unknown: dict[str, str] = {}
    for answer in playing:
        try:
            clocks[answer["process"]] = Clock(answer.get("clock") or ())
        except (ClockError, TypeError, ValueError) as error:
            unknown[answer["process"]] = str(error)
    deliveries, turns = Deliveries(), Turns()
    known = [answer for answer in playing if answer["process"] in clocks]
    made: dict[tuple[str, bytes], tuple[Clock, float]] = {}
    for answer in known:
        for room in answer["documents"]:
            for edit in room.authored:
                turns()
                made[room.path, edit.update] = clocks[answer["process"]], edit.due
    for answer in known:
        receiver = clocks[answer["process"]]
        for room in answer["documents"]:
            for update in room.foreign:
                turns()
                edit_made = made.get((room.path, update.update))
                if edit_made is None or update.received < warmup_s:
                    continue
                author, due = edit_made
                try:
                    deliveries.add(delivery(due, author, update.received, receiver))
                except ClockError as error:
                    unknown.setdefault(answer["process"], str(error))
    return deliveries.as_dict({name: clock for name, clock in clocks.items() if name not in unknown}, unknown)


def clocks_too_far_apart(answers: Collection[Mapping[str, Any]]) -> list[str]:
    """Sentences about processes whose evidence is dated by a clock that was further from the master's than the verdict
    allows for."""
    problems = []
    for answer in answers:
        try:
            off = surely_off(answer.get("clock") or ())
        except (TypeError, ValueError):
            continue  # what is no clock is told beside the deliveries
        if off > CLOCKS_DIFFER_S:
            problems.append(
                f"The clock of {answer['process']} was {off:.1f} s from the master's at some time, and no more than "
                f"{CLOCKS_DIFFER_S:.0f} s are allowed for: what came before what is not known. A machine that stood "
                f"still in the middle of the run does that."
            )
    return problems
