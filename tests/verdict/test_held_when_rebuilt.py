"""A room made anew of a store that lacks the end, and of its file, after everybody had left in a hurry.

The server read the first so many of each one's last edits, answered none, and nobody holds a copy. What such numbers
explain is no loss; what they do not explain is found.
"""

from __future__ import annotations

import pytest
from pycrdt import Doc

from verdict.opinions import report
from verdict.swarm_model import SwarmModel
from verdict.test_rebuilt_cells import without_ids


def with_ids():
    return without_ids(minor=5)


@pytest.fixture(params=[(without_ids, 1), (without_ids, 2), (with_ids, 1), (with_ids, 2)])
def swarm(request):
    """Two people whose edits so far were answered, stored and saved; the file has ids of cells, or none."""
    notebook, processes = request.param
    swarm = SwarmModel(notebook(), users=2, processes=processes)
    swarm[0].type("# answered ", 0)
    swarm[1].type("# this, too ", 1)
    swarm.settle()
    swarm.save_in_pause()
    swarm.stored = swarm.server.doc.get_update()
    return swarm


def leave_in_a_hurry(swarm, arriving):
    """Both write some more, of which so many edits arrive, and are gone before anything comes back."""
    for letter in "abcd":
        swarm[0].type(letter, 0, 0)
    swarm[1].type("before the cell moves ", 2)
    swarm[1].move(2, 0)
    swarm[1].type("after it moved ", 1)
    for one, count in zip(swarm.users, arriving, strict=True):
        one.leave(arriving=count)


def make_anew(swarm, change=len):
    """The server saves what it has, somebody changes the file, and the room is made of an old store and the file."""
    swarm.server.save()
    change(swarm.server.file["cells"])
    swarm.server.doc = Doc()
    swarm.server.doc.apply_update(swarm.stored)
    swarm.server.restart(swarm.generator)
    swarm.finish(reconnect=False)


def findings_of(swarm):
    verdict = swarm.verdict()
    assert not any("history" in one for one in verdict.opinion.unknown), report(verdict)
    return verdict.opinion.findings


@pytest.mark.parametrize("arriving", [(0, 1), (4, 3), (2, 0), (3, 1), (0, 2), (1, 3)])
def test_the_first_so_many_edits_of_each_who_left_are_no_finding(swarm, arriving):
    leave_in_a_hurry(swarm, arriving)
    make_anew(swarm)
    assert not findings_of(swarm), report(swarm.verdict())
    assert "room-rebuilt" in [one.kind for one in swarm.verdict().opinion.cautions]


def test_what_was_answered_and_is_gone_is_found_beside_them(swarm):
    leave_in_a_hurry(swarm, (2, 1))
    make_anew(swarm, lambda cells: cells[1]["source"].clear())
    assert any("# this, too" in finding.detail for finding in findings_of(swarm))


def test_a_later_edit_without_an_earlier_one_of_its_author_is_found(swarm):
    leave_in_a_hurry(swarm, (0, 0))
    make_anew(swarm, lambda cells: cells[0]["source"].insert(0, "d"))
    assert findings_of(swarm)


def test_a_cell_that_stands_twice_is_found(swarm):
    leave_in_a_hurry(swarm, (2, 1))
    make_anew(swarm, lambda cells: cells.append(dict(cells[1])))
    assert findings_of(swarm)


def test_letters_of_nobody_are_found(swarm):
    leave_in_a_hurry(swarm, (2, 1))
    make_anew(swarm, lambda cells: cells[2]["source"].append("of nobody"))
    assert any("of nobody" in finding.detail for finding in findings_of(swarm))
