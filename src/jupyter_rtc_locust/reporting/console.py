"""What a person reads in the terminal: a sentence when a run begins, and about ten lines when it has ended.

The verdict comes first, because it is what people look for, and the figures after it. Everything is made from the
content of the result file, so that terminal and file cannot disagree.

Pure: texts in, texts out. Text that came from a server is shown as text: what would move the cursor, colour the line or
turn its direction is written out as an escape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from jupyter_rtc_locust.reporting.result_file import redact
from jupyter_rtc_locust.verdict.exercised import NOT_EXERCISED
from jupyter_rtc_locust.verdict.neutralising import neutralised

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FINDINGS_SHOWN: Final = 10
"""How many findings, and how many warnings, are told before the reader is sent to the file."""

REASONS_SHOWN: Final = 2
"""How many sentences about a generator that did not keep up; each process has its own."""

TEXT_SHOWN: Final = 500
"""How many characters of one sentence are shown."""

TEXT_IN_FULL: Final = 20_000
"""How many, where a result is shown in full."""

_LABELS: Final = {"pass": "PASS", "fail": "FAIL", "inconclusive": "INCONCLUSIVE"}


def start_sentence(
    host: str, users: int, documents: int, *, server: str = "", seed: int | None = None, processes: int = 1
) -> str:
    """Which host is about to be loaded, by how many users in how many documents. A URL's secrets are not shown."""
    kind = f" ({_shown(server)})" if server else ""
    where = f"{processes} processes" if processes > 1 else "one process"
    chosen = "" if seed is None else f", seed {seed}"
    return (
        f"Loading {_shown(redact(host, ()))}{kind} with {_counted(users, 'user')} in "
        f"{_counted(documents, 'document')}, from {where}{chosen}."
    )


def checkpoint_sentence(checkpoint: Mapping[str, Any]) -> str:
    """What a checkpoint found, in one line, from its entry in the result file."""
    label = _LABELS.get(str(checkpoint["verdict"]), str(checkpoint["verdict"]))
    return (
        f"Checkpoint {checkpoint['number']} at {checkpoint['at_s']:.0f} s (editing paused for "
        f"{checkpoint['paused_s']:.1f} s): {label}: {_shown(checkpoint['reason'])}"
    )


def end_report(result: Mapping[str, Any], result_path: str | None = None) -> list[str]:
    """The lines that end a run, from the content of its result file and the place where that is."""
    lines = verdict_report(result)
    lines += _thresholds(result)
    lines += _faults(result["run"])
    lines.append(_exercised(result))
    lines += _not_exercised(result)
    lines += _plan(result["run"])
    lines += _timings(result["timings"], result["run"].get("warmup_s"))
    lines += health_sentences(result["generator"])
    if result_path is not None:
        lines.append(f"Result file: {_shown(result_path)}")
    return lines


def verdict_report(result: Mapping[str, Any]) -> list[str]:
    """The verdict with the first of its findings, of what is not known, and of its warnings."""
    lines = [_verdict(result)]
    lines += _told("finding", result["findings"])
    lines += _unknown(result)
    lines += _told("warning", result["warnings"])
    return lines


def full_report(result: Mapping[str, Any], folder: str) -> list[str]:
    """Everything that a result file tells of its verdict, no finding left out; `folder` is where the results are."""
    lines = [_verdict(result, TEXT_IN_FULL)]
    for number, finding in enumerate(result["findings"], start=1):
        lines += ["", *_finding_in_full(number, finding, folder)]
    sections = (
        ("Not known:", [_shown(one, TEXT_IN_FULL) for one in result.get("unknown") or ()]),
        ("Warnings:", [_one("", one, TEXT_IN_FULL).removeprefix("  : ") for one in result["warnings"]]),
        ("Thresholds:", _thresholds(result)),
        ("Guests:", [_guest(one) for one in result.get("guests") or ()]),
        ("Checkpoints:", [checkpoint_sentence(one) for one in result.get("checkpoints") or ()]),
    )
    for head, sentences in sections:
        if sentences:
            lines += ["", head, *(f"  {sentence}" for sentence in sentences)]
    lines += [
        "",
        *_faults(result["run"]),
        _exercised(result),
        *_not_exercised(result),
        *_plan_in_full(result["run"], folder),
        *_kept(result.get("evidence") or {}, folder),
    ]
    return lines


def _verdict(result: Mapping[str, Any], longest: int = TEXT_SHOWN) -> str:
    verdict = str(result["verdict"])
    label = _LABELS.get(verdict, neutralised(verdict.upper()))
    return f"{label}: {_shown(result['reason'], longest)}"


def _finding_in_full(number: int, finding: Mapping[str, Any], folder: str) -> list[str]:
    users = ", ".join(str(user) for user in finding.get("users") or ())
    rows = {
        "document": finding.get("document"),
        "users": users,
        "evidence": f"{folder}/{finding['evidence']}" if finding.get("evidence") else None,
    }
    return [
        f"Finding {number}: {_shown(finding['kind'])}",
        f"  {_shown(finding['detail'], TEXT_IN_FULL)}",
        *(f"  {name}: {_shown(value)}" for name, value in rows.items() if value),
    ]


def _guest(guest: Mapping[str, Any]) -> str:
    who, where = _shown(guest["client_id"]), _shown(guest["document"])
    return f"client {who} in {where}, who wrote {_shown(guest['units'])} units"


def _kept(evidence: Mapping[str, Any], folder: str) -> list[str]:
    """What was kept of the evidence, and what was not."""
    lines = []
    if evidence.get("folder"):
        kept = f"{_counted(evidence['files'], 'file')}, {evidence['bytes']:,} bytes"
        lines.append(f"Evidence: {_shown(folder)}/{_shown(evidence['folder'])} ({kept}).")
    if evidence.get("left_out"):
        left = _counted(evidence["left_out"], "file")
        lines.append(f"Left out of it: {left}, for example {_shown('; '.join(evidence['names_left_out'][:3]))}.")
    if evidence.get("problem"):
        lines.append(_shown(evidence["problem"]))
    return lines


def _unknown(result: Mapping[str, Any]) -> list[str]:
    """What could not be established, beyond the reason that stands first already."""
    sentences = [str(one) for one in result.get("unknown") or ()]
    if len(sentences) < 2 and str(result["verdict"]) != "fail":
        return []
    lines = [f"  unknown: {_shown(one)}" for one in sentences[:FINDINGS_SHOWN]]
    if len(sentences) > FINDINGS_SHOWN:
        lines.append(f"  unknown: {len(sentences) - FINDINGS_SHOWN} more, all in the result file")
    return lines


def _told(word: str, items: list[Mapping[str, Any]]) -> list[str]:
    lines = [_one(word, item) for item in items[:FINDINGS_SHOWN]]
    if len(items) > FINDINGS_SHOWN:
        lines.append(f"  {word}: {len(items) - FINDINGS_SHOWN} more, all in the result file")
    return lines


def _one(word: str, item: Mapping[str, Any], longest: int = TEXT_SHOWN) -> str:
    document = f" in {_shown(item['document'])}" if item.get("document") else ""
    users = item.get("users") or ()
    concerned = f" ({'user' if len(users) == 1 else 'users'} {', '.join(str(user) for user in users)})" if users else ""
    evidence = f" [see {_shown(item['evidence'])}]" if item.get("evidence") else ""
    return f"  {word}: {_shown(item['kind'])}{document}{concerned}: {_shown(item['detail'], longest)}{evidence}"


def _thresholds(result: Mapping[str, Any]) -> list[str]:
    return [
        f"Threshold {one['outcome']}: {_shown(one['threshold'])}. {_shown(one['detail'])}"
        for one in result.get("thresholds") or ()
    ]


def _faults(run: Mapping[str, Any]) -> list[str]:
    """What went wrong on purpose, and when it did."""
    lines = []
    for fault in run.get("faults") or ():
        began, ended = fault["began"], fault["ended"]
        when = (
            "" if began is None else f" from {began:.1f} s" if ended is None else f" from {began:.1f} to {ended:.1f} s"
        )
        lines.append(f"  fault{when}: {_shown(fault['what'])} ({_shown(fault['outcome'])})")
    return lines


def _exercised(result: Mapping[str, Any]) -> str:
    counts, run = result["counts"], result["run"]
    parts = [
        _counted(counts[name], word)
        for name, word in (("users", "user"), ("documents", "document"), ("edits", "edit"))
        if isinstance(counts.get(name), int)
    ]
    parts += [
        f"{counts[name]:,} {words}"
        for name, words in (("updates_received", "updates received"), ("disconnects", "lost connections"))
        if isinstance(counts.get(name), int)
    ]
    duration, workers = run.get("duration_s"), run.get("workers")
    if isinstance(duration, int | float):
        parts.append(f"{duration:.0f} s")
    if isinstance(workers, int) and workers > 1:
        parts.append(_counted(workers, "worker"))
    if run.get("seed") is not None:
        parts.append(f"seed {_shown(run['seed'])}")
    return f"Exercised: {', '.join(parts) or 'nothing that was counted'}."


def _not_exercised(result: Mapping[str, Any]) -> list[str]:
    """What a pass says nothing about, in one line; nothing where nobody took a seat, and so nothing was tested."""
    figures = result.get("exercised") or {}
    missing = [words for name, words in NOT_EXERCISED.items() if name in figures and not figures[name]]
    if not missing or not result["counts"].get("users_seated"):
        return []
    return [f"Not exercised, so nothing is said about: {'; '.join(missing)}."]


def _plan(run: Mapping[str, Any]) -> list[str]:
    """What was done and skipped, with its digest, where a plan was saved or played."""
    plan = run.get("plan") or {}
    if plan.get("played") is None and not plan.get("file") and not plan.get("problem"):
        return []
    return _plan_told(plan)


def _plan_in_full(run: Mapping[str, Any], folder: str) -> list[str]:
    plan = run.get("plan")
    if not plan:
        return []
    kept = plan.get("evidence")
    again = [f"To do it again: --rtc-plan {_shown(folder)}/{_shown(kept)}"] if kept else []
    return [*_plan_told(plan), *again]


def _plan_told(plan: Mapping[str, Any]) -> list[str]:
    skipped = f", {plan['operations_skipped']:,} skipped" if plan.get("played") or plan["operations_skipped"] else ""
    edits = _counted(plan["edits"], "edit")
    parts = [f"Plan: {_counted(plan['operations'], 'operation')} in {edits}{skipped}, digest {_shown(plan['digest'])}"]
    if not plan["complete"]:
        parts.append("not complete, because a process did not tell, or there was too much of it")
    if (played := plan.get("played")) is not None:
        parts.append(
            f"the same as in {_shown(played['file'])}"
            if played["same"]
            else f"not that of {_shown(played['file'])}, which has {_counted(played['edits'], 'edit')}"
        )
    if plan.get("file"):
        parts.append(f"saved as {_shown(plan['file'])}")
    return [f"{'; '.join(parts)}.", *([_shown(plan["problem"])] if plan.get("problem") else [])]


def _timings(timings: Mapping[str, Mapping[str, Any]], warmup_s: float | None) -> list[str]:
    rows = [(name, timing) for name, timing in timings.items() if timing["count"] or timing["failures"]]
    if not rows:
        return ["Timings: nothing was timed."]
    lines = [f"{'Timings in ms':<16}{'count':>10}{'p50':>10}{'p95':>10}{'p99':>10}{'max':>10}{'failures':>10}"]
    for name, timing in rows:
        figures = "".join(f"{_milliseconds(timing[key]):>10}" for key in ("p50_ms", "p95_ms", "p99_ms", "max_ms"))
        lines.append(f"  {_shown(name):<14}".ljust(18) + f"{timing['count']:>8,}{figures}{timing['failures']:>10,}")
    left_out = sum(timing.get("left_out", 0) for timing in timings.values())
    if left_out:
        lines.append(f"  left out: {_counted(left_out, 'sample')} of the first {warmup_s:g} s (--rtc-warmup)")
    return lines


def health_sentences(generator: Mapping[str, Any]) -> list[str]:
    """Whether the load generator kept up, from its summary in the result file; nothing where there was no load."""
    if not generator.get("processes"):
        return []  # nobody played a user, so there was no load to keep up with
    figures = [
        f"{label} {_milliseconds(generator[key])} {unit}"
        for key, label, unit in (
            ("loop_lag_p99_ms", "loop lag p99", "ms"),
            ("schedule_lag_p99_ms", "edits late p99", "ms"),
        )
        if generator.get(key) is not None
    ]
    if generator.get("cpu_percent") is not None:
        figures.append(f"CPU {generator['cpu_percent']:.0f} % of a core")
    measured = f" ({', '.join(figures)})" if figures else ""
    if generator.get("sound") and generator.get("timings_sound", True):
        return [f"The load generator kept up{measured}."]
    if generator.get("sound"):
        reasons = _first(generator.get("timings_reasons") or ())
        return [f"The load generator kept up as far as the verdict goes, and not with the timings{measured}. {reasons}"]
    reasons = _first(generator.get("reasons") or ())
    if generator.get("loop_lag_p99_ms") is None:
        return [f"Whether the load generator kept up is not known{measured}. {reasons}".rstrip()]
    return [
        f"The load generator did not keep up, so the timings are not the server's alone{measured}. {reasons}".rstrip()
    ]


def _first(reasons: Sequence[str]) -> str:
    """Of many processes that have the same to say, some."""
    shown = [_shown(reason) for reason in reasons[:REASONS_SHOWN]]
    if len(reasons) > REASONS_SHOWN:
        shown.append(f"{len(reasons) - REASONS_SHOWN} more such sentences are in the result file.")
    return " ".join(shown)


def _milliseconds(value: float | None) -> str:
    """Three significant digits below a thousand, whole milliseconds above; a dash for nothing."""
    if value is None:
        return "-"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _shown(value: Any, longest: int = TEXT_SHOWN) -> str:
    text = neutralised(str(value))
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text) - longest} characters more)"
