"""The Dockerfiles: what they promise, and the health check.

Their steps are run by test_containers.py and test_hub_containers.py.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from deploy.built_image import HUB, RECIPES, REPOSITORY
from deploy.dockerfile import Step, stages_of

CONSTRAINTS = {"load": "constraints/locked.txt", "hub": "constraints/jupyterhub.txt"}
TITLES = {"load": "jupyter-rtc-locust", "hub": "jupyter-rtc-locust-hub"}
EVERY_IMAGE = pytest.mark.parametrize("image", RECIPES)
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
HEALTH = REPOSITORY / "deploy" / "image" / "health.py"


def stages(image: str) -> list[list[Step]]:
    return stages_of(RECIPES[image].dockerfile)


def of_kind(image: str, keyword: str) -> list[str]:
    return [step.text for stage in stages(image) for step in stage if step.keyword == keyword]


def labels_of(image: str) -> dict[str, str]:
    return next(step for step in stages(image)[-1] if step.keyword == "LABEL").values


def locked(constraints: str) -> dict[str, str]:
    return dict(line.split("==") for line in (REPOSITORY / constraints).read_text().splitlines())


def test_both_images_begin_with_the_same_exact_slim_python_that_the_project_allows() -> None:
    bases = {text.split(" ")[0] for image in RECIPES for text in of_kind(image, "FROM") if not text.startswith("node:")}
    assert len(bases) == 1
    name, _, tag = bases.pop().partition(":")
    version, *_ = tag.split("-")
    assert name == "python" and "-slim-" in tag
    assert version.count(".") == 2, "a tag without the last number changes under the same name"
    assert tuple(map(int, version.split("."))) >= (3, 11)
    for image in RECIPES:
        assert labels_of(image)["org.opencontainers.image.base.name"].endswith(f"/python:{tag}")


@EVERY_IMAGE
def test_every_package_is_a_wheel_of_a_locked_version(image: str) -> None:
    constraints = CONSTRAINTS[image]
    installs = [text for text in of_kind(image, "RUN") if "install --only-binary" in text]
    assert len(installs) == {"load": 2, "hub": 1}[image]
    for text in of_kind(image, "RUN"):
        assert text.count("pip install") + text.count("python install") <= text.count(f"-c {constraints}")
    needed = {"load": {"hatchling", "locust", "pycrdt"}, "hub": {"jupyterhub", "jupyterlab", "jupyter-collaboration"}}
    assert {"dumb-init", "psutil", *needed[image]} <= locked(constraints).keys()
    assert "apt" not in " ".join(of_kind(image, "RUN")), "a package of the distribution would have no exact version"


def test_the_proxy_of_the_hub_is_the_one_of_the_tests_in_every_part_and_runs_on_its_node() -> None:
    ours, of_the_tests = (
        json.loads((folder / "package-lock.json").read_text("utf-8"))["packages"]
        for folder in (HUB.dockerfile.parent, REPOSITORY / "tests" / "servers")
    )
    parts = {path: one for path, one in ours.items() if path}
    assert "node_modules/configurable-http-proxy" in parts
    for path, one in parts.items():
        assert (one["version"], one["integrity"]) == (of_the_tests[path]["version"], of_the_tests[path]["integrity"])
    (base,) = (text for text in of_kind("hub", "FROM") if text.startswith("node:"))
    node = tuple(map(int, re.fullmatch(r"node:([\d.]+)-bookworm-slim AS proxy", base)[1].split(".")))  # type: ignore[index]
    floors = [one["engines"]["node"] for one in parts.values() if "node" in one.get("engines", {})]
    for floor in re.findall(r">=\s*([\d.]+)", " ".join(floors)):
        assert node >= tuple(map(int, floor.strip(".").split(".")))


@EVERY_IMAGE
def test_labels_say_what_it_is_in_which_version_under_which_licence(image: str) -> None:
    prefix = "org.opencontainers.image."
    assert labels_of(image)[prefix + "title"] == TITLES[image]
    assert labels_of(image)[prefix + "version"] == PROJECT["version"]
    assert labels_of(image)[prefix + "licenses"] == PROJECT["license"]


@EVERY_IMAGE
def test_an_ordinary_user_runs_it_by_number(image: str) -> None:
    users = [step.text for step in stages(image)[-1] if step.keyword in ("USER", "CMD", "ENTRYPOINT")]
    assert users[0] == "10001:10001", "the user is set before what is run"


@EVERY_IMAGE
def test_no_secret_is_an_argument_or_a_variable_of_the_image(image: str) -> None:
    text = RECIPES[image].dockerfile.read_text("utf-8").lower()
    assert "token" not in text and "password" not in text and "arg " not in text


def test_only_what_the_images_take_reaches_an_engine() -> None:
    lines = [line for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert lines[0] == "*"
    let_in = {line[1:] for line in lines if line.startswith("!")}
    copied = {
        source
        for image in RECIPES
        for stage in stages(image)
        for step in stage
        if step.keyword == "COPY" and "--from=" not in step.text
        for source in step.copied[0]
    }
    assert {next(way for way in let_in if fnmatch.fnmatch(source, way + "*")) for source in copied} == let_in
    assert all((REPOSITORY / source).exists() for source in copied)


AS_AN_ORDINARY_USER = """
import os, sys
import pytest
os.geteuid = lambda: 1000
sys.exit(pytest.main(sys.argv[1:]))
"""


def test_in_ci_the_steps_of_the_dockerfile_are_not_left_out_where_there_is_no_root() -> None:
    """Whoever runs `make image` there has to be root: whatever else may be left out without it is run by that."""
    chosen = [
        "-q",
        "-p",
        "no:cacheprovider",
        "-m",
        "image",
        str(REPOSITORY / "tests" / "deploy" / "test_containers.py"),
    ]
    command = [sys.executable, "-c", AS_AN_ORDINARY_USER, *chosen]
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    here, in_ci = (
        subprocess.run(command, env=environment | ci, capture_output=True, text=True, check=False, cwd=REPOSITORY)
        for ci in ({}, {"CI": "true"})
    )
    assert here.returncode == 0 and "1 skipped" in here.stdout, here.stdout
    assert in_ci.returncode == 1, in_ci.stdout
    assert "was left out, and in CI nothing may be: Skipped: Copies of this machine need root" in in_ci.stdout


def test_make_image_runs_every_test_that_takes_a_copy_of_the_machine() -> None:
    recipe = re.search(r"^image:.*\n((?:\t.*\n)+)", (REPOSITORY / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert recipe is not None
    chosen = re.findall(r" -m '?([\w ]+?)'? tests/deploy ", recipe[1])
    markers = {marker for one in chosen for marker in one.split(" or ")}
    assert "image" in markers
    for path in (REPOSITORY / "tests" / "deploy").glob("test_*.py"):
        for marks in re.findall(r"((?:^@.*\n)+)def test_", path.read_text("utf-8"), re.MULTILINE):
            if "@needs_a_copy" in marks:
                assert set(re.findall(r"@pytest\.mark\.(\w+)$", marks, re.MULTILINE)) & markers, f"{path.name}: {marks}"


def test_make_lint_checks_every_program_that_the_image_takes_from_here() -> None:
    text = (REPOSITORY / "Makefile").read_text("utf-8")
    shells = re.search(r"^\t.venv/bin/shellcheck (.*)$", text, re.MULTILINE)
    checked = [*tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["tool"]["mypy"]["files"]]
    programs = [path for path in (REPOSITORY / "deploy" / "image").iterdir() if path.is_file()]
    assert programs
    for program in programs:
        path = str(program.relative_to(REPOSITORY))
        first = program.read_text("utf-8").partition("\n")[0]
        if "python" in first:
            assert any(path.startswith(folder) for folder in checked), f"mypy does not see {path}"
        else:
            assert first in ("#!/bin/sh", "#!/usr/bin/env bash")
            assert shells is not None and path in shells[1].split(), f"shellcheck does not see {path}"


@EVERY_IMAGE
def test_hadolint_has_nothing_to_say(image: str) -> None:
    program = Path(sys.executable).parent / "hadolint"
    answer = subprocess.run([program, RECIPES[image].dockerfile], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize(
    ("command", "role"),
    [
        (["locust", "-f", "x.py", "--worker"], "worker"),
        (["/opt/x/bin/python", "/opt/x/bin/locust", "--master", "--headless"], "master"),
        (["/opt/x/bin/python", "/opt/x/bin/jupyter-server", "--ServerApp.port=8888"], "server"),
        (["python", "/opt/x/bin/locust", "--headless"], "alone"),
        (["/opt/x/bin/python", "/opt/x/bin/jupyterhub", "--config=x.py"], "hub"),
        (["/opt/x/bin/python", "/opt/x/bin/jupyterhub-singleuser", "--port=1"], ""),
        (["sleep", "1"], ""),
    ],
)
def test_the_health_check_reads_the_role_from_the_command(command: list[str], role: str) -> None:
    script = f"import runpy; print(runpy.run_path({str(HEALTH)!r})['role_of']([{command!r}]))"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == role


@pytest.mark.parametrize("role", ["server", "hub", "master", "web", "worker", "nonsense"])
def test_the_health_check_says_what_is_wrong(role: str) -> None:
    nobody = dict.fromkeys((f"HEALTH_{role}_PORT" for role in ("SERVER", "HUB", "MASTER", "WEB")), "9")
    answer = subprocess.run(
        [sys.executable, HEALTH, role], env=os.environ | nobody, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 1
    assert answer.stdout.strip().endswith((".", "named."))
