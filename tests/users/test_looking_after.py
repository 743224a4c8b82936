"""Every document is looked after again and again, and at no moment all of them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import gevent
import pytest

from jupyter_rtc_locust.users import looking_after
from users.fake_room import wait_until


def test_each_document_has_its_turn_and_never_all_of_them_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking_after, "ROUND_S", 0.02)
    swarm: Any = SimpleNamespace(editing=True, rooms={number: f"room {number}" for number in range(100)})
    seen: list[list[str]] = []
    again: list[list[str]] = []
    greenlet = gevent.spawn(
        looking_after.look_after,
        swarm,
        lambda _now, rooms: seen.append(list(rooms)),
        lambda _now, rooms: again.append(list(rooms)),
    )
    wait_until(lambda: len(seen) >= 40)
    swarm.editing = False
    greenlet.join(timeout=10)
    assert greenlet.successful()
    first, second = seen[:20], seen[20:40]
    assert sorted(room for portion in first for room in portion) == sorted(swarm.rooms.values())
    assert second == first
    assert max(map(len, seen)) == 5
    assert again == seen


def test_who_comes_meanwhile_is_looked_after_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking_after, "ROUND_S", 0.02)
    swarm: Any = SimpleNamespace(editing=True, rooms={})
    seen: set[str] = set()
    greenlet = gevent.spawn(looking_after.look_after, swarm, lambda _now, rooms: seen.update(rooms))
    swarm.rooms["late"] = "late"
    wait_until(lambda: seen == {"late"})
    swarm.editing = False
    greenlet.join(timeout=10)
    assert greenlet.successful()
