"""Seals: only who has the secret can make one, for this message, this worker, this process, and once."""

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.coordination.sealing import Line, SealBroken, is_sealed, new_nonce

quick = settings(deadline=None, max_examples=40)
SECRET = "an-unlikely-secret-of-the-tests"
bodies = st.dictionaries(
    st.text(max_size=8),
    st.one_of(st.integers(-(2**31), 2**31), st.binary(max_size=40), st.text(max_size=9)),
    max_size=4,
)


def ends(worker_secret=SECRET, node="worker", at_worker="worker"):
    """A master's end and a worker's, which know nothing of each other yet."""
    master = Line(SECRET, node, new_nonce(), at_master=True)
    return master, Line(worker_secret, at_worker, new_nonce(), at_master=False)


def joined(**keywords):
    master, worker = ends(**keywords)
    master.open("joined", worker.seal("joined", {}))
    worker.open("welcome", master.seal("welcome", {}))
    return master, worker


@given(told=st.lists(st.tuples(st.booleans(), bodies), max_size=8))
@quick
def test_what_one_end_seals_the_other_opens(told):
    master, worker = joined()
    for from_master, body in told:
        here, there = (master, worker) if from_master else (worker, master)
        sealed = msgpack.unpackb(msgpack.packb(here.seal("kind", body)))
        assert is_sealed(sealed)
        assert there.open("kind", sealed) == body


@given(body=bodies, place=st.sampled_from(["body", "number", "nonce", "seal"]), at=st.integers(0, 10**6))
@quick
def test_whatever_is_changed_on_the_way_breaks_the_seal(body, place, at):
    master, worker = joined()
    sealed = worker.seal("kind", body)
    if place == "number":
        sealed["number"] += 1 + at
    else:
        changed = bytearray(sealed[place])
        changed[at % len(changed)] ^= 1 + at % 255
        sealed[place] = bytes(changed)
    with pytest.raises(SealBroken):
        master.open("kind", sealed)


def test_the_same_message_is_opened_once():
    master, worker = joined()
    sealed = worker.seal("seat", {"user": 1})
    assert master.open("seat", sealed) == {"user": 1}
    with pytest.raises(SealBroken, match="came before"):
        master.open("seat", sealed)


@given(order=st.permutations(range(12)))
@quick
def test_messages_that_overtake_each_other_are_each_opened_once(order):
    master, worker = joined()
    sealed = [worker.seal("kind", {"n": n}) for n in range(12)]
    assert [master.open("kind", sealed[n])["n"] for n in order] == list(order)
    for one in sealed:
        with pytest.raises(SealBroken):
            master.open("kind", one)


def test_what_is_older_than_the_window_is_not_opened_and_nothing_grows():
    master, worker = joined()
    late = worker.seal("kind", {})
    for _ in range(5000):
        master.open("kind", worker.seal("kind", {}))
    with pytest.raises(SealBroken, match="came before"):
        master.open("kind", late)
    assert len(master._seen) <= 2 * 1024 + 1


def test_a_message_is_not_opened_as_another_kind():
    master, worker = joined()
    with pytest.raises(SealBroken):
        master.open("leave", worker.seal("seat", {}))


def test_a_message_of_the_master_is_not_opened_as_one_of_the_worker():
    master, _ = joined()
    with pytest.raises(SealBroken):
        master.open("kind", master.seal("kind", {}))


def test_who_joins_is_not_taken_for_another_worker_nor_a_master_for_one():
    master = Line(SECRET, "another", new_nonce(), at_master=True)
    worker = Line(SECRET, "worker", new_nonce(), at_master=False)
    with pytest.raises(SealBroken, match="another message"):
        master.open("joined", worker.seal("joined", {}))
    other_master = Line(SECRET, "another", new_nonce(), at_master=True)
    with pytest.raises(SealBroken, match="another message"):
        master.open("joined", other_master.seal("joined", {}))


def test_a_message_for_one_worker_is_not_opened_by_another():
    master, _ = joined()
    other = Line(SECRET, "another", new_nonce(), at_master=False)
    with pytest.raises(SealBroken):
        other.open("welcome", master.seal("welcome", {}))


def test_another_secret_opens_nothing():
    master, worker = ends(worker_secret="quite-another-secret-of-the-tests")
    with pytest.raises(SealBroken, match="another secret"):
        master.open("joined", worker.seal("joined", {}))


def test_a_recorded_run_cannot_be_played_to_a_process_that_was_started_anew():
    master, worker = joined()
    recorded = [master.seal("kind", {"n": n}) for n in range(3)]
    anew = Line(SECRET, "worker", new_nonce(), at_master=False)
    for sealed in recorded:
        with pytest.raises(SealBroken):
            anew.open("kind", sealed)
    said = [worker.seal("kind", {"n": n}) for n in range(3)]
    master_anew = Line(SECRET, "worker", new_nonce(), at_master=True)
    for sealed in said:
        with pytest.raises(SealBroken):
            master_anew.open("kind", sealed)


@pytest.mark.parametrize(
    "nothing",
    [None, {}, [], "seal", {"seal": b""}, {"body": 1, "number": 1, "nonce": b"", "seal": b""}]
    + [{"body": b"", "number": number, "nonce": b"", "seal": b""} for number in (0, -1, 2**70, True, "1")],
)
def test_what_is_no_sealed_message_is_said_to_carry_no_seal(nothing):
    master, _ = joined()
    with pytest.raises(SealBroken, match="no seal"):
        master.open("kind", nothing)
