"""A run in sentences, from its result file: what was done, what a pass says nothing about, and each plot in words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from jupyter_rtc_locust.reporting.report import kinds
from jupyter_rtc_locust.reporting.report.kinds import KindTold
from jupyter_rtc_locust.reporting.report.losses import losses
from jupyter_rtc_locust.reporting.report.moments import moments_of
from jupyter_rtc_locust.reporting.report.told_evidence import DocumentTold, FindingTold
from jupyter_rtc_locust.reporting.report.told_run import ToldRun
from jupyter_rtc_locust.reporting.report.words import counted, listed, milliseconds, seconds, users
from jupyter_rtc_locust.reporting.result_file import SERVER_PACKAGES
from jupyter_rtc_locust.timing.figures import PERCENTILES
from jupyter_rtc_locust.timing.thresholds import INCONCLUSIVE, MET, MISSED
from jupyter_rtc_locust.verdict.exercised import NOT_EXERCISED
from jupyter_rtc_locust.verdict.findings import Kind

HEADLINES: Final = {
    "pass": "The documents can be trusted",
    "fail": "The documents cannot be trusted",
    "inconclusive": "It is not known whether the documents can be trusted",
}


OUTCOMES: Final = {MET: "met", MISSED: "missed", INCONCLUSIVE: "not established"}
"""What became of a threshold, in words."""


_OF_OTHERS: Final = (Kind.DIVERGED, Kind.PENDING_UPDATES)
"""Kinds of findings that concern those who were not shown what others wrote."""
_OF_NEWCOMERS: Final = frozenset({Kind.JOINER_DIFFERS, Kind.LOST_EDIT, Kind.DUPLICATED_CONTENT, Kind.INVENTED_EDIT})
"""Kinds of findings with which who opens the document afterwards is not given what was written."""
_NEVER_SHOWN: Final = (*_OF_OTHERS, Kind.UNACKNOWLEDGED_EDIT)
"""Kinds of findings with which an edit was not shown to somebody who should have seen it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Findings of one kind, in all documents."""

    told: KindTold
    count: int
    documents: int
    users: tuple[int, ...]
    example: str
    """What the first of them says."""


def seen(told: ToldRun) -> list[Seen]:
    """For each kind that was found, in the order in which a reader cares: how often, in how many documents, to whom."""
    found: dict[str, list[tuple[str, FindingTold]]] = {}
    for document in told.documents:
        for finding in document.findings:
            found.setdefault(finding.kind, []).append((document.path, finding))
    return [
        Seen(
            kinds.told(kind),
            len(found[kind]),
            len({path for path, _ in found[kind]}),
            tuple(sorted({user for _, finding in found[kind] for user in finding.users})),
            found[kind][0][1].found,
        )
        for kind in sorted(found, key=kinds.order)
    ]


def before(told: ToldRun) -> str:
    """What had been done on purpose before everything that was found; empty where it is not the same for all."""
    of_findings = {finding.before for document in told.documents for finding in document.findings}
    return of_findings.pop() if len(of_findings) == 1 else ""


def summary(told: ToldRun) -> str:
    """The verdict in a sentence for who was not there; that of the result file where it says it best."""
    if told.verdict != "fail":
        return str(told.result["reason"])
    what = kinds.counted(finding.kind for document in told.documents for finding in document.findings)
    where = len({document.path for document in told.documents if document.findings and document.path})
    documents = f"In {where} of {counted(int(told.result['counts'].get('documents') or where), 'document')}: "
    concerned = {user for document in told.documents for finding in document.findings for user in finding.users}
    people = int(told.result["counts"].get("users_seated") or 0)
    whom = f" Concerned: {users(sorted(concerned))}{f', of {people}' if people else ''}." if concerned else ""
    whom += (
        f" {work}." if (work := work_not_shown(one for document in told.documents for one in document.findings)) else ""
    )
    return f"{counted(len(told.result['findings']), 'finding')}. {documents if where else 'Found: '}{what}.{whom}"


def work_not_shown(findings: Iterable[FindingTold]) -> str:
    """Whose work did not reach those whom these findings concern; empty where it is not known of any."""
    authors = {user for one in findings if one.kind in _OF_OTHERS for user in one.authors}
    return f"What {users(sorted(authors))} wrote did not all reach them" if authors else ""


def one_cause(document: DocumentTold, right: Collection[str]) -> list[str]:
    """Which findings of a document are of one thing that happened, and what a reader wants to know of it.

    `right` is what was asked of the document and is so: that a newcomer got all of it is said of nothing else.
    """
    of_kind: dict[str, dict[tuple[int, ...], FindingTold]] = {}
    for one in document.findings:
        of_kind.setdefault(one.kind, {})[one.users] = one
    stopped = of_kind.get(Kind.PENDING_UPDATES, {})
    both = sorted(stopped.keys() & of_kind.get(Kind.DIVERGED, {}).keys())
    whole = all(kinds.told(kind).holds in right for kind in _OF_NEWCOMERS)
    newcomer = " Opened again, the document is whole: a newcomer got all of it." if whole else ""
    said = []
    for people in both:
        edits = len(stopped[people].edits) + stopped[people].edits_left_out
        behind = f": {counted(edits, 'edit')} in all" if edits else ""
        said.append(
            f"For {users(people)} the two findings are of one thing that happened: something never arrived, and a tab "
            f"shows nothing of what was built on it{behind}. The copies compared here are of pycrdt, which shows some "
            f"of that all the same, so that they differ by less than a tab would.{newcomer}"
        )
    return said


def thresholds(told: ToldRun) -> str:
    """How many of the limits that the run was held to were kept; empty where there were none.

    It stands beside the verdict, which is about documents and which no threshold changes.
    """
    outcomes = [str(one["outcome"]) for one in told.thresholds]
    if not outcomes:
        return ""
    if set(outcomes) == {MET}:
        return "The threshold was met." if len(outcomes) == 1 else f"All {len(outcomes)} thresholds were met."
    parts = [
        f"{counted(number, 'threshold')} {OUTCOMES.get(outcome, outcome)}"
        for outcome in (MISSED, INCONCLUSIVE, MET)
        if (number := outcomes.count(outcome))
    ]
    return f"{listed(parts)}."


def what_was_done(result: Mapping[str, Any]) -> str:
    """Who did what, where, when and for how long."""
    counts, run = result["counts"], result["run"]
    seated = int(counts.get("users_seated") or 0)
    people = counted(seated, "simulated user")
    documents = counted(int(counts.get("documents") or 0), "document")
    edits = counted(int(counts.get("edits") or 0), "edit")
    server = f" on {run['server']}" if run.get("server") else ""
    host = f" at {run['host']}" if run.get("host") else ""
    when = [f"began on {_moment(str(run['began']))}"] if run.get("began") else []
    when += [f"took {seconds(run['duration_s'])}, its checks included"] if run.get("duration_s") is not None else []
    length = f" The run {' and '.join(when)}." if when else ""
    workers = int(run.get("workers") or 1)
    processes = f" from {workers} processes" if workers > 1 else ""
    if not seated:
        return f"No simulated user took part{server}{host}.{length}"
    did = _did(result, people, edits, f"{documents}{server}{host}{processes}")
    return f"In a load test, {did} {_compared(result)}{length}"


def _did(result: Mapping[str, Any], people: str, edits: str, where: str) -> str:
    """Who made how many edits; of users whose worker was lost nobody knows how many they made."""
    lost = losses(result["run"])
    if lost is None:
        return f"{people} made {edits} in {where}."
    here = f"{people} took part in {where}."
    if lost.everybody:
        return f"{here} Every worker was lost, so what they did is not known."
    return f"{here} What {lost.people} did is not known; the others made {edits}."


def _compared(result: Mapping[str, Any]) -> str:
    """What a verdict is made of; that all was compared only where nothing is unknown, whatever that concerns."""
    copies = "everybody's copy of each document, what somebody is given who opens it afterwards, and the saved file"
    if result["verdict"] != "inconclusive" and not result["unknown"]:
        return f"At the end {copies} were compared with all that had been written."
    return (
        f"For a verdict {copies} are compared with all that had been written; in this run not all that a verdict "
        f"rests on could be established."
    )


def figures_are_of(result: Mapping[str, Any]) -> list[str]:
    """Whose figures are not among those that follow; nothing where nobody's are missing."""
    lost = losses(result["run"])
    return [] if lost is None else [f"Without what {lost.people} did and waited for, which is not known."]


def plan_is_of(run: Mapping[str, Any]) -> str:
    """What the plan in the evidence plays again: a run's edits, or those of them that were told."""
    if (run.get("plan") or {}).get("complete", True):
        return "The very same edits by the same users in the same order"
    if (lost := losses(run)) is not None:
        return f"The edits that were told, in the same order, without those of {lost.people}"
    return "The edits that were told, by the same users in the same order, which are not all of the run's"


def comes_again(result: Mapping[str, Any]) -> str:
    """What a repetition does by itself, at the same seconds."""
    every = float((result["run"].get("options") or {}).get("checkpoint_every") or 0)
    return listed(
        [
            *(["the checkpoints"] if every else []),
            *(["what was done on purpose"] if result["run"].get("faults") else []),
        ]
    )


def not_exercised(result: Mapping[str, Any]) -> list[str]:
    """What did not happen in the run, so that a pass says nothing about it."""
    figures = result["exercised"]
    if not result["counts"].get("users_seated"):
        return []
    return [words for name, words in NOT_EXERCISED.items() if name in figures and not figures[name]]


def course_in_words(told: ToldRun) -> str:
    """How the run went over time, for who cannot see the plot."""
    slots = told.result["course"].get("slots") or []
    timed = [(slot["at_s"], slot["timings"]["update echo"]) for slot in slots if "update echo" in slot["timings"]]
    said = ["Times of edits, users and edits a second over the seconds of the run."]
    if timed:
        at, slowest = max(timed, key=lambda one: float(one[1]["p95_ms"]))
        middle = sorted(float(one["p95_ms"]) for _, one in timed)[len(timed) // 2]
        said.append(
            f"Echoes were slowest around second {at}, with a p95 of {milliseconds(slowest['p95_ms'])}; "
            f"the median of all such p95 is {milliseconds(middle)}."
        )
    said += [f"{moment.letter}, at {moment.at_s:.0f} s: {moment.what}." for moment in moments_of(told)]
    return " ".join(said)


def distributions_in_words(result: Mapping[str, Any]) -> str:
    """The middle and the slow end of each timing."""
    said = [
        f"{name}: half within {milliseconds(one['p50_ms'])}, 95 % within {milliseconds(one['p95_ms'])}, "
        f"99 % within {milliseconds(one['p99_ms'])}."
        for name, one in result["timings"].items()
        if one["count"]
    ]
    return " ".join(["How often which time was measured.", *said])


def fan_out_in_words(result: Mapping[str, Any]) -> str:
    """How far an edit travels, and how long that takes."""
    said = ["Part of the edits that were back at their author, and with another user, within a time."]
    for name, where in (("update echo", "back"), ("update delivery", "with another user")):
        one = result["timings"].get(name, {})
        if one.get("count"):
            said.append(f"95 % were {where} within {milliseconds(one['p95_ms'])}.")
    return " ".join(said)


def fan_out(result: Mapping[str, Any]) -> list[str]:
    """What one edit caused, in sentences."""
    counts, each = result["counts"], result["bytes"].get("per_edit") or {}
    edits, received = int(counts.get("edits") or 0), int(counts.get("updates_received") or 0)
    if not edits:
        return []
    if (lost := losses(result["run"])) is not None:
        return [
            f"How many updates one edit caused is not known: what came to the others was written by {lost.people}, too."
        ]
    travelled = (
        f"For each edit {received / edits:.1f} updates came to all users together: back to its author, to everybody "
        f"else in its document, and what the server writes itself, such as its note that it has saved."
    )
    said = [travelled]
    if each:
        said.append(
            f"It cost its author {each['sent']:,.0f} bytes to send, and the server {each['received']:,.0f} bytes to "
            f"send on, to everybody together."
        )
    return said


def whose_fault(findings: Iterable[FindingTold]) -> str:
    """What the run cannot tell of where something got lost; empty where nothing was."""
    if not any(one.kind in _OF_OTHERS and one.authors for one in findings):
        return ""
    return (
        "What never arrived at a user was in no message that the load generator read from that user's WebSocket. "
        "Whether the server sent it is not recorded: to see it on the wire, capture the packets of a repetition, for "
        "instance with tcpdump."
    )


@dataclass(frozen=True, slots=True)
class BetweenWorkers:
    """Deliveries from one process to another: what there is to say, each percentile with its bound, the clocks."""

    said: tuple[str, ...]
    figures: tuple[tuple[str, str, str], ...]
    """Name, time and bound; without times where they are not known."""
    clocks: tuple[Mapping[str, Any], ...]


def between_workers(result: Mapping[str, Any]) -> BetweenWorkers | None:
    """How long edits took from one process to another; None where one process played all users."""
    told = result.get("between_workers")
    if not told:
        return None
    count, clocks = int(told.get("count") or 0), tuple(told.get("clocks") or ())
    said = ["No edit was timed on its way from one process to another."]
    if count:
        timed = (
            f"{counted(count, 'arrival')} of edits at the first user of another process, timed from when the edit was "
            f"due. Two clocks take part, and how far they are apart is known only so well: a figure is off by no more "
            f"than its bound."
        )
        said = [timed]
    if loose := int(told.get("loose") or 0):
        said.append(f"{loose:,} of them were quicker than the clocks can tell.")
    figures = [
        (name, milliseconds(told[f"{name}_ms"]), milliseconds(told[f"{name}_bound_ms"]))
        if told.get(f"{name}_ms") is not None
        else (name, "not known", "")
        for name in PERCENTILES
    ]
    if count and any(not bound for _, _, bound in figures):
        said.append("A figure that may be off by more than itself is not known.")
    return BetweenWorkers(tuple(said), tuple(figures) if count else (), clocks)


def never_shown(result: Mapping[str, Any]) -> str:
    """Which edits no time below is of; empty where all arrived."""
    if not any(finding["kind"] in _NEVER_SHOWN for finding in result["findings"]):
        return ""
    return (
        "Edits that never came, or came without what they build on, have no time and no failure here: what was found "
        "names them."
    )


def versions(run: Mapping[str, Any]) -> dict[str, str]:
    """Of Python and of packages, where the run was led; those of a server only where it was started there."""
    of_a_server = SERVER_PACKAGES if "--host" in (run.get("command") or ()) else ()
    return {name: str(value) for name, value in (run.get("versions") or {}).items() if name not in of_a_server}


def save_age_in_words(result: Mapping[str, Any]) -> str:
    """How old the oldest work was that was not on disk."""
    ages = result["timings"].get("save age", {})
    if not ages.get("count"):
        return ""
    known = "" if losses(result["run"]) is None else " of what is known"
    return (
        f"Once a second and document it was asked how long the oldest acknowledged edit had been waiting for the disk: "
        f"in half of the looks at most {milliseconds(ages['p50_ms'])}, in 95 % at most {milliseconds(ages['p95_ms'])}, "
        f"never more than {milliseconds(ages['max_ms'])}. So much would a crash at that moment have cost{known}."
    )


def failures(result: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    """Each failure: of which timing, in which words, how often."""
    return [
        (name, sentence, count)
        for name, one in result["timings"].items()
        for sentence, count in (one.get("failure_sentences") or {}).items()
    ]


def _moment(iso: str) -> str:
    day, _, rest = iso.partition("T")
    return f"{day} at {rest[:8]} UTC" if rest else day
