"""The objects for Kubernetes: built as kubectl builds them, held against its schemas, and against rules of our own.

What only an API server could show: that it admits them, that a volume is bound, that a policy is enforced, that pods
find each other by name.
"""

from __future__ import annotations

import re
import tomllib
from copy import deepcopy
from typing import Any

import kubernetes_validate
import pytest
import yaml

from deploy.built_image import DOCKERFILE, REPOSITORY
from deploy.dockerfile import steps_of
from deploy.hub_of_the_image import roles_of_the_compose_file
from deploy.kubectl import KUBERNETES, built, folders
from deploy.kubernetes_rules import IMAGE_USER, RULES, SECRET, Object, containers, of_kind, trouble_of

FOLDERS = ("base", "overlays/minikube", "overlays/cluster", "overlays/jupyterhub", "results")
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
    assert set(folders()) == set(FOLDERS)


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
    "messages that are not sealed": lambda all_: pod(all_, "worker")["containers"][0]["env"].pop(1),
    "workers that are told no locustfile": lambda all_: pod(all_, "worker")["containers"][0]["env"].pop(),
    "a locustfile out of a ConfigMap without it": lambda all_: _set(
        pod(all_, "worker")["containers"][0]["env"][2]["valueFrom"]["configMapKeyRef"], "key", "LOCUSTFILE"
    ),
    "files of nobody": lambda all_: pod(all_, "worker")["volumes"].append(
        {"name": "own", "configMap": {"name": "own"}}
    ),
    "a Secret that its user cannot read": lambda all_: pod(all_, "worker")["volumes"].append(
        {"name": "logins", "secret": {"secretName": "logins", "defaultMode": 0o440}}
    ),
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


def _ways(objects: list[Object]) -> list[Object]:
    """Those that the policy for all pods opens: to name servers, to the master, to the hub's proxy."""
    found: list[Object] = first(objects, "NetworkPolicy")["spec"]["egress"]
    return found


MISTAKES_WITH_A_HUB = {
    "another locustfile of the workers": lambda all_: pod(all_, "worker")["containers"][0]["args"].append(
        "--locustfile=locustfiles/lab_class.py"
    ),
    "a locustfile that is not there": lambda all_: _set(
        first(all_, "ConfigMap")["data"], "LOCUST_LOCUSTFILE", "locustfiles/course.py"
    ),
    "a server beside the hub": lambda all_: _set(first(all_, "ConfigMap")["data"], "LOCUST_HOST", "http://server:8888"),
    "a hub in another namespace": lambda all_: _set(
        first(all_, "ConfigMap")["data"], "LOCUST_RTC_HUB", "http://proxy-public.hub"
    ),
    "a way to everywhere": lambda all_: _ways(all_).append({"ports": [{"protocol": "TCP", "port": 443}]}),
    "a way out of the cluster": lambda all_: _ways(all_)[3]["to"].append({"ipBlock": {"cidr": "0.0.0.0/0"}}),
    "every pod of the hub": lambda all_: _ways(all_)[3]["to"][0].pop("podSelector"),
    "every port of the proxy": lambda all_: _ways(all_)[3].pop("ports"),
    "no way to the proxy": lambda all_: _ways(all_).pop(3),
    "no way to the master": lambda all_: _ways(all_).pop(2),
    "no way to name servers": lambda all_: _ways(all_).pop(0),
    "a way to another port of the master": lambda all_: _set(_ways(all_)[2]["ports"][0], "port", 5558),
    "a way to pods that are not there": lambda all_: _set(
        _ways(all_)[2]["to"][0]["podSelector"], "matchLabels", {"app": "other"}
    ),
    "a password in the clear": lambda all_: _set(
        pod(all_, "worker")["containers"][0]["env"], 3, {"name": "JUPYTERHUB_PASSWORD", "value": "s3cret"}
    ),
    "no password": lambda all_: pod(all_, "master")["containers"][0]["env"].pop(2),
    "a token that has to be there": lambda all_: pod(all_, "master")["containers"][0]["env"][0]["valueFrom"][
        "secretKeyRef"
    ].pop("optional"),
}
ALL_MISTAKES = [("base", one) for one in MISTAKES] + [("overlays/jupyterhub", one) for one in MISTAKES_WITH_A_HUB]


def mistaken(folder: str, mistake: str) -> list[Object]:
    objects = deepcopy(built(folder))
    (MISTAKES | MISTAKES_WITH_A_HUB)[mistake](objects)
    return objects


@pytest.mark.parametrize(("folder", "mistake"), ALL_MISTAKES)
def test_a_mistake_is_found(folder: str, mistake: str) -> None:
    assert trouble_of(mistaken(folder, mistake)), mistake


def test_every_rule_finds_a_mistake() -> None:
    finding = {rule for one in ALL_MISTAKES for objects in [mistaken(*one)] for rule in RULES if list(rule(objects))}
    assert finding == set(RULES)


def test_people_of_a_hub_arrive_as_in_a_day_of_a_course_in_groups_over_two_workers() -> None:
    run = first(built("overlays/jupyterhub"), "ConfigMap")["data"]
    text = (REPOSITORY / "locustfiles" / "course_day.py").read_text("utf-8")
    default = dict(re.findall(r'(\w+) = "?([\d.]+m?)"?$', text, re.MULTILINE))
    assert run["LOCUST_USERS"] == default["default_users"]
    assert run["LOCUST_SPAWN_RATE"] == default["default_spawn_rate"]
    assert run["LOCUST_RUN_TIME"] == default["default_run_time"]
    assert int(run["LOCUST_RTC_DOCUMENTS"]) * int(default["users_per_document"]) == int(run["LOCUST_USERS"])
    assert "LOCUST_HOST" not in run


def test_the_hubs_proxy_is_that_of_zero_to_jupyterhub() -> None:
    """The names and labels of its chart: templates/proxy/service.yaml and deployment.yaml, templates/_helpers.tpl."""
    run = first(built("overlays/jupyterhub"), "ConfigMap")["data"]
    assert run["LOCUST_RTC_HUB"] == "http://proxy-public.jupyterhub"
    (peer,) = _ways(built("overlays/jupyterhub"))[3]["to"]
    assert peer["podSelector"]["matchLabels"] == {"app": "jupyterhub", "component": "proxy"}
    assert _ways(built("overlays/jupyterhub"))[3]["ports"] == [{"protocol": "TCP", "port": 8000}]


def test_the_values_for_the_chart_give_the_token_and_people_the_rights_of_the_hub_of_the_compose_file() -> None:
    values = yaml.safe_load((KUBERNETES / "overlays" / "jupyterhub" / "hub-values.yaml").read_text("utf-8"))
    assert values["hub"]["services"] == {"load": {}}, "the chart makes the token, and no file holds it"
    roles = [{"name": name, **role} for name, role in values["hub"]["loadRoles"].items()]
    assert roles == roles_of_the_compose_file()
