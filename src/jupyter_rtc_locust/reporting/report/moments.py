"""What happened in a run, and when: faults, checkpoints, lines lost and found, people coming.

For plots and the list beside them. Each has a letter, so that a plot stays readable and says the same without colours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from string import ascii_uppercase
from typing import Any, Final

from jupyter_rtc_locust.reporting.report.losses import Losses, losses
from jupyter_rtc_locust.reporting.report.told_history import Event
from jupyter_rtc_locust.reporting.report.told_run import ToldRun
from jupyter_rtc_locust.reporting.report.words import counted, users

MOST_MOMENTS: Final = len(ascii_uppercase)
_TOGETHER_S: Final = 2.0
"""Lines, or workers, that are lost within so many seconds of each other are one thing that happened."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened. Times in seconds since the start of the run."""

    at_s: float
    until_s: float | None
    """None: it was over at once."""
    what: str
    bad: bool = False
    """Whether it harms."""
    letter: str = ""


def moments_of(told: ToldRun) -> tuple[Moment, ...]:
    """What happened, in order, each with its letter; of many the first."""
    moments = sorted(_all(told), key=lambda moment: (moment.at_s, not moment.bad))
    return tuple(replace(moment, letter=letter) for moment, letter in zip(moments, ascii_uppercase, strict=False))


def _all(told: ToldRun) -> Iterator[Moment]:
    for fault in told.run.get("faults") or ():
        if fault.get("began") is not None:
            yield Moment(
                float(fault["began"]), _number(fault.get("ended")), f"{fault['what']} ({fault['outcome']})", True
            )
    for checkpoint in told.result["checkpoints"]:
        at, paused = float(checkpoint["at_s"]), float(checkpoint["paused_s"])
        # With a finding it is a fail, whatever else was not known.
        compared = "everything" if checkpoint["verdict"] == "pass" else "what was known"
        what = f"checkpoint {checkpoint['number']}: editing paused, {compared} compared: {checkpoint['verdict']}"
        yield Moment(at, at + paused, what, checkpoint["verdict"] == "fail")
    for pause in told.run.get("pauses") or ():
        yield Moment(float(pause["began_s"]), _number(pause["ended_s"]), "editing paused by a person")
    if told.history is not None and told.history.events:
        yield from _lines(told.history.events)
    else:
        yield from _lines_by_slot(told.result["course"])
    lost = losses(told.run)
    if lost is not None:
        yield from _last_heard(lost)
    yield from _arrivals(told.result["course"], "" if lost is None else f", without those of {lost.workers}")


def _last_heard(lost: Losses) -> Iterator[Moment]:
    """Of lost workers, those that were last heard of at about the same time as one."""
    several: list[Mapping[str, Any]] = []
    heard = [one for one in lost.processes if one["last_heard_s"] is not None]
    for one in sorted(heard, key=lambda process: float(process["last_heard_s"])):
        if several and one["last_heard_s"] - several[0]["last_heard_s"] > _TOGETHER_S:
            yield _of_workers(several)
            several = []
        several.append(one)
    if several:
        yield _of_workers(several)


def _of_workers(lost: Sequence[Mapping[str, Any]]) -> Moment:
    who = f"worker {lost[0]['process']}" if len(lost) == 1 else f"{len(lost)} workers"
    people = users(sorted({user for one in lost for user in one["users"]}))
    whom = f", which played {people}" if people else ""
    return Moment(float(lost[0]["last_heard_s"]), None, f"last heard of {who}{whom}", True)


def _lines(events: tuple[Event, ...]) -> Iterator[Moment]:
    """Lines lost and found, from the history: those of about the same time as one."""
    for what, words, bad in (("connection lost", "lost the connection", True), ("reconnect", "back in step", False)):
        several: list[Event] = []
        for event in [event for event in events if event.what == what]:
            if several and event.at_s - several[0].at_s > _TOGETHER_S:
                yield _together(several, words, bad)
                several = []
            several.append(event)
        if several:
            yield _together(several, words, bad)


def _together(events: list[Event], words: str, bad: bool) -> Moment:
    who = users(sorted(event.user for event in events if event.user is not None))
    return Moment(events[0].at_s, None, f"{who} {words}".strip(), bad)


def _lines_by_slot(course: Any) -> Iterator[Moment]:
    """The same without a history: how many, and in which slot."""
    half = float(course.get("slot_s") or 1) / 2
    for slot in course.get("slots") or ():
        for name, words, bad in (("disconnects", "lost", True), ("reconnects", "back in step", False)):
            if slot[name]:
                yield Moment(slot["at_s"] + half, None, f"{counted(slot[name], 'connection')} {words}", bad)


def _arrivals(course: Any, without: str) -> Iterator[Moment]:
    """When the last of the people was there for the first time."""
    slots = [slot for slot in course.get("slots") or () if slot["users"] is not None]
    most = max((slot["users"] for slot in slots), default=0)
    if most:
        first = next(slot for slot in slots if slot["users"] == most)
        yield Moment(float(first["at_s"]), None, f"{counted(most, 'user')} connected, the most at one time{without}")


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
