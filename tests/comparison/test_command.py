"""The command `jupyter rtc-locust compare`: what it prints and writes, its exit codes, and what it refuses."""

from dataclasses import replace
from pathlib import Path

import pytest

from comparison.simulated_runs import QUIET, simulated_runs, write_runs
from jupyter_rtc_locust.command_line import main


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of a version, of the same once more, and of one that takes half as long again."""
    folder = tmp_path_factory.mktemp("runs")
    small = replace(QUIET, edits=210, heard_by=1)
    for name, slower in (("a", 1.0), ("same", 1.0), ("b", 1.5)):
        write_runs(folder / name, simulated_runs(name, 5, small, slower))
    return folder


def test_two_folders_are_compared_and_the_files_that_were_asked_for_written(
    folders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["--markdown", str(tmp_path / "comparison.md"), "--html", str(tmp_path / "comparison.html")]
    assert main(["compare", str(folders / "a"), str(folders / "b"), *files]) == 1
    printed = capsys.readouterr().out
    assert printed.startswith("B is WORSE (5 runs of A, 5 of B)")
    assert "update echo p50" in (tmp_path / "comparison.md").read_text()
    assert (tmp_path / "comparison.html").read_text().startswith("<!doctype html>")


def test_a_version_beside_itself_ends_with_0(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(folders / "a"), str(folders / "same")]) == 0
    assert capsys.readouterr().out.startswith("NO DIFFERENCE SHOWN")


def test_too_few_runs_end_with_4(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(folders / "a" / "1"), str(folders / "b")]) == 4
    assert capsys.readouterr().out.startswith("TOO FEW RUNS")


def test_only_what_is_asked_for_is_judged(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    judged = ["--judge", "save age p95", "--judge", "open document p50", "--tolerance", "60"]
    assert main(["compare", str(folders / "a"), str(folders / "b"), *judged]) == 0
    assert "update echo" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--judge", "update echo p90"], "after 'update echo' stands 'p90'"),
        (["--judge", "failures"], "percentiles of timings"),
        (["--judge", "delivery between workers p95"], "timed with one clock"),
        (["--tolerance", "much"], "--tolerance 'much'"),
        (["--tolerance", "nan"], "--tolerance 'nan'"),
        (["--markdown", "no/such/folder/x.md"], "could not be written"),
    ],
)
def test_what_makes_no_sense_is_refused_with_2(
    folders: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert main(["compare", str(folders / "a"), str(folders / "same"), *arguments]) == 2
    told = capsys.readouterr()
    assert words in told.err
    assert not told.out


def test_a_folder_without_runs_is_refused_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(tmp_path), str(tmp_path)]) == 2
    assert "holds no results" in capsys.readouterr().err
