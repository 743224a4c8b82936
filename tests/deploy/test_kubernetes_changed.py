"""Overlays after changes that docs/deploy.md tells people to make: a hub in the place of a server, patches."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
import yaml

from deploy.built_image import REPOSITORY
from deploy.kubectl import KUBERNETES, built, folders, kubectl
from deploy.kubernetes_need import NEED_RULES
from deploy.kubernetes_network import NETWORK_RULES
from deploy.kubernetes_rules import (
    Object,
    containers,
    environment_of,
    every_variable_and_option_is_known_and_accepted,
    is_locust,
    templates,
    trouble_of,
)

DOCUMENT = (REPOSITORY / "docs" / "deploy.md").read_text("utf-8")
OPENSHIFT = re.compile(r"^```yaml\n(patches:.*?)^```$", re.MULTILINE | re.DOTALL)


def made_of(folder: Path) -> list[Object]:
    return list(yaml.safe_load_all(kubectl("kustomize", str(folder))))


def environment_of_master(objects: list[Object]) -> dict[str, str]:
    (master,) = (one for _, one, _ in containers(objects) if is_locust(one, "--master"))
    return environment_of(master, objects)


@pytest.mark.parametrize("folder", [one for one in folders() if one.startswith("overlays/")])
def test_an_overlay_names_a_server_or_a_hub(folder: str) -> None:
    assert len({"LOCUST_HOST", "LOCUST_RTC_HUB"} & environment_of_master(built(folder)).keys()) == 1


def test_in_the_overlay_for_clusters_a_hub_takes_the_place_of_the_server(tmp_path: Path) -> None:
    changed = tmp_path / "kubernetes"
    shutil.copytree(KUBERNETES, changed)
    run = changed / "overlays" / "cluster" / "run.env"
    lines = run.read_text("utf-8").splitlines()
    assert lines[0].startswith("LOCUST_HOST=")
    run.write_text("\n".join(["LOCUST_RTC_HUB=https://hub.example.org", *lines[1:], ""]))
    objects = made_of(run.parent)
    assert environment_of_master(objects)["LOCUST_RTC_HUB"] == "https://hub.example.org"
    for rule in (every_variable_and_option_is_known_and_accepted, *NETWORK_RULES, *NEED_RULES):
        assert list(rule(objects)) == []


LOGINS = re.compile(r"^```yaml\n(  - target:\n.*?secretName: rtc-locust-logins.*?)^```$", re.MULTILINE | re.DOTALL)


def test_what_the_document_says_of_a_file_of_logins_has_both_jobs_read_it(tmp_path: Path) -> None:
    patch = LOGINS.search(DOCUMENT)
    assert patch is not None
    changed = tmp_path / "kubernetes"
    shutil.copytree(KUBERNETES, changed)
    folder = changed / "overlays" / "jupyterhub"
    with (folder / "kustomization.yaml").open("a", encoding="utf-8") as overlay:
        overlay.write(patch[1])
    with (folder / "run.env").open("a", encoding="utf-8") as run:
        run.write("LOCUST_RTC_HUB_LOGINS=/etc/rtc-locust/logins.txt\n")
    objects = made_of(folder)
    assert [one for one in trouble_of(objects) if "there is no such file" not in one] == [], "it is in the pods"
    for _, one, pod in containers(objects):
        (secret,) = (volume["secret"] for volume in pod["volumes"] if "secret" in volume)
        assert secret == {"secretName": "rtc-locust-logins", "defaultMode": 0o440}, "its group is that of the pod"
        assert {mount["mountPath"]: mount["name"] for mount in one["volumeMounts"]}["/etc/rtc-locust"] == "logins"


SECTIONS = {"overlays/cluster": "## A cluster\n", "overlays/jupyterhub": "## A JupyterHub\n"}
"""Overlays that people change, and where the document says how."""


def section_of(folder: str) -> str:
    return DOCUMENT.partition(SECTIONS[folder])[2].partition("\n## ")[0]


@pytest.mark.parametrize("folder", SECTIONS)
def test_a_registry_is_named_wherever_a_pod_asks_for_our_image(folder: str, tmp_path: Path) -> None:
    changed = tmp_path / "kubernetes"
    shutil.copytree(KUBERNETES, changed)
    rows = "".join(line for line in section_of(folder).splitlines() if "`images`" in line)
    told = [folder, *(one for one in folders() if f"`deploy/kubernetes/{one}" in rows)]
    for one in told:
        file = changed / one / "kustomization.yaml"
        text = yaml.safe_load(file.read_text("utf-8"))
        text["images"][0]["newName"] = "registry.example.org/ours"
        file.write_text(yaml.safe_dump(text))
    pods = [*made_of(changed / folder), *made_of(changed / "results")]
    assert {one["image"] for _, one, _ in containers(pods)} == {"registry.example.org/ours:0.1.0"}


@pytest.mark.parametrize("folder", SECTIONS)
def test_how_many_workers_there_are_stands_in_the_run_and_twice_in_the_first_patch(folder: str, tmp_path: Path) -> None:
    assert "`run.env`, `LOCUST_EXPECT_WORKERS`, and both numbers of the first patch" in section_of(folder)
    changed = tmp_path / "kubernetes"
    shutil.copytree(KUBERNETES, changed)
    run, file = (changed / folder / name for name in ("run.env", "kustomization.yaml"))
    run.write_text(re.sub("(?m)^(LOCUST_EXPECT_WORKERS)=.*$", r"\1=5", run.read_text("utf-8")))
    text = yaml.safe_load(file.read_text("utf-8"))
    first = text["patches"][0]
    first["patch"], numbers = re.subn(r"(?m)^  value: \d+$", "  value: 5", first["patch"])
    file.write_text(yaml.safe_dump(text))
    assert numbers == 2
    assert trouble_of(made_of(changed / folder)) == []


@pytest.mark.parametrize(("folder", "kinds"), [("overlays/cluster", {"Job"}), ("results", {"Pod"})])
def test_what_the_document_says_for_openshift_leaves_user_and_groups_to_it(
    folder: str, kinds: set[str], tmp_path: Path
) -> None:
    patches = OPENSHIFT.search(DOCUMENT)
    assert patches is not None
    resource = os.path.relpath(KUBERNETES / folder, tmp_path.resolve())
    (tmp_path / "kustomization.yaml").write_text(f"resources:\n  - {resource}\n{patches[1]}")
    objects = made_of(tmp_path)
    assert len(objects) == len(built(folder))
    changed = [template["spec"] for name, template in templates(objects) if name.split(" ")[0] in kinds]
    assert changed
    for spec in changed:
        assert spec["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
