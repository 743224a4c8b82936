"""The profile `jupyterhub` of the compose file: a hub of its image, and people who come through it. `make hubs`.

Both images are made as their Dockerfiles say, each on a copy of this machine, and the copies share a network. Commands,
rights and health checks are those of the file; only the numbers of people and seconds are small.
"""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.built_image import HUB, TMPFS, BuiltImage, output_of
from deploy.compose import PASSWORD, SECRETS, TOKEN, services
from deploy.containers import container, is_healthy
from deploy.copied_machine import CopiedMachine, reason_not_to
from deploy.test_image import CONSTRAINTS, locked
from deploy.waiting import wait_until
from servers.hub import reason_without_hub

needs_a_copy = pytest.mark.skipif(bool(reason_not_to()), reason=reason_not_to() or "can be made")
needs_a_hub = pytest.mark.skipif(bool(reason_without_hub()), reason=reason_without_hub() or "can be made")

FEW = {"USERS": "3", "DOCUMENTS": "1", "RUN_TIME": "25s"}
STARTS_WITHIN_S = 60.0
ENDS_WITHIN_S = 180.0
NAMES = ("jupyterhub", "course")


@dataclass(frozen=True)
class Images:
    hub: BuiltImage
    load: BuiltImage


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Images]:
    folder = tmp_path_factory.mktemp("machines")
    with ExitStack() as stack:
        hub_machine = CopiedMachine(folder / "hub", hosts=NAMES)
        stack.callback(hub_machine.end)
        load_machine = CopiedMachine(folder / "load", hosts=NAMES, beside=hub_machine)
        stack.callback(load_machine.end)
        images = Images(BuiltImage(hub_machine, HUB), BuiltImage(load_machine))
        for image in (images.hub, images.load):
            image.build()
            image.seal(TMPFS)
        yield images


@pytest.mark.hub
@pytest.mark.timeout(900)
@needs_a_copy
@needs_a_hub
@pytest.mark.parametrize("password", ["", PASSWORD], ids=["one token for all", "a password"])
def test_a_course_on_the_hub_of_the_compose_file_passes_and_leaves_no_server(
    password: str, images: Images, tmp_path: Path
) -> None:
    written = services("jupyterhub", **FEW, JUPYTERHUB_PASSWORD=password)
    assert not is_healthy(images.hub, written["jupyterhub"]), "a health check that cannot fail tells nothing"
    with ExitStack() as stack:
        hub = stack.enter_context(container(images.hub, "jupyterhub", written["jupyterhub"], tmp_path))
        course = stack.enter_context(container(images.load, "course", written["course"], tmp_path))
        wait_until(lambda: bool(servers_of_people(images.hub)), "the first server starts", STARTS_WITHIN_S)
        for process in servers_of_people(images.hub):
            environment = (process / "environ").read_bytes().decode()
            assert not [secret for secret in SECRETS if secret in environment]
        for image in (images.hub, images.load):
            commands = [" ".join(command) for _, command in image.machine.processes()]
            assert commands and not [one for one in commands if any(secret in one for secret in SECRETS)]
        assert course.wait(ENDS_WITHIN_S) == 0, (tmp_path / "course.log").read_text()
        result = json.loads(images.load.at("/home/locust/results/result.json").read_text())
        assert result["verdict"] == "pass", result["reason"]
        assert (result["counts"]["users"], result["counts"]["documents"]) == (3, 1)
        assert result["timings"]["hub spawn"]["count"] == 1
        wait_until(lambda: not servers_of_people(images.hub), "the server of the group has ended", ENDS_WITHIN_S)
        # Who logs in gets an account by that.
        assert len(people_of(images.hub)) == (3 if password else 0)
    assert hub.returncode != -signal.SIGKILL, "it ends by itself, and with it its proxy and servers"
    told = "".join(log.read_text() for log in tmp_path.glob("*.log"))
    assert not [secret for secret in SECRETS if secret in told + json.dumps(result)]


@pytest.mark.image
@pytest.mark.timeout(1800)
@needs_a_copy
@pytest.mark.skipif(shutil.which("npm") is None, reason="npm was not found")
def test_with_every_package_downloaded_the_locked_versions_stand_there_and_every_program_starts(tmp_path: Path) -> None:
    machine = CopiedMachine(tmp_path / "machine", network=True)
    try:
        image = BuiltImage(machine, HUB, whole=True)
        image.build()
        image.seal(TMPFS)
        script = "import importlib.metadata as m; print(*(f'{d.name}=={d.version}' for d in m.distributions()))"
        installed = dict(one.split("==") for one in output_of(image.container(["python", "-c", script])).stdout.split())
        versions = locked(CONSTRAINTS["hub"])
        named = {name.lower().replace("_", "-").replace(".", "-"): version for name, version in installed.items()}
        assert "jupyterhub" in named
        assert {name: versions.get(name) for name in named} == named
        assert not {"pip", "setuptools"} & named.keys()
        # No more than that: this copy has the network of the machine, where nothing of ours is to listen.
        proxy = json.loads((HUB.dockerfile.parent / "package.json").read_text())["dependencies"]
        for program, version in (
            ("jupyterhub", versions["jupyterhub"]),
            ("jupyterhub-singleuser", versions["jupyterhub"]),
            ("configurable-http-proxy", proxy["configurable-http-proxy"]),
        ):
            assert output_of(image.container([program, "--version"])).stdout.strip() == version
    finally:
        machine.end()


def people_of(image: BuiltImage) -> list[dict[str, Any]]:
    """Whom the hub knows, as it tells the token."""
    script = """
import os, urllib.request
asked = urllib.request.Request("http://127.0.0.1:8000/hub/api/users")
asked.add_header("Authorization", "token " + os.environ["JUPYTER_TOKEN"])
print(urllib.request.urlopen(asked, timeout=10).read().decode())
"""
    answer = output_of(image.container(["python", "-c", script], environment={"JUPYTER_TOKEN": TOKEN}, entry=False))
    people: list[dict[str, Any]] = json.loads(answer.stdout)
    return people


def servers_of_people(image: BuiltImage) -> list[Path]:
    """The processes of the hub's copy that are servers of people."""
    return [path for path, command in image.machine.processes() if "jupyterhub-singleuser" in " ".join(command[:2])]
