"""Edits that everybody has leave the memory, and nothing else changes: every edit is still told, in its order."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Doc, Text

from jupyter_rtc_locust.timing.round_trips import RoundTrips

ADA, BOB = 0, 1
CLIENTS = {ADA: 1001, BOB: 1002}
WAITING = set(CLIENTS.items())


class Room:
    """Two people, their round trips, and what each of them was sent."""

    def __init__(self) -> None:
        self.trips = RoundTrips(lambda _: None, lambda _: None)
        self._docs = {user: Doc(client_id=client) for user, client in CLIENTS.items()}
        self.seen = dict.fromkeys(CLIENTS, 0)
        self.numbers = dict.fromkeys(CLIENTS, 0)
        self.written: list[bytes] = []

    def write(self, user: int, due: float) -> bytes:
        doc = self._docs[user]
        before = doc.get_state()
        text = doc.get("source", type=Text)
        text += "x"
        update = doc.get_update(before)
        self.trips.author(user, CLIENTS[user], self.numbers[user], "typed", None, due, update)
        self.numbers[user] += 1
        self.written.append(update)
        return update

    def reach(self, user: int, update: bytes, now: float) -> None:
        entry = self.trips.look_up(update, now)
        if not self.trips.arrive(user, update, now, CLIENTS[user]):
            self.seen[user] = entry.index + 1

    def put_away(self, before: float) -> None:
        self.trips.put_away(before, self.seen, WAITING)

    def told(self) -> list[bytes]:
        return [edit.update for edit in self.trips.authored()]


def test_what_everybody_has_is_put_away_when_it_is_old_enough_and_is_told_as_before() -> None:
    room = Room()
    update = room.write(ADA, due=1.0)
    for user in (ADA, BOB):
        room.reach(user, update, 1.5)
    (before,) = room.trips.authored()
    room.put_away(1.0)
    assert list(room.trips.known) == [update], "it is not older than that"
    room.put_away(1.1)
    assert not room.trips.known
    (edit,) = room.trips.authored()
    assert all(getattr(edit, name) == getattr(before, name) for name in edit.__slots__)


def test_what_did_not_come_back_stays_at_hand_and_holds_up_what_came_after() -> None:
    room = Room()
    first, second = room.write(ADA, 1.0), room.write(BOB, 2.0)
    for user in (ADA, BOB):
        room.reach(user, second, 2.5)
    room.put_away(100.0)
    assert list(room.trips.known) == [first, second]
    for user in (ADA, BOB):
        room.reach(user, first, 90.0)
    room.put_away(100.0)
    assert not room.trips.known
    assert room.told() == [first, second]


def test_what_somebody_with_a_line_has_not_been_sent_stays_at_hand_so_that_its_delivery_is_timed() -> None:
    deliveries: list[float] = []
    room = Room()
    room.trips = RoundTrips(lambda _: None, deliveries.append)
    update = room.write(ADA, 1.0)
    room.reach(ADA, update, 1.5)
    room.put_away(100.0)
    room.reach(BOB, update, 101.0)
    assert deliveries == [100_000.0]
    room.put_away(100.0)
    assert not room.trips.known


def test_edits_of_who_left_wait_for_nothing() -> None:
    room = Room()
    update = room.write(ADA, 1.0)
    room.trips.put_away(100.0, {BOB: 1}, {(BOB, CLIENTS[BOB])})
    assert not room.trips.known
    assert room.told() == [update]


def test_updates_of_other_processes_are_put_away_as_well_and_stay_foreign() -> None:
    room, elsewhere = Room(), Room()
    update = elsewhere.write(BOB, 1.0)
    for user in (ADA, BOB):
        room.reach(user, update, 1.5)
    room.put_away(2.0)
    assert not room.trips.known
    (foreign,) = room.trips.foreign()
    assert (foreign.update, foreign.received, foreign.readable) == (update, 1.5, True)


def test_edits_in_another_encoding_are_known_before_and_after_earlier_ones_were_put_away() -> None:
    room = Room()
    server: Doc = Doc(client_id=7)
    for due in (1.0, 2.0, 3.0, 4.0):
        before = server.get_state()
        # A struct of somebody else in the same update, so that its bytes are nobody's and the clocks have to be read.
        server.get("state", type=Text).insert(0, "!")
        server.apply_update(room.write(ADA, due))
        for user in (ADA, BOB):
            room.reach(user, server.get_update(before), due + 0.5)
        assert room.trips.authored()[-1].acknowledged == due + 0.5
        room.put_away(due - 0.5)
    assert len(room.trips.known) == 3, "the latest edit, and the other encodings of it and of the one before"
    assert len(room.trips.authored()) == len(room.trips.foreign()) == 4


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.tuples(st.sampled_from(["write", "reach", "put away"]), st.booleans()), max_size=200))
def test_whatever_is_put_away_when_every_update_is_told_once_in_the_order_of_its_making(
    steps: list[tuple[str, bool]],
) -> None:
    room, plain = Room(), Room()
    lines: dict[int, list[bytes]] = {ADA: [], BOB: []}
    for moment, (what, of_ada) in enumerate(steps):
        user = ADA if of_ada else BOB
        if what == "write":
            update = room.write(user, float(moment))
            assert plain.write(user, float(moment)) == update
            for line in lines.values():
                line.append(update)
        elif what == "reach" and lines[user]:
            update = lines[user].pop(0)
            for one in (room, plain):
                one.reach(user, update, float(moment))
        elif what == "put away":
            room.put_away(moment - 3.0)
    assert room.told() == plain.told() == room.written
    assert [edit.acknowledged for edit in room.trips.authored()] == [one.acknowledged for one in plain.trips.authored()]
    assert list(room.trips.updates_at([0, 2])) == room.written[0:3:2]
    assert room.trips.seen == len(room.written)
