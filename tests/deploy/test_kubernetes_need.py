"""Time and memory of the pods for Kubernetes, against what the run they make takes at its end."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

import pytest

from deploy.built_image import REPOSITORY
from deploy.commands import MORE_THAN_THE_AVERAGE, run_of_locust
from deploy.kubectl import built, folders
from deploy.kubernetes_need import NEED_RULES, SURE, grace_of, memory_of_master, run_of
from deploy.kubernetes_rules import Object, of_kind

DOCUMENT = (REPOSITORY / "docs" / "deploy.md").read_text("utf-8")


def trouble_of(objects: list[Object]) -> list[str]:
    return [sentence for rule in NEED_RULES for sentence in rule(objects)]


@pytest.mark.parametrize("folder", folders())
def test_every_run_is_given_the_time_and_the_memory_of_its_end(folder: str) -> None:
    assert trouble_of(built(folder)) == []


def pod(objects: list[Object], role: str) -> Any:
    (job,) = (one for one in of_kind(objects, "Job") if one["metadata"]["name"].endswith(role))
    return job["spec"]["template"]["spec"]


def memory(objects: list[Object], role: str) -> Any:
    return pod(objects, role)["containers"][0]["resources"]


def options(objects: list[Object]) -> Any:
    return of_kind(objects, "ConfigMap")[0]["data"]


def waits(objects: list[Object], seconds: int) -> None:
    args = pod(objects, "master")["containers"][0]["args"]
    args[:] = [one for one in args if "max-wait" not in one] + [f"--expect-workers-max-wait={seconds}"]


MISTAKES = {
    "a master that waits longer than its workers": lambda all_: waits(all_, 600),
    "a master that waits for ever": lambda all_: waits(all_, 0),
    "a master that is killed too soon": lambda all_: pod(all_, "master").update(terminationGracePeriodSeconds=260),
    "workers that are killed too soon": lambda all_: pod(all_, "worker").update(terminationGracePeriodSeconds=150),
    "time that nobody gave": lambda all_: pod(all_, "master").pop("terminationGracePeriodSeconds"),
    "a run of an hour": lambda all_: options(all_).update(LOCUST_RUN_TIME="1h"),
    "a run without an end": lambda all_: options(all_).pop("LOCUST_RUN_TIME"),
    "twice the people": lambda all_: options(all_).update(LOCUST_USERS="800"),
    "people who type faster": lambda all_: options(all_).update(LOCUST_RTC_EDIT_RATE="3"),
    "everybody in one document": lambda all_: options(all_).update(LOCUST_RTC_DOCUMENTS="1"),
    "a judge without room": lambda all_: memory(all_, "master")["limits"].update(memory="4Gi"),
    "a master on a machine that is full": lambda all_: memory(all_, "master")["requests"].update(memory="1Gi"),
    "workers without room": lambda all_: memory(all_, "worker")["limits"].update(memory="256Mi"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_run_that_outgrows_its_pods_is_found(mistake: str) -> None:
    objects = deepcopy(built("overlays/cluster"))
    MISTAKES[mistake](objects)
    assert trouble_of(objects), mistake


def test_the_rules_compute_what_the_documents_say_of_400_people_for_ten_minutes() -> None:
    """240,000 edits on paper, and a quarter more in bursts: settings.end_budget, docs/scale.md."""
    run = run_of(built("overlays/cluster"))
    assert run is not None
    assert (run.users, run.documents, run.workers, run.run_s, run.edit_rate) == (400, 80, 8, 600, 1.0)
    assert grace_of(run) == 115 + (300_000 - 20_000) / 1_000 + 35 + 20 + 2 + 10
    evidence, judge = 300_000 * (412 + 4 * 30), 300_000 * 8_700
    assert memory_of_master(run) == pytest.approx(198e6 + 2.5 * evidence + judge)


def test_a_hub_is_given_time_to_stop_its_servers() -> None:
    objects = deepcopy(built("overlays/cluster"))
    beside = run_of(objects)
    options(objects).pop("LOCUST_HOST")
    options(objects)["LOCUST_RTC_HUB"] = "https://hub.example.org"
    behind = run_of(objects)
    assert beside is not None and behind is not None
    assert behind.longest_end_s > beside.longest_end_s


@pytest.mark.parametrize("folder", ["base", "overlays/jupyterhub"])
def test_through_a_hub_and_with_a_long_wait_for_what_is_outstanding_there_is_time_as_it_is(folder: str) -> None:
    objects = deepcopy(built(folder))
    options(objects).pop("LOCUST_HOST", None)
    options(objects).update(LOCUST_RTC_HUB="https://hub.example.org", LOCUST_RTC_DRAIN_TIMEOUT="60")
    assert [sentence for sentence in trouble_of(objects) if "is killed after" in sentence] == []


def test_every_rule_of_what_a_run_takes_finds_a_mistake() -> None:
    finding = set()
    for make in MISTAKES.values():
        objects = deepcopy(built("overlays/cluster"))
        make(objects)
        finding |= {rule for rule in NEED_RULES if list(rule(objects))}
    assert finding == set(NEED_RULES)


def told(pattern: str) -> tuple[float, ...]:
    """The numbers of a row of the document."""
    found = re.search(pattern, DOCUMENT)
    assert found is not None, pattern
    return tuple(float(number.replace(",", "")) for number in found.groups())


@pytest.mark.parametrize(
    "arguments",
    [
        ("--users=10", "--run-time=60s", "--rtc-documents=2", "--expect-workers=2"),
        ("--users=400", "--run-time=10m", "--rtc-documents=80", "--expect-workers=8"),
        (
            "--users=400",
            "--run-time=10m",
            "--rtc-documents=8",
            "--expect-workers=8",
            "--rtc-hub=http://hub.example.org",
        ),
        ("--users=10", "--run-time=60s", "--rtc-documents=2", "--expect-workers=2", "--rtc-drain-timeout=60"),
        ("--users=1000", "--run-time=1h", "--rtc-documents=500", "--expect-workers=1", "--rtc-edit-rate=0.2"),
    ],
)
def test_what_the_document_says_of_time_and_memory_is_enough_and_little_more(arguments: tuple[str, ...]) -> None:
    run = run_of_locust([*arguments, "--headless"], {})
    edits = MORE_THAN_THE_AVERAGE * run.users * run.edit_rate * run.run_s
    least, hub, each, free = told(
        r"\| (\d+) s, behind a hub (\d+) s more, and one more for every ([\d,]+) edits beyond ([\d,]+); "
    )
    (usual,) = told(r"as much more as `--rtc-drain-timeout` is longer than (\d+) s")
    drain = next((float(one.partition("=")[2]) for one in arguments if "drain" in one), usual)
    seconds = least + ("--rtc-hub" in " ".join(arguments)) * hub + max(0, edits - free) / each + drain - usual
    assert grace_of(run) <= seconds <= grace_of(run) + 5
    program, each, other = told(
        r"\| (\d+) MB and ([\d.]+) kB for each edit, nearly all for the judge; (\d+) B more for each other worker"
    )
    seen_by = min(run.workers, run.users / run.documents)
    memory = program * 1e6 + edits * (each * 1e3 + (seen_by - 1) * other)
    assert memory_of_master(run) <= memory <= 1.1 * memory_of_master(run)
    assert SURE == 1.5, "half as much again"
