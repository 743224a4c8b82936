"""Each kind of finding is made where a server has the fault it stands for, and nowhere else.

The server is the sick one of the tests. Which user it strikes is counted by it in the order of first edits, which is
not the run's own numbering: that it is one and the same user in all findings is what the tests hold on to.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from jupyter_rtc_locust.reporting.stored_results import checked
from runs.locust_run import FAILED, LOCUSTFILES_OF_THE_TESTS, PASSED, REQUESTS_FAILED, Run, run_locust
from runs.together import Runs
from servers import processes

pytestmark = pytest.mark.run

NOTEBOOKS = "notebook_editing.py"
TEXT_FILES = "text_file_editing.py"
SAVING_OFTEN = LOCUSTFILES_OF_THE_TESTS / "saving_often.py"
TYPING = LOCUSTFILES_OF_THE_TESTS / "typing_only.py"

SOON = ("--rtc-save-timeout", "4")
"""A file that is wrong for good need not be waited for as long as one that may only be late."""
IMPATIENT = ("--rtc-drain-timeout", "5")
"""An echo that never comes need not be waited for so long that its author counts as stalled, too."""

ONE_BY_ONE = ("-r", "1")
"""So that the first is in step when the others tell of themselves; else it need not see them before they do again."""


@dataclass(frozen=True)
class Case:
    """A fault, how it strikes, and the findings that must come of it: `must` all of them, `may` others, no more."""

    fault: str
    must: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    strikes: dict[str, Any] = field(default_factory=dict)
    locustfile: str | Path = NOTEBOOKS
    options: tuple[str, ...] = ()
    seconds: int = 5


def case(fault: str, must: str, may: str = "", *, options: tuple[str, ...] = (), **more: Any) -> Case:
    fields = {name: more.pop(name) for name in ("locustfile", "seconds") if name in more}
    return Case(fault, frozenset(must.split()), frozenset(may.split()), more, options=options, **fields)


OF_THEMSELVES = ("--rtc-awareness", "own")

IN_A_PAUSE = {"at": 10, "quiet": 1}
"""After the last edit: what comes later covers no damage."""

SICK = {
    # The slow ones first, so that the others are done meanwhile.
    "hang": case("hang", "server-lost", "stalled unacknowledged-edit", at=20, options=IMPATIENT),
    "mute-one": case("mute-one", "stalled diverged", at=10),
    "no-sync": case("no-sync", "stalled", seconds=18),
    "die": case("die", "server-lost", "unacknowledged-edit", at=20, options=IMPATIENT),
    "save-lies": case("save-lies", "save-not-done", at=5, save_delay=2, seconds=16, locustfile=SAVING_OFTEN),
    "save-too-late": case("slow-save", "save-starved", options=("--rtc-max-save-age", "2")),
    # Between the server and its users
    "drop-relay": case("drop-relay", "pending-updates diverged", at=10),
    "drop-last-relay-to-one": case("drop-last-relay-to-one", "diverged", at=10),
    "lose-edit": case(
        "lose-edit",
        "diverged lost-edit",
        "unacknowledged-edit joiner-differs pending-updates",
        at=10,
        locustfile=TYPING,
        options=IMPATIENT,
    ),
    "swallow": case(
        "swallow", "unacknowledged-edit diverged", "joiner-differs pending-updates lost-edit", at=10, options=IMPATIENT
    ),
    # Whether its words find a place there, and so are seen by some, is chance.
    "leak-edit": case(
        "leak-edit", "invented-edit", "diverged joiner-differs lost-edit", at=10, options=("--rtc-documents", "2")
    ),
    "stale-joiner": case("stale-joiner", "joiner-differs lost-edit", at=10, options=SOON),
    # In the document, where all agree
    "delete-text": case("delete-text", "lost-edit", **IN_A_PAUSE),
    "delete-text-of-a-file": case("delete-text", "lost-edit", locustfile=TEXT_FILES, **IN_A_PAUSE),
    "double-text": case("double-text", "duplicated-content", **IN_A_PAUSE),
    "double-cell": case("double-cell", "duplicated-content", **IN_A_PAUSE),
    "invent-edit": case("invent-edit", "invented-edit", **IN_A_PAUSE),
    "invent-edit-covered": case("invent-edit", "invented-edit", at=10),
    "invent-cell": case("invent-cell", "invented-edit", **IN_A_PAUSE),
    "malformed-cell": case("malformed-cell", "malformed-document invented-edit", **IN_A_PAUSE),
    "no-source": case("no-source", "malformed-document lost-edit", **IN_A_PAUSE),
    "duplicate-id": case("duplicate-id", "malformed-document invented-edit", **IN_A_PAUSE),
    # Who is shown to whom
    "hide-presence": case("hide-presence", "awareness-differs", options=ONE_BY_ONE),
    # Where users tell on what they hear, the others make good what the server keeps back.
    "stale-presence": case("stale-presence", "awareness-differs", at=10, seconds=8, options=OF_THEMSELVES),
    "alter-presence": case("alter-presence", "awareness-differs"),
    # The clock of what is told decides, so that half a minute need not be waited for.
    "ghost": case("ghost", "awareness-differs", locustfile=LOCUSTFILES_OF_THE_TESTS / "one_leaves.py"),
    "foreign-presence": case("foreign-presence", "awareness-differs", options=("--rtc-documents", "2")),
    # On the way to the disk
    "corrupt-file": case("corrupt-file", "saved-file-differs", at=5, options=SOON),
    "corrupt-text-file": case("corrupt-file", "saved-file-differs", at=5, options=SOON, locustfile=TEXT_FILES),
    "corrupt-output": case("corrupt-output", "saved-file-differs", at=5, options=SOON),
    "drop-cell-in-file": case("drop-cell-in-file", "saved-file-differs", at=5, options=SOON),
    "no-save": case("no-save", "saved-file-differs save-stalled", at=5, options=SOON),
    "stop-saving-midway": case(
        "stop-saving-midway", "saved-file-differs save-stalled", at=20, save_delay=0.05, options=SOON
    ),
    "grow-memory": case("grow-memory", "server-memory", options=("--rtc-server-memory-limit", "500")),
    "disk-full": case("disk-full", "saved-file-differs save-stalled", at=5, options=SOON),
}
HARMLESS = {
    name: Case(name, strikes={"at": 10})
    for name in ("none", "late", "duplicate-delivery", "re-encode", "abrupt-close", "slow-save", "http-flaky")
}
HARMLESS["saves-by-hand"] = Case("none", seconds=8, locustfile=SAVING_OFTEN)
WITHOUT_ECHO = {"no-echo": Case("no-echo", strikes={"at": 10})}
CASES = SICK | HARMLESS | WITHOUT_ECHO
LONGEST = ("hang", "mute-one", "no-sync")

KINDS = {
    "awareness-differs",
    "diverged",
    "pending-updates",
    "joiner-differs",
    "lost-edit",
    "duplicated-content",
    "invented-edit",
    "saved-file-differs",
    "unacknowledged-edit",
    "stalled",
    "malformed-document",
    "server-lost",
    "server-memory",
    "save-stalled",
    "save-starved",
    "save-not-done",
}


@contextlib.contextmanager
def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], Run]]]:
    yield {name: make_run(folder / name, one) for name, one in CASES.items()}


def make_run(folder: Path, one: Case) -> Callable[[], Run]:
    def run() -> Run:
        load = ("-u", "3", "-r", "10", "-t", f"{one.seconds}s", "--rtc-edit-rate", "4", "--rtc-seed", "7")
        load = (*load, "--rtc-evidence", "always")
        for into in (folder, folder.with_name(f"{folder.name}-again")):
            with processes.sick_server(one.fault, **one.strikes) as server:
                ended = run_locust(one.locustfile, *load, *one.options, folder=into, server=server)
            # Findings that rest on time are none where others kept the load generator waiting, as a stop of 50 ms does
            # in so short a run; so such a run is made once more.
            if ended.told["generator"]["sound"]:
                break
        return ended

    return run


def test_every_kind_of_finding_is_among_the_cases() -> None:
    assert frozenset().union(*(one.must for one in SICK.values())) == KINDS


@pytest.mark.parametrize("run", SICK)
def test_a_fault_leads_to_its_findings_and_to_no_others(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert SICK[run].must <= ended.kinds, str(ended)
    assert ended.kinds <= SICK[run].must | SICK[run].may, str(ended)


@pytest.mark.parametrize("run", SICK)
def test_a_finding_decides_exit_code_result_and_what_is_printed_alike(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert (ended.exit_code, ended.verdict) == (FAILED, "fail"), str(ended)
    assert ended.told["findings"][0]["kind"] in ended.told["reason"], str(ended)
    assert "\nFAIL: " in ended.output, str(ended)
    assert "\nPASS: " not in ended.output, str(ended)
    assert all(f"finding: {kind}" in ended.output for kind in ended.kinds_told_first), str(ended)
    assert "final document equality" in ended.output, str(ended)


@pytest.mark.parametrize("run", SICK)
def test_a_finding_says_in_a_sentence_which_document_and_which_users_are_concerned(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    documents = ended.told["run"]["documents"]
    for finding in ended.told["findings"]:
        where = "" if finding["kind"] in ("server-lost", "server-memory") else documents[0]
        assert finding["document"] == where, str(ended)
        assert set(finding["users"]) <= {0, 1, 2}, str(ended)
        assert len(finding["detail"]) > 30, str(ended)


@pytest.mark.parametrize("run", CASES)
def test_the_same_is_found_again_in_the_evidence_without_the_server(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    lines, code = checked(ended.folder / "results")
    assert "This agrees with" in lines[-1], f"{lines}\n{ended}"
    assert code == (PASSED if ended.exit_code == REQUESTS_FAILED else ended.exit_code), str(ended)


@pytest.mark.parametrize("run", SICK)
def test_every_finding_points_to_its_evidence(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    for finding in ended.told["findings"]:
        evidence = json.loads((ended.folder / "results" / finding["evidence"]).read_text())
        assert (evidence["kind"], evidence["users"]) == (finding["kind"], finding["users"]), str(ended)
    assert not ended.told["evidence"]["left_out"], str(ended)


@pytest.mark.parametrize(
    ("run", "telling", "also"),
    [
        # The kind that can name nobody else, and others that must name that user, too.
        ("drop-relay", "pending-updates", "diverged"),
        ("drop-last-relay-to-one", "diverged", "diverged"),
        ("lose-edit", "lost-edit", "diverged"),
        ("swallow", "unacknowledged-edit", "diverged"),
        ("mute-one", "stalled", "diverged"),
        ("no-sync", "stalled", "stalled"),
    ],
)
def test_a_finding_names_the_one_user_who_was_struck(run: str, telling: str, also: str, runs: Runs) -> None:
    ended: Run = runs[run]
    struck = ended.users_of(telling)
    assert len(struck) == 1, str(ended)
    assert struck <= ended.users_of(also), str(ended)


@pytest.mark.parametrize("run", ["corrupt-file", "corrupt-text-file", "drop-cell-in-file", "no-save", "stale-joiner"])
def test_what_concerns_everybody_names_everybody(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    kind = "joiner-differs" if run == "stale-joiner" else "saved-file-differs"
    assert ended.users_of(kind) == {0, 1, 2}, str(ended)


@pytest.mark.parametrize("run", ["delete-text", "delete-text-of-a-file", "lose-edit"])
def test_a_lost_edit_is_told_with_its_words_and_who_wrote_them(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    detail = ended.findings("lost-edit")[0]["detail"]
    user = ended.findings("lost-edit")[0]["users"][0]
    assert f"of user {user}" in detail, str(ended)
    assert "nobody" in detail.lower(), str(ended)


@pytest.mark.parametrize("run", ["invent-edit", "invent-edit-covered", "invent-cell"])
def test_an_invented_edit_is_told_with_its_words(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert "nobody wrote this" in ended.findings("invented-edit")[0]["detail"], str(ended)


@pytest.mark.parametrize("run", HARMLESS)
def test_what_a_healthy_stack_may_do_leads_to_no_finding(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert (ended.exit_code, ended.verdict, ended.kinds) == (PASSED, "pass", set()), str(ended)
    assert "\nPASS: " in ended.output, str(ended)
    assert ended.told["counts"]["edits"] > 20, str(ended)
    assert all(timing["failures"] == 0 for timing in ended.told["timings"].values()), str(ended)


@pytest.mark.parametrize("run", ["abrupt-close"])
def test_lines_that_are_cut_are_counted_and_come_back(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    counts = ended.told["counts"]
    assert counts["disconnects"] == counts["reconnects"] == ended.count("reconnect") == 3, str(ended)


@pytest.mark.parametrize("run", ["saves-by-hand"])
def test_saves_by_hand_are_timed_and_counted(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert ended.count("save") >= 3, str(ended)
    assert ended.told["timings"]["save"]["failures"] == 0, str(ended)


@pytest.mark.parametrize("run", ["stop-saving-midway"])
def test_a_file_that_is_not_saved_any_more_is_said_to_be_an_old_one_and_since_when(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    detail = ended.findings("save-stalled")[0]["detail"]
    assert "the file still lacked" in detail, str(ended)
    assert "acknowledged edits of users" in detail, str(ended)
    assert "It was as the document had been at" in detail, str(ended)


@pytest.mark.parametrize("run", ["save-too-late"])
def test_the_age_of_what_is_not_on_disk_is_a_timing_like_others(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    timing = ended.told["timings"]["save age"]
    assert timing["count"] > 3, str(ended)
    assert timing["max_ms"] > 2000, str(ended)
    assert "save age" in ended.output, str(ended)


@pytest.mark.parametrize("run", WITHOUT_ECHO)
def test_an_edit_that_arrives_everywhere_but_never_comes_back_is_a_failed_request(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert (ended.verdict, ended.kinds) == ("pass", set()), str(ended)
    assert ended.told["timings"]["update echo"]["failures"] == 1, str(ended)
    assert ended.count("update echo") == ended.told["counts"]["edits"] - 1, str(ended)
    assert ended.exit_code == REQUESTS_FAILED, str(ended)
