"""The command `jupyter rtc-locust ab`, with environments and runs that stand for real ones."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from jupyter_rtc_locust import command_line
from jupyter_rtc_locust.command_line import main
from jupyter_rtc_locust.versions import command as versions
from jupyter_rtc_locust.versions.environments import Made

PROGRAM = Path(__file__).with_name("runs_of_a_version.py")


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """In place of Locust and pip: the second version is the slower one. What the first argument of a run is."""
    does = ["ends"]
    python = {"A": "quick", "B": "slow"}
    monkeypatch.setattr(versions, "made", lambda side, *_, **__: Made(Path(python[side]), {"x": side}, kept=False))
    monkeypatch.setattr(
        command_line, "locust_command", lambda _, passed_on: [sys.executable, "-P", str(PROGRAM), *does, *passed_on]
    )
    monkeypatch.chdir(tmp_path)
    return does


def test_two_versions_are_installed_run_in_turn_and_compared(
    stage: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["ab", "--runs", "5", "--a", "x==1", "--b", "x==2", "-t", "60s", "--html", "comparison.html"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == ["A: x==1 (installed).", "B: x==2 (installed).", "A and B differ in: x A and B."]
    assert [line.split(":")[0] for line in lines[3:13]] == [
        f"Run {place} of 10, {side}" for place, side in enumerate("ABBAABBAAB", start=1)
    ]
    assert lines[13].startswith("B is WORSE (5 runs of A, 5 of B)")
    assert "A and B differ in: x A and B." in (tmp_path / "comparison.html").read_text()
    assert (tmp_path / "results-ab" / "b" / "5" / "result.json").is_file()


def test_runs_that_do_not_count_are_made_up_for(stage: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    stage[0] = "is-late-first"
    assert main(["ab", "--runs", "2", "--a", "x==1", "--b", "x==2"]) == 4
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines[3:9]] == [
        "Run 1 of 4, A",
        "Run 2 of 4, B",
        "Run 3 of 4, B",
        "Run 4 of 4, A",
        "In place of one that does not count, A",
        "In place of one that does not count, B",
    ]
    assert lines[3].endswith("(its times do not count: the generator was late)")
    assert lines[9].startswith("TOO FEW RUNS (3 runs of A, 3 of B): 2 of A and 2 of B have times that count")


def test_the_address_of_a_branch_is_told_without_what_may_be_a_secret_in_it(
    stage: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    stage[0] = "crashes"
    main(["ab", "--a", "", "--b", "git+https://ada:s3cret@example.org/x"])
    told = capsys.readouterr()
    assert "A: as installed here (installed)." in told.out
    assert "example.org/x" in told.out
    assert "s3cret" not in told.out + told.err


@pytest.mark.parametrize(
    ("does", "words", "code"),
    [
        ("refuses", "refused its options. Its last words:", 2),
        ("crashes", "NOT KNOWN: Run 1 of A ended with 7 and left no result", 4),
    ],
)
def test_a_run_that_leaves_no_result_ends_it_with_its_last_words(
    stage: list[str], capsys: pytest.CaptureFixture[str], does: str, words: str, code: int
) -> None:
    stage[0] = does
    assert main(["ab", "--a", "", "--b", "x==2"]) == code
    told = capsys.readouterr()
    assert words in told.out + told.err
    assert "seed 1" in told.out + told.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--host", "http://127.0.0.1:8888"], "--host is what ab sets itself"),
        (["--rtc-results=x"], "--rtc-results is what ab sets itself"),
        (["--runs", "0"], "--runs 0"),
        (["--judge", "nothing"], "--judge 'nothing'"),
        (["--tolerance", "-3"], "--tolerance '-3'"),
        (["--constraint", "missing.txt"], "--constraint missing.txt cannot be read"),
        (["--b", "-e ."], "--b takes requirements"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_installed(
    stage: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    monkeypatch.setattr(versions, "made", lambda *_, **__: pytest.fail("something was installed"))
    assert main(["ab", "--a", "x==1", "--b", "x==2", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_runs_of_another_day_are_not_mixed_with_those_to_come(
    stage: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "results-ab" / "a").mkdir(parents=True)
    assert main(["ab", "--a", "x==1", "--b", "x==2"]) == 2
    assert "holds runs already" in capsys.readouterr().err
