"""Every profile starts without any option but how many come and for how long, and ends in a verdict.

Small and short here; `make profiles` plays them as they come.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from profiles.all_profiles import FAIL, PROFILES, Profile
from runs.locust_run import LOCUSTFILES, Run, run_locust
from runs.together import Runs

pytestmark = pytest.mark.run

SMALL = {
    "lecture": ("-u", "5", "-r", "5"),
    "exam_start": ("-u", "10"),
    "lab_class": ("-u", "8"),
    "churn": ("-t", "14s"),
}
UNSAID = {"overnight_room", "outside_edits", "everything", "churn"}
"""Whose faults want the moments that they name, and the people; or that end where everybody stays for a while."""
NOT_HERE = {"big_notebook"}
"""Takes a gigabyte, and half a minute of a core."""

RUNS = {one.shown: one for one in PROFILES if one.name not in NOT_HERE}
LONGEST = ("overnight_room", "everything")


@contextlib.contextmanager
def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], Run]]]:
    """Each run has a server of its own, which is started for it."""
    yield {name: partial(play, profile, folder / name.replace(" ", "-")) for name, profile in RUNS.items()}


def play(profile: Profile, folder: Path) -> Run:
    """Small and short, where the profile's own faults do not want more."""
    length = () if profile.name in UNSAID else ("-t", "8s")
    return run_locust(
        LOCUSTFILES / profile.locustfile,
        *profile.classes,
        *SMALL.get(profile.name, ()),
        *length,
        "--rtc-seed",
        "3",
        folder=folder,
        environment={"LOCUST_RTC_RHYTHM": "person"},
    )


@pytest.mark.parametrize("run", RUNS)
def test_a_profile_ends_in_its_verdict(runs: Runs, run: str) -> None:
    ended, profile = runs[run], RUNS[run]
    expected = {FAIL} if FAIL in profile.verdicts and profile.name == "outside_edits" else {"pass"}
    assert ended.verdict in expected, str(ended)
    assert ended.left_running == (), str(ended)


def test_every_profile_of_the_documents_is_played() -> None:
    text = (LOCUSTFILES.parent / "docs" / "profiles.md").read_text("utf-8")
    assert all(f"| `{one.locustfile}` |" in text for one in PROFILES)
    assert len({one.name for one in PROFILES}) == 14
