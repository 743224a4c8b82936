"""What a process saw of a document's updates, and what of it each replica holds."""

from jupyter_rtc_locust.coordination import clocks_held as module
from jupyter_rtc_locust.coordination.clocks_held import ClocksHeld, updates_seen
from jupyter_rtc_locust.coordination.turns import Turns
from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.timing.round_trips import RoundTrips


def typed(replica: Replica, text: str) -> bytes:
    update = replica.edit(lambda it: it.source.insert(0, text) or True)
    assert update is not None
    return update


def deleted(replica: Replica) -> bytes:
    update = replica.edit(lambda it: it.source.__delitem__(0) or True, marks_dirty=lambda: False)
    assert update is not None
    return update


def replica_of(client: int, *updates: bytes) -> Replica:
    made = Replica("text", client)
    made.apply_updates(list(updates))
    return made


def seen(*authored: tuple[int, bytes], foreign: tuple[bytes, ...] = ()) -> module.UpdatesSeen:
    trips = RoundTrips(lambda _: None, lambda _: None)
    for number, (client, update) in enumerate(authored):
        trips.author(client, client, number, "typed", None, 110.0 + number, update)
    for update in foreign:
        trips.arrive(9, update, 120.0)
    return updates_seen(trips, lambda moment: moment - 100.0, Turns())


def test_each_client_wrote_up_to_its_last_edit_that_has_clocks():
    one, other = Replica("text", 1), Replica("text", 2)
    first, second, no_clock = typed(one, "a🙂"), typed(one, "bc"), deleted(one)
    told = seen((1, first), (2, typed(other, "d")), (1, second), (1, no_clock))
    assert no_clock[0] == 0
    assert told.used == {1: one.state_vector()[1], 2: other.state_vector()[2]}
    assert told.everything == ClockRanges.from_state_vector(told.used)
    assert [edit.update for edit in told.authored if edit.client_id == 1] == [first, second, no_clock]
    assert told.authored[0].due == 10.0


def test_what_came_from_elsewhere_is_part_of_everything_and_of_nobodys_own():
    stranger = Replica("text", 5)
    updates = typed(stranger, "ab"), typed(stranger, "c")
    told = seen(foreign=(*updates, b"unreadable"))
    assert told.used == {}
    assert told.everything == ClockRanges.from_state_vector(stranger.state_vector())
    assert [one.update for one in told.foreign] == [*updates, b"unreadable"]
    assert told.foreign[0].received == 20.0


def test_each_replica_is_told_by_what_it_holds_itself():
    author = Replica("text", 1)
    first, second = typed(author, "one"), typed(author, "two")
    clocks = ClocksHeld(seen((1, first), (1, second)).everything)
    lacking = replica_of(2, first)
    assert [clocks.of(one).whole for one in (author, lacking, replica_of(3, first, second), lacking)] == [
        True,
        False,
        True,
        False,
    ]
    assert clocks.of(lacking).covered == ClockRanges.from_state_vector(lacking.state_vector())
    lacking.apply_updates([second])
    assert clocks.of(lacking).whole


def test_what_a_server_says_is_lacking_is_asked_of_each_replica_and_each_answer():
    author = Replica("text", 1)
    first, second = typed(author, "one"), typed(author, "two")
    behind, up_to_date = replica_of(2, first), replica_of(3, first, second)
    clocks = ClocksHeld(ClockRanges())
    answer = author.full_update()
    lacked = ClockRanges.from_state_vector(author.state_vector()).difference(
        ClockRanges.from_state_vector(behind.state_vector())
    )
    assert clocks.lacking(answer, clocks.of(up_to_date)) == ClockRanges()
    assert clocks.lacking(answer, clocks.of(behind)) == lacked
    assert clocks.lacking(first, clocks.of(behind)) == ClockRanges()
    assert clocks.lacking(b"\x05", clocks.of(behind)) == ClockRanges()
    assert clocks.lacking(None, clocks.of(behind)) == ClockRanges()


def test_what_was_read_once_is_not_read_for_the_next_user(monkeypatch):
    author = Replica("text", 1)
    update = typed(author, "one")
    clocks = ClocksHeld(ClockRanges())
    held = clocks.of(author)
    lacked = clocks.lacking(update, held)
    monkeypatch.setattr(module, "decode_update", None)
    monkeypatch.setattr(module, "decode_state_vector", None)
    assert clocks.of(replica_of(2, update)) is held
    assert clocks.lacking(bytes(bytearray(update)), held) == lacked
