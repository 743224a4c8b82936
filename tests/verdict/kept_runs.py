"""Runs in memory whose evidence is kept in a results folder, as the judge and the coordinator do it together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from jupyter_rtc_locust.reporting.result_file import build_result, write_result
from jupyter_rtc_locust.reporting.stored_results import as_result
from jupyter_rtc_locust.timing.recorder import Recorder
from jupyter_rtc_locust.verdict.decision import decide
from jupyter_rtc_locust.verdict.evidence import RunEvidence
from jupyter_rtc_locust.verdict.evidence_form import parts_of_run, run_of_parts
from jupyter_rtc_locust.verdict.findings import Verdict
from jupyter_rtc_locust.verdict.folder.contents import Witness, items_of
from jupyter_rtc_locust.verdict.folder.stored import evidence_of_findings, with_evidence_named
from jupyter_rtc_locust.verdict.folder.writing import Kept, write_items
from verdict.model_server import text_of
from verdict.swarm_model import SwarmModel
from verdict.templates import plain_notebook

PLENTY = 10**9


def healthy_run() -> RunEvidence:
    """Three people, two processes, everything as it should be."""
    swarm = SwarmModel(plain_notebook("a = 1", "b = 2"), processes=2)
    for user in range(3):
        swarm[user].type(f"[by {user}]", user % 2)
    swarm.finish()
    return swarm.run_evidence()


def damaged_run(*, documents: int = 1) -> RunEvidence:
    """Words invented, words lost, a user who was told less; in the first document only."""
    swarm = SwarmModel(plain_notebook("a = 1", "b = 2"), users=4, processes=2, seed=11)
    for user in range(4):
        swarm[user].type(f"words of {user} 🌡️. ")
    swarm.settle()
    text_of(swarm.server.doc).insert(0, "invented \x1b[31m")
    with swarm.server.silently():
        del text_of(swarm.server.doc)[18:26]
    swarm.finish()
    bad = replace(swarm.evidence(), path="run/bad one.ipynb")
    others = (
        replace(healthy_run().documents[0], path=f"run/good {number}.ipynb", authors=bad.authors | {})
        for number in range(1, documents)
    )
    return RunEvidence(documents=(bad, *others))


def keep(
    results: Path, run: RunEvidence, *, limit: int = PLENTY, everything: bool = False, write: bool = True
) -> tuple[Verdict, Kept]:
    """Decide on the evidence as it travels, keep it, and write the result file."""
    run = run_of_parts(parts_of_run(run))
    witness = Witness()
    verdict = decide(run, witness)
    assert not witness.problem
    kept = write_items(results, items_of(run, verdict, witness, everything=everything), limit)
    where = evidence_of_findings(verdict.opinion.findings, results, [one.path for one in run.documents])
    verdict = with_evidence_named(verdict, where)
    if write:
        told = as_result(verdict)
        fields = {name: told[name] for name in ("findings", "warnings", "unknown", "guests", "exercised")}
        result = build_result(
            verdict=told["verdict"],
            reason=told["reason"],
            timings=Recorder(),
            counts={"users": 3, "users_seated": 3},
            generator={},
            run={},
            evidence={"folder": "evidence", "files": len(kept.files), "bytes": kept.size, "left_out": kept.left_out},
            **fields,
        )
        write_result(results, result)
    return verdict, replace(kept, findings=where)
