"""Who waits too long for an echo while others do not, and who only waits because everybody does."""

import pytest

from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.settings import SYNC_DEADLINE_S
from jupyter_rtc_locust.users.seat import Seat
from jupyter_rtc_locust.users.swarm import Stall
from users.conftest import make_swarm
from users.fake_room import FakeRoom

DOCUMENT = Document("room", "notebook")
LONG = SYNC_DEADLINE_S + 1


class Tab:
    """As much of a collaborator as the search for stalls looks at."""

    def __init__(self, user, connected_since=0.0):
        self.seat = Seat(user, 0, 1000 + user, DOCUMENT, 0, user, 2)
        self.connected_since = connected_since
        self.waiting = (0, 0.0)

    def unread(self, _now):
        return self.waiting

    def connected_for(self, seconds, now):
        return self.connected_since is not None and now - self.connected_since >= seconds


@pytest.fixture
def swarm(told):
    return make_swarm(told)


@pytest.fixture
def write(swarm):
    source = FakeRoom()

    def make(user, due):
        update = source.write(f"{user} at {due}")
        swarm.room(DOCUMENT).round_trips.author(user, 1000 + user, 0, "wrote", None, due, update)
        return update

    return make


def stalls(swarm):
    return swarm.room(DOCUMENT).stalls


def test_an_edit_without_echo_is_a_stall_when_a_later_one_of_somebody_else_came_back(swarm, write):
    swarm.room(DOCUMENT).collaborators += [Tab(0), Tab(1)]
    write(0, due=10.0)
    swarm.room(DOCUMENT).round_trips.arrive(1, write(1, due=11.0), 12.0)
    swarm.look_for_stalls(10.0 + LONG)
    assert stalls(swarm).keys() == {0}
    assert stalls(swarm)[0].seconds == pytest.approx(LONG)


def test_who_came_back_does_not_stall_by_what_was_under_way_when_the_former_tab_was_closed(swarm, write):
    again = Tab(0)
    again.seat = Seat(0, 1, 2000, DOCUMENT, 0, 0, 2)
    swarm.room(DOCUMENT).collaborators += [again, Tab(1)]
    write(0, due=10.0)
    swarm.room(DOCUMENT).round_trips.arrive(1, write(1, due=11.0), 12.0)
    swarm.look_for_stalls(10.0 + LONG)
    assert not stalls(swarm)


def test_a_stall_is_noted_once_with_the_seconds_of_its_first_notice(swarm, write):
    swarm.room(DOCUMENT).collaborators += [Tab(0), Tab(1)]
    write(0, due=10.0)
    swarm.room(DOCUMENT).round_trips.arrive(1, write(1, due=11.0), 12.0)
    swarm.look_for_stalls(10.0 + LONG)
    first = stalls(swarm)[0]
    swarm.look_for_stalls(100.0)
    assert stalls(swarm)[0] is first


@pytest.mark.parametrize("others", ["none", "earlier", "without echo", "own"])
def test_who_waits_because_nobody_is_answered_is_not_stalled(swarm, write, others):
    swarm.room(DOCUMENT).collaborators += [Tab(0), Tab(1)]
    round_trips = swarm.room(DOCUMENT).round_trips
    if others == "earlier":
        round_trips.arrive(1, write(1, due=9.0), 12.0)
    write(0, due=10.0)
    if others == "without echo":
        write(1, due=11.0)
    if others == "own":
        round_trips.arrive(0, write(0, due=11.0), 12.0)
    swarm.look_for_stalls(10.0 + LONG)
    assert 0 not in stalls(swarm)


def test_one_lost_echo_among_others_that_came_back_is_no_stall(swarm, write):
    """It is a failure of that edit; the line itself works."""
    swarm.room(DOCUMENT).collaborators += [Tab(0), Tab(1)]
    round_trips = swarm.room(DOCUMENT).round_trips
    write(0, due=10.0)
    round_trips.arrive(0, write(0, due=11.0), 12.0)
    round_trips.arrive(1, write(1, due=12.0), 13.0)
    swarm.look_for_stalls(10.0 + LONG)
    assert stalls(swarm) == {}


def test_who_waits_less_than_the_deadline_is_not_stalled(swarm, write):
    swarm.room(DOCUMENT).collaborators += [Tab(0), Tab(1)]
    write(0, due=10.0)
    swarm.room(DOCUMENT).round_trips.arrive(1, write(1, due=11.0), 12.0)
    swarm.look_for_stalls(10.0 + SYNC_DEADLINE_S - 0.1)
    assert stalls(swarm) == {}


@pytest.mark.parametrize("connected_since", [None, 20.0])
def test_who_has_no_line_or_a_new_one_is_not_stalled(swarm, write, connected_since):
    swarm.room(DOCUMENT).collaborators += [Tab(0, connected_since), Tab(1)]
    write(0, due=10.0)
    swarm.room(DOCUMENT).round_trips.arrive(1, write(1, due=11.0), 12.0)
    swarm.look_for_stalls(10.0 + LONG)
    assert stalls(swarm) == {}


def test_rooms_are_kept_apart_and_found_again_by_their_path(swarm):
    again = swarm.room(Document("room", "notebook"))
    assert again is swarm.room(DOCUMENT)
    assert swarm.room(Document("another", "notebook")) is not again


def test_a_stall_is_said_at_once_and_only_once(swarm, caplog):
    room = swarm.room(DOCUMENT)
    room.note_stall(Stall(3, 15.2, "its sync was not answered"))
    room.note_stall(Stall(3, 31.0, "its edits were not echoed while those of others were"))
    assert caplog.messages == [f"Stalled: user 3 in {DOCUMENT.path} has waited 15 s: its sync was not answered."]
    assert room.stalls[3].seconds == 15.2
