"""A small one is played and told as a thousand are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runs.programs import run_program
from runs.together import Runs
from thousand.__main__ import held, sentences, table

pytestmark = pytest.mark.run

PEOPLE = 10


@contextmanager
def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], dict[str, object]]]]:
    """One small run."""

    def small() -> dict[str, object]:
        arguments = ["--users", str(PEOPLE), "--workers", "2", "--minutes", "0.2", "--folder", str(folder / "small")]
        ran = run_program("thousand", *arguments)
        code = ran.returncode
        assert (folder / "small" / "thousand.json").exists(), ran.stdout + ran.stderr
        (told,) = json.loads((folder / "small" / "thousand.json").read_text())["runs"]
        return {"code": code, **told}

    yield {"small": small}


@pytest.mark.parametrize("run", ["small"])
def test_a_small_one_is_told_with_the_health_of_each_worker(run: str, runs: Runs) -> None:
    told = runs[run]
    assert (told["code"], told["verdict"]) == (0, "pass"), told
    assert told["edits"] > 0
    assert len(told["generator"]["per_process"]) == 2
    lines = "\n".join(sentences(told))
    assert f"{PEOPLE} people: PASS" in lines
    assert all(f"| {one['process']} | " in lines for one in told["generator"]["per_process"])


def test_a_worker_whose_people_made_no_edit_is_told_all_the_same() -> None:
    one = {"process": "worker a", "loop_lag_p99_ms": 1.0, "schedule_lag_p99_ms": None, "cpu_percent": 3.0}
    health = {"reasons": [], "timings_reasons": [], "per_process": [one]}
    told = {"users": 2, "verdict": "pass", "reason": "so it is", "generator": health}
    assert "| worker a | 1.0 ms | not known | 3 % |" in list(sentences(told))


def a_run(verdict: str, p95: float | None) -> dict[str, object]:
    echo = {"p50_ms": p95, "p95_ms": p95, "p99_ms": p95}
    return {"users": 50, "verdict": verdict, "edits": 1, "findings": ["stalled"], "timings": {"update echo": echo}}


def test_a_server_holds_those_whose_documents_can_be_trusted_and_who_do_not_wait() -> None:
    several = [a_run("pass", 300.0), a_run("pass", 300.1), a_run("inconclusive", 1.0), a_run("pass", None)]
    assert [held(one, 300.0) for one in several] == [True, False, False, False]
    assert [line.rsplit("| ", 1)[1] for line in list(table(several, 300.0))[2:]] == ["yes |", "no |", "no |", "no |"]
