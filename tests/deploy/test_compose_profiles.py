"""The profiles of the compose file: what each starts, and the one for CI as it is written, without an engine.

Every service runs its command through the image's entry point, as the image's user, on a root that is read-only, with
the ports of the file; only the numbers of people and seconds are small. What an engine adds (the network between
containers, `wait`, `cp`, the order of stopping) is not shown here.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from deploy.built_image import REPOSITORY, BuiltImage, output_of
from deploy.conftest import TMPFS
from deploy.copied_machine import reason_not_to
from deploy.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = secrets.token_hex(16)
FEW = {"USERS": "4", "WORKERS": "2", "RUN_TIME": "6s"}
PROFILES = {
    "demo": {"demo"},
    "web": {"server", "worker", "master"},
    "ci": {"server", "worker", "ci"},
    "workers": {"worker"},
}
STARTS_WITHIN_S = 60.0
ENDS_WITHIN_S = 150.0


def services(profile: str, **variables: str) -> dict[str, dict[str, Any]]:
    """What compose makes of the file for a profile, with these variables in its environment."""
    program = Path(sys.executable).parent / "docker-compose"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COMPOSE", "DOCKER"))}
    answer = subprocess.run(
        [program, "-f", REPOSITORY / "docker-compose.yml", "--profile", profile, "config", "--format", "json"],
        env=kept | {"JUPYTER_TOKEN": TOKEN} | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, dict[str, Any]] = json.loads(answer.stdout)["services"]
    return found


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_starts_these_services(profile: str) -> None:
    assert services(profile).keys() == PROFILES[profile]


@pytest.mark.parametrize("profile", PROFILES)
def test_every_container_is_read_only_without_privileges_and_writes_where_the_image_expects(profile: str) -> None:
    for service in services(profile).values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["tmpfs"] == TMPFS


def test_the_number_of_workers_is_said_once() -> None:
    ci = services("ci", WORKERS="7")
    assert ci["worker"]["scale"] == 7
    assert "--expect-workers=7" in ci["ci"]["command"]


def test_workers_go_to_the_master_that_is_named() -> None:
    assert "--master-host=10.0.0.5" in services("workers", MASTER_HOST="10.0.0.5")["worker"]["command"]
    aliases = services("ci")["ci"]["networks"]["default"]["aliases"]
    assert aliases == ["master"], "workers look for the headless master under the name of the other one"


@pytest.mark.run
@pytest.mark.skipif(bool(reason_not_to()), reason=reason_not_to() or "can be made")
def test_the_profile_for_ci_ends_with_the_exit_code_of_its_verdict(image: BuiltImage, tmp_path: Path) -> None:
    written = services("ci", **FEW)
    with ExitStack() as stack:
        stack.enter_context(container(image, "server", written["server"], tmp_path))
        workers = [
            stack.enter_context(container(image, f"worker-{number}", written["worker"], tmp_path))
            for number in range(written["worker"]["scale"])
        ]
        ci = stack.enter_context(container(image, "ci", written["ci"], tmp_path))
        wait_until(
            lambda: is_healthy(image, written["worker"]), "the workers have lines to the master", STARTS_WITHIN_S
        )
        assert ci.wait(ENDS_WITHIN_S) == 0, (tmp_path / "ci.log").read_text()
        for worker in workers:
            assert worker.wait(ENDS_WITHIN_S) == 0
    result = json.loads((image.at("/home/locust/results/result.json")).read_text())
    assert result["verdict"] == "pass", result["reason"]
    assert (result["counts"]["users"], result["run"]["workers"]) == (4, 2)
    assert TOKEN not in "".join(log.read_text() for log in tmp_path.glob("*.log"))


@contextmanager
def container(image: BuiltImage, name: str, service: dict[str, Any], logs: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A service's container, healthy, until the block ends: then SIGTERM, as an engine stops it."""
    command, environment = image.container(
        service["command"], service.get("working_dir", ""), environment=service["environment"]
    )
    assert TOKEN not in " ".join(command)
    with (logs / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        if not name.startswith("worker"):  # which is well when its master is
            wait_until(
                lambda: process.poll() is not None or is_healthy(image, service), f"{name} is well", STARTS_WITHIN_S
            )
            assert process.poll() is None, (logs / f"{name}.log").read_text()
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def is_healthy(image: BuiltImage, service: dict[str, Any]) -> bool:
    """What the service's health check says, run as an engine runs it: in the container, without the entry point."""
    kind, *check = service["healthcheck"]["test"]
    assert kind == "CMD"
    return output_of(image.container(check, entry=False)).returncode == 0
