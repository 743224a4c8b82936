"""When the load generator itself is to blame: rules with numbers, and the sentences that say so.

Two rules, because two things rest on a generator's health. What a *finding* rests on are deadlines of ten seconds and
more, which a process misses only when it has as good as given up. What a *timing* rests on are milliseconds: an edit
leaves when the loop comes to it, and a delivery arrives when it looks at its sockets, so a loop that is late by 40 ms
at every hundredth look makes a p99 of 44 ms out of 4.

Pure: figures in, sentences out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOP_LAG_P99_LIMIT_MS: Final = 50.0
"""A loop that comes later than this to every hundredth timer adds as much to the slowest echoes it times. Measured: a
process with 2,000 quiet users has an echo p99 of 3 ms, so 50 ms is far from a healthy state and not a matter of luck.
"""

CPU_LIMIT_PERCENT: Final = 90.0
"""Mean use of one core, above which work waits in line: the first stall is then never made up for."""

TIMINGS_LAG_LIMIT_MS: Final = 5.0
"""Lag (p99) that a timing may always have in it. libev waits in whole milliseconds, and a collection of garbage takes
some; below this, machines and not generators are measured."""

TIMINGS_LAG_PART: Final = 0.1
"""Lag (p99) that a timing may have in it as a part of the echo's own 99th percentile: less changes no conclusion."""

_BUSY_PERCENT: Final = 50.0
"""A process that used less of its core on average, and was late all the same, was kept from it."""


def reasons_against_findings(figures: Mapping[str, Any]) -> list[str]:
    """Why nothing that rests on time is believed of this process, a sentence each; none where all is well."""
    process, lag, cpu = figures["process"], figures["loop_lag_p99_ms"], figures["cpu_percent"]
    reasons = []
    if lag is None:
        reasons.append(f"Nobody measured how late the loop of {process} was, so nothing vouches for its timings.")
    elif lag > LOOP_LAG_P99_LIMIT_MS:
        reasons.append(
            f"The load generator itself was late: in {process} the loop's lag had a 99th percentile of {lag:.0f} ms "
            f"(more than {LOOP_LAG_P99_LIMIT_MS:.0f} ms); {_way_out(cpu)}"
        )
    if cpu is not None and cpu > CPU_LIMIT_PERCENT:
        reasons.append(
            f"The load generator itself was short of CPU: {process} used {cpu:.0f} % of its core on average "
            f"(more than {CPU_LIMIT_PERCENT:.0f} %); {_way_out(cpu)}"
        )
    return reasons


def reasons_against_timings(figures: Mapping[str, Any], echo_p99_ms: float | None) -> list[str]:
    """Why the timings are not the server's alone, beyond what speaks against findings. None: there were no echoes."""
    limit = max(TIMINGS_LAG_LIMIT_MS, TIMINGS_LAG_PART * (echo_p99_ms or 0.0))
    echoes = "nothing was echoed" if echo_p99_ms is None else f"the 99th percentile of echoes is {echo_p99_ms:.1f} ms"
    late = [
        (words, figures[name])
        for name, words in (("loop_lag_p99_ms", "the loop's lag had"), ("schedule_lag_p99_ms", "edits left late with"))
        if figures[name] is not None and figures[name] > limit
    ]
    if not late:
        return []
    told = " and ".join(
        f"{words} {'one' if number else 'a 99th percentile'} of {milliseconds:.1f} ms"
        for number, (words, milliseconds) in enumerate(late)
    )
    sentence = (
        f"The timings are not the server's alone: in {figures['process']} {told} (more than {limit:.1f} ms, where "
        f"{echoes}); {_way_out(figures['cpu_percent'])}"
    )
    return [sentence]


def _way_out(cpu: float | None) -> str:
    if cpu is not None and cpu < _BUSY_PERCENT:
        return (
            f"its own work took {cpu:.0f} % of a core, so other programs on the machine kept it waiting, the server "
            f"perhaps: give it a core of its own, another machine, or use fewer users."
        )
    return "use fewer users, or more processes or machines."
