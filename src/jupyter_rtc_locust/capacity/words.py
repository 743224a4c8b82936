"""The answer in one sentence, and the lines that a terminal shows of it.

Pure: what came of it in, texts out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jupyter_rtc_locust.capacity.holding import Outcome
from jupyter_rtc_locust.capacity.limits import NOT_CPU, UNKNOWN
from jupyter_rtc_locust.capacity.search import End, Purpose
from jupyter_rtc_locust.reporting.report.words import counted, listed, milliseconds, seconds
from jupyter_rtc_locust.verdict.neutralising import neutralised

if TYPE_CHECKING:
    from jupyter_rtc_locust.capacity.result import Capacity, Step
    from jupyter_rtc_locust.timing.thresholds import Judged


_BUSY_PERCENT: Final = 50.0
"""Of a core: a process that used less, and was late all the same, was kept from it (`timing/soundness.py`)."""


def sentence(capacity: Capacity) -> str:
    """What may be said, and no more."""
    if unmeasured := [one.written for one in capacity.unmeasured]:
        never = "was promised and never measured, because nobody of this profile does what it is about"
        return neutralised(f"NOT KNOWN: {listed(unmeasured)} {never}. {_the_rest(capacity)}")
    return neutralised(f"{_SENTENCES[capacity.outcome](capacity)}{_errors(capacity)}")


def _errors(capacity: Capacity) -> str:
    """What the server wrote into its log, where no CPU says what it waited for."""
    count, last = capacity.errors
    if not count or capacity.limit is None or capacity.limit.kind not in (NOT_CPU, UNKNOWN):
        return ""
    return f" Its log has {counted(count, 'stack trace')}, the last: {last}"


def _found(capacity: Capacity) -> str:
    held = capacity.bounds.held
    return _checked(capacity, f"This server holds {_people(held)} of this profile; {_broke(capacity)}.")


def _top(capacity: Capacity) -> str:
    held = capacity.bounds.held
    figures = [_told(one) for one in _judged(capacity.last(held, Outcome.HELD)) if one.value is not None]
    told = f": {listed(figures)} then" if figures else ""
    return _checked(capacity, f"This server holds {_people(held)} of this profile, the most that were asked for{told}.")


def _nothing(capacity: Capacity) -> str:
    broken = capacity.bounds.broken or capacity.step
    return _checked(capacity, f"This server does not hold {_people(broken)} of this profile: {_broke(capacity)}.")


def _unrecovered(capacity: Capacity) -> str:
    here = capacity.bounds
    first = f"This server holds {_people(here.held)} of this profile" if here.held else "This server holds nobody"
    near = here.broken is not None and here.broken - here.held <= capacity.step
    between = "" if near else ", so nothing is known of the numbers between"
    return _checked(capacity, f"{first}; {_broke(capacity)}, and it did not recover when they had left again{between}.")


def _generator(capacity: Capacity) -> str:
    step = next((one for one in reversed(capacity.steps) if one.outcome is Outcome.GENERATOR), None)
    at = f", at {_people(step.people)}" if step is not None else ""
    why = f" {step.held.reasons[0]}" if step is not None and step.held is not None and step.held.reasons else ""
    processes = max(1, int(capacity.about.get("processes") or 1))
    more = f"use {_number(processes + 1)} processes (--processes {processes + 1}), or a machine of its own"
    if step is not None and not _busy(step):
        # More processes would only wait beside it.
        more = "other programs of its machine, the server perhaps, kept it waiting: give it a machine of its own"
    return f"Our generator gave out first{at}; {more}.{why} {_the_rest(capacity)}".strip()


def _busy(step: Step) -> bool:
    """Whether a process of the generator had so much to do that another would take some of it."""
    shares = [] if step.held is None else [one.cpu_percent or 0.0 for one in step.held.window.processes]
    return max(shares, default=100.0) >= _BUSY_PERCENT


def _wrong(capacity: Capacity) -> str:
    step = next((one for one in capacity.steps if one.outcome is Outcome.WRONG), None)
    if step is None or step.compared is None:
        return (
            f"The documents cannot be trusted, which was found at the end: {_stop(capacity.reason)} "
            f"{_the_rest(capacity)}"
        ).strip()
    when = f"at {_people(step.people)}"
    if step.purpose is Purpose.RECOVERY and capacity.bounds.broken is not None:
        when = f"after {_people(capacity.bounds.broken)}"
    return (
        f"The documents could not be trusted any more {when}: {_stop(step.compared.reason)} {_the_rest(capacity)}"
    ).strip()


def _unknown(capacity: Capacity) -> str:
    step = capacity.steps[-1] if capacity.steps else None
    if step is None:
        return f"NOT KNOWN: nobody came. {capacity.reason}".strip()
    why = "nothing of what was promised was measured"
    if step.compared is not None and step.compared.verdict != "pass":
        why = step.compared.reason
    return f"NOT KNOWN: at {_people(step.people)}, {_stop(why)} {_the_rest(capacity)}".strip()


def _time(capacity: Capacity) -> str:
    return f"NOT KNOWN: it was ended before it was found. {_the_rest(capacity)}".strip()


_SENTENCES = {
    End.FOUND: _found,
    End.TOP: _top,
    End.NOTHING: _nothing,
    End.GENERATOR: _generator,
    End.WRONG: _wrong,
    End.UNKNOWN: _unknown,
    End.UNRECOVERED: _unrecovered,
    End.TIME: _time,
}


def _checked(capacity: Capacity, told: str) -> str:
    """Where the run's own verdict is not a pass, no number is the last word."""
    if capacity.verdict == "pass":
        return told
    return f"NOT KNOWN: what became of the documents is not established. {_stop(capacity.reason)} {told}"


def _the_rest(capacity: Capacity) -> str:
    """What was seen all the same, of a search that came to no end."""
    here = capacity.bounds
    up_to = f"Up to {_people(here.held)} the promise was kept" if here.held else "It was not seen to keep its promise"
    return f"{up_to}, and {_broke(capacity)}." if here.broken is not None else f"{up_to}."


def _broke(capacity: Capacity) -> str:
    """`at 140 update echo p95 was 2.1 s because the server's CPU was at 100 %`."""
    people = capacity.bounds.broken
    step = None if people is None else capacity.last(people, Outcome.BROKEN)
    if step is None:
        return "nothing broke it"
    if step.held is None:
        return f"of {step.people} only {step.there} could open their document in time"
    worst, limit = step.held.worst, capacity.limit
    what = "the promise was broken" if worst is None else _told(worst)
    return f"at {step.people} {what}{limit.words if limit is not None else ''}"


def _told(one: Judged) -> str:
    value, figure = one.value or 0.0, one.threshold.figure
    return f"{figure} was {milliseconds(value)}" if one.threshold.unit else f"there were {value:,.0f} {figure}"


def step_line(step: Step) -> str:
    """A step as it is told when it is over."""
    parts = [f"{_people(step.people)} ({step.purpose}): {step.outcome}"]
    if step.held is None:
        parts.append(f"only {step.there} were there")
    else:
        parts += [_told(one) for one in step.held.judged if one.value is not None]
        if step.held.window.server_cpu_percent is not None:
            parts.append(f"server {step.held.window.server_cpu_percent:.0f} % of a core")
        parts += [] if step.held.settled else ["not settled"]
        parts += step.held.reasons[:1]
    if step.compared is not None:
        wrong = "" if step.compared.verdict == "pass" else f" ({step.compared.reason})"
        parts.append(f"documents {step.compared.verdict}{wrong}")
    if step.recovered_s is not None:
        parts.append(f"recovered after {seconds(step.recovered_s)}")
    return neutralised("; ".join(parts))


def _judged(step: Step | None) -> tuple[Judged, ...]:
    return () if step is None or step.held is None else step.held.judged


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number:,} people"


def _number(number: int) -> str:
    return {2: "two", 3: "three", 4: "four"}.get(number, str(number))


def _stop(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
