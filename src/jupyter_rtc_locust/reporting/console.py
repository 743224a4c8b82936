"""What a person reads in the terminal: a sentence when a run begins, and about ten lines when it has ended.

The verdict comes first, because it is what people look for, and the figures after it. Everything is made from the
content of the result file, so that terminal and file cannot disagree.

Pure: texts in, texts out. Text that came from a server is shown as text: what would move the cursor, colour the line or
turn its direction is written out as an escape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from jupyter_rtc_locust.reporting.figures_told import (
    between_workers_lines,
    exit_sentence,
    health_sentences,
    load_sentence,
    stumbles,
    timing_lines,
)
from jupyter_rtc_locust.reporting.report import kinds, words
from jupyter_rtc_locust.reporting.report.losses import not_tested
from jupyter_rtc_locust.reporting.result_file import redact
from jupyter_rtc_locust.reporting.shown import TEXT_SHOWN, shown
from jupyter_rtc_locust.verdict.exercised import NOT_EXERCISED
from jupyter_rtc_locust.verdict.neutralising import neutralised

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FINDINGS_SHOWN: Final = 10
"""How many findings, and how many warnings, are told before the reader is sent to the file."""

TEXT_IN_FULL: Final = 20_000
"""How many, where a result is shown in full."""

WARNING_SHOWN: Final = 240
"""How many characters of a warning: it is no finding, and one that is a paragraph would hide what is."""

LINE: Final = 110
"""How many characters a line takes that could be two as well."""

_LABELS: Final = {"pass": "PASS", "fail": "FAIL", "inconclusive": "INCONCLUSIVE"}


def start_sentence(
    host: str,
    users: int,
    documents: int,
    *,
    server: str = "",
    seed: int | None = None,
    processes: int = 1,
    at_most: bool = False,
) -> str:
    """Which host is about to be loaded, by how many users in how many documents. A URL's secrets are not shown.

    `at_most`: a load shape decides how many users there are.
    """
    kind = f" ({shown(server)})" if server else ""
    where = f"{processes} processes" if processes > 1 else "one process"
    chosen = "" if seed is None else f", seed {seed}"
    return (
        f"Loading {shown(redact(host, ()))}{kind} with {'up to ' if at_most else ''}{words.counted(users, 'user')} in "
        f"{words.counted(documents, 'document')}, from {where}{chosen}."
    )


def checkpoint_sentence(checkpoint: Mapping[str, Any]) -> str:
    """What a checkpoint found, in one line, from its entry in the result file."""
    label = _LABELS.get(str(checkpoint["verdict"]), str(checkpoint["verdict"]))
    return (
        f"Checkpoint {checkpoint['number']} at {checkpoint['at_s']:.0f} s (editing paused for "
        f"{checkpoint['paused_s']:.1f} s): {label}: {shown(checkpoint['reason'])}"
    )


def end_report(result: Mapping[str, Any], result_path: str | None = None, reports: Sequence[str] = ()) -> list[str]:
    """The lines that end a run, from the content of its result file.

    `result_path` is where that is, `reports` what is to be said of the reports that were made of it. A run in which
    nothing was found, and that nothing was asked of beside its verdict, takes ten lines.
    """
    where = [] if result_path is None else [f"Result file: {shown(result_path)}"]
    return [
        *verdict_report(result),
        *_stumbles(result),
        *_thresholds(result),
        *map(shown, exit_sentence(result)),
        *_interventions(result["run"]),
        load_sentence(result),
        *_plan(result["run"]),
        *timing_lines(result["timings"], result["run"]),
        *between_workers_lines(result.get("between_workers")),
        *health_sentences(result["generator"], result["run"]),
        *_not_exercised(result),
        *_in_one_line_if_short([*map(shown, reports), *where]),
    ]


def verdict_report(result: Mapping[str, Any]) -> list[str]:
    """The verdict with the first of its findings, of what is not known, and of its warnings."""
    return [
        _verdict(result),
        *_findings(result["findings"]),
        *_unknown(result),
        *_told("warning", [_one("warning", item, WARNING_SHOWN) for item in result["warnings"]]),
    ]


def full_report(result: Mapping[str, Any], folder: str) -> list[str]:
    """Everything that a result file tells of its verdict, no finding left out; `folder` is where the results are."""
    lines = [_verdict(result, TEXT_IN_FULL)]
    for number, finding in enumerate(result["findings"], start=1):
        lines += ["", *_finding_in_full(number, finding, folder)]
    sections = (
        ("Not known:", [shown(one, TEXT_IN_FULL) for one in result.get("unknown") or ()]),
        ("Warnings:", [_one("", one, TEXT_IN_FULL).removeprefix("  : ") for one in result["warnings"]]),
        ("Errors that users met:", [shown(one, TEXT_IN_FULL) for one in stumbles(result)]),
        ("Thresholds:", _thresholds(result)),
        ("Exit:", [shown(one, TEXT_IN_FULL) for one in exit_sentence(result)]),
        ("Guests:", [_guest(one) for one in result.get("guests") or ()]),
        ("Checkpoints:", [checkpoint_sentence(one) for one in result.get("checkpoints") or ()]),
    )
    for head, sentences in sections:
        if sentences:
            lines += ["", head, *(f"  {sentence}" for sentence in sentences)]
    lines += [
        "",
        *_interventions(result["run"]),
        load_sentence(result),
        *_not_exercised(result),
        *_plan_in_full(result["run"], folder),
        *_kept(result.get("evidence") or {}, folder),
    ]
    return lines


def _verdict(result: Mapping[str, Any], longest: int = TEXT_SHOWN) -> str:
    verdict = str(result["verdict"])
    label = _LABELS.get(verdict, neutralised(verdict.upper()))
    return f"{label}: {shown(_what_was_found(result['findings']) or result['reason'], longest)}"


def _what_was_found(findings: Sequence[Mapping[str, Any]]) -> str:
    """How much went wrong, of which kinds, in how many documents; nothing where nothing did."""
    where = len({str(one["document"]) for one in findings if one.get("document")})
    place = f" in {words.counted(where, 'document')}" if where else ""
    found = f"{words.counted(len(findings), 'finding')}{place}: {kinds.counted(str(one['kind']) for one in findings)}."
    return found if findings else ""


def _finding_in_full(number: int, finding: Mapping[str, Any], folder: str) -> list[str]:
    users = ", ".join(str(user) for user in finding.get("users") or ())
    rows = {
        "document": finding.get("document"),
        "users": users,
        "evidence": f"{folder}/{finding['evidence']}" if finding.get("evidence") else None,
    }
    return [
        f"Finding {number}: {shown(finding['kind'])}",
        f"  {shown(finding['detail'], TEXT_IN_FULL)}",
        *(f"  {name}: {shown(value)}" for name, value in rows.items() if value),
    ]


def _guest(guest: Mapping[str, Any]) -> str:
    who, where = shown(guest["client_id"]), shown(guest["document"])
    return f"client {who} in {where}, who wrote {shown(guest['units'])} units"


def _kept(evidence: Mapping[str, Any], folder: str) -> list[str]:
    """What was kept of the evidence, and what was not."""
    lines = []
    if evidence.get("folder"):
        kept = f"{words.counted(evidence['files'], 'file')}, {evidence['bytes']:,} bytes"
        lines.append(f"Evidence: {shown(folder)}/{shown(evidence['folder'])} ({kept}).")
    if evidence.get("left_out"):
        left = words.counted(evidence["left_out"], "file")
        lines.append(f"Left out of it: {left}, for example {shown('; '.join(evidence['names_left_out'][:3]))}.")
    if evidence.get("problem"):
        lines.append(shown(evidence["problem"]))
    return lines


def _unknown(result: Mapping[str, Any]) -> list[str]:
    """What could not be established, beyond the reason that stands first already."""
    sentences = [str(one) for one in result.get("unknown") or ()]
    if len(sentences) < 2 and str(result["verdict"]) != "fail":
        return []
    lines = [f"  unknown: {shown(one)}" for one in sentences[:FINDINGS_SHOWN]]
    if len(sentences) > FINDINGS_SHOWN:
        lines.append(f"  unknown: {len(sentences) - FINDINGS_SHOWN} more, all in the result file")
    return lines


def _findings(findings: Sequence[Mapping[str, Any]]) -> list[str]:
    """One line for each kind in each document, in the order in which a reader cares: whom it concerns, and the first.

    Ten cells that stand there twice are one thing that went wrong, and what else did must not be lost among them.
    """
    alike: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for finding in findings:
        alike.setdefault((str(finding["kind"]), str(finding.get("document") or "")), []).append(finding)
    lines = []
    for (kind, _), several in sorted(alike.items(), key=lambda one: kinds.order(one[0][0])):
        users = sorted({user for one in several for user in one.get("users") or ()})
        title = kinds.told(kind).title
        of = f", the first of {len(several)}" if len(several) > 1 else ""
        also = "" if title == kind else f" ({title[:1].lower()}{title[1:]})"
        lines.append(_one("finding", {**several[0], "users": users}, also=also, of=of))
    return _told("finding", lines)


def _told(word: str, lines: Sequence[str]) -> list[str]:
    if len(lines) <= FINDINGS_SHOWN:
        return [*lines]
    return [*lines[:FINDINGS_SHOWN], f"  {word}: {len(lines) - FINDINGS_SHOWN} more, all in the result file"]


def _one(word: str, item: Mapping[str, Any], longest: int = TEXT_SHOWN, *, also: str = "", of: str = "") -> str:
    document = f" in {shown(item['document'])}" if item.get("document") else ""
    users = item.get("users") or ()
    concerned = f" ({words.users(users)})" if users else ""
    evidence = f" [see {shown(item['evidence'])}]" if item.get("evidence") else ""
    what = f"{shown(item['kind'])}{also}{document}{concerned}{of}"
    return f"  {word}: {what}: {shown(item['detail'], longest)}{evidence}"


def _stumbles(result: Mapping[str, Any]) -> list[str]:
    """Errors that users met, but for those that stand beside them already."""
    told = " ".join([str(result["reason"]), *exit_sentence(result)])
    others = [one for one in result.get("stumbles") or () if str(one["what"]).removesuffix(".") not in told]
    return _told("stumbled", [f"  stumbled: {shown(one)}" for one in stumbles({"stumbles": others})])


def _thresholds(result: Mapping[str, Any]) -> list[str]:
    return [
        f"Threshold {one['outcome']}: {shown(one['threshold'])}. {shown(one['detail'])}"
        for one in result.get("thresholds") or ()
    ]


def _interventions(run: Mapping[str, Any]) -> list[str]:
    """What was done to the run from outside, and when: faults on purpose, and pauses."""
    lines = []
    for fault in run.get("faults") or ():
        began, ended = fault["began"], fault["ended"]
        when = (
            "" if began is None else f" from {began:.1f} s" if ended is None else f" from {began:.1f} to {ended:.1f} s"
        )
        lines.append(f"  fault{when}: {shown(fault['what'])} ({shown(fault['outcome'])})")
    for pause in run.get("pauses") or ():
        until = "the end" if pause["ended_s"] is None else f"{pause['ended_s']:.1f} s"
        lines.append(f"  paused by a person from {pause['began_s']:.1f} s to {until}: nobody edited")
    return lines


def _not_exercised(result: Mapping[str, Any]) -> list[str]:
    """What a pass says nothing about, in one line; nothing where nobody took a seat, and so nothing was tested."""
    figures = result.get("exercised") or {}
    missing = [words for name, words in NOT_EXERCISED.items() if name in figures and not figures[name]]
    if not missing or not result["counts"].get("users_seated"):
        return []
    return [f"{not_tested(result['run'])}: {'; '.join(missing)}."]


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
    what = "it" if plan["complete"] else "what is in it"
    again = [f"To do {what} again: --rtc-plan {shown(folder)}/{shown(kept)}"] if kept else []
    return [*_plan_told(plan), *again]


def _plan_told(plan: Mapping[str, Any]) -> list[str]:
    skipped = f", {plan['operations_skipped']:,} skipped" if plan.get("played") or plan["operations_skipped"] else ""
    edits = words.counted(plan["edits"], "edit")
    parts = [
        f"Plan: {words.counted(plan['operations'], 'operation')} in {edits}{skipped}, digest {shown(plan['digest'])}"
    ]
    if not plan["complete"]:
        parts.append("not complete, because a process did not tell, or there was too much of it")
    if (played := plan.get("played")) is not None:
        parts.append(
            f"the same as in {shown(played['file'])}"
            if played["same"]
            else f"not that of {shown(played['file'])}, which has {words.counted(played['edits'], 'edit')}"
        )
    if plan.get("file"):
        parts.append(f"saved as {shown(plan['file'])}")
    return [f"{'; '.join(parts)}.", *([shown(plan["problem"])] if plan.get("problem") else [])]


def _in_one_line_if_short(pieces: Sequence[str]) -> list[str]:
    """Places of files beside each other, where they fit."""
    together = "   ".join(pieces)
    return [together] if together and len(together) <= LINE else [*pieces]
