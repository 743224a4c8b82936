"""One plan, done by one worker, by two, and by three: the same operations, the same verdict, times that agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from hosts.cast import LOAD, PATIENCE, cast
from hosts.network import WORKERS
from runs.locust_run import PASSED, Run

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(900)]

LIKE = 2.0
NEAR_MS = 5.0
"""Medians of two runs of one worker on a busy machine differ by as much: a factor, or so many milliseconds. The tail,
which a dozen edits make here, is the machine's: it is printed and not judged."""


def _run(folder: Path, workers: int, *options: str) -> Run:
    with cast(folder) as there:
        there.start_master(*LOAD, *PATIENCE, *options, workers=workers)
        for host in WORKERS[:workers]:
            there.start_worker(host)
        run = there.end_master(180)
        assert [worker.exit_code for worker in there.end_workers(60)] == [PASSED] * workers
    assert (run.exit_code, run.verdict) == (PASSED, "pass"), run
    assert run.told["run"]["workers"] == workers
    return run


def test_the_same_plan_is_the_same_run_with_one_two_and_three_workers(tmp_path: Path) -> None:
    plan = tmp_path / "plan.jsonl"
    written = _run(tmp_path / "first", 1, "-t", "20s", "--rtc-plan-out", str(plan))
    played = [_run(tmp_path / f"of-{number}", number, "--rtc-plan", str(plan)) for number in (1, 2, 3)]

    digests = {run.told["run"]["plan"]["digest"] for run in (written, *played)}
    assert len(digests) == 1, digests
    assert all(run.told["run"]["plan"]["played"]["same"] for run in played)
    assert [run.told["counts"]["documents_apart"] for run in played] == [0, 2, 2]

    told = [run.told["timings"]["update echo"] for run in played]
    print("update echo", [{name: one[name] for name in ("count", "p50_ms", "p95_ms", "p99_ms")} for one in told])
    assert len({one["count"] + one["left_out"] for one in told}) == 1
    medians = [one["p50_ms"] for one in told]
    assert max(medians) <= max(LIKE * min(medians), min(medians) + NEAR_MS), medians
