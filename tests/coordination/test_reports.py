"""The reports of a run, made by a process of its own: whatever becomes of it, there are lines to tell, and no stop."""

import contextlib
import sys

import gevent
import psutil
import pytest

from jupyter_rtc_locust.coordination import reports
from jupyter_rtc_locust.coordination.reports import Reports
from reporting.results_folders import copied

pytestmark = pytest.mark.alone

LONG_S = 60.0


@pytest.fixture
def maker_is(monkeypatch):
    """Another program takes the place of the one that makes them."""

    def replace(code):
        monkeypatch.setattr(reports, "MAKER", (sys.executable, "-c", code))

    return replace


def makers():
    words, found = list(reports.MAKER[1:]), []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            if child.cmdline()[1 : len(words) + 1] == words:
                found.append(child)
    return found


def test_all_are_made_while_the_loop_goes_on(tmp_path):
    folder = copied("fail", tmp_path / "results")
    making = Reports(folder, ["s3cr3t"], LONG_S)
    turns = 0
    while not making._making.ready():
        gevent.sleep(0.01)
        turns += 1
    assert making.finished() == (f"Report: {folder / 'report.html'}",)
    assert turns > 3
    assert {"report.html", "summary.md", "junit.xml"} <= {path.name for path in folder.iterdir()}
    assert not makers()


def test_secrets_are_told_to_the_process_and_stand_in_no_report(tmp_path):
    folder = copied("fail", tmp_path / "results")
    place = folder / "evidence" / "rtc-locust-0badcafe_notebook-0.ipynb" / "difference-newcomer-replica-1.txt"
    place.write_text("What differs between a (-) and b (+):\n\n* s3cr3t was typed\n\n+s3cr3t was typed\n")
    Reports(folder, ["s3cr3t"], LONG_S).finished()
    for name in ("report.html", "summary.md", "junit.xml"):
        assert "s3cr3t" not in (folder / name).read_text()
    assert "+[redacted] was typed" in (folder / "summary.md").read_text()


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import sys; print('The disk is full.'); sys.exit(1)", "Not all reports could be made. The disk is full."),
        ("import sys; sys.exit('no module named so')", "It ended with 1, saying: no module named so."),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "It ended with -9."),
        ("import os; os._exit(3)", "It ended with 3."),
        ("import os, sys; sys.exit(f\"{os.environ.get('JUPYTER_TOKEN')}\")", "saying: None."),
    ],
)
def test_what_went_wrong_is_said_and_how_to_make_them_later(maker_is, monkeypatch, tmp_path, code, told):
    monkeypatch.setenv("JUPYTER_TOKEN", "s3cr3t")
    maker_is(code)
    (line,) = Reports(tmp_path, [], LONG_S).finished()
    assert told in line and line.endswith(f"They can be made later: jupyter rtc-locust report {tmp_path}")


def test_one_that_hangs_is_ended_at_its_deadline(maker_is, tmp_path):
    maker_is("import time; time.sleep(600)")
    (line,) = Reports(tmp_path, [], 0.2).finished()
    assert line.startswith("The reports were not made within 0 s.")
    assert not makers()


def test_who_does_not_want_to_wait_does_not(maker_is, tmp_path):
    maker_is("import time; time.sleep(600)")
    making = Reports(tmp_path, [], LONG_S)
    while not makers():
        gevent.sleep(0.01)
    making.give_up()
    (line,) = making.finished()
    assert line.startswith("The reports were given up.")
    assert not makers()


def test_who_does_not_want_to_wait_for_the_start_either_does_not(maker_is, tmp_path):
    maker_is("import time; time.sleep(600)")
    making = Reports(tmp_path, [], LONG_S)
    making.give_up()
    (line,) = making.finished()
    assert line.startswith("The reports were given up.")
    assert not makers()


def test_a_program_that_cannot_be_started_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(reports, "MAKER", (str(tmp_path / "nothing"),))
    (line,) = Reports(tmp_path, [], LONG_S).finished()
    assert line.startswith("The process that makes the reports could not be started")
