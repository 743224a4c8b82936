"""What must hold of the ledger of deletions: damage is found whatever covers it, and health never alarms."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.updates import decode_update
from jupyter_rtc_locust.verdict.findings import Kind, Value
from verdict.eventful_run import EventfulRun
from verdict.model_server import cells_of, text_of
from verdict.opinions import report
from verdict.swarm_model import SwarmModel
from verdict.templates import TEXT, plain_notebook, rich_notebook

LATER_S = 5.0
"""More than the clocks of processes may differ."""

few = settings(max_examples=25, deadline=None)


def swarm_of(seed: int, kind: str, **options: Any) -> SwarmModel:
    template = TEXT if kind == "text" else rich_notebook() if seed % 2 else plain_notebook("a = 1", "b = 2", "c = 3")
    return SwarmModel(template, kind=kind, seed=seed, users=2 + seed % 4, processes=1 + seed % 3, **options)


def eventful(seed: int, kind: str, *, guests: bool = False, restarts: bool = False) -> SwarmModel:
    swarm = swarm_of(seed, kind, files=restarts or seed % 5 > 0)
    EventfulRun(swarm, guests=guests, restarts=restarts).go_on(10)
    swarm.finish()
    return swarm


def delete_anything(swarm: SwarmModel, dice: random.Random) -> bool:
    """The server takes something away that nobody deleted; whether there was anything."""
    doc = swarm.server.doc
    cells = range(len(cells_of(doc))) if swarm.kind == "notebook" else range(1)
    texts = [text for cell in cells if str(text := text_of(doc, cell, swarm.kind))]
    deed = dice.randrange(4) if swarm.kind == "notebook" else 0
    if deed in (0, 1) and texts:
        text = dice.choice(texts)
        letters = str(text)
        start = dice.randrange(len(letters))
        end = dice.randint(start + 1, len(letters))
        first, last = (len(letters[:index].encode()) for index in (start, end))
        del text[first:last]
    elif deed == 2 and len(cells) > 1:
        del cells_of(doc)[dice.randrange(len(cells))]
    elif deed == 3 and len(cells):
        cell = cells_of(doc)[dice.randrange(len(cells))]
        if "execution_count" not in cell:
            return False
        del cell["execution_count"]
    else:
        return False
    return True


@few
@given(st.integers(0, 2**32), st.sampled_from(["notebook", "notebook", "text"]))
def test_a_deletion_by_nobody_is_found_wherever_it_comes_and_whatever_comes_later(seed, kind):
    swarm = swarm_of(seed, kind, files=False)
    run = EventfulRun(swarm)
    run.go_on(4)
    swarm.settle()
    assume(run.present())
    swarm.pass_time(LATER_S)
    authored = ClockRanges().union(*(decode_update(edit.update).deletions for edit in swarm.evidence().authored))
    before = decode_update(swarm.server.doc.get_update()).deletions
    assume(delete_anything(swarm, run.dice))
    damage = decode_update(swarm.server.doc.get_update()).deletions.difference(before)
    # Who has lost the line may have deleted the same, or what is around it, and that was authored before.
    assume(damage and before.covers(authored))
    swarm.settle()
    swarm.pass_time(LATER_S)
    run.go_on(6)
    swarm.finish()
    verdict = swarm.verdict()
    assert Kind.LOST_EDIT in {finding.kind for finding in verdict.opinion.findings}, report(verdict)


@few
@given(st.integers(0, 2**32), st.sampled_from(["notebook", "notebook", "text"]))
def test_whatever_a_healthy_server_and_people_do_is_no_finding(seed, kind):
    verdict = eventful(seed, kind, restarts=seed % 3 == 0).verdict()
    assert verdict.value is Value.PASS, report(verdict)


@few
@given(st.integers(0, 2**32), st.sampled_from(["notebook", "notebook", "text"]))
def test_whatever_guests_do_beside_them_is_no_finding(seed, kind):
    verdict = eventful(seed, kind, guests=True).verdict(guests_expected=True)
    assert not verdict.opinion.findings, report(verdict)


@pytest.mark.parametrize("kind", ["notebook", "text"])
@few
@given(seed=st.integers(0, 2**32))
def test_what_a_worker_knew_that_was_killed_makes_no_finding(kind, seed):
    swarm = eventful(seed, kind)
    evidence = swarm.evidence()
    killed = {one.client_id for one in swarm.users if one.user % 2 == 0}
    gone = {one.user for one in swarm.users if one.client_id in killed}
    verdict = swarm.verdict(
        authored=tuple(edit for edit in evidence.authored if edit.client_id not in killed),
        users=tuple(user for user in evidence.users if user.client_id not in killed),
        replicas=tuple(one for one in evidence.replicas if not gone.intersection(one.users)),
    )
    assert not verdict.opinion.findings, report(verdict)
