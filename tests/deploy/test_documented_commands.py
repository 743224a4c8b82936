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
import yaml

from deploy.built_image import REPOSITORY
from deploy.compose import services
from deploy.kubectl import built
from deploy.kubernetes_rules import PASSWORD_KEY, SEAL_KEY, SECRET, SECRET_KEY
from runs.commands_of_documents import CLUSTER, ENGINE, SECRETS_MADE

OF_THE_HUB = "jupyterhub"
"""The namespace of a hub in a cluster, as the documents have it."""
OF_THE_SERVER = "jupyter"
"""That of a server there."""
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
    words = shlex.split(options.rstrip(')"'))  # it may be a part of another command
    is_known("docker-compose", words)
    there = services(words[words.index("--profile") + 1])
    named = {word.split(":")[0] for word in words if ":/" in word} | ({words[-1]} if "ps" in words else set())
    if "--exit-code-from" in words:
        named.add(words[words.index("--exit-code-from") + 1])
    assert named <= there.keys()
    variables = re.findall(r"([A-Z_]+)=", command.partition("docker")[0])
    text = (REPOSITORY / "docker-compose.yml").read_text("utf-8")
    assert all("${" + variable + ":-" in text for variable in variables)


ENGINE_WITH_A_RUN_THAT_HAS_ENDED = """#!/bin/bash
case "$*" in
    "compose --profile ci ps --all --quiet ci") echo 4f2a ;;
    "wait 4f2a") echo 3 ;;
    "compose --profile ci wait ci") echo 'no containers for project' >&2; exit 1 ;;
esac
"""
"""As the sources of compose 2 and 5 have it: only `ps --all` tells of containers that have ended."""


def test_the_exit_code_of_a_run_that_has_ended_before_it_is_waited_for_is_told(tmp_path: Path) -> None:
    engine = tmp_path / "docker"
    engine.write_text(ENGINE_WITH_A_RUN_THAT_HAS_ENDED)
    engine.chmod(0o755)
    (waiting,) = (one for one in ENGINE if " wait " in one)
    path = f"{tmp_path}:{os.environ['PATH']}"
    script = f'{waiting}; exit "$code"'
    assert subprocess.run(["bash", "-c", script], env={"PATH": path}, check=False).returncode == 3


@pytest.mark.parametrize("command", CLUSTER)
def test_kubectl_knows_the_command(command: str) -> None:
    parts = re.sub(r"<\(.*\)", "/dev/null", command).split(" | ")
    asked = [shlex.split(part.removeprefix("kubectl ")) for part in parts if part.startswith("kubectl ")]
    assert asked
    for words in asked:
        is_known("kubectl", words)
        objects = [*built("overlays/minikube"), *built("overlays/jupyterhub"), *built("results")]
        there = {f"{one['kind'].lower()}/{one['metadata']['name']}" for one in objects}
        assert {word for word in words if re.match("(job|pod)/", word)} <= there
        assert {word.split(":")[0] for word in words if ":/" in word} <= {"rtc-locust-results"}
        if "--namespace" in words:
            elsewhere = {f"namespace/{one}" for one in (OF_THE_HUB, OF_THE_SERVER)}
            assert f"namespace/{words[words.index('--namespace') + 1]}" in there | elsewhere
        for option in ("--filename", "--kustomize"):
            if option in words:
                assert (REPOSITORY / words[words.index(option) + 1]).exists()


def test_an_option_that_is_not_known_is_refused() -> None:
    for program, words in (("docker-compose", ["up", "--detached"]), ("kubectl", ["apply", "--customize", "x"])):
        with pytest.raises(AssertionError):
            is_known(program, words)


@pytest.mark.parametrize(("command", "entry"), SECRETS_MADE.items())
def test_the_secret_that_is_made_is_the_one_that_is_asked_for(command: str, entry: str) -> None:
    program = str(PROGRAMS / "kubectl")
    # A Secret as Zero to JupyterHub writes it (its templates/hub/secret.yaml), with the token of a service.
    made_by_the_chart = "create secret generic hub --from-literal=hub.services.load.apiToken=s3cret --dry-run=client"
    dry = command.replace(f"kubectl --namespace {OF_THE_HUB} get secret hub", f"{program} {made_by_the_chart}")
    dry = dry.replace("kubectl --namespace", f"{program} --namespace") + " --dry-run=client --output=jsonpath='{.data}'"
    environment = {**os.environ, "KUBECONFIG": os.devnull, entry: "s3cret"}
    bash = ["bash", "-c", dry]
    answer = subprocess.run(bash, env=environment, capture_output=True, text=True, check=True)
    made = {name: base64.b64decode(value) for name, value in json.loads(answer.stdout).items()}
    assert made.keys() == {entry, SEAL_KEY}
    assert made[entry] == b"s3cret", "without the line's end"
    assert re.fullmatch(b"[0-9a-f]{64}", made[SEAL_KEY])
    assert f" {SECRET} " in command
    assert entry in (SECRET_KEY, PASSWORD_KEY)


def test_the_token_is_taken_from_where_the_chart_puts_that_of_the_service_in_its_values() -> None:
    values = yaml.safe_load((REPOSITORY / "deploy/kubernetes/overlays/jupyterhub/hub-values.yaml").read_text("utf-8"))
    (service,) = values["hub"]["services"]
    (command,) = (one for one in SECRETS_MADE if " get secret hub " in one)
    assert f"hub\\.services\\.{service}\\.apiToken" in command
    address = next(one["data"]["LOCUST_RTC_HUB"] for one in built("overlays/jupyterhub") if one["kind"] == "ConfigMap")
    assert address.endswith(f".{OF_THE_HUB}")
