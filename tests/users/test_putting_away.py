"""Users' old edits leave the memory when everybody has them, and are told at the end like all others."""

from __future__ import annotations

import logging
import time

from jupyter_rtc_locust.coordination.gathering import gather
from jupyter_rtc_locust.users import swarm as swarm_module
from users.conftest import type_letters
from users.fake_room import wait_until


def test_old_edits_that_everybody_has_leave_the_memory_and_are_told_at_the_end(room, swarm, person, monkeypatch):
    monkeypatch.setattr(swarm_module, "KEPT_AT_HAND_S", -1.0)
    ada, bob = person(0, places=2), person(1, places=2)
    for one in (ada, bob):
        one.open()
    trips = ada.room.round_trips
    edits = [ada.make_edit(type_letters(number), number, time.monotonic()) for number in range(3)]
    swarm.put_away_old_edits(time.monotonic())
    assert set(edits) <= set(trips.known), "none of them has come back"
    wait_until(lambda: not trips.pending[0] and set(edits) <= set(bob.received))
    swarm.put_away_old_edits(time.monotonic())
    assert not set(edits) & set(trips.known)
    assert not any(trips._by_client.values()), "nothing else holds them"
    assert [edit.update for edit in trips.authored()] == edits
    assert set(edits) <= set(bob.received)
    (told,) = gather(swarm, {"room": True})
    assert [one.update for one in told.authored] == edits


def test_that_nothing_can_be_put_on_disk_is_said_once(swarm, caplog):
    swarm._archive_file.problem = "No space left on device"
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            swarm.put_away_old_edits(time.monotonic())
    assert [record.getMessage().count("No space left") for record in caplog.records] == [1]
