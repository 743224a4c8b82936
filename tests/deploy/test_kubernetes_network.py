"""Policies of the objects for Kubernetes: what a run needs is open, what it does not need is closed."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from deploy.kubectl import built, folders
from deploy.kubernetes_network import NETWORK_RULES
from deploy.kubernetes_rules import Object, of_kind


def trouble_of(objects: list[Object]) -> list[str]:
    return [sentence for rule in NETWORK_RULES for sentence in rule(objects)]


@pytest.mark.parametrize("folder", folders())
def test_a_run_reaches_what_it_needs_and_nobody_else_reaches_it(folder: str) -> None:
    assert trouble_of(built(folder)) == []


def policy(objects: list[Object], name: str = "rtc-locust") -> Any:
    (one,) = (one for one in of_kind(objects, "NetworkPolicy") if one["metadata"]["name"] == name)
    return one["spec"]


def master(objects: list[Object]) -> Any:
    return policy(objects, "rtc-locust-master")


def without(objects: list[Object], name: str) -> None:
    objects[:] = [one for one in objects if (one["kind"], one["metadata"]["name"]) != ("NetworkPolicy", name)]


def names(objects: list[Object]) -> Any:
    return policy(objects)["egress"][0]


def outside(objects: list[Object]) -> Any:
    return next(end["ipBlock"] for rule in policy(objects)["egress"] for end in rule.get("to", []) if "ipBlock" in end)


MISTAKES = {
    "no names": lambda all_: names(all_).update(ports=[{"protocol": "TCP", "port": 53}]),
    "names for short answers only": lambda all_: names(all_).update(ports=[{"protocol": "UDP", "port": 53}]),
    "names from pods only": lambda all_: names(all_).update(to=[{"namespaceSelector": {}}]),
    "no names of OpenShift": lambda all_: policy(all_)["egress"][1]["ports"].pop(0),
    "no rule for names that pods know": lambda all_: policy(all_)["egress"].pop(1),
    "no rule for names": lambda all_: policy(all_)["egress"].pop(0),
    "no line out": lambda all_: policy(all_).pop("egress"),
    "no line to a server outside": lambda all_: outside(all_).update(cidr="10.0.0.0/8"),
    "no line to the master": lambda all_: policy(all_)["egress"][2]["to"].pop(0),
    "workers that are not let in": lambda all_: master(all_).update(ingress=[]),
    "workers that are let in elsewhere": lambda all_: master(all_)["ingress"][0]["ports"][0].update(port=8089),
    "everybody out": lambda all_: policy(all_).update(egress=[{}]),
    "credentials of a cloud": lambda all_: outside(all_).pop("except"),
    "credentials with IPv6": lambda all_: policy(all_)["egress"][2]["to"][2]["ipBlock"]["except"].pop(),
    "credentials without a policy": lambda all_: policy(all_).update(policyTypes=["Ingress"]),
    "everybody in": lambda all_: policy(all_).update(ingress=[{}]),
    "everybody to the master": lambda all_: master(all_).update(ingress=[{}]),
    "every namespace to the master": lambda all_: master(all_)["ingress"][0]["from"][0].update(namespaceSelector={}),
    "hosts to the master": lambda all_: master(all_)["ingress"][0]["from"].append({"ipBlock": {"cidr": "0.0.0.0/0"}}),
    "no policy": lambda all_: without(all_, "rtc-locust"),
    "no policy for the master": lambda all_: without(all_, "rtc-locust-master"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_of_a_policy_is_found(mistake: str) -> None:
    objects = deepcopy(built("overlays/cluster"))
    MISTAKES[mistake](objects)
    assert trouble_of(objects), mistake


def test_every_rule_of_the_network_finds_a_mistake() -> None:
    finding = set()
    for make in MISTAKES.values():
        objects = deepcopy(built("overlays/cluster"))
        make(objects)
        finding |= {rule for rule in NETWORK_RULES if list(rule(objects))}
    assert finding == set(NETWORK_RULES)
