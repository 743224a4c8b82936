"""The benchmarks run from a checkout, say what they measured, and judge by their goals; figures are not tested."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from jupyter_rtc_locust.protocol.awareness import Presence, encode_presences
from jupyter_rtc_locust.protocol.variable_length import write_bytes

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def measurement(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT)
    import benchmarks.measurement

    return benchmarks.measurement


def run_benchmarks(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", "--quick", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


def saved(folder: Path) -> dict[str, Any]:
    (path,) = folder.glob("*.json")
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def test_a_part_that_breaks_off_costs_the_others_nothing_and_the_exit_code_tells(
    measurement: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import benchmarks.__main__ as bench
    from benchmarks.processes import ChildFailedError

    def breaks_off(*_: Any) -> Any:
        raise ChildFailedError("the child ended")

    monkeypatch.setattr(bench.deciding, "measure", breaks_off)
    monkeypatch.setattr(bench.memory, "measure", lambda *_: [measurement.Measurement("memory, a user", "KB", (1.0,))])

    code = bench.main(["--quick", "--only", "deciding", "memory", "--results", str(tmp_path)])

    assert code == 1
    assert "memory, a user" in capsys.readouterr().out
    assert saved(tmp_path)["failed"] == ["deciding: the child ended"]


def test_a_benchmark_that_nobody_knows_is_refused_with_the_names_there_are(tmp_path: Path) -> None:
    finished = run_benchmarks("--only", "everything", "--results", tmp_path)

    assert finished.returncode == 2
    assert "receiving" in finished.stderr
    assert not list(tmp_path.iterdir())


def a_recording(folder: Path) -> Path:
    """Somebody who types evenly, four edits a second, with a pause of 5 s behind every tenth."""
    path = folder / "even.json.gz"
    times = [1_700_000_000_000 + number * 250 + number // 10 * 5000 for number in range(200)]
    text = json.dumps({"txns": [{"time": time, "patches": [[0, 0, "x"]]} for time in times]})
    path.write_bytes(gzip.compress(text.encode()))
    return path


def run_rhythm(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.rhythm", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_simulated_people_are_compared_with_recordings(tmp_path: Path) -> None:
    finished = run_rhythm("--recordings", a_recording(tmp_path))

    assert finished.returncode == 0, finished.stdout + finished.stderr
    row = next(line for line in finished.stdout.splitlines() if line.startswith("pauses, median"))
    assert row.split()[-1] in ("5.2", "5.3")
    assert "pauses included" in finished.stdout


def test_people_who_type_otherwise_than_recorded_ones_are_noticed() -> None:
    finished = run_rhythm("--rate", 3)

    assert finished.returncode == 1
    assert "OUTSIDE the ranges: mu, ln ms" in finished.stdout


def test_a_recording_of_whole_seconds_says_nothing_of_bursts(tmp_path: Path) -> None:
    path = tmp_path / "coarse.json.gz"
    times = [f"2023-05-14T12:{minute:02}:{second:02}.000Z" for minute in range(9) for second in (0, 1, 2, 9)]
    path.write_bytes(gzip.compress(json.dumps({"txns": [{"timestamp": time} for time in times]}).encode()))

    finished = run_rhythm("--recordings", path)

    assert "coarse knows whole seconds only" in finished.stdout
    assert "median 7 s, p90 51 s" in finished.stdout


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")

    finished = run_rhythm("--people", 5, "--picture", tmp_path / "rhythm.png", "--recordings", a_recording(tmp_path))

    assert (tmp_path / "rhythm.png").read_bytes().startswith(b"\x89PNG"), finished.stderr


@pytest.mark.parametrize(("value", "missed"), [(1.5, False), (1.64, False), (1.66, True)])
def test_a_goal_is_missed_when_the_value_is_more_than_a_tenth_above_it(
    measurement: ModuleType, value: float, missed: bool
) -> None:
    assert measurement.Measurement("a ratio", "x", (value,), goal=1.5).missed is missed


@pytest.mark.parametrize(("value", "missed"), [(4000, False), (3610, False), (3590, True)])
def test_a_goal_of_at_least_is_missed_when_the_value_is_more_than_a_tenth_below_it(
    measurement: ModuleType, value: float, missed: bool
) -> None:
    one = measurement.Measurement("users", "users", (value,), goal=4000, wanted="at least")

    assert one.missed is missed
    assert ">= 4,000" in measurement.table([one])


def test_several_runs_are_one_table_whose_spread_is_that_of_the_runs(measurement: ModuleType) -> None:
    runs = [[measurement.Measurement("a ratio", "x", (low, low + 1.0, low + 9.0), goal=1.5)] for low in (1.0, 2.0, 4.0)]

    (one,) = measurement.of_runs(runs)

    assert one.rounds == (2.0, 3.0, 5.0)
    assert one.value == 3.0
    assert one.goal == 1.5
    assert "runs from - to" in measurement.table([one], spread_over="runs")


def test_a_line_that_only_some_runs_have_has_their_values(measurement: ModuleType) -> None:
    def a_run(*values: float) -> Any:
        names = ("a ratio", "  ours", "another", "  ours")
        return [measurement.Measurement(name, "x", (value,)) for name, value in zip(names, values, strict=False)]

    lines = measurement.of_runs([a_run(1.0, 2.0), a_run(3.0, 4.0, 5.0, 6.0)])

    assert [(one.name, one.rounds) for one in lines] == [
        ("a ratio", (1.0, 3.0)),
        ("  ours", (2.0, 4.0)),
        ("another", (5.0,)),
        ("  ours", (6.0,)),
    ]


def test_a_measurement_is_read_again_as_it_was_written(measurement: ModuleType) -> None:
    one = measurement.Measurement("users", "users", (4000.0, 3000.0), goal=4000, note="why", wanted="at least")

    assert measurement.Measurement.from_dict(json.loads(json.dumps(one.as_dict()))) == one


def test_the_table_of_the_page_is_renewed_and_the_rest_of_the_page_stays(measurement: ModuleType) -> None:
    from benchmarks.page import MARKS, renewed

    def content(*lines: Any) -> dict[str, Any]:
        return {
            "command": "python -m benchmarks",
            "measured": "2026-11-26T12:00:00+00:00",
            "machine": {"processor": "a processor", "cores": 2, "system": "Linux", "load_before": "0.10"},
            "versions": {"python": "3.11"},
            "seconds": 1.0,
            "measurements": [one.as_dict() for one in lines],
        }

    judged = measurement.Measurement("a ratio", "x", (2.0,), goal=1.5)
    below = measurement.Measurement("  ours", "us", (20.0,))
    begin, end = MARKS["bench"]
    page = f"# Title\n\n{begin}\nold\n{end}\n\nThe rest.\n"

    after = renewed(page, [content(judged, below), content(measurement.Measurement("  ours", "us", (30.0,)))])

    assert after.startswith("# Title\n") and after.endswith(f"{end}\n\nThe rest.\n")
    assert "old" not in after
    assert "| **a ratio** | 2.00 x | ≤ 1.50 |  | **missed**;" in after
    assert "20.0 us" in after and "30.0 us" in after, "the second file has no line of that name under `a ratio`"
    assert renewed(after, [content(judged, below)]).count("a ratio") == 1
    with pytest.raises(ValueError, match="no place"):
        renewed("# Title\n", [content(judged)])


def test_capacities_that_were_measured_are_put_into_the_page_with_a_picture_each(tmp_path: Path) -> None:
    from benchmarks.capacity import BEGIN, END, as_markdown, draw, renewed

    from capacity.test_words import found, sentence

    told = found(server_cpu_percent=100.0)
    run = told.as_dict(sentence(told)) | {"run": {"duration_s": 200.0}}
    content = {
        "measured": "2026-11-26T12:00:00+00:00",
        "machine": {"processor": "a processor", "cores": 2, "system": "Linux", "load_before": "0.10"},
        "versions": {"python": "3.11"},
        "series": [
            {"profile": "lab_class", "promise": "update echo p95 < 300ms", "about": "Groups", "runs": [run, run]}
        ],
    }
    after = renewed(f"# Title\n\n{BEGIN}\nSTALE\n{END}\n\nThe rest.\n", content)
    assert after.startswith("# Title\n") and after.endswith(f"{END}\n\nThe rest.\n") and "STALE" not in after
    assert "| `lab_class` | `update echo p95 < 300ms` | 1 | **120** | 140 | update echo p95 2.08 s | 100 % |" in after
    assert "|  |  | 2 | **120** |" in as_markdown(content)
    (picture,) = draw(content, tmp_path)
    assert f"(images/{picture.name})" in after and picture.exists()
    with pytest.raises(ValueError, match="no place"):
        renewed("# Title\n", content)


@pytest.mark.parametrize(
    ("cpu", "waited", "server", "server_waited", "who"),
    [
        ((0.95,), 0.0, 0.4, 0.1, "users"),
        ((0.2, 0.92), 0.0, 0.4, 0.0, "users"),
        ((0.3,), 0.1, 0.97, 0.0, "server"),
        ((0.95,), 0.0, 0.95, 0.0, "both"),
        ((0.6, 0.6), 0.35, 0.7, 0.3, "the machine"),
        ((0.3,), 0.1, 0.4, 0.1, ""),
    ],
)
def test_who_could_no_more_is_told_from_the_cores_of_each_side(
    measurement: ModuleType, cpu: tuple[float, ...], waited: float, server: float, server_waited: float, who: str
) -> None:
    from benchmarks.saturation import Point

    one = Point("relay", len(cpu), 5, 1000, 900.0, cpu, server, waited, server_waited, 1.0)

    assert one.saturated == who


def test_the_value_is_the_median_of_the_rounds_so_that_one_disturbed_round_decides_nothing(
    measurement: ModuleType,
) -> None:
    one = measurement.Measurement("a ratio", "x", (1.0, 9.0, 1.2), goal=1.5)

    assert one.value == 1.2
    assert not one.missed


def test_a_ratio_compares_what_was_measured_in_the_same_round(measurement: ModuleType) -> None:
    one = measurement.ratio("a ratio", [10.0, 200.0, 10.0], [10.0, 100.0, 5.0], goal=None, note="")

    assert one.rounds == (1.0, 2.0, 2.0)
    with pytest.raises(ValueError, match="shorter"):
        measurement.ratio("a ratio", [1.0, 2.0], [1.0], goal=None, note="")


def test_the_table_names_a_missed_goal_only_where_the_figures_are_judged(measurement: ModuleType) -> None:
    lines = [measurement.Measurement("a ratio", "x", (2.0,), goal=1.5), measurement.Measurement("a time", "ms", (3.0,))]

    judged, unjudged = measurement.table(lines), measurement.table(lines, judged=False)

    assert "<= 1.50  " in judged
    assert "MISSED" in judged
    assert "MISSED" not in unjudged
    assert "3.00 ms" in judged


@pytest.fixture
def fidelity(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT)
    import benchmarks.fidelity.counts

    return benchmarks.fidelity.counts


def test_what_a_clock_brings_is_added_up_over_all_work_and_what_was_done_is_not(fidelity: ModuleType) -> None:
    recorded = {
        "caret": {"document: update sent": [1, 40], "requests": [3, 0]},
        "type": {"document: update sent": [5, 200], "requests": [1, 0]},
        "idle": {"requests": [38, 0]},
    }
    counted = {
        "caret": {"document: update sent": [1, 44]},
        "type": {"document: update sent": [4, 150], "requests": [4, 0]},
    }
    rows = {(row.phase, row.what): row for row in fidelity.compared(recorded, counted)}
    assert rows["all work", "requests"].off == 0
    assert rows["caret", "document: update sent"].off == pytest.approx(0.1)
    assert rows["type", "document: update sent"].off == pytest.approx(-0.25)
    assert rows["idle", "requests"].off == -1
    assert fidelity.Row("idle", "raw", (0, 0), (1, 7)).off == float("inf")


def test_messages_are_told_apart_as_the_recording_tells_them(fidelity: ModuleType) -> None:
    assert fidelity.kind_of(b"\x00\x00\x01\x00") == "step 1"
    assert fidelity.kind_of(b"\x00\x02\x02\x00\x00") == "update"
    assert [fidelity.presence_of(size) for size in (214, 14, 15)] == ["presence", "presence", "presence of the server"]
    for client in (7, 2**32 - 1):  # a short id makes the server's message as long as somebody's leaving
        told = {
            name: b"\x01" + write_bytes(encode_presences([Presence(client, 1, state)]))
            for name, state in (("server", {}), ("person", {"user": {"name": "Ada"}}), ("leaving", None))
        }
        assert fidelity.kind_of(told["server"]) == "presence of the server"
        assert fidelity.kind_of(told["person"]) == fidelity.kind_of(told["leaving"]) == "presence"


def test_the_counts_are_those_of_the_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    recordings = ROOT.parent / "shared" / "traces"
    if not (recordings / "jupyterlab-tab.jsonl.gz").exists():
        pytest.skip("the recordings of a real JupyterLab tab are not beside the repository")
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks.fidelity.recorded import COUNTED, counted

    assert counted(recordings) == json.loads(COUNTED.read_text())


def test_a_curve_is_drawn_of_the_lines_that_name_a_size_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks import pictures
    from benchmarks.measurement import Measurement

    lines = [Measurement(name, "us", (1.0,)) for name in ("an edit, sent and echoed", "  an edit, 1,000 cells")]
    assert pictures._curve("an edit, ", lines) == lines[1:]
