"""A short run is made, measured and told as an hour is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runs.programs import run_program
from runs.together import Runs

pytestmark = pytest.mark.run


@contextmanager
def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], dict[str, object]]]]:
    """One short run."""

    def short() -> dict[str, object]:
        arguments = ["--minutes", "0.3", "--users", "5", "--folder", str(folder / "short")]
        ran = run_program("endurance", *arguments)
        assert (folder / "short" / "hour.json").exists(), ran.stdout + ran.stderr
        told: dict[str, object] = json.loads((folder / "short" / "hour.json").read_text())
        return told

    yield {"short": short}


@pytest.mark.parametrize("run", ["short"])
def test_a_short_run_is_told_with_the_growth_of_its_documents(run: str, runs: Runs) -> None:
    told = runs[run]
    assert told["verdict"] == "pass", told
    assert told["edits"] > 0
    assert len(told["samples"]) >= 2
    assert told["documents"]["last_mb"] > 0
    assert told["beyond_documents_mb_a_minute"] == pytest.approx(
        told["generator"]["mb_a_minute"] - told["documents"]["mb_a_minute"]
    )
