"""A replayed trace has to end in its own text, in the document and on disk: `trace-differs`."""

from dataclasses import replace
from typing import Any

import pytest

from jupyter_rtc_locust.verdict.decision import decide
from jupyter_rtc_locust.verdict.evidence import DocumentEvidence, ReplayEvidence, RunEvidence, SavedFile
from jupyter_rtc_locust.verdict.evidence_form import parts_of_run, run_of_parts
from jupyter_rtc_locust.verdict.findings import Finding, Kind, Value, Verdict
from verdict.opinions import kinds_of, report
from verdict.swarm_model import SwarmModel
from verdict.templates import TEXT, plain_notebook

TYPED = "typed 😀"


def judged(swarm: SwarmModel, replay: ReplayEvidence, **changes: Any) -> Verdict:
    """The verdict on a run that was a replay of this trace, as it is when its evidence was stored and read again."""
    run: RunEvidence = swarm.run_evidence()
    documents: list[DocumentEvidence] = [replace(one, replay=replay, **changes) for one in run.documents]
    return decide(run_of_parts(parts_of_run(replace(run, documents=tuple(documents)))))


@pytest.fixture
def swarm() -> SwarmModel:
    """Two edits in a text file, which was then saved."""
    swarm = SwarmModel(TEXT, kind="text")
    swarm[0].type(TYPED)
    swarm[1].type("x")
    swarm.finish()
    assert swarm.verdict().value is Value.PASS, report(swarm.verdict())
    return swarm


def of_kind(verdict: Verdict, kind: str) -> list[Finding]:
    return [one for one in verdict.opinion.findings if one.kind == kind]


def end_of(swarm: SwarmModel) -> str:
    return str(swarm[0].replica.source)


def test_a_trace_that_ended_in_its_text_is_a_pass(swarm: SwarmModel) -> None:
    verdict = judged(swarm, ReplayEvidence("trace.json", end_of(swarm), 2))
    assert verdict.value is Value.PASS, report(verdict)


def test_one_that_ended_otherwise_is_found_with_the_place_where_the_texts_part(swarm: SwarmModel) -> None:
    end = end_of(swarm)
    at = end.index("😀")
    verdict = judged(swarm, ReplayEvidence("trace.json", end.replace("😀", "🙂!"), 2))
    assert kinds_of(verdict) == {Kind.TRACE_DIFFERS}
    document, disk = of_kind(verdict, Kind.TRACE_DIFFERS)
    assert "for a newcomer" in document.detail and "on disk" in disk.detail
    assert f"has {len(end)} characters, where the trace ends with {len(end) + 1}; they part at character {at}" in (
        document.detail
    )
    assert "😀" in document.detail and "🙂" in document.detail
    assert set(document.users) == {0, 1}


def test_a_text_that_only_goes_on_differs_where_it_goes_on(swarm: SwarmModel) -> None:
    end = end_of(swarm)
    verdict = judged(swarm, ReplayEvidence("trace.json", end[:-1], 2))
    assert f"part at character {len(end) - 1}" in of_kind(verdict, Kind.TRACE_DIFFERS)[0].detail


def test_only_the_file_can_differ(swarm: SwarmModel) -> None:
    saved = SavedFile(content=end_of(swarm) + "!")
    verdict = judged(swarm, ReplayEvidence("trace.json", end_of(swarm), 2), saved=saved)
    assert kinds_of(verdict) == {Kind.TRACE_DIFFERS, Kind.SAVED_FILE_DIFFERS}
    (disk,) = of_kind(verdict, Kind.TRACE_DIFFERS)
    assert "on disk" in disk.detail


def test_a_trace_that_was_not_finished_is_unknown_whatever_stands_there(swarm: SwarmModel) -> None:
    verdict = judged(swarm, ReplayEvidence("trace.json", "something else", 3))
    assert verdict.value is Value.INCONCLUSIVE
    assert "the trace was not finished: 2 of 3 transactions were made" in verdict.reason


def test_of_a_notebook_the_cell_of_the_trace_counts() -> None:
    swarm = SwarmModel(plain_notebook())
    swarm[0].type(TYPED, 1)
    swarm.finish()
    cell = swarm[0].replica.cells[1]
    identity, source = cell["id"], str(cell["source"])
    assert judged(swarm, ReplayEvidence("trace.json", source, 1, identity)).value is Value.PASS
    wrong = judged(swarm, ReplayEvidence("trace.json", source + "!", 1, identity))
    assert kinds_of(wrong) == {Kind.TRACE_DIFFERS}
    gone = judged(swarm, ReplayEvidence("trace.json", source, 1, "another"))
    assert all("its cell is gone" in one.detail for one in of_kind(gone, Kind.TRACE_DIFFERS))
    assert kinds_of(gone) == {Kind.TRACE_DIFFERS}
