"""The commands of docs/deploy.md for an engine or a cluster: programs know them, and what they name is there."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.built_image import REPOSITORY
from deploy.compose import services
from deploy.kubectl import built
from deploy.kubernetes_rules import SEAL_KEY, SECRET, SECRET_KEY
from runs.commands_of_documents import CLUSTER, ENGINE

PROGRAMS = Path(sys.executable).parent


def is_known(program: str, words: list[str]) -> None:
    """Every word is read before the help is shown, and one that is not known is refused."""
    environment = {**os.environ, "KUBECONFIG": os.devnull, "JUPYTER_TOKEN": "example"}
    command = [PROGRAMS / program, *words, "--help"]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert answer.returncode == 0, answer.stderr
    assert words[-1] not in answer.stderr


@pytest.mark.parametrize("command", ENGINE)
def test_compose_knows_the_command(command: str) -> None:
    _, _, options = command.partition("docker compose ")
    words = shlex.split(options)
    is_known("docker-compose", words)
    there = services(words[words.index("--profile") + 1])
    named = {word.split(":")[0] for word in words if ":/" in word} | ({words[-1]} if "wait" in words else set())
    assert named <= there.keys()
    variables = re.findall(r"([A-Z_]+)=", command.partition("docker")[0])
    text = (REPOSITORY / "docker-compose.yml").read_text("utf-8")
    assert all("${" + variable + ":-" in text for variable in variables)


@pytest.mark.parametrize("command", CLUSTER)
def test_kubectl_knows_the_command(command: str) -> None:
    _, _, options = command.partition("kubectl ")
    words = shlex.split(re.sub(r"<\(.*\)", "/dev/null", options))
    is_known("kubectl", words)
    objects = [*built("overlays/minikube"), *built("results")]
    there = {f"{one['kind'].lower()}/{one['metadata']['name']}" for one in objects}
    assert {word for word in words if re.match("(job|pod)/", word)} <= there
    assert {word.split(":")[0] for word in words if ":/" in word} <= {"rtc-locust-results"}
    if "--namespace" in words:
        assert f"namespace/{words[words.index('--namespace') + 1]}" in there
    for option in ("--filename", "--kustomize"):
        if option in words:
            assert (REPOSITORY / words[words.index(option) + 1]).exists()


def test_an_option_that_is_not_known_is_refused() -> None:
    for program, words in (("docker-compose", ["up", "--detached"]), ("kubectl", ["apply", "--customize", "x"])):
        with pytest.raises(AssertionError):
            is_known(program, words)


def test_the_secret_that_is_made_is_the_one_that_is_asked_for() -> None:
    (command,) = (one for one in CLUSTER if " create secret " in one)
    dry = command.replace("kubectl", str(PROGRAMS / "kubectl")) + " --dry-run=client --output=jsonpath='{.data}'"
    environment = {**os.environ, "KUBECONFIG": os.devnull, SECRET_KEY: "s3cret"}
    bash = ["bash", "-c", dry]
    answer = subprocess.run(bash, env=environment, capture_output=True, text=True, check=True)
    made = {name: base64.b64decode(value) for name, value in json.loads(answer.stdout).items()}
    assert made[SECRET_KEY] == b"s3cret", "without the line's end"
    assert re.fullmatch(b"[0-9a-f]{64}", made[SEAL_KEY])
    assert f" {SECRET} " in command
