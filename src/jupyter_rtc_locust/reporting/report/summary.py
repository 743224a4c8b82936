"""`summary.md`: the verdict, the figures and the findings, as a job's page on GitHub shows Markdown.

Every text of a server or a document is written so that no character of it can be markup: whatever of ASCII's
punctuation may be, as its number (`&#60;`), which Markdown and HTML take for a letter, and nothing else.
"""

from __future__ import annotations

import string
from collections.abc import Iterable
from typing import Any, Final

from jupyter_rtc_locust.reporting.figures_told import exit_sentence, health_sentences, stumbles
from jupyter_rtc_locust.reporting.report import kinds, repeated, sentences, words
from jupyter_rtc_locust.reporting.report.losses import losses, not_tested
from jupyter_rtc_locust.reporting.report.told_evidence import Difference
from jupyter_rtc_locust.reporting.report.told_run import ToldRun
from jupyter_rtc_locust.timing.thresholds import INCONCLUSIVE, MET, MISSED
from jupyter_rtc_locust.verdict.neutralising import neutralised, neutralised_lines

MOST_FINDINGS: Final = 25
MOST_UNKNOWN: Final = 20
MOST_WARNINGS: Final = 20
MOST_DIFFERENCES: Final = 3
MOST_LINES: Final = 60
_LONGEST_TEXT: Final = 800
_SIGNS: Final = {"pass": "✅ PASS", "fail": "❌ FAIL", "inconclusive": "⚠️ INCONCLUSIVE"}
_OUTCOMES: Final = {MET: "✅ met", MISSED: "❌ missed", INCONCLUSIVE: "⚠️ not established"}
_HARMLESS: Final = frozenset(",;'\"()?%")
"""Punctuation that by itself is no markup, also without the rest; it keeps the file readable as text."""
_NUMBERED: Final = {
    ord(character): f"&#{ord(character)};" for character in string.punctuation if character not in _HARMLESS
}


def summary(told: ToldRun) -> str:
    """The file."""
    parts = [
        f"## {_SIGNS[told.verdict]}: {sentences.HEADLINES[told.verdict]}",
        plain(sentences.summary(told)),
        plain(sentences.what_was_done(told.result)),
        *_thresholds(told),
        *(plain(one) for one in exit_sentence(told.result)),
        *_seen(told),
        *_findings(told),
        *_listed("Not known", map(str, told.result["unknown"]), MOST_UNKNOWN),
        *_listed("Errors that users met", stumbles(told.result), MOST_UNKNOWN),
        *_timings(told),
        *_trust(told),
        *_again(told),
    ]
    return "\n\n".join(["<!-- jupyter-rtc-locust -->", *parts]) + "\n\n"


def plain(text: Any, longest: int = _LONGEST_TEXT) -> str:
    """Any text, in one line, as Markdown in which nothing of it is markup."""
    shown = neutralised(str(text))
    if len(shown) > longest:
        shown = f"{shown[:longest]}… ({len(shown) - longest:,} characters more)"
    return shown.translate(_NUMBERED)


def block(lines: Iterable[str], language: str = "") -> str:
    """Lines as they are, between fences that are longer than any row of backticks in them."""
    text = "\n".join(map(neutralised_lines, lines))
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _thresholds(told: ToldRun) -> list[str]:
    rows = [
        f"| {plain(one['threshold'])} | {_OUTCOMES.get(one['outcome'], '')} | {plain(one['detail'])} |"
        for one in told.thresholds
    ]
    if not rows:
        return []
    return [sentences.thresholds(told), "\n".join(["| threshold | outcome | what it was |", "|---|---|---|", *rows])]


def _seen(told: ToldRun) -> list[str]:
    seen = sentences.seen(told)
    if not seen:
        return []
    rows = [
        f"| {plain(one.told.title)} | {one.count} | {plain(words.users(one.users))} | {plain(one.told.seen)} |"
        for one in seen
    ]
    return [
        "\n".join(["| found | how often | concerns | what a person would have seen |", "|---|---:|---|---|", *rows])
    ]


def _findings(told: ToldRun) -> list[str]:
    parts: list[str] = []
    left = MOST_FINDINGS
    room = MOST_DIFFERENCES
    for document in told.documents:
        if not document.findings or left <= 0:
            continue
        lines = []
        for one in document.findings[:left]:
            who = f" ({plain(words.users(one.users))})" if one.users else ""
            where = f" Evidence: <code>{plain(one.evidence)}</code>" if one.evidence else ""
            lines.append(f"- **{plain(kinds.told(one.kind).title)}**{who}: {plain(one.detail)}{where}")
        left -= len(lines)
        parts += [f"### {plain(document.path) or 'The run as a whole'}", "\n".join(lines)]
        parts += [_difference(one) for one in document.differences[:room]]
        room = max(0, room - len(document.differences))
    more = len(told.result["findings"]) - MOST_FINDINGS
    return [*parts, f"{words.counted(more, 'finding')} more in <code>result.json</code>."] if more > 0 else parts


def _difference(difference: Difference) -> str:
    """Folded up; what is inside begins after an empty line, or it would not be read as Markdown."""
    lines = list(difference.lines[:MOST_LINES])
    left = len(difference.lines) - len(lines) + difference.lines_left_out
    if left:
        lines.append(f"… {left} more lines in {difference.file}")
    head = f"<details><summary>{plain(difference.heading)}</summary>"
    return f"{head}\n\n{block(lines, 'diff')}\n\n</details>"


def _listed(heading: str, texts: Iterable[str], most: int) -> list[str]:
    everything = list(texts)
    if not everything:
        return []
    lines = [f"- {plain(one)}" for one in everything[:most]]
    if len(everything) > most:
        lines.append(f"- {len(everything) - most} more in <code>result.json</code>")
    return [f"### {heading}", "\n".join(lines)]


def _timings(told: ToldRun) -> list[str]:
    rows = [
        f"| {plain(name)} | {one['count']:,} | "
        + " | ".join(words.milliseconds(one[key]) for key in ("p50_ms", "p95_ms", "p99_ms", "max_ms"))
        + f" | {one['failures']:,} |"
        for name, one in told.result["timings"].items()
        if one["count"] or one["failures"]
    ]
    if told.measured_nothing or not rows:
        lost = losses(told.run)
        nothing = "No worker told of a time" if lost is not None and lost.everybody else "This run measured nothing"
        return [f"**{nothing}**, so there are no timings."]
    return [
        *(plain(one) for one in sentences.figures_are_of(told.result)),
        "\n".join(
            ["| timing | count | p50 | p95 | p99 | longest | failures |", "|---|--:|--:|--:|--:|--:|--:|", *rows]
        ),
    ]


def _trust(told: ToldRun) -> list[str]:
    parts = [plain(sentence) for sentence in health_sentences(told.result["generator"], told.run)]
    if missing := sentences.not_exercised(told.result):
        parts.append(f"{not_tested(told.run)}: {plain('; '.join(missing))}.")
    warnings = (
        f"{one['kind']}{' in ' + str(one['document']) if one.get('document') else ''}: {one['detail']}"
        for one in told.result["warnings"]
    )
    return [*parts, *_listed("Warnings", warnings, MOST_WARNINGS)]


def _again(told: ToldRun) -> list[str]:
    command = repeated.command(told.run)
    if not command:
        return []
    needs = "\n".join(f"- {plain(one)}" for one in repeated.needed(told.run, "of the results"))
    return ["### Do it again", needs, block(words.command(command).split("\n"), "sh")]
