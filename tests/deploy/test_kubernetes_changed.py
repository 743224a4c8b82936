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
