"""What a run takes at its end, and whether its pods are given that: time for the verdict, memory for the evidence.

Both grow with the edits. The time is the product's own deadline for them, the memory follows from the constants of
docs/scale.md; how many edits there will be, from the options that the objects hold.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from deploy.commands import Run, run_of_locust
from deploy.kubernetes_rules import Object, containers, environment_of, is_locust
from jupyter_rtc_locust.scale.need import Asked, need

LOCUST_ENDS_S = 10.0
"""For Locust's own shutdown, and Python's, behind the verdict."""
SURE = 1.5
"""A limit is so many times the need: constants are those of one machine, and up to a third away."""
UNITS = {"": 1, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "k": 10**3, "M": 10**6, "G": 10**9}


def there_is_time_for_the_verdict(objects: list[Object]) -> Iterator[str]:
    if (run := run_of(objects)) is None:
        return
    if not run.run_s:
        yield "The run ends when somebody ends it, so nobody knows what it takes: LOCUST_RUN_TIME"
        return
    needed = grace_of(run)
    for name, container, pod in containers(objects):
        given = pod.get("terminationGracePeriodSeconds", 30)
        if is_locust(container) and given < needed:
            yield f"{name} is killed after {given} s, before its verdict: terminationGracePeriodSeconds {needed}"


def there_is_memory_for_people_and_evidence(objects: list[Object]) -> Iterator[str]:
    if (run := run_of(objects)) is None or not run.run_s:
        return
    for name, container, _ in containers(objects):
        if not is_locust(container):
            continue
        needed = memory_of_master(run) if is_locust(container, "--master") else memory_of_worker(run)
        resources = container["resources"]
        asked, most = (size(resources[which]["memory"]) for which in ("requests", "limits"))
        if asked < needed or most < SURE * needed:
            yield (
                f"{name} takes {needed / 2**30:.2f} Gi: it asks for {asked / 2**30:.2f} Gi, and its limit is "
                f"{most / 2**30:.2f} Gi, where {SURE * needed / 2**30:.2f} are to be there"
            )


def a_master_waits_no_longer_than_its_workers(objects: list[Object]) -> Iterator[str]:
    """Or it waits for those that have given up: none of them is started anew."""
    if (run := run_of(objects)) is not None and not 0 < run.waits_for_workers_s <= run.workers_wait_s:
        yield f"The master waits for {run.waits_for_workers_s} s, and its workers give up after {run.workers_wait_s} s"


NEED_RULES = (
    a_master_waits_no_longer_than_its_workers,
    there_is_time_for_the_verdict,
    there_is_memory_for_people_and_evidence,
)


def run_of(objects: list[Object]) -> Run | None:
    """The run that a master makes; None: there is no master."""
    for _, container, _ in containers(objects):
        if is_locust(container, "--master"):
            return run_of_locust(container["args"], environment_of(container, objects))
    return None


def grace_of(run: Run) -> int:
    """Seconds between the signal and the end that a process must be given."""
    return math.ceil(run.longest_end_s + LOCUST_ENDS_S)


def memory_of_master(run: Run) -> float:
    """Bytes, with those of the process that judges: both are in one container."""
    return need(_on_paper(run)).master_memory


def memory_of_worker(run: Run) -> float:
    """Bytes, where people are spread evenly."""
    needed = need(_on_paper(run))
    return needed.memory / needed.workers


def _on_paper(run: Run) -> Asked:
    return Asked(
        users=run.users,
        room=math.ceil(run.users / run.documents),
        edit_rate=run.edit_rate,
        awareness=run.awareness,
        rhythm=run.rhythm,
        run_s=run.run_s,
        workers=run.workers,
    )


def size(quantity: str) -> float:
    """Bytes of a quantity of Kubernetes."""
    found = re.fullmatch(r"([\d.]+)(\w*)", quantity)
    assert found is not None, quantity
    return float(found[1]) * UNITS[found[2]]
