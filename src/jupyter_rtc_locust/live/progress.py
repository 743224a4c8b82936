"""A run in one line, for who watches it in a terminal: time left, people, edits, echoes, agreement.

Pure: a picture in, a sentence out.
"""

from __future__ import annotations

from collections import Counter

from jupyter_rtc_locust.live.picture import LATELY_S, Picture, RunFacts
from jupyter_rtc_locust.live.standing import STANDINGS

_AT_WORK = {"editing": "", "paused": "editing is paused, ", "comparing": "comparing, "}


def progress_line(picture: Picture, now: float, facts: RunFacts) -> str | None:
    """The line at this moment; None while nobody is at work."""
    doing = _AT_WORK.get(facts.state)
    if doing is None:
        return None
    totals, silent = picture.totals(), picture.silent_users(now)
    echoes = picture.window("update echo", max(0.0, now - 1 - LATELY_S), now)
    parts = [
        _time(now, facts.duration_s),
        f"{doing}{_counted(picture.users - silent, 'user')}{f' ({silent} more in a silent process)' if silent else ''}",
        _counted(totals["edits"], "edit"),
        f"echo p95 {_milliseconds(echoes.percentile(0.95))}" if echoes.count else "no echo lately",
    ]
    if totals["failures"]:
        parts.append(_counted(totals["failures"], "failure"))
    if facts.problems:
        parts.append(_counted(len(facts.problems), "problem"))
    if picture.generator(now)["sound"] is False:
        parts.append("the load generator is late")
    return f"{', '.join(parts)}; {_agreement(picture, now)}"


def _time(now: float, duration_s: float | None) -> str:
    return f"at {_clock(now)}" if duration_s is None else f"{_clock(max(0.0, duration_s - now))} left"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{rest:02}"
    return f"{minutes}:{rest:02}" if minutes else f"{rest} s"


def _agreement(picture: Picture, now: float) -> str:
    agreements = picture.agreements(now)
    standings = Counter(one.standing for one in agreements)
    told = ", ".join(f"{standings[name]} {name}" for name in STANDINGS if standings[name])
    return f"{_counted(len(agreements), 'document')}: {told}" if told else _counted(0, "document")


def _milliseconds(value: float) -> str:
    return f"{value:,.0f} ms" if value >= 10 else f"{value:.1f} ms"


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
