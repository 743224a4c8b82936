"""The workflows for GitHub: pinned, with the least rights; their steps do what they say, for every end of a run.

A whole run of the example is in tests/runs/test_workflow.py; that the files are well formed says `make lint`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from canaries.all_canaries import CANARIES
from jupyter_rtc_locust.timing.thresholds import read_thresholds
from workflows.steps import REPOSITORY, Job, Runner, jobs

OURS = REPOSITORY / ".github" / "workflows" / "ci.yml"
EXAMPLE = REPOSITORY / "docs" / "ci" / "collaboration.yml"
WORKFLOWS = (OURS, EXAMPLE)
EVERY_WORKFLOW = pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
SCENARIOS = {job.matrix["scenario"]: job for job in jobs(EXAMPLE)}
PROFILES = [name for name, job in SCENARIOS.items() if "finding" not in job.matrix]
KNOWN = {name: job for name, job in SCENARIOS.items() if "finding" in job.matrix}
LONGEST_MINUTES = 60

LOCUST = """\
#!/bin/sh
echo "$@" > ran
if [ {code} -lt 5 ]; then mkdir -p results && echo '{told}' > results/result.json; fi
if [ -n "$GITHUB_STEP_SUMMARY" ]; then echo "summary of the run" >> "$GITHUB_STEP_SUMMARY"; fi
exit {code}
"""


@EVERY_WORKFLOW
def test_every_action_is_pinned_to_a_commit_whose_version_is_told(workflow: Path) -> None:
    used = re.findall(r"^ *(?:- )?uses: *(.*)$", workflow.read_text("utf-8"), re.MULTILINE)
    assert used
    assert not [one for one in used if not re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one)]


@EVERY_WORKFLOW
def test_a_workflow_may_only_read_ends_by_itself_and_gives_way_to_a_newer_one(workflow: Path) -> None:
    told = yaml.safe_load(workflow.read_text("utf-8"))
    assert told["permissions"] == {"contents": "read"}
    assert told["concurrency"]["group"] == "${{ github.workflow }}-${{ github.ref }}"
    for job in told["jobs"].values():
        assert 0 < job["timeout-minutes"] <= LONGEST_MINUTES
        assert "permissions" not in job
        for step in job["steps"]:
            if str(step.get("uses", "")).startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


@EVERY_WORKFLOW
def test_no_secret_is_asked_for(workflow: Path) -> None:
    assert "secrets." not in workflow.read_text("utf-8")


def test_make_lint_checks_every_workflow() -> None:
    checked = re.search(r"^workflows := (.*)$", (REPOSITORY / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert checked is not None
    there = [*(REPOSITORY / ".github" / "workflows").glob("*.y*ml"), *(REPOSITORY / "docs" / "ci").glob("*.y*ml")]
    assert sorted(checked[1].split()) == sorted(str(path.relative_to(REPOSITORY)) for path in there)


# The workflow of this project


def ran_in_a_checkout(folder: Path, job: Job) -> tuple[int, list[str], str]:
    """Run a job of ours where `make` only notes what it is asked for: exit code, what it was asked for, and pip."""
    runner = Runner(folder)
    (runner.workspace / ".ci").mkdir()
    runner.program("run", (REPOSITORY / ".ci" / "run").read_text(), runner.workspace / ".ci")
    runner.program("make", f'#!/bin/sh\necho "$@" >> {folder}/made\n')
    ended = runner.run(job)
    return ended.exit_code, (folder / "made").read_text().splitlines(), runner.noted.read_text()


def test_on_each_python_everything_is_checked_that_is_checked_on_a_machine_of_ones_own(tmp_path: Path) -> None:
    checks = [job for job in jobs(OURS) if job.name == "checks"]
    assert [job.matrix["python"] for job in checks] == ["3.11", "3.12", "3.13"]
    code, made, _ = ran_in_a_checkout(tmp_path / "runner", checks[0])
    assert code == 0
    assert made == [f"--no-print-directory {target}" for target in ("lint", "demo", "test")]


def test_a_hub_hosts_of_their_own_and_the_image_are_tested_for_each_change_the_last_two_as_root(tmp_path: Path) -> None:
    """An ordinary user leaves the steps of the Dockerfile out in `.ci/run` (tests/conftest.py): here they are run."""
    (machines,) = [job for job in jobs(OURS) if job.name == "machines"]
    runner = Runner(tmp_path / "runner")
    runner.program("make", f'#!/bin/sh\necho "$@ CI=$CI by=$BY" >> {tmp_path}/made\n')
    runner.program("sudo", '#!/bin/sh\nexec env -u CI BY=root "$@"\n')
    assert runner.run(machines).exit_code == 0
    made = (tmp_path / "made").read_text().splitlines()
    assert [line.split()[1] for line in made] == ["hubs", "test-hosts", "image"]
    for line in made[1:]:
        assert line.endswith("CI=true by=root"), "without CI, what may not be made there would be left out"


def test_the_newest_releases_are_installed_in_place_of_the_locked_ones_and_tested(tmp_path: Path) -> None:
    (newest,) = [job for job in jobs(OURS) if job.name == "newest"]
    code, made, installed = ran_in_a_checkout(tmp_path / "runner", newest)
    assert code == 0
    assert made == ["--no-print-directory test"]
    assert installed == "install -e .[demo,test,lint,peers]\n"
    assert (tmp_path / "runner" / "workspace" / ".venv" / ".installed").exists(), "make does not install it anew"


# The example for a server's maintainers


def runner_of(folder: Path) -> Runner:
    """A runner with both checkouts of the example."""
    runner = Runner(folder)
    (runner.workspace / "branch" / "projects" / "jupyter-server-ydoc").mkdir(parents=True)
    (runner.workspace / "generator-source").symlink_to(REPOSITORY)
    return runner


def played(folder: Path, scenario: str, code: int, *kinds: str) -> tuple[Runner, int, str, str]:
    """Run the steps of a scenario whose run ends with this code and these kinds of findings."""
    runner, job = runner_of(folder), SCENARIOS[scenario]
    install, run = [step for step in job.steps if "run" in step]
    assert runner.run(Job(job.name, (install,))).exit_code == 0
    told = json.dumps({"findings": [{"kind": kind} for kind in kinds]}, indent=2).replace("\n", " ")
    runner.program("locust", LOCUST.format(code=code, told=told), runner.workspace / "generator" / "bin")
    ended = runner.run(Job(job.name, (run,), job.matrix))
    return runner, ended.exit_code, ended.output, ended.summary


def test_the_example_has_three_profiles_and_every_canary() -> None:
    assert len(PROFILES) == 3
    assert all((REPOSITORY / "locustfiles" / f"{name}.py").exists() for name in SCENARIOS)
    expected = {one.name: (one.kind, one.issue) for one in CANARIES}
    assert {name: (job.matrix["finding"], job.matrix["issue"]) for name, job in KNOWN.items()} == expected


def test_what_the_example_requires_are_thresholds() -> None:
    required = [read_thresholds(job.matrix.get("require", "")) for job in SCENARIOS.values()]
    assert any(required)


def test_a_canary_is_played_as_make_canaries_plays_it() -> None:
    for one in CANARIES:
        matrix = KNOWN[one.name].matrix
        options = dict(zip(one.options[1::2], one.options[2::2], strict=True))
        assert (options["-u"], options["-r"], options["-t"]) == (str(matrix["people"]),) * 2 + (matrix["time"],)
        assert f"generator-source/{options.get('--rtc-template', '')}" in (matrix.get("template", "generator-source/"))


def test_the_branch_and_the_load_generator_get_environments_of_their_own(tmp_path: Path) -> None:
    runner, _, _, _ = played(tmp_path / "runner", PROFILES[0], 0)
    assert runner.noted.read_text().splitlines() == [
        "install jupyter-collaboration ipykernel ./branch/projects/jupyter-server-ydoc",
        "install -c generator-source/constraints/locked.txt ./generator-source[demo]",
    ]
    options = (runner.workspace / "ran").read_text()
    assert "--rtc-server-python server/bin/python" in options and "--rtc-results results" in options


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (0, "::notice title={}::Every document can be trusted"),
        (1, "::error title={}::Requests failed, or a threshold was missed"),
        (2, "::error title={}::An option was refused"),
        (3, "::error title={}::Somebody's work was lost, doubled or changed"),
        (4, "::warning title={}::Nothing was established"),
        (137, "::error title={}::The run was broken off, and left no result"),
    ],
)
def test_a_profile_ends_with_the_code_of_its_run_which_is_told_in_words(tmp_path: Path, code: int, told: str) -> None:
    _, ended, output, summary = played(tmp_path / "runner", PROFILES[0], code)
    assert ended == (code if code < 5 else 255)
    (line,) = [line for line in output.splitlines() if line.startswith("::")]
    assert line.startswith(told.format(PROFILES[0]))
    assert summary == "summary of the run\n"


@pytest.mark.parametrize("canary", KNOWN)
def test_a_canary_that_is_found_is_green_and_its_fail_does_not_stand_on_the_page(tmp_path: Path, canary: str) -> None:
    _, ended, output, summary = played(tmp_path / "runner", canary, 3, "lost-edit", KNOWN[canary].matrix["finding"])
    assert ended == 0
    assert f"::notice title={canary}::Found" in output
    assert summary == f"Canary {canary}: found, as on released servers ({KNOWN[canary].matrix['issue']}).\n"


@pytest.mark.parametrize(("code", "kinds"), [(0, ()), (1, ()), (3, ("lost-edit",))])
def test_a_canary_that_is_not_found_is_red_and_says_what_that_can_mean(
    tmp_path: Path, code: int, kinds: tuple[str, ...]
) -> None:
    canary = next(iter(KNOWN))
    _, ended, output, _ = played(tmp_path / "runner", canary, code, *kinds)
    assert ended == 1
    assert f"::error title={canary}::Not found. Where this branch mends {KNOWN[canary].matrix['issue']}" in output


@pytest.mark.parametrize("code", [2, 4, 137])
def test_a_canary_of_which_nothing_is_known_is_red(tmp_path: Path, code: int) -> None:
    _, ended, output, _ = played(tmp_path / "runner", next(iter(KNOWN)), code)
    assert ended and "Found" not in output and "Not found" not in output


def test_a_program_that_could_not_begin_has_no_result_and_is_not_taken_for_failed_requests(tmp_path: Path) -> None:
    runner, job = runner_of(tmp_path / "runner"), SCENARIOS[PROFILES[0]]
    install, run = [step for step in job.steps if "run" in step]
    runner.run(Job(job.name, (install,)))
    runner.program("locust", "#!/bin/sh\nexit 1\n", runner.workspace / "generator" / "bin")
    ended = runner.run(Job(job.name, (run,), job.matrix))
    assert ended.exit_code == 255 and "::The run was broken off" in ended.output
