"""Overlays after changes that docs/deploy.md tells people to make: a hub in the place of a server, how many workers."""

from __future__ import annotations

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
    environment_of_master,
    every_variable_and_option_is_known_and_accepted,
    trouble_of,
)

DOCUMENT = (REPOSITORY / "docs" / "deploy.md").read_text("utf-8")


def made_of(folder: Path) -> list[Object]:
    return list(yaml.safe_load_all(kubectl("kustomize", str(folder))))


@pytest.mark.parametrize("folder", [one for one in folders() if one.startswith("overlays/")])
def test_an_overlay_names_a_server_or_a_hub(folder: str) -> None:
    assert len({"LOCUST_HOST", "LOCUST_RTC_HUB"} & environment_of_master(built(folder)).keys()) == 1


def test_in_the_overlay_for_clusters_a_hub_takes_the_place_of_the_server(tmp_path: Path) -> None:
    changed = tmp_path / "kubernetes"
    shutil.copytree(KUBERNETES, changed)
    run = changed / "overlays" / "cluster" / "run.env"
    text, lines = re.subn("(?m)^LOCUST_HOST=.*$", "LOCUST_RTC_HUB=https://hub.example.org", run.read_text("utf-8"))
    assert lines == 1
    run.write_text(text)
    objects = made_of(run.parent)
    assert environment_of_master(objects)["LOCUST_RTC_HUB"] == "https://hub.example.org"
    for rule in (every_variable_and_option_is_known_and_accepted, *NETWORK_RULES, *NEED_RULES):
        assert list(rule(objects)) == []


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
