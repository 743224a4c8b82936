"""Replicas: applying what others wrote, editing, and what remains after a failure."""

import gc
import weakref
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Doc, Text, merge_updates

from jupyter_rtc_locust.documents import replica as replica_module
from jupyter_rtc_locust.documents.canonical import content_digest, read_content
from jupyter_rtc_locust.documents.cells import make_cell
from jupyter_rtc_locust.documents.replica import Replica, ReplicaError, is_panic


def insert(position: int, text: str):
    def change(replica: Replica) -> bool:
        replica.source.insert(position, text)
        return True

    return change


def delete(start: int, stop: int):
    def change(replica: Replica) -> bool:
        del replica.source[start:stop]
        return True

    return change


def test_a_notebook_has_its_roots_from_the_start_and_is_empty():
    replica = Replica("notebook", 7)
    assert (replica.client_id, len(replica.cells), len(replica.meta), len(replica.state)) == (7, 0, 0, 0)
    assert replica.state_vector() == {}
    assert replica.full_update() == b"\x00\x00"


def test_a_text_has_a_source_and_no_cells():
    replica = Replica("text", 7)
    assert str(replica.source) == ""
    assert not hasattr(replica, "cells")


@pytest.mark.parametrize("client_id", [-1, 2**32])
def test_client_ids_that_servers_would_cut_are_refused(client_id):
    with pytest.raises(ValueError, match="no usable client id"):
        Replica("text", client_id)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="'sheet'"):
        Replica("sheet", 1)


def test_an_edit_returns_the_update_that_makes_another_replica_equal():
    writer, reader = Replica("text", 1), Replica("text", 2)
    first = writer.edit(insert(0, "héllo"))
    second = writer.edit(delete(0, 1))
    assert first is not None
    assert second is not None
    reader.apply_updates([first, second])
    assert str(reader.source) == "éllo"
    assert reader.state_vector() == writer.state_vector()


def test_an_edit_returns_only_what_it_wrote_itself():
    writer = Replica("text", 1)
    writer.edit(insert(0, "a" * 10_000))
    update = writer.edit(insert(0, "b"))
    assert update is not None
    assert len(update) < 60


def test_each_edit_sets_dirty_in_its_own_update_so_that_deletions_advance_the_clock():
    writer, reader = Replica("text", 1), Replica("text", 2)
    writer.edit(insert(0, "abc"))
    before = writer.state_vector()[1]
    update = writer.edit(delete(0, 1))
    assert writer.state_vector()[1] == before + 1
    reader.apply_updates([writer.full_update()])
    reader.apply_updates([update])
    assert reader.state["dirty"] is True


def test_an_edit_with_nothing_to_do_returns_none_and_leaves_no_trace():
    replica = Replica("text", 1)
    replica.edit(insert(0, "abc"))
    before = (replica.full_update(), replica.encoded_state())
    assert replica.edit(lambda _: False) is None
    assert (replica.full_update(), replica.encoded_state()) == before


def test_an_edit_that_writes_and_denies_it_is_an_error_that_holds_the_update():
    writer, reader = Replica("text", 1), Replica("text", 2)

    def change(replica: Replica) -> bool:
        replica.source.insert(0, "x")
        return False

    with pytest.raises(ReplicaError, match="nothing to do") as caught:
        writer.edit(change)
    reader.apply_updates([caught.value.update])
    assert str(reader.source) == "x"


def test_an_edit_within_a_transaction_is_refused_because_its_update_would_be_unknown():
    replica = Replica("text", 1)
    with pytest.raises(ReplicaError, match="open transaction"), replica.doc.transaction():
        replica.edit(insert(0, "x"))


def test_an_edit_that_fails_half_way_hands_out_what_it_wrote_and_the_replica_can_still_be_edited():
    writer, reader = Replica("text", 1), Replica("text", 2)

    def change(replica: Replica) -> bool:
        replica.source.insert(0, "half")
        raise LookupError("no such cell")

    with pytest.raises(ReplicaError, match="no such cell") as caught:
        writer.edit(change)
    assert not caught.value.replica_is_broken
    later = writer.edit(insert(4, "!"))
    reader.apply_updates([caught.value.update, later])
    assert str(reader.source) == str(writer.source) == "half!"


def test_a_panic_in_an_edit_becomes_an_error_and_breaks_the_replica_for_writing_not_for_reading():
    replica = Replica("text", 1)
    replica.edit(insert(0, "abc"))
    with pytest.raises(ReplicaError) as caught:
        replica.edit(delete(0, 50))
    assert caught.value.replica_is_broken
    assert is_panic(caught.value.__cause__)
    assert replica.broken is not None
    with pytest.raises(ReplicaError, match="cannot be written to any more"):
        replica.edit(insert(0, "x"))
    with pytest.raises(ReplicaError, match="cannot be written to any more"):
        replica.apply_updates([b"\x00\x00"])
    assert isinstance(read_content(replica, "text")["source"], str)
    assert replica.full_update()


def test_what_asks_the_program_to_stop_is_not_swallowed():
    replica = Replica("text", 1)

    def change(replica: Replica) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replica.edit(change)
    assert replica.broken is None


def test_one_bad_update_does_not_cost_the_good_ones_around_it():
    writer, reader = Replica("text", 1), Replica("text", 2)
    updates = [writer.edit(insert(0, letter)) for letter in "abc"]
    with pytest.raises(ReplicaError, match="2 updates could not be read"):
        reader.apply_updates([updates[0], b"\xff\xff", updates[1], b"", updates[2]])
    assert str(reader.source) == "cba"
    assert reader.broken is None


def test_many_updates_are_applied_in_one_transaction():
    writer, reader = Replica("text", 1), Replica("text", 2)
    updates = [writer.edit(insert(0, letter)) for letter in "abcdef"]
    transactions = []
    subscription = reader.doc.observe(transactions.append)
    reader.apply_updates(updates)
    reader.doc.unobserve(subscription)
    assert len(transactions) == 1


def test_the_answer_to_a_state_vector_holds_what_is_missing():
    writer, reader = Replica("text", 1), Replica("text", 2)
    reader.apply_updates([writer.edit(insert(0, "known"))])
    writer.edit(insert(5, " and new"))
    answer = writer.update_since(reader.encoded_state())
    assert len(answer) < len(writer.full_update())
    reader.apply_updates([answer])
    assert str(reader.source) == "known and new"


def test_a_state_vector_that_is_none_is_an_error_and_breaks_nothing():
    replica = Replica("text", 1)
    with pytest.raises(ReplicaError, match="no answer to a state vector of 2 bytes"):
        replica.update_since(b"\xff\xff")
    assert replica.broken is None


def test_editing_leaves_no_subscriptions_behind_and_the_document_can_be_collected():
    replica = Replica("text", 1)
    for _ in range(100):
        replica.edit(insert(0, "x"))
    held = weakref.ref(replica.doc)
    del replica
    gc.collect()
    assert held() is None


@settings(deadline=None, max_examples=40)
@given(
    edits=st.lists(
        st.tuples(
            st.integers(0, 2), st.sampled_from(["insert", "delete", "learn"]), st.integers(0, 60), st.text("aé🙂\n")
        ),
        max_size=30,
    ),
    order=st.randoms(use_true_random=False),
)
def test_whoever_gets_all_updates_merged_in_any_order_holds_the_same(edits, order):
    replicas = [Replica("text", client_id) for client_id in (1, 2, 3)]
    updates = []
    for author, action, place, text in edits:
        replica = replicas[author]
        if action == "learn":
            replica.apply_updates(updates)
            continue
        written = str(replica.source)
        place = min(place, len(written))
        start = len(written[:place].encode())
        stop = start + len(written[place : place + 3].encode())
        update = replica.edit(insert(start, text) if action == "insert" else delete(start, stop))
        updates.append(update)
    order.shuffle(updates)
    late = Replica("text", 4)
    for replica in (*replicas, late):
        if updates:
            replica.apply_updates([merge_updates(*updates)])
    assert len({content_digest(read_content(replica, "text")) for replica in (*replicas, late)}) == 1
    assert len({tuple(sorted(replica.state_vector().items())) for replica in (*replicas, late)}) == 1


def test_a_notebook_is_edited_through_its_handles():
    writer, reader = Replica("notebook", 1), Replica("notebook", 2)

    def change(replica: Replica) -> bool:
        replica.cells.append(make_cell({"id": "a", "cell_type": "markdown", "source": "# é"}))
        return True

    reader.apply_updates([writer.edit(change)])
    assert str(reader.cells[0]["source"]) == "# é"


def test_updates_of_a_plain_pycrdt_document_are_understood():
    foreign = Doc(client_id=9)
    foreign["source"] = Text("hello")
    replica = Replica("text", 1)
    replica.apply_updates(iter([foreign.get_update()]))
    assert replica.state_vector() == {9: 5}


# -- what waits to be applied -----------------------------------------------------------------------------------------


LOOKS: dict[str, Callable[[Replica], object]] = {
    "its document": lambda replica: str(replica.doc.get("source", type=Text)),
    "its content": lambda replica: str(replica.source),
    "its state vector": lambda replica: "ab" if replica.state_vector() == {1: 2} else "",
    "all of it": lambda replica: content_of(replica.full_update()),
    "what another one lacks": lambda replica: content_of(replica.update_since(b"\0")),
}


def content_of(update: bytes) -> str:
    doc: Doc = Doc()
    doc.apply_update(update)
    return str(doc.get("source", type=Text))


def written(words: str) -> list[bytes]:
    """Each letter as an update of client 1."""
    author = Replica("text", 1)

    def append(letter: str) -> Callable[[Replica], bool]:
        def change(replica: Replica) -> bool:
            replica.source += letter
            return True

        return change

    updates = [author.edit(append(letter), marks_dirty=lambda: False) for letter in words]
    return [update for update in updates if update is not None]


@pytest.mark.parametrize("look", LOOKS)
def test_nobody_sees_a_document_without_what_waits_to_be_applied(look: str) -> None:
    replica = Replica("text", 2)
    first, second = written("ab")
    assert replica.apply_soon([first]) is True
    assert replica.apply_soon([second]) is False, "somebody sees to it already"
    assert LOOKS[look](replica) == "ab"
    assert replica.apply_soon([first]) is True


def test_an_edit_is_made_behind_what_waits_to_be_applied() -> None:
    replica = Replica("text", 2)
    replica.apply_soon(written("ab"))
    seen = []

    def change(one: Replica) -> bool:
        seen.append(str(one.source))
        one.source += "c"
        return True

    replica.edit(change)
    assert seen == ["ab"]
    assert str(replica.source) == "abc"


def test_updates_applied_at_once_come_behind_those_that_wait() -> None:
    replica = Replica("text", 2)
    first, second = written("ab")
    replica.apply_soon([first])
    replica.apply_updates([second])
    assert str(replica.source) == "ab"


def test_what_waits_and_cannot_be_read_is_told_and_the_rest_is_applied() -> None:
    replica = Replica("text", 2)
    refused: list[ReplicaError] = []
    replica.refused = refused.append
    first, second = written("ab")
    replica.apply_soon([first, b"unreadable", second])
    assert str(replica.source) == "ab"
    assert len(refused) == 1


def test_a_replica_that_broke_while_updates_waited_can_still_be_read() -> None:
    replica = Replica("text", 2)
    replica.apply_updates(written("a"))
    replica.apply_soon(written("ab")[1:])
    replica.broken = "it broke"
    assert str(replica.source) == "a"
    with pytest.raises(ReplicaError):
        replica.apply_soon(written("b"))


def test_a_replica_that_breaks_under_what_waited_tells_so_and_whoever_looks_at_it_can(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    replica = Replica("text", 2)
    refused: list[ReplicaError] = []
    replica.refused = refused.append
    first, second = written("ab")
    replica.apply_updates([first])

    def break_down(*_: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(replica_module, "apply_in_one_transaction", break_down)
    replica.apply_soon([second])
    assert str(replica.source) == "a"
    assert [error.replica_is_broken for error in refused] == [True]
    with pytest.raises(ReplicaError):
        replica.edit(lambda one: one.source.insert(0, "c") or True)


def test_an_edit_of_a_replica_that_breaks_under_what_waited_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    replica = Replica("text", 2)

    def break_down(*_: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(replica_module, "apply_in_one_transaction", break_down)
    replica.apply_soon(written("a"))
    with pytest.raises(ReplicaError):
        replica.edit(lambda one: one.source.insert(0, "c") or True)
    assert str(replica.source) == ""
