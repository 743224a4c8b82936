"""Runs of two versions take turns, each in a folder of its own and with a deadline."""

import os
import sys
from pathlib import Path

from jupyter_rtc_locust.versions.turns import OUTPUT, Side, run_once, take_turns, turn

PROGRAM = Path(__file__).with_name("runs_of_a_version.py")
SIDES = (Side("a", Path("quick")), Side("b", Path("slow")))


COMMAND = [sys.executable, "-P", str(PROGRAM)]


def test_the_order_is_a_b_b_a():
    assert "".join("AB"[side] for pair in range(4) for side in turn(pair)) == "ABBAABBA"


def test_more_pairs_follow_until_it_is_enough_or_the_most_are_made(tmp_path):
    crashes = [sys.executable, "-c", "pass"]
    for most, enough_at, pairs in ((1, 9, 2), (5, 3, 3), (4, 9, 4)):
        told = []
        take_turns(
            SIDES,
            2,
            tmp_path / str(most),
            crashes,
            deadline_s=60,
            seeded=False,
            ended=told.append,
            most=most,
            enough=lambda told=told, enough_at=enough_at: len(told) >= 2 * enough_at,
        )
        assert len(told) == 2 * pairs


def test_each_run_has_a_folder_of_its_own_and_each_pair_one_seed(tmp_path):
    told = []
    take_turns(SIDES, 2, tmp_path, [*COMMAND, "ends"], deadline_s=60, seeded=True, ended=told.append)
    assert [(run.side.name, run.number, run.exit_code) for run in told] == [
        ("a", 1, 0),
        ("b", 1, 0),
        ("b", 2, 0),
        ("a", 2, 0),
    ]
    assert sorted(path.parent.relative_to(tmp_path).as_posix() for path in tmp_path.glob("*/*/result.json")) == [
        "a/1",
        "a/2",
        "b/1",
        "b/2",
    ]
    for run in told:
        assert (run.folder / OUTPUT).read_text() == f"seed {run.number}\n"


def test_a_run_beyond_its_deadline_is_ended_with_all_it_started(tmp_path):
    run = run_once(SIDES[0], 1, tmp_path, [*COMMAND, "hangs"], deadline_s=1.0)
    assert run.overdue
    assert run.exit_code != 0
    assert not (run.folder / "result.json").exists()


def test_what_steers_a_run_in_the_environment_does_not_reach_it(tmp_path, monkeypatch):
    monkeypatch.setenv("LOCUST_HOST", "http://127.0.0.1:9")
    monkeypatch.setenv("LOCUST_RTC_EDIT_RATE", "2")
    side = Side("a", None, {"OF_THIS_SIDE": "1"})
    run = run_once(side, 1, tmp_path, [sys.executable, "-c", "import os; print(sorted(os.environ))"], deadline_s=60)
    told = (run.folder / OUTPUT).read_text()
    assert "LOCUST_HOST" not in told
    assert "LOCUST_RTC_EDIT_RATE" in told and "OF_THIS_SIDE" in told
    assert "OF_THIS_SIDE" not in os.environ
