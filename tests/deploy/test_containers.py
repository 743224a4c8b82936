"""The image, made as its Dockerfile says on a copy of this machine, and containers of it.

Every command runs through the image's entry point, as the image's user, on a root that is read-only, and the services
of the compose file for CI with the ports of the file; only the numbers of people and seconds are small. What an engine
adds (the base image, a network between containers, `wait`, `cp`, the order of stopping) is not shown here.
"""

from __future__ import annotations

import json
import re
import tomllib
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deploy.built_image import PREFIX, REPOSITORY, TMPFS, BuiltImage, output_of
from deploy.compose import TOKEN, services
from deploy.containers import STARTS_WITHIN_S, container, is_healthy
from deploy.copied_machine import CopiedMachine, reason_not_to
from deploy.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runs.together import Runs

LOCKED = dict(line.split("==") for line in (REPOSITORY / "constraints" / "locked.txt").read_text().splitlines())
VERSION = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]["version"]
FEW = {"USERS": "4", "WORKERS": "2", "RUN_TIME": "6s"}
ENDS_WITHIN_S = 150.0
DEMO_S = 120.0

needs_a_copy = pytest.mark.skipif(bool(reason_not_to()), reason=reason_not_to() or "can be made")


def our_wheel_is_installed(image: BuiltImage, _: Path) -> None:
    script = "import jupyter_rtc_locust as package; print(package.__file__)"
    answer = output_of(image.container(["python", "-c", script]))
    assert answer.stdout.startswith(f"{PREFIX}/lib/"), answer.stderr


def little_can_be_written(image: BuiltImage, _: Path) -> None:
    script = """
import json, os
tried = {}
for place in ("/", "/home/locust", "/opt/jupyter-rtc-locust", "/home/locust/locustfiles",
              "/tmp", "/home/locust/results", "/home/locust/notebooks"):
    try:
        open(place + "/written", "w").close()
        tried[place] = "written"
    except OSError as error:
        tried[place] = type(error).__name__
flags = os.ST_NOEXEC | os.ST_NOSUID | os.ST_NODEV
mounted = {place: os.statvfs(place).f_flag & flags == flags for place in ("/tmp", "/home/locust/notebooks")}
print(json.dumps({"user": os.getuid(), "tried": tried, "mounted": mounted}))
"""
    answer = json.loads(output_of(image.container(["python", "-c", script])).stdout)
    assert answer["user"] == 10001
    written = {place for place, what in answer["tried"].items() if what == "written"}
    assert written == {"/tmp", "/home/locust/results", "/home/locust/notebooks"}
    assert all(answer["mounted"].values()), "an engine mounts what is in memory so that nothing in it is a program"


def options_are_locusts(image: BuiltImage, _: Path) -> None:
    assert output_of(image.container(["--version"])).stdout.startswith(f"locust {LOCKED['locust']}")
    assert VERSION in output_of(image.container(["jupyter", "rtc-locust", "--version"])).stdout


def any_user_runs_it(image: BuiltImage, _: Path) -> None:
    """As where a cluster chooses the user, who has no account and no home."""
    environment = {"HOME": "/"}
    for command in (["locust", "--locustfile=locustfiles/notebook_editing.py", "--list"], ["health.py", "alone"]):
        answer = output_of(image.container(command, environment=environment, user=1_000_680_000))
        assert answer.returncode == 0, answer.stdout + answer.stderr
    script = "import os, tempfile; tempfile.TemporaryFile(); print(os.getuid())"
    assert output_of(image.container(["python", "-c", script], user=1_000_680_000)).stdout == "1000680000\n"


def ci_ends_with_its_verdict(image: BuiltImage, logs: Path) -> None:
    logs.mkdir(parents=True)
    written = services("ci", **FEW)
    for name in ("ci", "worker"):
        # As people type, it may be that none of four does in six seconds.
        written[name].setdefault("environment", {})["LOCUST_RTC_RHYTHM"] = "steady"
    with ExitStack() as stack:
        stack.enter_context(container(image, "server", written["server"], logs))
        workers = [
            stack.enter_context(container(image, f"worker-{number}", written["worker"], logs))
            for number in range(written["worker"]["scale"])
        ]
        ci = stack.enter_context(container(image, "ci", written["ci"], logs))
        wait_until(lambda: is_healthy(image, written["worker"]), "the workers have their lines", STARTS_WITHIN_S)
        assert ci.wait(ENDS_WITHIN_S) == 0, (logs / "ci.log").read_text()
        for worker in workers:
            assert worker.wait(ENDS_WITHIN_S) == 0
    result = json.loads((image.at("/home/locust/results/result.json")).read_text())
    assert result["verdict"] == "pass", result["reason"]
    assert (result["counts"]["users"], result["run"]["workers"]) == (4, 2)
    assert TOKEN not in "".join(log.read_text() for log in logs.glob("*.log"))


CALLS = {
    "our wheel": our_wheel_is_installed,
    "little is written": little_can_be_written,
    "options": options_are_locusts,
    "any user": any_user_runs_it,
    "profile ci": ci_ends_with_its_verdict,
}
LONGEST = ("profile ci",)


@contextmanager
def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], None]]]:
    """Each raises what is wrong with it. The image is built once for all."""
    folder.mkdir(parents=True, exist_ok=True)
    machine = CopiedMachine(folder / "machine", hosts=("server", "master"))
    try:
        image = BuiltImage(machine)
        image.build()
        image.seal(TMPFS)
        yield {name: partial(call, image, folder / name.replace(" ", "-")) for name, call in CALLS.items()}
    finally:
        machine.end()


@pytest.mark.run
@needs_a_copy
@pytest.mark.parametrize("run", ["our wheel"])
def test_every_step_runs_as_it_is_written_and_our_wheel_is_what_is_installed(run: str, runs: Runs) -> None:
    assert runs[run] is None


@pytest.mark.run
@needs_a_copy
@pytest.mark.parametrize("run", ["little is written"])
def test_its_user_is_not_root_and_writes_where_the_image_expects(run: str, runs: Runs) -> None:
    assert runs[run] is None


@pytest.mark.run
@needs_a_copy
@pytest.mark.parametrize("run", ["options"])
def test_options_alone_are_locusts_and_a_command_is_itself(run: str, runs: Runs) -> None:
    assert runs[run] is None


@pytest.mark.run
@needs_a_copy
@pytest.mark.parametrize("run", ["any user"])
def test_a_user_that_a_cluster_chooses_runs_it_too(run: str, runs: Runs) -> None:
    assert runs[run] is None


@pytest.mark.run
@needs_a_copy
@pytest.mark.parametrize("run", ["profile ci"])
def test_the_profile_for_ci_ends_with_the_exit_code_of_its_verdict(run: str, runs: Runs) -> None:
    assert runs[run] is None


@pytest.mark.image
@pytest.mark.timeout(1800)
@needs_a_copy
def test_with_every_package_downloaded_the_locked_versions_stand_there_and_the_demo_passes(tmp_path: Path) -> None:
    machine = CopiedMachine(tmp_path / "machine", network=True)
    try:
        image = BuiltImage(machine, whole=True)
        image.build()
        image.seal(TMPFS)
        script = (
            "import importlib.metadata as m, json; "
            "print(json.dumps({d.metadata['Name']: d.version for d in m.distributions()}))"
        )
        installed = json.loads(output_of(image.container(["python", "-c", script])).stdout)
        named = {re.sub("[-_.]+", "-", name).lower(): version for name, version in installed.items()}
        assert named.pop("jupyter-rtc-locust") == VERSION
        assert {name: LOCKED.get(name) for name in named} == named
        assert not {"pip", "setuptools", "hatchling"} & named.keys()
        demo = image.step("CMD").command
        assert demo == ["jupyter-rtc-locust", "demo"]
        results = "/home/locust/results/demo"
        told = output_of(image.container([*demo, "-t", "5s", "-u", "4", "--rtc-results", results]), timeout_s=DEMO_S)
        assert told.returncode == 0, told.stdout + told.stderr
        assert json.loads(image.at(f"{results}/result.json").read_text())["verdict"] == "pass"
        assert image.at(f"{results}/report.html").is_file()
    finally:
        machine.end()
