"""`junit.xml`: every check of every document as a test case, for the many programs that show test results.

A finding is a failure, and so is a threshold that was missed; what could not be established is an error. A check of a
document of which something is not known, or that this run did not ask for, is skipped: unknown is never green here
either. The form is what Jenkins' schema and the many readers of it accept; tests compare it with a schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from xml.etree import ElementTree

from jupyter_rtc_locust.reporting.report import kinds, words
from jupyter_rtc_locust.reporting.report.told_evidence import DocumentTold, FindingTold
from jupyter_rtc_locust.reporting.report.told_run import ToldRun
from jupyter_rtc_locust.timing.thresholds import MET, MISSED
from jupyter_rtc_locust.verdict.neutralising import neutralised

RUN: Final = "the run"
KNOWN: Final = "everything that the verdict needs is known"
NAME: Final = "jupyter-rtc-locust"

_NOT_IN_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONGEST_TEXT: Final = 20_000


@dataclass(frozen=True, slots=True)
class Case:
    """One test case."""

    name: str
    failures: tuple[tuple[str, str, str], ...] = ()
    """Each with its type, its message, and what stands below it."""
    errors: tuple[str, ...] = ()
    skipped: str = ""
    """Why nothing is said; empty: something is."""


def junit(told: ToldRun) -> bytes:
    """The file."""
    suites = [(RUN, _cases_of_run(told))]
    suites += [(one.path, _cases_of_document(told, one)) for one in told.documents if one.path]
    everything = [case for _, cases in suites for case in cases]
    root = ElementTree.Element("testsuites", {"name": NAME, **_sums(everything)})
    for name, cases in suites:
        suite = ElementTree.SubElement(root, "testsuite", {"name": xml_text(name), **_sums(cases)})
        suite.set("skipped", str(sum(bool(case.skipped) for case in cases)))
        if name == RUN:
            _about(suite, told)
        for case in cases:
            _write(suite, name, case)
    ElementTree.indent(root, " ")
    # Our own declaration: the library's has single quotes, which some readers take amiss.
    text = ElementTree.tostring(root, "unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def right_in(told: ToldRun, document: DocumentTold) -> list[str]:
    """What was asked of a document and is so, in the words of its test cases."""
    cases = _cases_of_document(told, document)
    return [case.name for case in cases if case.name != KNOWN and not (case.failures or case.errors or case.skipped)]


def xml_text(text: Any) -> str:
    """Any text as XML can carry it: what acts on terminals, and what XML has no place for, is written out."""
    shown = "\n".join(map(neutralised, str(text).split("\n")))[:_LONGEST_TEXT]
    return _NOT_IN_XML.sub(lambda found: f"\\u{ord(found.group()):04x}", shown)


def _cases_of_run(told: ToldRun) -> list[Case]:
    unknown = _unknown(told)
    findings = [finding for document in told.documents if not document.path for finding in document.findings]
    of_run = [kind for kind, one in kinds.KINDS.items() if one.of_run]
    nowhere = "" if told.run.get("documents") else "No document was judged."
    doubt = _doubt(unknown.get("", ())) or nowhere
    thresholds = {case.name: case for case in map(_threshold, told.thresholds)}  # written twice, it is one case
    return [_known(unknown.get("", ())), *_cases(of_run, findings, told.result, doubt), *thresholds.values()]


def _threshold(one: Mapping[str, Any]) -> Case:
    """A limit that the run was held to. One of which it is not known whether it was kept is no success."""
    name, detail = f"threshold: {one['threshold']}", str(one["detail"])
    if one["outcome"] == MISSED:
        return Case(name, failures=(("threshold", detail, f"The limit was {one['threshold']}."),))
    return Case(name, errors=() if one["outcome"] == MET else (detail,))


def _cases_of_document(told: ToldRun, document: DocumentTold) -> list[Case]:
    unknown = _unknown(told)
    own = unknown.get(document.path, ())
    of_document = [kind for kind, one in kinds.KINDS.items() if not one.of_run]
    doubt = _doubt((*own, *unknown.get("", ())))
    known = Case(KNOWN, skipped=doubt) if doubt and not own else _known(own)
    return [known, *_cases(of_document, document.findings, told.result, doubt)]


def _known(unknown: Sequence[str]) -> Case:
    return Case(KNOWN, errors=tuple(unknown))


def _cases(
    asked: Sequence[str], findings: Sequence[FindingTold], result: Mapping[str, Any], doubt: str
) -> Iterator[Case]:
    """A case for each kind: those that were found, too, which this version does not know or asks of others."""
    for kind in dict.fromkeys((*asked, *(finding.kind for finding in findings))):
        found = [finding for finding in findings if finding.kind == kind]
        if found:
            yield Case(kinds.told(kind).holds, tuple((kind, one.detail, _below(one)) for one in found))
        else:
            yield Case(kinds.told(kind).holds, skipped=kinds.not_asked(kind, result) or doubt)


def _unknown(told: ToldRun) -> dict[str, tuple[str, ...]]:
    """What is not known, by the document that a sentence begins with; the rest concerns the run."""
    paths = [document.path for document in told.documents if document.path]
    found: dict[str, tuple[str, ...]] = {}
    for sentence in map(str, told.result["unknown"]):
        path = next((path for path in paths if sentence.startswith(f"{path}: ")), "")
        found[path] = (*found.get(path, ()), sentence)
    if told.verdict == "inconclusive" and not found:
        found[""] = (str(told.result["reason"]),)
    return found


def _doubt(unknown: Sequence[str]) -> str:
    return f"Not established, because something is not known: {unknown[0]}" if unknown else ""


def _below(finding: FindingTold) -> str:
    seen = kinds.told(finding.kind).seen
    lines = [f"What a person would have seen: {seen}"] if seen else []
    lines += [f"Concerns {words.users(finding.users)}."] if finding.users else []
    lines += [f"Evidence: {finding.evidence}"] if finding.evidence else []
    return "\n".join(lines)


def _about(suite: ElementTree.Element, told: ToldRun) -> None:
    duration = told.run.get("duration_s")
    suite.set("time", f"{float(duration):.3f}" if duration is not None else "0")
    if told.run.get("began"):
        suite.set("timestamp", xml_text(str(told.run["began"])[:19]))
    properties = ElementTree.SubElement(suite, "properties")
    about = {
        "verdict": told.verdict,
        "reason": told.result["reason"],
        "seed": told.run.get("seed"),
        "server": told.run.get("server"),
        "command": " ".join(map(str, told.run.get("command") or ())),
    }
    for name, value in about.items():
        ElementTree.SubElement(properties, "property", name=name, value=xml_text("" if value is None else value))


def _write(suite: ElementTree.Element, suite_name: str, case: Case) -> None:
    element = ElementTree.SubElement(
        suite, "testcase", classname=xml_text(suite_name), name=xml_text(case.name), time="0"
    )
    for kind, message, below in case.failures:
        failure = ElementTree.SubElement(element, "failure", type=xml_text(kind), message=xml_text(message))
        failure.text = xml_text(below)
    for message in case.errors:
        ElementTree.SubElement(element, "error", type="not known", message=xml_text(message))
    if case.skipped:
        ElementTree.SubElement(element, "skipped", message=xml_text(case.skipped))


def _sums(cases: Sequence[Case]) -> dict[str, str]:
    """A case counts once, however many findings it has."""
    return {
        "tests": str(len(cases)),
        "failures": str(sum(bool(case.failures) for case in cases)),
        "errors": str(sum(bool(case.errors) for case in cases)),
    }
