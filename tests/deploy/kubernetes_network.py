"""Who opens a line to whom, by the policies: added up as Kubernetes adds them, and held against what a run needs.

A pod that no policy selects is open, and one that some select may do what any of them allows. What schemas and names do
not show follows from that: a policy that lets everybody in, or nobody out, is well formed.

Whether a cluster's network enforces policies at all only the cluster shows.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from deploy.kubernetes_rules import Object, containers, environment_of, is_locust, of_kind, templates

CREDENTIALS = ("169.254.169.254", "fd00:ec2::254")
"""Where clouds answer every pod that asks for the rights of its machine; the second is that of Amazon's IPv6."""
ELSEWHERE = "203.0.113.7"
"""A host outside of the cluster (RFC 5737)."""
OTHER_NAMESPACE = {"kubernetes.io/metadata.name": "other"}
PORTS = {"http": 80, "https": 443}
ANY_OTHER_PORT = 1


@dataclass(frozen=True)
class Peer:
    """Whoever is at the other end: a host with an address, or a pod of this namespace or of another one."""

    address: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    namespace: dict[str, str] | None = None
    """The labels of its namespace; None: this one."""


NAME_SERVERS = {
    "pods of the cluster": (Peer(namespace={"kubernetes.io/metadata.name": "kube-system"}), 53),
    "pods of OpenShift": (Peer(namespace={"kubernetes.io/metadata.name": "openshift-dns"}), 5353),
    "pods of Gardener": (Peer(namespace={"kubernetes.io/metadata.name": "kube-system"}), 8053),
    "a cache on each machine": (Peer("169.254.20.10"), 53),
    "a service of the cloud": (Peer(CREDENTIALS[0]), 53),
    "a host outside": (Peer(ELSEWHERE), 53),
}
"""Where the name servers of clusters are, and at which port: of pods their own, since policies are held against lines
whose address of a service has become that of a pod. The fourth is NodeLocal DNSCache, the fifth Google's Cloud DNS."""
STRANGERS = {
    "another pod": Peer(labels={"app": "other"}),
    "a pod of another namespace": Peer(namespace=OTHER_NAMESPACE),
    "a worker in another namespace": Peer(
        labels={"app.kubernetes.io/name": "rtc-locust", "app.kubernetes.io/component": "worker"},
        namespace=OTHER_NAMESPACE,
    ),
    "a host outside": Peer(ELSEWHERE),
}


def whatever_asks_for_names_is_answered_wherever_their_servers_are(objects: list[Object]) -> Iterator[str]:
    for name, _, labels in _pods_of_locust(objects):
        for where, (server, port) in NAME_SERVERS.items():
            for protocol in ("UDP", "TCP"):
                if not may(objects, "egress", labels, server, protocol, port):
                    yield f"{name} may not ask name servers that are {where} ({protocol} {port})"


def lines_lead_to_the_master_and_to_the_server(objects: list[Object]) -> Iterator[str]:
    masters = [one for one in _pods_of_locust(objects) if is_locust(one[1], "--master")]
    for name, container, labels in _pods_of_locust(objects):
        if is_locust(container, "--worker"):
            for _, master, at in masters:
                for port in master.get("ports", []):
                    out = may(objects, "egress", labels, Peer(labels=at), "TCP", port["containerPort"], port["name"])
                    if not out or not may(
                        objects, "ingress", at, Peer(labels=labels), "TCP", port["containerPort"], port["name"]
                    ):
                        yield f"{name} may not open a line to its master"
    for _, master, _ in masters:
        host = urlsplit(environment_of(master, objects).get("LOCUST_HOST", ""))
        if not host.hostname:
            continue
        for name, _, labels in _pods_of_locust(objects):
            if not may(objects, "egress", labels, _server(objects, host.hostname), "TCP", _port(host)):
                yield f"{name} may not open a line to {host.netloc}"


def nobody_is_reached_where_clouds_keep_credentials(objects: list[Object]) -> Iterator[str]:
    for name, labels in _pods_of_a_run(objects):
        for address in CREDENTIALS:
            if any(may(objects, "egress", labels, Peer(address), "TCP", port) for port in PORTS.values()):
                yield f"{name} may ask {address} for the rights of its machine"


def nobody_comes_in_from_elsewhere(objects: list[Object]) -> Iterator[str]:
    for name, labels in _pods_of_a_run(objects):
        for who, stranger in STRANGERS.items():
            ports = {port["containerPort"]: port.get("name", "") for port in _ports(objects, labels)}
            for port, called in {**ports, ANY_OTHER_PORT: ""}.items():
                if may(objects, "ingress", labels, stranger, "TCP", port, called):
                    yield f"{name} lets in {who} at port {port}"


NETWORK_RULES = (
    whatever_asks_for_names_is_answered_wherever_their_servers_are,
    lines_lead_to_the_master_and_to_the_server,
    nobody_is_reached_where_clouds_keep_credentials,
    nobody_comes_in_from_elsewhere,
)


# -- what is there --------------------------------------------------------------------------------------------------


def _pods_of_locust(objects: list[Object]) -> list[tuple[str, Object, dict[str, str]]]:
    labels = {id(template["spec"]): template["metadata"].get("labels", {}) for _, template in templates(objects)}
    return [(name, one, labels[id(pod)]) for name, one, pod in containers(objects) if is_locust(one)]


def _pods_of_a_run(objects: list[Object]) -> list[tuple[str, dict[str, str]]]:
    """All that is there with a run; what comes to it later is under the run's policies."""
    if not of_kind(objects, "Job"):
        return []
    return [(name, template["metadata"].get("labels", {})) for name, template in templates(objects)]


def _ports(objects: list[Object], labels: dict[str, str]) -> list[Any]:
    pods = [template for _, template in templates(objects) if template["metadata"].get("labels", {}) == labels]
    return [port for pod in pods for one in pod["spec"]["containers"] for port in one.get("ports", [])]


def _server(objects: list[Object], host: str) -> Peer:
    """Whom a name leads to: a service of these objects, one of another namespace, or a host outside."""
    for one in of_kind(objects, "Service"):
        if one["metadata"]["name"] == host:
            return Peer(labels=one["spec"]["selector"])
    return Peer(ELSEWHERE) if "." in host else Peer(labels={"app": host})


def _port(host: Any) -> int:
    return int(host.port or PORTS[host.scheme])


# -- what policies allow --------------------------------------------------------------------------------------------


def may(
    objects: list[Object], way: str, labels: dict[str, str], peer: Peer, protocol: str, port: int, called: str = ""
) -> bool:
    """Whether a pod with such labels may have a line out (`egress`) to a peer's port, or in (`ingress`) to its own."""
    selecting = [
        one["spec"]
        for one in of_kind(objects, "NetworkPolicy")
        if way.capitalize() in one["spec"]["policyTypes"] and _selects(one["spec"]["podSelector"], labels)
    ]
    if not selecting:
        return True
    end = "to" if way == "egress" else "from"
    return any(
        _is_meant(rule.get(end), peer) and _is_open(rule.get("ports"), protocol, port, called)
        for spec in selecting
        for rule in spec.get(way, [])
    )


def _is_meant(ends: list[Any] | None, peer: Peer) -> bool:
    return not ends or any(_is(one, peer) for one in ends)


def _is(end: Any, peer: Peer) -> bool:
    if "ipBlock" in end:
        block = end["ipBlock"]
        return bool(peer.address) and (
            _within(peer.address, block["cidr"])
            and not any(_within(peer.address, one) for one in block.get("except", []))
        )
    if peer.address:
        return False
    if "namespaceSelector" not in end:
        return peer.namespace is None and _selects(end["podSelector"], peer.labels)
    namespace = {"kubernetes.io/metadata.name": "rtc-locust"} if peer.namespace is None else peer.namespace
    return _selects(end["namespaceSelector"], namespace) and _selects(end.get("podSelector", {}), peer.labels)


def _within(address: str, network: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(network)


def _selects(selector: Any, labels: dict[str, str]) -> bool:
    assert not selector or selector.keys() == {"matchLabels"}, "other ways to select are not read here"
    return bool(selector.get("matchLabels", {}).items() <= labels.items())


def _is_open(ports: list[Any] | None, protocol: str, port: int, called: str) -> bool:
    return not ports or any(
        one.get("protocol", "TCP") == protocol and one.get("port", port) in (port, called or port) for one in ports
    )
