"""What an overlay for Kubernetes can be given in addition: each component, built with every overlay that can have it.

They are applied as docs/deploy.md says: its lines are put into an overlay, the files that it asks for into the folder
of the component.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from deploy.built_image import REPOSITORY
from deploy.kubectl import COMPONENTS, KUBERNETES, built, components, folders, kubectl
from deploy.kubernetes_need import NEED_RULES
from deploy.kubernetes_network import NETWORK_RULES, OTHER_NAMESPACE, Peer, may
from deploy.kubernetes_rules import (
    RULES,
    Object,
    containers,
    environment_of_master,
    every_variable_and_option_is_known_and_accepted,
    hub_of,
    is_locust,
    of_kind,
    templates,
)
from deploy.test_kubernetes import VERSIONS
from runs.commands_of_documents import CLUSTER

DOCUMENT = (REPOSITORY / "docs" / "deploy.md").read_text("utf-8")
ADDED = re.compile(r"^```yaml\n(components:\n)  - (\.\./\.\./components/)locustfile\n^```$", re.MULTILINE)
OVERLAYS = [one for one in folders() if one.startswith("overlays/")]
FILES = {
    "locustfile": {
        "locustfile.py": (REPOSITORY / "locustfiles" / "notebook_editing.py").read_text("utf-8"),
        "template.ipynb": (REPOSITORY / "locustfiles" / "small_notebook.ipynb").read_text("utf-8"),
    },
    "ca-file": {"ca.pem": "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"},
}
"""What people put into the folder of a component."""
OWN = "/home/locust/own/locustfile.py"


@dataclass
class Changed:
    """A copy of all objects, changed as people change it."""

    folder: Path

    def put_in(self, component: str, files: dict[str, str]) -> None:
        for name, text in files.items():
            (self.folder / "components" / component / name).write_text(text)

    def add(self, component: str, to: str) -> None:
        found = ADDED.search(DOCUMENT)
        assert found is not None
        where = found[2] if to.startswith("overlays/") else found[2].removeprefix("../")
        with (self.folder / to / "kustomization.yaml").open("a", encoding="utf-8") as file:
            file.write(f"{found[1]}  - {where}{component}\n")

    def run_of(self, overlay: str, **variables: str) -> None:
        """As lines of `run.env`, or of the values that an overlay without one has in its kustomization."""
        run = self.folder / overlay / "run.env"
        for name, value in variables.items():
            if run.exists():
                text, times = re.subn(f"(?m)^{name}=.*$", f"{name}={value}", run.read_text("utf-8"))
            else:
                run = self.folder / overlay / "kustomization.yaml"
                text, times = re.subn("(?m)^    literals:$", rf"\g<0>\n      - {name}={value}", run.read_text("utf-8"))
            assert times == 1
            run.write_text(text)

    def made(self, folder: str) -> list[Object]:
        return list(yaml.safe_load_all(kubectl("kustomize", str(self.folder / folder))))


@pytest.fixture
def changed(tmp_path: Path) -> Changed:
    shutil.copytree(KUBERNETES, tmp_path / "kubernetes")
    return Changed(tmp_path / "kubernetes")


def with_component(changed: Changed, component: str, overlay: str) -> list[Object]:
    changed.put_in(component, FILES.get(component, {}))
    changed.add(component, overlay)
    if component == "locustfile":
        changed.run_of(overlay, LOCUST_LOCUSTFILE=OWN)
    return changed.made(overlay)


def pods(objects: list[Object]) -> list[Any]:
    """Of the run: the master's and the workers'."""
    return [pod for _, container, pod in containers(objects) if is_locust(container)]


def mounts(objects: list[Object], volume: str) -> list[str]:
    found = [mount for pod in pods(objects) for one in pod["containers"] for mount in one["volumeMounts"]]
    assert all(one.get("readOnly") for one in found if one["name"] == volume)
    return [one["mountPath"] for one in found if one["name"] == volume]


def volumes(objects: list[Object], name: str) -> list[Any]:
    return [one for pod in pods(objects) for one in pod["volumes"] if one["name"] == name]


def has_a_locustfile_of_its_own(objects: list[Object]) -> None:
    assert mounts(objects, "own") == ["/home/locust/own"] * 2
    held = next(one for one in of_kind(objects, "ConfigMap") if one["metadata"]["name"].startswith("rtc-locust-own"))
    assert held["data"]["locustfile.py"] == FILES["locustfile"]["locustfile.py"]
    assert volumes(objects, "own") == [{"name": "own", "configMap": {"name": held["metadata"]["name"]}}] * 2


def trusts_the_authority(objects: list[Object]) -> None:
    assert environment_of_master(objects)["LOCUST_RTC_CA_FILE"] == "/etc/rtc-locust-ca/ca.pem"
    assert mounts(objects, "ca") == ["/etc/rtc-locust-ca"] * 2
    held = next(one for one in of_kind(objects, "ConfigMap") if one["metadata"]["name"].startswith("rtc-locust-ca"))
    assert held["data"] == FILES["ca-file"]
    assert volumes(objects, "ca") == [{"name": "ca", "configMap": {"name": held["metadata"]["name"]}}] * 2


def has_a_file_of_logins(objects: list[Object]) -> None:
    (command,) = (one for one in CLUSTER if "rtc-locust-logins" in one)
    assert command.endswith("create secret generic rtc-locust-logins --from-file=logins.txt")
    assert environment_of_master(objects)["LOCUST_RTC_HUB_LOGINS"] == "/etc/rtc-locust-logins/logins.txt"
    assert mounts(objects, "logins") == ["/etc/rtc-locust-logins"] * 2
    assert volumes(objects, "logins") == [{"name": "logins", "secret": {"secretName": "rtc-locust-logins"}}] * 2


def logs_in_to_the_registry(objects: list[Object]) -> None:
    (command,) = (one for one in CLUSTER if "rtc-locust-registry" in one)
    assert " create secret generic rtc-locust-registry --type=kubernetes.io/dockerconfigjson " in command
    for name, template in templates(objects):
        if not name.startswith("Deployment"):
            assert template["spec"]["imagePullSecrets"] == [{"name": "rtc-locust-registry"}], name


def has_a_class_for_its_volume(objects: list[Object]) -> None:
    (claim,) = of_kind(objects, "PersistentVolumeClaim")
    assert claim["spec"]["storageClassName"] == "name-of-a-class"


def leaves_user_and_groups_to_the_cluster(objects: list[Object]) -> None:
    for name, template in templates(objects):
        if not name.startswith("Deployment"):
            left = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
            assert template["spec"]["securityContext"] == left, name


def has_a_page_inside_of_the_pod(objects: list[Object]) -> None:
    (master,) = (one for _, one, _ in containers(objects) if is_locust(one, "--master"))
    assert "--headless" not in master["args"]
    assert {"--autostart", "--autoquit=60", "--web-host=127.0.0.1"} <= set(master["args"])
    assert {port["containerPort"] for port in master["ports"]} == {5557}, "nobody is let in to it"
    assert any(one.endswith("port-forward job/rtc-locust-master 8089") for one in CLUSTER)


HAS: dict[str, Callable[[list[Object]], None]] = {
    "ca-file": trusts_the_authority,
    "image-pull-secret": logs_in_to_the_registry,
    "locustfile": has_a_locustfile_of_its_own,
    "logins": has_a_file_of_logins,
    "openshift": leaves_user_and_groups_to_the_cluster,
    "page": has_a_page_inside_of_the_pod,
    "storage-class": has_a_class_for_its_volume,
}
"""What is there with each component, and is not without it."""
OF_THE_RESULTS = ("image-pull-secret", "openshift")
"""Those that the pod with the results needs, too."""
NAMES_A_FILE = {"ca-file": "LOCUST_RTC_CA_FILE", "logins": "LOCUST_RTC_HUB_LOGINS"}
"""Those whose option names a file that is in the pods."""
FOR_A_HUB = "--rtc-hub-logins is for a JupyterHub"
THE_CLUSTER_CHOOSES = "does not run as the image's user"


def with_its_file_here(objects: list[Object], component: str, folder: Path) -> list[Object]:
    """So that the parser, asked here and not in the pod, goes beyond the question whether the file is there."""
    found = [one for _, container, _ in containers(objects) for one in container.get("env", [])]
    (option,) = (one for one in found if one["name"] == NAMES_A_FILE[component])
    file = folder / Path(option["value"]).name
    file.write_text("something")
    option["value"] = str(file)
    return objects


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("component", components())
def test_an_overlay_with_a_component_has_what_it_is_for_and_all_rules_hold(
    component: str, overlay: str, changed: Changed
) -> None:
    objects = with_component(changed, component, overlay)
    HAS[component](objects)
    with pytest.raises((AssertionError, KeyError, StopIteration)):
        HAS[component](built(overlay))
    for version in VERSIONS:
        for one in objects:
            kubernetes_validate.validate(one, version, strict=True)
    if component in NAMES_A_FILE:
        objects = with_its_file_here(objects, component, changed.folder)
    refused = component == "logins" and not hub_of(objects)
    rules = (*RULES, *NETWORK_RULES, *(() if refused else NEED_RULES))
    told = [sentence for rule in rules for sentence in rule(objects)]
    if refused:
        assert len(told) == 1 and FOR_A_HUB in told[0]
    else:
        assert [one for one in told if component != "openshift" or THE_CLUSTER_CHOOSES not in one] == []


def test_a_file_of_logins_goes_with_the_address_of_a_hub(changed: Changed) -> None:
    run = changed.folder / "overlays" / "cluster" / "run.env"
    run.write_text(re.sub("(?m)^LOCUST_HOST=.*$", "LOCUST_RTC_HUB=https://hub.example.org", run.read_text("utf-8")))
    objects = with_its_file_here(with_component(changed, "logins", "overlays/cluster"), "logins", changed.folder)
    assert list(every_variable_and_option_is_known_and_accepted(objects)) == []


@pytest.mark.parametrize("component", OF_THE_RESULTS)
def test_the_pod_that_holds_the_results_can_have_it_too(component: str, changed: Changed) -> None:
    changed.add(component, "results")
    HAS[component](changed.made("results"))


def test_all_of_them_can_be_had_at_once(changed: Changed) -> None:
    overlay = "overlays/jupyterhub"
    for component in components():
        changed.put_in(component, FILES.get(component, {}))
    lines = "".join(f"  - ../../components/{one}\n" for one in components())
    with (changed.folder / overlay / "kustomization.yaml").open("a", encoding="utf-8") as file:
        file.write(f"components:\n{lines}")
    objects = changed.made(overlay)
    for check in HAS.values():
        check(objects)


def test_every_component_is_in_the_document_and_the_other_way_round() -> None:
    rows = re.findall(r"^\| `components/([\w-]+)` \|", DOCUMENT, re.MULTILINE)
    assert sorted(rows) == components() == sorted(HAS)


@pytest.mark.parametrize("component", FILES)
def test_a_file_that_was_not_put_in_is_missed_before_anything_is_applied(component: str, changed: Changed) -> None:
    changed.add(component, "overlays/cluster")
    with pytest.raises(Exception, match="returned non-zero"):
        changed.made("overlays/cluster")
    assert not set(FILES[component]) & {path.name for path in (COMPONENTS / component).iterdir()}


def test_a_locustfile_brings_more_files_along(changed: Changed) -> None:
    changed.put_in("locustfile", FILES["locustfile"])
    file = changed.folder / "components" / "locustfile" / "kustomization.yaml"
    file.write_text(
        file.read_text("utf-8").replace("      - locustfile.py\n", "      - locustfile.py\n      - template.ipynb\n")
    )
    changed.add("locustfile", "overlays/cluster")
    objects = changed.made("overlays/cluster")
    held = next(one for one in of_kind(objects, "ConfigMap") if one["metadata"]["name"].startswith("rtc-locust-own"))
    assert held["data"] == FILES["locustfile"]


def test_a_locustfile_that_no_component_brings_is_found(changed: Changed) -> None:
    changed.run_of("overlays/cluster", LOCUST_LOCUSTFILE=OWN)
    told = [sentence for rule in RULES for sentence in rule(changed.made("overlays/cluster"))]
    assert len([one for one in told if "which neither the image has nor a volume" in one]) == 2


SERVER = yaml.safe_load((KUBERNETES / "server" / "network-policy.yaml").read_text("utf-8"))
"""For the namespace of a server: what lets the people of a run in."""


def test_the_policy_for_a_server_lets_in_the_pods_of_a_run_and_nobody_else() -> None:
    for version in VERSIONS:
        kubernetes_validate.validate(SERVER, version, strict=True)
    labels = SERVER["spec"]["podSelector"]["matchLabels"]
    ours = {"kubernetes.io/metadata.name": "rtc-locust"}

    def let_in(peer: Peer, port: int = 8888) -> bool:
        return may([SERVER], "ingress", labels, peer, "TCP", port)

    pods = [template["metadata"]["labels"] for _, template in templates(built("overlays/cluster"))]
    assert len(pods) == 2
    for one in pods:
        assert let_in(Peer(labels=one, namespace=ours))
        assert not let_in(Peer(labels=one, namespace=OTHER_NAMESPACE))
        assert not let_in(Peer(labels=one, namespace=ours), 22)
    assert not let_in(Peer(labels={"app": "other"}, namespace=ours))
    assert not let_in(Peer("203.0.113.7"))
