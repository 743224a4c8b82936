"""The examples for Locust's operators: their fields, and the commands that the operators make of them.

No operator is here. What is known of them is written down below: the fields that their documentation and resource
definitions name, and the options that they add. So a field that an operator does not know is found, and options that
Locust or we refuse; what an operator does with its cluster is not shown.
"""

from __future__ import annotations

import shlex
import tomllib
from typing import Any

import pytest
import yaml

from deploy.built_image import REPOSITORY
from deploy.commands import trouble_of_locust
from deploy.kubectl import KUBERNETES, built
from deploy.kubernetes_rules import SEAL_KEY, SECRET, SECRET_KEY, of_kind

OPERATORS = KUBERNETES / "operators"
VERSION = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]["version"]

ANYTHING = None
"""Below such a field stand fields of Kubernetes itself."""
LOCUSTIO: dict[str, Any] = {
    "image": {},
    "imagePullPolicy": {},
    "imagePullSecrets": ANYTHING,
    "workers": {},
    "args": {},
    "env": ANYTHING,
    "labels": ANYTHING,
    "annotations": ANYTHING,
    "locustfile": {"content": {}, "configMap": {"name": {}, "key": {}}},
    "master": {"labels": ANYTHING, "annotations": ANYTHING, "resources": ANYTHING},
    "worker": {"labels": ANYTHING, "annotations": ANYTHING, "resources": ANYTHING},
}
"""docs.locust.io, "Kubernetes Operator", "LocustTest CRD Configuration"."""
_POD = {"command": {}, "resources": ANYTHING, "labels": ANYTHING, "annotations": ANYTHING, "extraArgs": ANYTHING}
LOCUST_K8S_OPERATOR: dict[str, Any] = {
    "image": {},
    "imagePullPolicy": {},
    "imagePullSecrets": ANYTHING,
    "master": _POD | {"autostart": {}, "autoquit": {"enabled": {}, "timeout": {}}},
    "worker": _POD | {"replicas": {}},
    "testFiles": {"configMapRef": {}, "libConfigMapRef": {}, "srcMountPath": {}, "libMountPath": {}},
    "scheduling": ANYTHING,
    "env": {"configMapRefs": ANYTHING, "secretRefs": ANYTHING, "variables": ANYTHING, "secretMounts": ANYTHING},
    "volumes": ANYTHING,
    "volumeMounts": ANYTHING,
    "security": {"podSecurityContext": ANYTHING, "containerSecurityContext": ANYTHING},
    "observability": ANYTHING,
}
"""github.com/AbdelrhmanHamouda/locust-k8s-operator, api/v2, `LocustTestSpec`."""


def example(name: str) -> dict[str, Any]:
    one: dict[str, Any] = yaml.safe_load((OPERATORS / f"{name}.yaml").read_text("utf-8"))
    return one


def unknown_fields(given: dict[str, Any], known: dict[str, Any], place: str = "spec") -> list[str]:
    found = []
    for field, value in given.items():
        if field not in known:
            found.append(f"{place}.{field}")
        elif known[field]:
            found += unknown_fields(value, known[field], f"{place}.{field}")
    return found


def master_of_locust_k8s_operator(spec: dict[str, Any]) -> list[str]:
    """As its internal/resources/command.go puts it together."""
    return [
        *spec["master"]["command"].split(),
        "--master",
        "--master-port=5557",
        f"--expect-workers={spec['worker']['replicas']}",
        "--autostart",
        "--autoquit",
        str(spec["master"]["autoquit"]["timeout"]),
        "--enable-rebalancing",
        "--only-summary",
        *spec["master"]["extraArgs"],
    ]


def test_every_example_is_checked_here() -> None:
    assert {path.stem for path in OPERATORS.iterdir()} == {"locustio", "locust-k8s-operator"}


@pytest.mark.parametrize(
    ("name", "version", "fields"),
    [("locustio", "locust.io/v1", LOCUSTIO), ("locust-k8s-operator", "locust.io/v2", LOCUST_K8S_OPERATOR)],
)
def test_an_example_has_only_fields_that_its_operator_knows(name: str, version: str, fields: dict[str, Any]) -> None:
    one = example(name)
    assert (one["apiVersion"], one["kind"]) == (version, "LocustTest")
    assert unknown_fields(one["spec"], fields) == []
    assert one["spec"]["image"] == f"jupyter-rtc-locust:{VERSION}"


def test_a_field_that_is_not_known_is_found() -> None:
    assert unknown_fields({"master": {"autoquit": {"after": 3}}}, LOCUST_K8S_OPERATOR) == ["spec.master.autoquit.after"]


def test_locust_takes_what_its_own_operator_makes_of_the_example() -> None:
    spec = example("locustio")["spec"]
    options = shlex.split(spec["args"])
    assert trouble_of_locust(["--master", *options], {}) == ""
    assert trouble_of_locust(["--worker", "--master-host", "rtc-locust-master", *options], {}) == ""
    assert f"--expect-workers={spec['workers']}" in options
    assert "env" not in spec, "its variables are values in the clear, so there is none"


def test_locust_takes_what_the_other_operator_makes_of_the_example() -> None:
    spec = example("locust-k8s-operator")["spec"]
    assert trouble_of_locust(master_of_locust_k8s_operator(spec), {}) == ""
    worker = [*spec["worker"]["command"].split(), "--worker", "--master-port=5557", "--master-host=rtc-locust-master"]
    assert trouble_of_locust(worker, {}) == ""


def test_the_locustfiles_of_the_examples_stand_in_the_image() -> None:
    for name in ("locustio", "locust-k8s-operator"):
        text = (OPERATORS / f"{name}.yaml").read_text("utf-8")
        for word in text.split():
            if "--locustfile=" in word:
                path = word.partition("=")[2]
                assert path.startswith("/home/locust/locustfiles/")
                assert (REPOSITORY / path.removeprefix("/home/locust/")).is_file()


def test_the_other_operators_example_takes_secret_claim_and_rights_of_the_base() -> None:
    spec = example("locust-k8s-operator")["spec"]
    token, seal = (variable["valueFrom"]["secretKeyRef"] for variable in spec["env"]["variables"])
    assert token == {"name": SECRET, "key": SECRET_KEY}
    assert seal == {"name": SECRET, "key": SEAL_KEY, "optional": True}
    claims = [one["persistentVolumeClaim"]["claimName"] for one in spec["volumes"] if "persistentVolumeClaim" in one]
    assert claims == [one["metadata"]["name"] for one in of_kind(built("base"), "PersistentVolumeClaim")]
    assert {mount["name"] for mount in spec["volumeMounts"]} == {volume["name"] for volume in spec["volumes"]}
    rights = spec["security"]["containerSecurityContext"]
    master = next(one for one in of_kind(built("base"), "Job") if one["metadata"]["name"].endswith("master"))
    assert rights == master["spec"]["template"]["spec"]["containers"][0]["securityContext"]
