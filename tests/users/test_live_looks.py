"""What a process tells of its users once a second: where they stand, what they made, and whether their copies agree."""

import time

import gevent
import pytest

from jupyter_rtc_locust.errors import ConnectionBroken, RoomError, RoomRefused
from jupyter_rtc_locust.live.standing import TYPING_S
from jupyter_rtc_locust.timing.generator_health import GeneratorHealth
from jupyter_rtc_locust.timing.histogram import Histogram
from jupyter_rtc_locust.users import live_looks
from jupyter_rtc_locust.users.live_looks import LiveLooks
from users.conftest import type_letters
from users.fake_room import wait_until

LONG_AGO = TYPING_S + 1


@pytest.fixture
def sent():
    return []


@pytest.fixture
def looks(swarm, sent):
    return LiveLooks(swarm, GeneratorHealth(), "this one", sent.append)


def look(looks):
    """The document's row, taken now."""
    looks.look(looks.swarm.rooms.values())
    (row,) = looks._rows.values()
    return row


def rest(room_here):
    """As if nothing had happened in the document for a while."""
    room_here.last_message -= LONG_AGO
    if room_here.round_trips.edited_at is not None:
        room_here.round_trips.edited_at -= LONG_AGO


def edit(one, number=0):
    assert one.make_edit(type_letters(number), number, time.monotonic())
    wait_until(lambda: not one.room.round_trips.pending.get(one.seat.user))


def test_users_edits_and_moments_are_told(room, person, looks):
    one, other = person(0), person(1)
    one.open()
    other.open()
    edit(one)
    row = look(looks)
    assert (row.index, row.users, row.on_the_way, row.edits, row.unacknowledged) == (0, 2, 0, 1, 0)
    now = looks.swarm.since_start(time.monotonic())
    assert 0 <= now - row.edited_at < 5 and 0 <= now - row.heard_at < 5
    assert row.waits_s is None
    assert row.copies is None, "copies were compared while somebody types"


def test_an_edit_that_does_not_come_back_waits(room, person, looks):
    room.relays = False
    one = person()
    one.open()
    one.make_edit(type_letters(0), 0, time.monotonic() - 3)
    row = look(looks)
    assert (row.edits, row.unacknowledged) == (1, 1)
    assert 3 <= row.waits_s < 10


def test_copies_that_hold_the_same_are_one(room, person, looks):
    people = [person(number) for number in range(3)]
    for one in people:
        one.open()
    for number, one in enumerate(people):
        edit(one, number)
    wait_until(lambda: people[0].swarm.counts["updates_received"] >= 9)
    rest(people[0].room)
    ((_, count),) = look(looks).copies
    assert count == 3


def test_while_something_comes_from_others_copies_are_not_compared(room, person, looks):
    one = person()
    one.open()
    rest(one.room)
    assert look(looks).copies is not None
    room.write("from elsewhere")
    wait_until(lambda: one.swarm.counts["updates_received"] >= 1 and time.monotonic() - one.room.last_message < 0.1)
    assert look(looks).copies is None


def test_a_copy_that_lacks_an_edit_is_another_also_where_only_something_was_deleted(room, person, looks):
    one, other = person(0), person(1)
    one.open()
    other.open()
    rest(one.room)
    assert len(look(looks).copies) == 1
    del other.replica.cells[0]["source"][0:1]  # and nobody is told
    one.room.last_message -= 0.001
    assert sorted(count for _, count in look(looks).copies) == [1, 1]


def test_a_copy_is_looked_at_once_until_something_moves(room, person, looks, monkeypatch):
    one = person()
    one.open()
    rest(one.room)
    first = look(looks)
    assert first.copies is not None
    monkeypatch.setattr(live_looks, "HeldDigests", lambda: pytest.fail("copies were compared again"))
    assert look(looks).copies == first.copies


def test_comparing_has_a_limit_and_what_is_left_over_waits_for_the_next_look(room, person, looks, monkeypatch):
    one = person()
    one.open()
    rest(one.room)
    monkeypatch.setattr(live_looks, "_WORK_S", -1.0)
    assert look(looks).copies is None
    monkeypatch.setattr(live_looks, "_WORK_S", 10.0)
    assert look(looks).copies is not None


def test_who_lost_the_line_is_on_the_way_and_who_left_is_not_there(room, person, looks):
    one, other = person(0), person(1)
    one.open()
    other.open()
    one.go_offline()
    other.leave()
    row = look(looks)
    assert (row.users, row.on_the_way) == (0, 1)


@pytest.mark.parametrize("answer", [RoomRefused("403"), ConnectionBroken("500")])
def test_to_whom_the_document_was_not_opened_is_not_on_the_way(room, swarm, person, looks, answer):
    person(0).open()
    swarm.server.refusals.append(answer)
    with pytest.raises(RoomError):
        person(1).open()
    row = look(looks)
    assert (row.users, row.on_the_way) == (1, 0)


def test_only_documents_that_changed_are_told_and_now_and_then_all(room, person, looks, sent):
    one = person()
    one.open()
    rest(one.room)
    for _ in range(2 * live_looks._ALL_EVERY):
        looks.look(looks.swarm.rooms.values())
        looks.tell()
    told = [len(one.documents) for one in sent]
    assert told[0] == told[live_looks._ALL_EVERY] == 1
    assert sum(told) == 2
    looks.tell()
    edit(one)
    look(looks)
    looks.tell()
    assert [row.edits for row in sent[-1].documents] == [1]


def test_times_counts_and_strain_are_those_since_the_look_before(swarm, looks, sent):
    measured = Histogram()
    measured.record(3.0)
    looks.times({"update echo": measured})
    looks.health.loop_lag(2.0)
    looks.health.cpu(40.0)
    swarm.counts["edits"] = 5
    swarm.recorder.failed("save", "no")
    looks.tell()
    looks.tell()
    first, second = sent
    assert first.times["update echo"].count == first.strain.loop_lag.count == first.strain.cpu_count == 1
    assert second.times == {} and second.strain.loop_lag.count == second.strain.cpu_count == 0
    assert [one.counts["edits"] for one in sent] == [5, 5]
    assert second.counts["failures"] == 1


def test_it_goes_on_by_itself_until_the_documents_are_closed(room, person, looks, sent, monkeypatch):
    monkeypatch.setattr(live_looks, "ROUND_S", 0.02)
    one = person()
    one.open()
    greenlet = gevent.spawn(looks.go_on)
    wait_until(lambda: len(sent) >= 3)
    assert not any(each.last for each in sent)
    looks.end()
    looks.end()
    greenlet.join(timeout=10)
    assert greenlet.successful()
    assert [each.last for each in sent].count(True) == 1 and sent[-1].last
    assert sent[-1].documents[0].users == 1
