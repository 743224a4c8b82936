"""The figures of a run for the terminal: how much was done, how long people waited, whether the generator kept up.

Few: what a person decides by. Everything else is in the result file, and in the report that is made of it. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from jupyter_rtc_locust.reporting.report import words
from jupyter_rtc_locust.reporting.report.losses import Losses, losses
from jupyter_rtc_locust.reporting.shown import shown
from jupyter_rtc_locust.timing.recorder import (
    HUB_SPAWN,
    OPEN_DOCUMENT,
    RECONNECT,
    RUN_CELL,
    SAVE,
    SAVE_AGE,
    UPDATE_DELIVERY,
    UPDATE_ECHO,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

REASONS_SHOWN: Final = 2
"""How many sentences about a generator that did not keep up; each process has its own."""

WAITED_FOR: Final = {
    HUB_SPAWN: "a hub's server, until ready",
    OPEN_DOCUMENT: "until a document is there",
    UPDATE_ECHO: "an edit, back at its author",
    UPDATE_DELIVERY: "an edit, with another user",
    RUN_CELL: "a cell, until it has run",
    SAVE: "a save by hand",
    SAVE_AGE: "the oldest work not on disk",
    RECONNECT: "a lost connection, until well",
}
"""What somebody waits for, in words. Other timings are parts of these, or nobody's patience depends on them."""

_NAME: Final = 2 + max(map(len, WAITED_FOR)) + 2
_MEANING: Final = max(map(len, WAITED_FOR.values()))


def load_sentence(result: Mapping[str, Any]) -> str:
    """How many people did how much, for how long, and how often something was in their way."""
    counts, run = result["counts"], result["run"]
    users, edits, documents, received, lost, stumbled = (
        int(counts.get(name) or 0)
        for name in ("users", "edits", "documents", "updates_received", "disconnects", "users_stumbled")
    )
    if counts.get("users_seated") == 0 and not users and not edits:
        return "Load: none, because no user took a seat in a document."
    failed = sum(int(one["failures"]) for one in result["timings"].values())
    duration, workers = run.get("duration_s"), run.get("workers")
    people, made = words.counted(users, "user"), words.counted(edits, "edit")
    where = [
        f" in {words.counted(documents, 'document')}",
        f" within {words.seconds(duration)}" if isinstance(duration, int | float) else "",
        f", from {workers} processes" if isinstance(workers, int) and workers > 1 else "",
    ]
    came = [
        f"{words.counted(received, 'update')} received",
        f", {words.counted(lost, 'connection')} lost" if lost else ", no connection lost",
        f", {words.counted(failed, 'failure')}" if failed else "" if stumbled else ", nothing failed",
        f", {words.counted(stumbled, 'user')} stumbled" if stumbled else "",
    ]
    seed = f", seed {shown(run['seed'])}" if run.get("seed") is not None else ""
    if (gone := losses(run)) is None:
        return f"Load: {people} made {made}{''.join(where)}; {''.join(came)}{seed}."
    load = f"Load: {people}{''.join(where)}{seed}."
    if gone.everybody:
        return f"{load} What they did is not known: no worker told of it."
    return f"{load} Without {gone.people}: {made}, {''.join(came)}."


def exit_sentence(result: Mapping[str, Any]) -> list[str]:
    """With which code the run ends, where the verdict does not say why; nothing where it does."""
    told = result.get("exit") or {}
    return [f"Exit code {told['code']}, because {told['reason']}."] if told.get("reason") else []


def stumbles(result: Mapping[str, Any]) -> list[str]:
    """Errors that users met, and how often each."""
    return [f"{one['what']} ({words.counted(one['times'], 'time')})" for one in result.get("stumbles") or ()]


def timing_lines(timings: Mapping[str, Mapping[str, Any]], run: Mapping[str, Any]) -> list[str]:
    """What people waited for, as a table, and what failed. What that consists of is in the result file."""
    if not any(timing["count"] or timing["failures"] for timing in timings.values()):
        untold = (gone := losses(run)) is not None and gone.everybody
        return ["Timings: not known, because no worker told of any." if untold else "Timings: nothing was timed."]
    warmup_s = run.get("warmup_s")
    rows = [(name, what, timings[name]) for name, what in WAITED_FOR.items() if timings.get(name, {}).get("count")]
    left_out = sum(timing.get("left_out", 0) for _, _, timing in rows)
    head = f"Timings, without the first {warmup_s:g} s:" if left_out and warmup_s else "Timings:"
    lines = [f"{head:<{_NAME + _MEANING}}{'p50':>10}{'p95':>10}{'p99':>10}{'longest':>10}{'count':>9}"]
    for name, what, timing in rows:
        figures = "".join(f"{words.milliseconds(timing[key]):>10}" for key in ("p50_ms", "p95_ms", "p99_ms", "max_ms"))
        lines.append(f"  {name:<{_NAME - 2}}{what:<{_MEANING}}{figures}{timing['count']:>9,}")
    for name, timing in timings.items():
        if timing["failures"]:
            told = next(iter(timing.get("failure_sentences") or ()), "")
            example = f", for example: {shown(told)}" if told else ""
            lines.append(f"  failed: {shown(name)}, {words.counted(timing['failures'], 'time')}{example}")
    return lines


def between_workers_lines(between: Mapping[str, Any] | None) -> list[str]:
    """How long edits took from one process to another, as far as the processes' clocks let it be told."""
    if not between:
        return []
    lost = [one for one in between["clocks"] if one["problem"]]
    without = ""
    if lost:
        without = f" Nothing is known of the clock of {shown(lost[0]['process'])}: {shown(lost[0]['problem'])}."
    if not between["count"]:
        return [f"Between processes: no delivery was timed.{without}"]
    told = [
        f"{name} {words.milliseconds(between[f'{name}_ms'])} ± {words.milliseconds(between[f'{name}_bound_ms'])}"
        if between[f"{name}_ms"] is not None
        else f"{name} not known"
        for name in ("p50", "p95", "p99")
    ]
    return [f"Between processes, an edit, with the first user of another: {', '.join(told)}.{without}"]


def health_sentences(generator: Mapping[str, Any], run: Mapping[str, Any]) -> list[str]:
    """Whether the load generator kept up, from its summary in the result file; nothing where there was no load."""
    gone = losses(run)
    if not generator.get("processes"):
        # Where nobody played a user, there was no load to keep up with.
        return [] if gone is None else ["Whether the load generator kept up is not known: no worker told of it."]
    generated = _generator(gone)
    figures = [
        f"{label} {words.milliseconds(generator[key])}"
        for key, label in (("loop_lag_p99_ms", "loop lag p99"), ("schedule_lag_p99_ms", "edits late p99"))
        if generator.get(key) is not None
    ]
    if generator.get("cpu_percent") is not None:
        figures.append(f"CPU {generator['cpu_percent']:.0f} % of a core")
    measured = f" ({', '.join(figures)})" if figures else ""
    if generator.get("sound") and generator.get("timings_sound", True):
        return [f"{generated} kept up{measured}."]
    if generator.get("sound"):
        reasons = _first(generator.get("timings_reasons") or ())
        return [f"{generated} kept up well enough for the verdict, and not for the timings{measured}. {reasons}"]
    reasons = _first(generator.get("reasons") or ())
    if generator.get("loop_lag_p99_ms") is None:
        return [f"Whether the load generator kept up is not known{measured}. {reasons}".rstrip()]
    return [f"{generated} did not keep up, so the timings are not the server's alone{measured}. {reasons}".rstrip()]


def _generator(gone: Losses | None) -> str:
    return "The load generator" if gone is None else f"The load generator, as far as known without {gone.workers},"


def _first(reasons: Sequence[str]) -> str:
    """Of many processes that have the same to say, some."""
    told = [shown(reason) for reason in reasons[:REASONS_SHOWN]]
    if len(reasons) > REASONS_SHOWN:
        told.append(f"{len(reasons) - REASONS_SHOWN} more such sentences are in the result file.")
    return " ".join(told)
