import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_rtc_locust.command_line import main
from jupyter_rtc_locust.reporting.report import junit as junit_module
from jupyter_rtc_locust.reporting.report import making
from jupyter_rtc_locust.reporting.report import page as page_module
from jupyter_rtc_locust.reporting.report.making import FILES, JUNIT, PAGE, SUMMARY, job_summary, make_reports
from jupyter_rtc_locust.reporting.report.making import remove_reports as remove
from jupyter_rtc_locust.reporting.report.summary import summary
from jupyter_rtc_locust.reporting.report.told_run import read_run
from reporting.results_folders import REAL, RESULTS, copied
from reporting.schema import SCHEMA


@pytest.fixture
def quick(monkeypatch):
    """A page of one line: drawing is shown elsewhere."""
    monkeypatch.setattr(making, "_page", lambda _folder: lambda told: b"jupyter-rtc-locust: " + told.verdict.encode())


def test_the_command_makes_all_of_them_and_says_so(tmp_path):
    """`jupyter rtc-locust report results`, in a folder in which a run left its results."""
    copied("fail", tmp_path / "results")
    environment = {**os.environ, "GITHUB_STEP_SUMMARY": str(tmp_path / "job.md")}
    command = [sys.executable, "-m", "jupyter_rtc_locust", "report", "results"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [f"Made results/{name}." for name in (SUMMARY, JUNIT, PAGE)]
    assert (tmp_path / "job.md").read_text() == (tmp_path / "results" / SUMMARY).read_text()
    assert "<!DOCTYPE html>" in (tmp_path / "results" / PAGE).read_text()[:100]


def test_plots_are_no_business_of_a_run():
    """What a run imports has neither matplotlib nor the page in it."""
    program = (
        "import sys, jupyter_rtc_locust.plugin, jupyter_rtc_locust.coordination.ending as _;"
        "names = ('matplotlib', 'jupyter_rtc_locust.reporting.report.p');"
        "print([name for name in sys.modules if name.startswith(names)])"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_folder_without_a_result_is_refused(tmp_path, capsys):
    assert main(["report", str(tmp_path)]) == 2
    assert "is missing" in capsys.readouterr().err


@pytest.mark.usefixtures("quick")
def test_one_that_cannot_be_made_takes_nothing_from_the_others(tmp_path, monkeypatch, capsys):
    def breaks(_told):
        raise ZeroDivisionError("nought")

    monkeypatch.setattr(junit_module, "junit", breaks)
    folder = copied("pass", tmp_path / "results")
    (folder / JUNIT).write_text("<!-- jupyter-rtc-locust, of an earlier run -->")
    assert main(["report", str(folder)]) == 1
    assert f"{folder / JUNIT} could not be made: ZeroDivisionError: nought." in capsys.readouterr().err
    assert {name for name in FILES if (folder / name).exists()} == {SUMMARY, PAGE}


@pytest.mark.usefixtures("quick")
def test_a_file_of_somebody_else_stays(tmp_path):
    folder = copied("pass", tmp_path / "results")
    (folder / PAGE).write_text("<h1>Locust's own</h1>")
    remove(folder)
    made = make_reports(folder)
    assert (folder / PAGE).read_text() == "<h1>Locust's own</h1>"
    assert made.problems == (f"{folder / PAGE} was not written, because a file of somebody else is in the way.",)
    assert [path.name for path in made.files] == [SUMMARY, JUNIT]


@pytest.mark.usefixtures("quick")
def test_what_was_made_earlier_is_replaced_and_can_be_removed(tmp_path):
    folder = copied("pass", tmp_path / "results")
    before = {path.name for path in folder.iterdir()}
    for _ in range(2):
        assert len(make_reports(folder).files) == 3
    assert {path.name for path in folder.iterdir()} == before | set(FILES), "no half-written file is left"
    remove(folder)
    assert {path.name for path in folder.iterdir()} == before


@pytest.mark.usefixtures("quick")
def test_the_summary_is_added_to_that_of_the_job(tmp_path):
    job = tmp_path / "job.md"
    job.write_text("Before.\n")
    folder = copied("pass", tmp_path / "results")
    make_reports(folder, add_summary_to=job)
    assert job.read_text() == "Before.\n" + (folder / SUMMARY).read_text()


@pytest.mark.usefixtures("quick")
def test_a_job_summary_that_cannot_be_written_is_said(tmp_path):
    made = make_reports(copied("pass", tmp_path / "results"), add_summary_to=tmp_path / "no folder" / "job.md")
    assert len(made.problems) == 1 and "No such file" in made.problems[0]
    assert len(made.files) == 3


def optional_fields(result):
    """Paths of everything in a result that is no list: what an older version may not have written."""
    required = set(SCHEMA["required"])
    for name, value in result.items():
        if name not in required:
            yield (name,)
        if isinstance(value, dict) and name not in ("timings", "exercised"):
            yield from ((name, inner) for inner in value)


@pytest.mark.parametrize("name", REAL)
def test_reports_are_made_of_what_an_older_version_has_written(tmp_path, monkeypatch, name):
    monkeypatch.setattr(page_module, "_plot", lambda *_: None)
    told = read_run(RESULTS / name)
    for path in optional_fields(told.result):
        result = copy.deepcopy(dict(told.result))
        below = result
        for step in path[:-1]:
            below = below[step]
        del below[path[-1]]
        (tmp_path / "result.json").write_text(json.dumps(result))
        less = read_run(tmp_path)
        try:
            assert page_module.page(less, "results") and junit_module.junit(less) and summary(less)
        except Exception as error:
            raise AssertionError(f"without {'/'.join(path)}: {error!r}") from error


def test_a_job_is_known_by_its_environment():
    assert job_summary({"GITHUB_STEP_SUMMARY": "/x/y"}) == Path("/x/y")
    assert job_summary({}) is job_summary({"GITHUB_STEP_SUMMARY": ""}) is None
