"""`report.html`: one file that tells a run to somebody who was not there, without a network and without a script.

What a reader wants first comes first: the verdict in a sentence, what a person would have seen, what was found, how to
do it again, how far to trust it. Then the figures. Whatever came from a server or a document is shown as text: escaped,
kept apart from the direction of the text around it, with control characters written out.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from jinja2 import ChainableUndefined, Environment, PackageLoader
from markupsafe import Markup, escape

from jupyter_rtc_locust.reporting.figures_told import exit_sentence, health_sentences, stumbles
from jupyter_rtc_locust.reporting.report import kinds, plots, repeated, sentences, words
from jupyter_rtc_locust.reporting.report.drawing import SIZES, Size
from jupyter_rtc_locust.reporting.report.junit import right_in
from jupyter_rtc_locust.reporting.report.losses import losses, not_tested
from jupyter_rtc_locust.reporting.report.moments import moments_of
from jupyter_rtc_locust.reporting.report.told_evidence import Difference, FindingTold
from jupyter_rtc_locust.reporting.report.told_run import ToldRun
from jupyter_rtc_locust.verdict.findings import Kind
from jupyter_rtc_locust.verdict.neutralising import neutralised

MOST_FINDINGS: Final = 60
"""Shown in full; how many more there are is said."""
MOST_OF_A_KIND: Final = 8
"""Of those, in one document: the tenth says what the first did, and other kinds want to be seen, too."""
MOST_ROWS: Final = 100
"""Of any table."""
LONGEST_TEXT: Final = 2_000


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot in each width, with words for who cannot see it."""

    alternative: str
    drawings: tuple[tuple[str, Markup], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one kind in one document."""

    kind: str
    told: kinds.KindTold
    findings: tuple[FindingTold, ...]
    left_out: int
    difference: Difference | None
    """Where the copies differ, where that belongs to this kind and was not shown before."""

    @property
    def count(self) -> int:
        """How many there are, those that are not shown included."""
        return len(self.findings) + self.left_out


@dataclass(frozen=True, slots=True)
class Section:
    """A document in which something was found."""

    path: str
    groups: tuple[Group, ...]
    differences: tuple[Difference, ...]
    """What differs beyond what stands with a kind."""
    one_cause: tuple[str, ...] = ()
    """Which of the findings come of one thing."""
    right: tuple[str, ...] = ()
    """What was asked of the document and is so."""


def page(told: ToldRun, folder: str) -> str:
    """The page; `folder` is where the results are, for the commands in it."""
    result, run, sections = told.result, told.run, _sections(told)
    return (
        _environment()
        .get_template("report.html.jinja")
        .render(
            told=told,
            result=result,
            run=run,
            headline=sentences.HEADLINES[told.verdict],
            summary=sentences.summary(told),
            thresholds=sentences.thresholds(told),
            outcomes=sentences.OUTCOMES,
            ends=exit_sentence(result),
            stumbles=stumbles(result),
            label=told.verdict.upper(),
            done=sentences.what_was_done(result),
            seen=sentences.seen(told),
            before=sentences.before(told),
            needed=repeated.needed(run, folder),
            comes_again=sentences.comes_again(result),
            sections=sections,
            findings_left_out=len(result["findings"]) - sum(group.count for one in sections for group in one.groups),
            tiles=_tiles(told),
            command=_command(run),
            plan=_plan(run, folder),
            plan_is_of=sentences.plan_is_of(run),
            check=shlex.join(["jupyter", "rtc-locust", "check", folder]),
            health=health_sentences(result["generator"], run),
            figures_are_of=sentences.figures_are_of(result),
            lost=losses(run),
            not_tested=not_tested(run),
            whose_fault=sentences.whose_fault(one for document in told.documents for one in document.findings),
            missing=sentences.not_exercised(result),
            moments=moments_of(told),
            plots={
                "course": _plot(told, plots.course, sentences.course_in_words(told)),
                "distributions": _plot(told, plots.distributions, sentences.distributions_in_words(result)),
                "fan_out": _plot(told, plots.fan_out, sentences.fan_out_in_words(result)),
                "save_age": _plot(told, plots.save_age, sentences.save_age_in_words(result)),
            },
            timings=[(name, one) for name, one in result["timings"].items() if one["count"] or one["failures"]],
            few=plots.too_few(told),
            fewest=plots.FEWEST_DRAWN,
            failures=sentences.failures(result),
            fan_out=sentences.fan_out(result),
            between=sentences.between_workers(result),
            never_shown=sentences.never_shown(result),
            versions=sentences.versions(run),
            facts=_facts(result),
            options=list(_options(run)),
            most_rows=MOST_ROWS,
            words=words,
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("jupyter_rtc_locust.reporting.report"),
        autoescape=True,
        undefined=ChainableUndefined,  # what an older version has not written is not there
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["shown"] = shown
    environment.filters["harmless"] = harmless
    environment.filters["shown_lines"] = shown_lines
    environment.filters["difference_class"] = difference_class
    environment.filters["difference_line"] = difference_line
    return environment


def shown(value: Any, longest: int = LONGEST_TEXT) -> Markup:
    """Any text as text: no markup, no control character, and no letter that turns the line it stands in."""
    return Markup("<bdi>{}</bdi>").format(escape(harmless(value, longest)))


def harmless(value: Any, longest: int = LONGEST_TEXT) -> str:
    """Any text without control characters, for places where there can be no element around it; not yet escaped."""
    text = neutralised(str(value))
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text) - longest:,} characters more)"


def shown_lines(text: str) -> Markup:
    """A text of several lines, each shown by itself."""
    return Markup("\n").join(map(shown, text.split("\n")))


def difference_class(line: str) -> str:
    """How a line of a difference is marked."""
    if line.startswith(("+++", "---", "@@", "##", "nbdiff")):
        return "head"
    return "new" if line.startswith("+") else "old" if line.startswith("-") else ""


def difference_line(line: str) -> Markup:
    """A line of a difference, whose mark and indentation stay on the left whatever the script of its text is."""
    text = line[1:].lstrip(" ") if line[:1] in "+-" else line.lstrip(" ")
    return Markup("{}{}").format(line[: len(line) - len(text)], shown(text))


def _plot(told: ToldRun, draw: Callable[[ToldRun, Size], str | None], alternative: str) -> Plot | None:
    drawings = [(size.name, draw(told, size)) for size in SIZES]
    # Our own drawing, of our own words: the one thing on the page that is markup already.
    made = tuple((name, Markup(svg)) for name, svg in drawings if svg is not None)
    return Plot(alternative, made) if made else None


_DIFFERENCES_OF: Final = {
    Kind.LOST_EDIT: "difference-oracle-",
    Kind.DUPLICATED_CONTENT: "difference-oracle-",
    Kind.INVENTED_EDIT: "difference-oracle-",
    Kind.DIVERGED: "difference-newcomer-replica-",
    Kind.JOINER_DIFFERS: "difference-newcomer-replica-",
    Kind.SAVED_FILE_DIFFERS: "-saved-file",
    Kind.SAVE_STALLED: "-saved-file",
}
"""Which copies to look at for which kind of finding, by the names of files in the evidence."""


def _sections(told: ToldRun) -> list[Section]:
    left = MOST_FINDINGS
    sections = []
    for document in told.documents:
        if not document.findings or left <= 0:
            continue
        groups, shown_here = [], set[str]()
        of_kind: dict[str, list[FindingTold]] = {}
        for finding in document.findings:
            of_kind.setdefault(finding.kind, []).append(finding)
        for kind in sorted(of_kind, key=kinds.order):
            findings = of_kind[kind]
            part = _DIFFERENCES_OF.get(kind)
            difference = next(
                (one for one in document.differences if part and part in one.file and one.file not in shown_here), None
            )
            if difference is not None:
                shown_here.add(difference.file)
            kept = tuple(findings[: min(left, MOST_OF_A_KIND)])
            left -= len(kept)
            groups.append(Group(kind, kinds.told(kind), kept, len(findings) - len(kept), difference))
        rest = tuple(one for one in document.differences if one.file not in shown_here)
        right = right_in(told, document) if document.path else ()
        one_cause = tuple(sentences.one_cause(document, right))
        sections.append(Section(document.path, tuple(groups), rest, one_cause, tuple(right)))
    return sections


def _tiles(told: ToldRun) -> list[tuple[str, str]]:
    """A few figures that say how large the run was, and how quick."""
    counts, timings = told.result["counts"], told.result["timings"]
    known = "" if losses(told.run) is None else " that are known of"
    tiles = [
        ("users at one time", f"{counts.get('users', 0):,}"),
        ("documents", f"{counts.get('documents', 0):,}"),
        (f"edits{known}", f"{counts.get('edits', 0):,}"),
        (f"connections lost{known}", f"{counts.get('disconnects', 0):,}"),
    ]
    for name, key, label in (
        ("update echo", "p95_ms", "95 % of edits were back within"),
        ("update delivery", "p95_ms", "95 % of edits were with others within"),
        ("save age", "max_ms", "oldest work that was not on disk"),
    ):
        if timings.get(name, {}).get("count"):
            tiles.append((label, words.milliseconds(timings[name][key])))
    return tiles


def _command(run: Mapping[str, Any]) -> str:
    command = repeated.command(run)
    return words.command([*command, "--rtc-results", "results-again"]) if command else ""


def _plan(run: Mapping[str, Any], folder: str) -> str:
    """The command that plays the edits that were told, where they were kept."""
    plan, command = run.get("plan") or {}, repeated.command(run)
    if not plan.get("evidence") or not plan.get("edits") or not command:
        return ""
    return words.command([*command, "--rtc-plan", f"{folder}/{plan['evidence']}", "--rtc-results", "results-again"])


def _facts(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    run, evidence, server = result["run"], result["evidence"], result["server"]
    kept = evidence.get("folder")
    facts = {
        "began": run.get("began"),
        "took": words.seconds(run.get("duration_s")),
        "server": run.get("server"),
        "address": run.get("host"),
        "locustfile": run.get("locustfile"),
        "seed": run.get("seed"),
        "processes": run.get("workers"),
        "server's memory": _memory(server),
        "bytes received": words.size(result["bytes"].get("received", {}).get("total")),
        "bytes sent": words.size(result["bytes"].get("sent", {}).get("total")),
        "evidence": f"{evidence.get('files')} files, {words.size(evidence.get('bytes'))}" if kept else "none",
        "left out of the evidence": words.counted(evidence["left_out"], "file") if evidence.get("left_out") else None,
        "run": run.get("run_id"),
    }
    return [(name, str(value)) for name, value in facts.items() if value not in (None, "", "–")]


def _memory(server: Mapping[str, Any]) -> str | None:
    if server.get("memory_peak_bytes") is None:
        return None
    start, peak, end = (words.size(server.get(f"memory_{when}_bytes")) for when in ("start", "peak", "end"))
    return f"{start} before the first user, {peak} at most, {end} at the end"


def _options(run: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name, value in (run.get("options") or {}).items():
        yield f"--rtc-{name.replace('_', '-')}", "" if value is None else str(value)
