"""What must hold of the objects for a run in Kubernetes, and no schema says: a function for each, sentences out.

Each takes all objects of one `kubectl kustomize` and tells what is wrong with them. They ask an object only for what
schemas promise, so they come behind the schemas.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from deploy.built_image import REPOSITORY
from deploy.commands import known_variables, trouble_of_locust

Object = dict[str, Any]

SECRET, SECRET_KEY = "rtc-locust-token", "JUPYTER_TOKEN"
SEAL_KEY = "LOCUST_RTC_SECRET"
PASSWORD_KEY = "JUPYTERHUB_PASSWORD"
NAME_OF_A_NAMESPACE = "kubernetes.io/metadata.name"
"""The label that Kubernetes gives each namespace."""
PORTS_OF_NAME_SERVERS = {53, 5353, 8053}
"""Of services, and of the pods behind them in OpenShift and Gardener."""
IMAGE_USER = 10001


def of_kind(objects: list[Object], *kinds: str) -> list[Object]:
    return [one for one in objects if one["kind"] in kinds]


def name_of(one: Object) -> str:
    return f"{one['kind']} {one['metadata']['name']}"


def templates(objects: list[Object]) -> Iterator[tuple[str, Object]]:
    """The pods there will be, each with the name of the object that makes them."""
    for one in objects:
        if one["kind"] == "Pod":
            yield name_of(one), one
        elif "template" in one.get("spec", {}):
            yield name_of(one), one["spec"]["template"]


def containers(objects: list[Object]) -> Iterator[tuple[str, Object, Object]]:
    """Each container with its name and the specification of its pod."""
    for name, template in templates(objects):
        for container in template["spec"]["containers"]:
            yield name, container, template["spec"]


def environment_of(container: Object, objects: list[Object]) -> dict[str, str]:
    """The variables whose values are written down, here or in a ConfigMap that is there."""
    maps = {one["metadata"]["name"]: one["data"] for one in of_kind(objects, "ConfigMap")}
    found: dict[str, str] = {}
    for source in container.get("envFrom", []):
        found |= maps.get(source.get("configMapRef", {}).get("name"), {})
    for one in container.get("env", []):
        source = one.get("valueFrom", {}).get("configMapKeyRef", {})
        if "value" in one or source.get("key") in maps.get(source.get("name"), {}):
            found[one["name"]] = one["value"] if "value" in one else maps[source["name"]][source["key"]]
    return found


def is_locust(container: Object, flag: str = "") -> bool:
    """Options alone are Locust's, as the image's entry point has it."""
    args = container.get("args", ["-"])
    return args[0].startswith("-") and (not flag or flag in args)


def environment_of_master(objects: list[Object]) -> dict[str, str]:
    """The variables of the one master that there is."""
    (master,) = (one for _, one, _ in containers(objects) if is_locust(one, "--master"))
    return environment_of(master, objects)


def hub_of(objects: list[Object]) -> str:
    """The address of the hub that people go through; empty where they go to a server."""
    masters = [container for _, container, _ in containers(objects) if is_locust(container, "--master")]
    return next((environment_of(one, objects).get("LOCUST_RTC_HUB", "") for one in masters), "")


def a_run_is_made_once_and_its_exit_code_stays(objects: list[Object]) -> Iterator[str]:
    for one in of_kind(objects, "Job"):
        spec = one["spec"]
        if spec["template"]["spec"].get("restartPolicy") != "Never":
            yield f"{name_of(one)} would start its container again: restartPolicy is to be Never"
        if "ttlSecondsAfterFinished" in spec:
            yield f"{name_of(one)} goes away with its exit code: no ttlSecondsAfterFinished"
        if any(is_locust(one, "--master") for one in spec["template"]["spec"]["containers"]) and (
            spec.get("backoffLimit"),
            spec.get("completions"),
            spec.get("parallelism"),
        ) != (0, 1, 1):
            yield f"{name_of(one)} would make a second run: backoffLimit 0, completions 1, parallelism 1"


def as_many_workers_come_as_are_expected(objects: list[Object]) -> Iterator[str]:
    expected = {
        environment_of(container, objects).get("LOCUST_EXPECT_WORKERS")
        for _, container, _ in containers(objects)
        if is_locust(container, "--master")
    }
    for one in of_kind(objects, "Job"):
        spec = one["spec"]
        if not any(is_locust(one, "--worker") for one in spec["template"]["spec"]["containers"]):
            continue
        if spec.get("completionMode") != "Indexed" or spec.get("backoffLimitPerIndex") != 0 or "backoffLimit" in spec:
            yield f"{name_of(one)}: one worker that fails would end or replace others; Indexed, backoffLimitPerIndex 0"
        if spec["completions"] != spec["parallelism"] or expected != {str(spec["completions"])}:
            yield f"{name_of(one)} starts {spec['parallelism']} of {spec['completions']}, the master expects {expected}"


def whoever_selects_finds_pods_and_ports(objects: list[Object]) -> Iterator[str]:
    def selected(labels: dict[str, str]) -> list[Object]:
        return [
            template
            for _, template in templates(objects)
            if labels.items() <= template["metadata"].get("labels", {}).items()
        ]

    def open_ports(pods: list[Object]) -> set[str | int]:
        ports = [port for pod in pods for one in pod["spec"]["containers"] for port in one.get("ports", [])]
        return {port["containerPort"] for port in ports} | {port["name"] for port in ports if "name" in port}

    for one in of_kind(objects, "Service"):
        pods = selected(one["spec"]["selector"])
        if not pods:
            yield f"{name_of(one)} selects no pod"
        for port in one["spec"]["ports"]:
            if port.get("targetPort", port["port"]) not in open_ports(pods):
                yield f"{name_of(one)} leads to port {port.get('targetPort', port['port'])}, which no container opens"
    for one in of_kind(objects, "Deployment"):
        if not one["spec"]["selector"]["matchLabels"].items() <= one["spec"]["template"]["metadata"]["labels"].items():
            yield f"{name_of(one)} does not select its own pods"
    for one in of_kind(objects, "NetworkPolicy"):
        pods = selected(one["spec"]["podSelector"].get("matchLabels", {}))
        if not pods:
            yield f"{name_of(one)} is about no pod"
        for rule in one["spec"].get("egress", []):
            for peer in rule.get("to", []):
                if "podSelector" not in peer or "namespaceSelector" in peer:
                    continue
                if not (there := selected(peer["podSelector"].get("matchLabels", {}))):
                    yield f"{name_of(one)} opens a way to pods that do not exist"
                for port in rule.get("ports", []):
                    if there and port["port"] not in open_ports(there):
                        yield f"{name_of(one)} opens a way to port {port['port']}, which no container opens"
        for rule in one["spec"].get("ingress", []):
            for peer in rule.get("from", []):
                if "podSelector" in peer and not selected(peer["podSelector"].get("matchLabels", {})):
                    yield f"{name_of(one)} lets in pods that do not exist"
            for port in rule.get("ports", []):
                if port["port"] not in open_ports(pods):
                    yield f"{name_of(one)} opens port {port['port']}, which no container opens"


def whatever_is_named_is_there(objects: list[Object]) -> Iterator[str]:
    there = {(one["kind"], one["metadata"]["name"]) for one in objects}
    claims_elsewhere = not of_kind(objects, "Job")  # the pod that holds the results comes to those of a run
    services = {one["metadata"]["name"]: one["spec"]["ports"] for one in of_kind(objects, "Service")}
    for name, container, pod in containers(objects):
        volumes = {volume["name"]: volume for volume in pod.get("volumes", [])}
        for mount in container.get("volumeMounts", []):
            if mount["name"] not in volumes:
                yield f"{name} mounts {mount['name']}, which its pod has not"
        for volume in volumes.values():
            claim = volume.get("persistentVolumeClaim", {}).get("claimName")
            if claim and ("PersistentVolumeClaim", claim) not in there and not claims_elsewhere:
                yield f"{name} claims {claim}, which nobody makes"
            files = volume.get("configMap", {}).get("name")
            if files and ("ConfigMap", files) not in there:
                yield f"{name} mounts {files}, which nobody makes"
        for source in container.get("envFrom", []):
            if ("ConfigMap", source["configMapRef"]["name"]) not in there:
                yield f"{name} takes variables from {source['configMapRef']['name']}, which nobody makes"
        for one in container.get("env", []):
            if "configMapKeyRef" in one.get("valueFrom", {}) and one["name"] not in environment_of(container, objects):
                yield f"{name} takes {one['name']} from {one['valueFrom']['configMapKeyRef']}, which nobody makes"
        for arg in container.get("args", []):
            option, _, value = arg.partition("=")
            if option == "--master-host":
                ports = [port["port"] for port in services.get(value, [])]
                if f"--master-port={ports[0] if ports else ''}" not in container["args"]:
                    yield f"{name} looks for its master at {value}, where no service leads to that port"


def all_play_one_locustfile_that_is_there(objects: list[Object]) -> Iterator[str]:
    played = set()
    for name, container, pod in containers(objects):
        if not is_locust(container):
            continue
        written = [arg.partition("=")[2] for arg in container["args"] if arg.startswith("--locustfile=")]
        found = written or [environment_of(container, objects).get("LOCUST_LOCUSTFILE", "")]
        played |= set(found)
        if not all((REPOSITORY / one).is_file() or one in _mounted(container, pod, objects) for one in found):
            yield f"{name} plays {found}, which neither the image has nor a volume"
    if len(played) > 1:
        yield f"Master and workers play different locustfiles: {sorted(played)}"


def _mounted(container: Object, pod: Object, objects: list[Object]) -> dict[str, str]:
    """The files of ConfigMaps, by where the container has them."""
    maps = {one["metadata"]["name"]: one["data"] for one in of_kind(objects, "ConfigMap")}
    volumes = {one["name"]: one.get("configMap", {}).get("name") for one in pod.get("volumes", [])}
    return {
        f"{mount['mountPath']}/{name}": text
        for mount in container.get("volumeMounts", [])
        for name, text in maps.get(volumes.get(mount["name"]), {}).items()
    }


def files_of_secrets_are_readable(objects: list[Object]) -> Iterator[str]:
    """They are root's and, where the pod has an fsGroup, of that group; the image's user is another."""
    for name, _, pod in containers(objects):
        grouped = "fsGroup" in pod.get("securityContext", {})
        for volume in pod.get("volumes", []):
            mode = volume.get("secret", {}).get("defaultMode", 0o644)
            if not mode & 0o004 and not (grouped and mode & 0o040):
                yield f"{name} cannot read the files of {volume['name']}: mode {mode:o}"


def people_of_a_hub_go_through_its_proxy_and_nowhere_else(objects: list[Object]) -> Iterator[str]:
    if not (hub := hub_of(objects)):
        return
    _, _, namespace = (urlsplit(hub).hostname or "").partition(".")
    ways = set()
    for one in of_kind(objects, "NetworkPolicy"):
        for rule in one["spec"].get("egress", []):
            ports = [port["port"] for port in rule.get("ports", [])]
            if ports and set(ports) <= PORTS_OF_NAME_SERVERS:
                if 53 in ports:
                    ways.add("name servers")
                continue
            if not ports or not rule.get("to"):
                yield f"{name_of(one)} opens a way to everywhere, or to every port"
            for peer in rule.get("to", []):
                where = peer.get("namespaceSelector", {}).get("matchLabels", {}).get(NAME_OF_A_NAMESPACE)
                pods = peer.get("podSelector", {}).get("matchLabels", {})
                if where == namespace.split(".")[0] and pods and len(ports) == 1:
                    ways.add("the hub's proxy")
                elif pods and "namespaceSelector" not in peer:
                    ways.add("the master")
                else:
                    yield f"{name_of(one)} opens a way to {peer}, which is neither the hub's proxy nor needed"
    for missing in sorted({"the hub's proxy", "name servers", "the master"} - ways):
        yield f"No policy opens a way to {missing} for people who go to {hub}"


def every_variable_and_option_is_known_and_accepted(objects: list[Object]) -> Iterator[str]:
    known = known_variables()
    for name, container, _ in containers(objects):
        environment = environment_of(container, objects)
        names = {*environment, *(one["name"] for one in container.get("env", []))}
        secrets = {SECRET_KEY, SEAL_KEY, *([PASSWORD_KEY] if hub_of(objects) else [])}
        for variable in sorted(names - known - secrets):
            yield f"{name} sets {variable}, which is no option"
        if is_locust(container) and (trouble := trouble_of_locust(container["args"], environment)):
            yield f"{name}: {trouble}"


def secrets_come_from_the_secret_and_stand_nowhere(objects: list[Object]) -> Iterator[str]:
    for one in of_kind(objects, "Secret"):
        yield f"{name_of(one)} stands in a file"
    for name, container, _ in containers(objects):
        written = [*container.get("command", []), *container.get("args", [])]
        written += [f"{key}={value}" for key, value in environment_of(container, objects).items()]
        if any(secret in word.lower() for word in written for secret in ("token", "password")):
            yield f"{name} has a token or a password among its arguments or values"
        if is_locust(container) and _sources(container, SEAL_KEY) != [_from_secret(SEAL_KEY, optional=True)]:
            yield f"{name} does not take what seals its messages from the Secret {SECRET}"
        # To a hub, the one or the other leads.
        hub = bool(hub_of(objects))
        needs_one = container.get("args", [""])[0] != "sleep"
        if needs_one and _sources(container, SECRET_KEY) != [_from_secret(SECRET_KEY, optional=hub)]:
            yield f"{name} does not take its token from the Secret {SECRET}"
        if hub and needs_one and _sources(container, PASSWORD_KEY) != [_from_secret(PASSWORD_KEY, optional=True)]:
            yield f"{name} does not take the password of its people from the Secret {SECRET}"


def _sources(container: Object, variable: str) -> list[Object | None]:
    return [one.get("valueFrom") for one in container.get("env", []) if one["name"] == variable]


def _from_secret(key: str, *, optional: bool) -> Object:
    return {"secretKeyRef": {"name": SECRET, "key": key, **({"optional": True} if optional else {})}}


def containers_have_no_rights_and_write_to_volumes_only(objects: list[Object]) -> Iterator[str]:
    for name, container, pod in containers(objects):
        whole = pod.get("securityContext", {})
        own = container.get("securityContext", {})
        if (whole.get("runAsNonRoot"), whole.get("runAsUser")) != (True, IMAGE_USER):
            yield f"{name} does not run as the image's user {IMAGE_USER}"
        if whole.get("seccompProfile") != {"type": "RuntimeDefault"} or own.get("capabilities") != {"drop": ["ALL"]}:
            yield f"{name} may ask the kernel for more than it needs"
        if own.get("allowPrivilegeEscalation") is not False or own.get("readOnlyRootFilesystem") is not True:
            yield f"{name} may gain rights, or write to its root"
        if pod.get("automountServiceAccountToken") is not False:
            yield f"{name} is given a key to the cluster"
        if is_locust(container):
            mounted = [mount["mountPath"] for mount in container.get("volumeMounts", [])]
            results = [arg.partition("=")[2] for arg in container["args"] if arg.startswith("--rtc-results=")]
            for place in ("/tmp", *results):
                if not any(place == mount or place.startswith(mount + "/") for mount in mounted):
                    yield f"{name} cannot write to {place}"


def resources_are_asked_for_and_no_cpu_is_throttled(objects: list[Object]) -> Iterator[str]:
    for name, container, _ in containers(objects):
        resources = container.get("resources", {})
        if {"cpu", "memory"} - resources.get("requests", {}).keys() or "memory" not in resources.get("limits", {}):
            yield f"{name} does not say what it needs"
        if "cpu" in resources.get("limits", {}):
            yield f"{name} would be throttled, and measure that"


RULES = (
    a_run_is_made_once_and_its_exit_code_stays,
    as_many_workers_come_as_are_expected,
    whoever_selects_finds_pods_and_ports,
    whatever_is_named_is_there,
    all_play_one_locustfile_that_is_there,
    files_of_secrets_are_readable,
    people_of_a_hub_go_through_its_proxy_and_nowhere_else,
    every_variable_and_option_is_known_and_accepted,
    secrets_come_from_the_secret_and_stand_nowhere,
    containers_have_no_rights_and_write_to_volumes_only,
    resources_are_asked_for_and_no_cpu_is_throttled,
)


def trouble_of(objects: list[Object]) -> list[str]:
    """All that is wrong, in the order of the rules."""
    return [sentence for rule in RULES for sentence in rule(objects)]
