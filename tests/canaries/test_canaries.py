"""A canary that is not found fails, whatever came instead; what stands in docs/issues.md is what is run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from canaries import __main__ as program
from canaries.all_canaries import CANARIES
from canaries.canary import Canary, Outcome, judged
from canaries.play import played
from runs.commands_of_documents import REPOSITORY, REPRODUCTIONS, commands
from runs.locust_run import FAILED, INCONCLUSIVE, PASSED, Run

STALE = next(one for one in CANARIES if one.users)
SENTENCE = (
    "After user 1 was asleep and offline (from 4 to 22 s), and the server was killed and started again, and it keeps "
    "no store of updates (from 17 to 19 s): user 1 sees another document."
)
FOUND = {"kind": STALE.kind, "detail": SENTENCE, "users": [1]}
DONE = [{"what": "user 1 was asleep and offline", "outcome": "done", "planned": 4.0, "began": 4.0, "ended": 22.04}]
EVERY_CANARY = pytest.mark.parametrize("canary", CANARIES, ids=lambda canary: canary.name)


def ended(
    verdict: str, code: int, *findings: dict[str, Any], faults: list[dict[str, Any]] = DONE, sound: bool = True
) -> Run:
    result = {
        "verdict": verdict,
        "reason": "the reason of the run",
        "findings": list(findings),
        "generator": {"sound": sound},
        "run": {"faults": faults, "versions": {"jupyter-collaboration": "5.9"}},
    }
    return Run(("locust",), code, "output", result, 1.0)


def test_a_run_that_fails_for_the_known_reason_has_found_it() -> None:
    outcome = judged(STALE, ended("fail", FAILED, {"kind": "lost-edit", "detail": "x", "users": [2]}, FOUND))
    assert outcome.found
    assert outcome.line() == f"{STALE.name}: found: {SENTENCE}"


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(ended("pass", PASSED), id="passed"),
        pytest.param(ended("fail", FAILED, FOUND | {"kind": "lost-edit"}), id="another kind"),
        pytest.param(ended("fail", FAILED, FOUND | {"detail": "user 1 sees another document."}), id="other words"),
        pytest.param(ended("fail", FAILED, FOUND | {"users": [0, 1]}), id="other users"),
        pytest.param(ended("fail", FAILED, FOUND | {"users": []}), id="nobody"),
        pytest.param(ended("fail", PASSED, FOUND), id="another exit code"),
        pytest.param(ended("pass", FAILED, FOUND), id="another verdict"),
    ],
)
def test_a_run_that_passes_or_fails_for_another_reason_has_not_and_both_possibilities_are_told(run: Run) -> None:
    outcome = judged(STALE, run)
    assert not outcome.found and not outcome.again
    line = outcome.line()
    assert line.startswith(f"{STALE.name}: NOT FOUND: ")
    assert "this tool has become blind" in line
    assert "upstream has mended jupyter-collaboration#597 (this was jupyter-collaboration 5.9)" in line
    assert "docs/reproductions/stale_tab_after_a_lost_store.py" in line
    assert "move the canary to the healthy runs" in line
    assert "Faults:\nuser 1 was asleep and offline (planned at 4 s, from 4.0 to 22.0 s)\nFindings:\n" in line
    for one in run.told["findings"]:
        assert f"{one['kind']} (users {one['users']}): {one['detail']}" in line


def test_a_run_that_found_it_has_done_so_whether_or_not_its_generator_was_sound() -> None:
    assert judged(STALE, ended("fail", FAILED, FOUND, sound=False)).found


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (ended("inconclusive", INCONCLUSIVE, FOUND), "inconclusive: the reason of the run"),
        (Run(("locust",), 1, "a stack trace", None, 1.0), "left no result.json"),
        (ended("fail", FAILED, FOUND, faults=[{"what": "a restart", "outcome": "no"}]), "a restart: no"),
        (ended("pass", PASSED, sound=False), "the load generator was not sound"),
        (ended("fail", FAILED, FOUND | {"users": [2]}, sound=False), "diverged (users [2])"),
    ],
)
def test_a_run_that_proves_nothing_is_made_once_more_and_then_fails_with_its_reason(
    run: Run, reason: str, tmp_path: Path
) -> None:
    folders: list[Path] = []

    def run_locust(*_: object, folder: Path, **__: object) -> Run:
        folders.append(folder)
        return run

    outcome = played(STALE, tmp_path, run_locust)
    assert len(set(folders)) == len(folders) == 2
    assert not outcome.found
    assert reason in outcome.line()


def test_a_run_that_does_not_end_is_not_found(tmp_path: Path) -> None:
    def run_locust(*_: object, **__: object) -> Run:
        raise AssertionError("did not end within 100 s")

    assert "NOT FOUND: did not end within 100 s" in played(STALE, tmp_path, run_locust).line()


@pytest.mark.parametrize("missing", [None, *CANARIES], ids=lambda one: one.name if one else "none")
def test_the_program_ends_with_1_when_one_is_not_found(
    missing: Canary | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(program, "played", lambda canary, _: Outcome(canary, canary is not missing, "so it ended."))
    assert program.main([]) == (0 if missing is None else 1)
    told = capsys.readouterr().out.splitlines()
    assert told == [Outcome(one, one is not missing, "so it ended.").line() for one in CANARIES]


@EVERY_CANARY
def test_what_is_run_stands_in_the_issues_beside_its_reproduction(canary: Canary) -> None:
    told = list(commands(REPOSITORY / "docs" / "issues.md"))
    assert told.index(canary.command) == told.index(f"python docs/reproductions/{canary.reproduction}") + 1
    assert canary.reproduction in {path.name for path in REPRODUCTIONS}
    assert (REPOSITORY / canary.locustfile).is_file()
    text = (REPOSITORY / canary.locustfile).read_text()
    assert " ".join(canary.command.split()) in " ".join(text.replace("\\\n", " ").split())
    assert canary.issue in text
