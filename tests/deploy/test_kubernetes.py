"""The objects for Kubernetes: built as kubectl builds them, held against its schemas, and against rules of our own.

What only an API server could show: that it admits them, that a volume is bound, that a policy is enforced, that pods
find each other by name.
"""

from __future__ import annotations

import tomllib
from copy import deepcopy
from typing import Any

import kubernetes_validate
import pytest

from deploy.built_image import DOCKERFILE, REPOSITORY
from deploy.dockerfile import steps_of
from deploy.kubectl import KUBERNETES, built
from deploy.kubernetes_rules import IMAGE_USER, RULES, SECRET, Object, containers, of_kind, trouble_of

FOLDERS = ("base", "overlays/minikube", "overlays/cluster", "results")
VERSIONS = ("1.31", "1.37")
"""The oldest that is meant, and the newest that the schemas are there for."""


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("folder", FOLDERS)
def test_the_schemas_of_kubernetes_take_every_object_and_know_every_field(folder: str, version: str) -> None:
    for one in built(folder):
        kubernetes_validate.validate(one, version, strict=True)


@pytest.mark.parametrize("folder", FOLDERS)
def test_nothing_is_wrong_that_schemas_do_not_see(folder: str) -> None:
    assert trouble_of(built(folder)) == []


def test_every_folder_is_built_here() -> None:
    found = {str(path.parent.relative_to(KUBERNETES)) for path in KUBERNETES.rglob("kustomization.yaml")}
    assert found == set(FOLDERS)


@pytest.mark.parametrize("folder", FOLDERS)
def test_all_stand_in_one_namespace_with_an_image_of_this_version(folder: str) -> None:
    version = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    for one in built(folder):
        assert one["metadata"].get("namespace", "rtc-locust") == "rtc-locust"
    for _, container, _ in containers(built(folder)):
        assert container["image"].endswith(f"jupyter-rtc-locust:{version}")


def test_the_namespace_holds_pods_to_the_strictest_of_kubernetes_standards() -> None:
    (namespace,) = of_kind(built("base"), "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_the_user_is_the_images() -> None:
    assert {step.text for step in steps_of(DOCKERFILE) if step.keyword == "USER"} == {f"{IMAGE_USER}:{IMAGE_USER}"}


def job(objects: list[Object], role: str) -> Object:
    return next(one for one in of_kind(objects, "Job") if one["metadata"]["name"].endswith(role))


def pod(objects: list[Object], role: str) -> Object:
    found: Object = job(objects, role)["spec"]["template"]["spec"]
    return found


def first(objects: list[Object], kind: str) -> Object:
    return of_kind(objects, kind)[0]


def _set(place: Any, key: Any, value: Any) -> None:
    place[key] = value


MISTAKES = {
    "a job that starts again": lambda all_: _set(pod(all_, "master"), "restartPolicy", "OnFailure"),
    "a second try of the run": lambda all_: _set(job(all_, "master")["spec"], "backoffLimit", 6),
    "a job that goes": lambda all_: _set(job(all_, "master")["spec"], "ttlSecondsAfterFinished", 60),
    "a worker too few": lambda all_: job(all_, "worker")["spec"].update(completions=1, parallelism=1),
    "workers that end each other": lambda all_: _set(job(all_, "worker")["spec"], "backoffLimit", 0),
    "killed too soon": lambda all_: _set(pod(all_, "worker"), "terminationGracePeriodSeconds", 30),
    "a service for nobody": lambda all_: _set(first(all_, "Service")["spec"]["selector"], "app", "other"),
    "a service to a closed port": lambda all_: _set(first(all_, "Service")["spec"]["ports"][0], "targetPort", 5558),
    "a policy for nobody": lambda all_: _set(
        first(all_, "NetworkPolicy")["spec"]["podSelector"], "matchLabels", {"app": "other"}
    ),
    "variables from nowhere": lambda all_: _set(first(all_, "ConfigMap")["metadata"], "name", "other"),
    "a claim of nothing": lambda all_: _set(first(all_, "PersistentVolumeClaim")["metadata"], "name", "other"),
    "a mount of nothing": lambda all_: pod(all_, "master")["volumes"].pop(),
    "another name of the master": lambda all_: _set(first(all_, "Service")["metadata"], "name", "other"),
    "another port of the master": lambda all_: _set(first(all_, "Service")["spec"]["ports"][0], "port", 5558),
    "an unknown variable": lambda all_: _set(first(all_, "ConfigMap")["data"], "LOCUST_USER", "1"),
    "an unknown option": lambda all_: pod(all_, "master")["containers"][0]["args"].append("--rtc-notebooks=2"),
    "a value of the wrong type": lambda all_: _set(first(all_, "ConfigMap")["data"], "LOCUST_USERS", "many"),
    "a value that is refused": lambda all_: _set(first(all_, "ConfigMap")["data"], "LOCUST_RTC_DOCUMENTS", "0"),
    "a token among the arguments": lambda all_: pod(all_, "worker")["containers"][0]["args"].append("--rtc-token-x"),
    "a token in the clear": lambda all_: pod(all_, "worker")["containers"][0].update(
        env=[{"name": "JUPYTER_TOKEN", "value": "s3cret"}]
    ),
    "messages that are not sealed": lambda all_: pod(all_, "worker")["containers"][0]["env"].pop(),
    "a secret in a file": lambda all_: all_.append({"kind": "Secret", "metadata": {"name": SECRET}}),
    "root": lambda all_: _set(pod(all_, "master")["securityContext"], "runAsUser", 0),
    "a root that is written to": lambda all_: pod(all_, "master")["containers"][0]["securityContext"].pop(
        "readOnlyRootFilesystem"
    ),
    "results on the root": lambda all_: pod(all_, "master")["containers"][0]["volumeMounts"].pop(),
    "a key to the cluster": lambda all_: pod(all_, "master").pop("automountServiceAccountToken"),
    "a throttled worker": lambda all_: _set(pod(all_, "worker")["containers"][0]["resources"]["limits"], "cpu", "1"),
    "no memory asked for": lambda all_: pod(all_, "worker")["containers"][0]["resources"]["requests"].pop("memory"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found(mistake: str) -> None:
    objects = deepcopy(built("base"))
    MISTAKES[mistake](objects)
    assert trouble_of(objects), mistake


def test_every_rule_finds_a_mistake() -> None:
    finding = set()
    for make in MISTAKES.values():
        objects = deepcopy(built("base"))
        make(objects)
        finding |= {rule for rule in RULES if list(rule(objects))}
    assert finding == set(RULES)
