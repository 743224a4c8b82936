"""The Dockerfile: what it promises, and the health check. Its steps are run by test_containers.py."""

from __future__ import annotations

import fnmatch
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from deploy.built_image import DOCKERFILE, REPOSITORY
from deploy.dockerfile import stages_of

STAGES = stages_of(DOCKERFILE)
FINAL = STAGES[-1]
LOCKED = dict(line.split("==") for line in (REPOSITORY / "constraints" / "locked.txt").read_text().splitlines())
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
HEALTH = REPOSITORY / "deploy" / "image" / "health.py"


def of_kind(keyword: str) -> list[str]:
    return [step.text for stage in STAGES for step in stage if step.keyword == keyword]


def test_both_stages_begin_with_the_same_exact_slim_python_that_the_project_allows() -> None:
    bases = {text.split(" ")[0] for text in of_kind("FROM")}
    assert len(bases) == 1
    name, _, tag = bases.pop().partition(":")
    version, *_ = tag.split("-")
    assert name == "python" and "-slim-" in tag
    assert version.count(".") == 2, "a tag without the last number changes under the same name"
    assert tuple(map(int, version.split("."))) >= (3, 11)
    labels = next(step for step in FINAL if step.keyword == "LABEL").values
    assert labels["org.opencontainers.image.base.name"].endswith(f"/python:{tag}")


def test_every_package_is_a_wheel_of_a_locked_version() -> None:
    installs = [text for text in of_kind("RUN") if "install --only-binary" in text]
    assert len(installs) == 2
    for text in of_kind("RUN"):
        assert text.count("pip install") + text.count("python install") <= text.count("-c constraints/locked.txt")
    assert {"hatchling", "dumb-init", "locust", "pycrdt"} <= LOCKED.keys()
    assert "apt" not in " ".join(of_kind("RUN")), "a package of the distribution would have no exact version"


def test_labels_say_what_it_is_in_which_version_under_which_licence() -> None:
    labels = next(step for step in FINAL if step.keyword == "LABEL").values
    prefix = "org.opencontainers.image."
    assert labels[prefix + "title"] == PROJECT["name"]
    assert labels[prefix + "version"] == PROJECT["version"]
    assert labels[prefix + "licenses"] == PROJECT["license"]


def test_an_ordinary_user_runs_it_by_number() -> None:
    users = [step.text for step in FINAL if step.keyword in ("USER", "CMD", "ENTRYPOINT")]
    assert users[0] == "10001:10001", "the user is set before what is run"


def test_no_secret_is_an_argument_or_a_variable_of_the_image() -> None:
    text = DOCKERFILE.read_text("utf-8").lower()
    assert "token" not in text and "password" not in text and "arg " not in text


def test_only_what_the_image_takes_reaches_an_engine() -> None:
    lines = [line for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert lines[0] == "*"
    let_in = {line[1:] for line in lines if line.startswith("!")}
    copied = {
        source
        for stage in STAGES
        for step in stage
        if step.keyword == "COPY" and "--from=" not in step.text
        for source in step.copied[0]
    }
    assert {next(way for way in let_in if fnmatch.fnmatch(source, way + "*")) for source in copied} == let_in
    assert all((REPOSITORY / source).exists() for source in copied)


def test_hadolint_has_nothing_to_say() -> None:
    program = Path(sys.executable).parent / "hadolint"
    answer = subprocess.run([program, DOCKERFILE], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize(
    ("command", "role"),
    [
        (["locust", "-f", "x.py", "--worker"], "worker"),
        (["/opt/x/bin/python", "/opt/x/bin/locust", "--master", "--headless"], "master"),
        (["/opt/x/bin/python", "/opt/x/bin/jupyter-server", "--ServerApp.port=8888"], "server"),
        (["python", "/opt/x/bin/locust", "--headless"], "alone"),
        (["sleep", "1"], ""),
    ],
)
def test_the_health_check_reads_the_role_from_the_command(command: list[str], role: str) -> None:
    script = f"import runpy; print(runpy.run_path({str(HEALTH)!r})['role_of']([{command!r}]))"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == role


@pytest.mark.parametrize("role", ["server", "master", "web", "worker", "nonsense"])
def test_the_health_check_says_what_is_wrong(role: str) -> None:
    nobody = dict.fromkeys(("HEALTH_SERVER_PORT", "HEALTH_MASTER_PORT", "HEALTH_WEB_PORT"), "9")
    answer = subprocess.run(
        [sys.executable, HEALTH, role], env=os.environ | nobody, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 1
    assert answer.stdout.strip().endswith((".", "named."))
