"""Whole benchmarks in small, in the queue of whole runs: each says what it measured; the figures are not tested."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from runs.together import Runs
from servers.processes import environment_without_jupyter

pytestmark = pytest.mark.run

ROOT = Path(__file__).resolve().parent.parent
DEADLINE_S = 300
COMMANDS = {
    "quick": ("benchmarks", "--quick", "--results", "RESULTS"),
    "deciding": ("benchmarks", "--quick", "--only", "deciding", "--results", "RESULTS"),
    "saturation": (
        *("benchmarks.saturation", "--servers", "relay", "--rooms", "2", "--processes", "1", "--users", "4"),
        *("--steps", "1", "--results", "RESULTS"),
    ),
    "rooms": ("benchmarks.rooms", "--people", "2", "--global-room", "without", "--seconds", "1"),
    "many workers": ("benchmarks.many_workers", "--workers", "2", "--seconds", "1"),
    "evidence once": ("benchmarks.evidence_once", "--rooms", "2", "--edits", "5"),
    "leaving": ("benchmarks.fidelity", "--only", "leaving"),
    "packets": ("benchmarks.packet_times", "--people", "2", "--rate", "5", "--seconds", "3"),
}
LONGEST = ("quick",)


@dataclass(frozen=True)
class Measured:
    """A benchmark that has ended."""

    exit_code: int
    output: str
    errors: str
    folder: Path

    @property
    def saved(self) -> dict[str, Any]:
        (path,) = self.folder.glob("*.json")
        content: dict[str, Any] = json.loads(path.read_text())
        return content

    @property
    def names(self) -> list[str]:
        return [one["name"] for one in self.saved["measurements"]]

    def __str__(self) -> str:
        return f"ended with {self.exit_code}\n{self.output[-3000:]}\n{self.errors[-3000:]}"


def measured(name: str, folder: Path) -> Measured:
    module, *arguments = (str(folder) if one == "RESULTS" else one for one in COMMANDS[name])
    command = [sys.executable, "-m", module, *arguments]
    # Not this process's as it is just now, which tests beside this one change for a moment.
    environment = environment_without_jupyter()
    ended = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=DEADLINE_S, check=False
    )
    return Measured(ended.returncode, ended.stdout, ended.stderr, folder)


@contextmanager
def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], Measured]]]:
    """The benchmarks of this module, for the fixture `runs`."""
    yield {name: partial(measured, name, folder / name.replace(" ", "-")) for name in COMMANDS}


@pytest.mark.skipif(sys.platform != "linux", reason="the bare loop waits with epoll, which only Linux has")
@pytest.mark.parametrize("run", ["quick"])
def test_the_quick_benchmarks_print_every_line_of_the_table_and_write_it_as_json(run: str, runs: Runs) -> None:
    ended: Measured = runs[run]
    assert ended.exit_code == 0, str(ended)
    content, names = ended.saved, ended.names
    for name in names:
        assert name in ended.output
    for line in (
        "received, one by one",
        "received, 20 in one read",
        "an edit, sent and echoed",
        "memory, a user",
        "a timing recorded",
    ):
        assert line in names
    for line in ("users a core, steady", "two processes", "growth with the room", "growth with the run"):
        assert line in names
    assert "peers: the bare loop" in names
    assert any(name.startswith("open") for name in names)
    differences = ("  beyond it", "  memory", "presence received")  # too small for these sizes
    timed = [one for one in content["measurements"] if one["unit"] in ("us", "ms", "MB", "B")]
    assert all(one["value"] > 0 for one in timed if not one["name"].startswith(differences))
    assert content["versions"]["pycrdt"] in ended.output
    assert content["machine"]["cores"] >= 1
    assert content["command"].startswith("python -m benchmarks --quick")
    assert content["judged"] is False


@pytest.mark.parametrize("run", ["quick"])
def test_the_end_of_a_run_and_the_oracle_are_measured_with_all_else(run: str, runs: Runs) -> None:
    ended: Measured = runs[run]
    assert ended.exit_code == 0, str(ended)
    assert [name.split(",")[-1].strip() for name in ended.names if name.startswith("oracle")] == [
        "authored",
        "shuffled",
        "reversed",
    ]
    assert {"  longest stop", "  written"} <= set(ended.names)


@pytest.mark.parametrize("run", ["deciding"])
def test_a_verdict_on_a_large_run_is_measured_where_it_is_asked_for(run: str, runs: Runs) -> None:
    ended: Measured = runs[run]
    assert ended.exit_code == 0, str(ended)
    assert {"kept for an edit", "one edit lost among 60", "verdict on 60 edits"} <= set(ended.names)


@pytest.mark.skipif(sys.platform != "linux", reason="the relay waits with epoll, which only Linux has")
@pytest.mark.parametrize("run", ["saturation"])
def test_a_curve_to_saturation_is_measured_saved_and_drawn(
    run: str, runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks.pictures import draw_saturation
    from benchmarks.saturation import load

    ended: Measured = runs[run]
    assert ended.exit_code == 0, str(ended)
    assert "| relay | 1 | 2 |" in ended.output
    points = load(ended.saved)
    assert points[0].asked == 1000
    assert points[0].messages > 0
    draw_saturation(tmp_path / "saturation.png", points)
    assert (tmp_path / "saturation.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("run", ["many workers"])
def test_a_real_master_lets_simulated_workers_take_part_and_is_looked_at(run: str, runs: Runs) -> None:
    ended: Measured = runs[run]
    assert ended.exit_code == 0, str(ended)
    row = ended.output.splitlines()[-1].split("|")
    assert int(row[1]) == 2, str(ended)
    assert float(row[4].split()[0]) > 0, str(ended)


@pytest.mark.parametrize("run", ["rooms"])
def test_idle_rooms_are_counted_beside_their_model(run: str, runs: Runs) -> None:
    ended: Measured = runs[run]
    # A second is too short for the figures, and so for the exit code, to mean anything.
    head, room = ended.output.splitlines()
    assert head.split()[:4] == ["people", "room", "of", "all"], str(ended)
    assert room.split()[:2] == ["2", "without"]


@pytest.mark.parametrize("run", ["leaving"])
def test_a_simulated_tab_leaves_as_the_recorded_one_did(run: str, runs: Runs) -> None:
    ended: Measured = runs[run]
    assert ended.exit_code == 0, str(ended)
    assert "| leave | document: presence sent | 2 | 2 | 28 | 28 | +0% |  |" in ended.output.splitlines()


@pytest.mark.parametrize("run", ["packets"])
def test_echo_times_are_told_beside_those_of_packets(run: str, runs: Runs) -> None:
    ended: Measured = runs[run]
    if ended.exit_code == 2:
        assert "CAP_NET_RAW" in ended.errors
        pytest.skip("packets cannot be captured here")
    # Three seconds are too few for the figures, and so for the exit code, to mean anything.
    head, names, *rows = ended.output.splitlines()
    assert int(head.split()[0]) > 0, str(ended)
    assert names.split() == ["p50", "p95", "p99", "max"]
    assert [row.split()[0] for row in rows[:3]] == ["recorded,", "from", "from"]
    assert all(float(figure) > 0 for row in rows[:3] for figure in row.split()[-4:])
