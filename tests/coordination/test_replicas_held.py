"""Which replicas are told as one: those of equal clocks, deletions and content, however they came to it."""

from collections.abc import Iterable

from jupyter_rtc_locust.coordination import replicas_held as module
from jupyter_rtc_locust.coordination.replicas_held import ReplicasHeld
from jupyter_rtc_locust.coordination.turns import Turns
from jupyter_rtc_locust.documents.replica import Replica


def held(replicas: Iterable[Replica]) -> list[tuple[int, ...]]:
    """The users of each state, where the first replica is user 0's."""
    states = ReplicasHeld(Turns())
    for user, replica in enumerate(replicas):
        states.add(user, replica)
    return [state.users for state in states.evidence()]


def typed(replica: Replica, text: str, at: int = 0) -> bytes:
    update = replica.edit(lambda it: it.source.insert(at, text) or True)
    assert update is not None
    return update


def replica_of(client: int, *updates: bytes) -> Replica:
    made = Replica("text", client)
    made.apply_updates(list(updates))
    return made


def test_replicas_that_hold_the_same_are_one_state_without_their_content_being_read(monkeypatch):
    monkeypatch.setattr(module, "read_in_turns", None)
    author = Replica("text", 1)
    first, second = typed(author, "one"), typed(author, "two")
    assert held([author, replica_of(2, first, second), replica_of(3, author.full_update())]) == [(0, 1, 2)]


def test_objects_whose_entries_come_in_another_order_are_the_same_content(monkeypatch):
    monkeypatch.setattr(module, "read_in_turns", None)
    author = Replica("notebook", 1)
    many = {f"key {number}": number for number in range(20)}
    author.edit(lambda it: it.meta.update({"swarm": many}) or True)
    copies = [Replica("notebook", client) for client in range(2, 6)]
    for one in copies:
        one.apply_updates([author.full_update()])
    assert len({one.full_update() for one in (author, *copies)}) > 1
    assert held([author, *copies]) == [(0, 1, 2, 3, 4)]


def test_who_lacks_something_is_another_state():
    author = Replica("text", 1)
    first, second = typed(author, "one"), typed(author, "two")
    assert held([author, replica_of(2, first), replica_of(3, first, second)]) == [(0, 2), (1,)]


def test_who_lacks_a_deletion_is_another_state_though_all_clocks_are_equal():
    author = Replica("text", 1)
    typed(author, "one")
    before = author.full_update()
    with author.doc.transaction():
        del author.source[0:2]
    assert author.state_vector() == replica_of(2, before).state_vector()
    assert held([author, replica_of(2, before), replica_of(3, author.full_update())]) == [(0, 2), (1,)]


def test_equal_clocks_with_other_content_are_another_state():
    one, other = Replica("text", 1), Replica("text", 1)
    typed(one, "good")
    typed(other, "evil")
    assert one.state_vector() == other.state_vector()
    assert held([one, other, replica_of(2, one.full_update())]) == [(0, 2), (1,)]
