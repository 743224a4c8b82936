"""What several processes saw is told once, and put together again with its content; silence makes nothing green."""

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.coordination.answers import ONCE, WHOLE, documents_told, read_answer
from jupyter_rtc_locust.coordination.told_once import DIGEST_BYTES, Contents, Merging, digest_of, each_state_once
from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.same_updates import KnownUpdate
from jupyter_rtc_locust.verdict.evidence import AuthoredUpdate, ForeignUpdate, ReplicaEvidence, RoomEvidence
from jupyter_rtc_locust.verdict.evidence_form import encode_evidence

quick = settings(deadline=None, max_examples=60)
NODES = ("worker a", "worker b", "worker c")


def authored(user, number, update):
    return AuthoredUpdate(user, 100 + user, number, "typed", None, 1.0, 2.0, update)


def state(users, update):
    return ReplicaEvidence(tuple(users), update, ClockRanges(), ClockRanges.of([(100, 0, len(update))]))


def room(path="a.ipynb", **more):
    return RoomEvidence(path, "notebook", True, **more)


class Process:
    """One that tells its rooms over messages, and gives what it is asked for."""

    def __init__(self, rooms):
        self.contents = Contents()
        payload = {"process": "p", **documents_told(rooms, self.contents)}
        self.sent = len(msgpack.packb(payload))
        self.told = read_answer(msgpack.packb(payload))[ONCE]

    def give(self, digests):
        given = list(self.contents.give(b"".join(digests)))
        self.sent += sum(map(len, given))
        return given


def merged(processes, whole=(), silent=()):
    """What each process saw, by the account of who was told; None where it cannot be known."""
    merging = Merging({node: process.told for node, process in processes.items()}, whole)
    willing = processes.keys() - set(silent)
    for node, digests in merging.whom_to_ask(willing).items():
        merging.take(digests, processes[node].give(digests))
    return {node: merging.rooms(node) for node in processes}, merging


updates = st.binary(min_size=1, max_size=40)


@st.composite
def what_processes_saw(draw):
    """Three processes: each edit is authored in one of them, and received, perhaps, in others; so with the server's."""
    written = draw(
        st.lists(st.tuples(st.sampled_from(range(3)), updates, st.sets(st.sampled_from(range(3)))), max_size=12)
    )
    servers = draw(st.lists(st.tuples(updates, st.sets(st.sampled_from(range(3)))), max_size=6))
    states = draw(st.lists(st.tuples(updates, st.sets(st.sampled_from(range(3)))), max_size=4))
    paths = ("a.ipynb", "b.ipynb")
    rooms = {}
    for process in range(3):
        for path in paths:
            own = [authored(process, n, u) for n, (by, u, _) in enumerate(written) if by == process]
            got = [
                ForeignUpdate(float(n), u) for n, (by, u, to) in enumerate(written) if by != process and process in to
            ]
            got += [ForeignUpdate(9.0, u) for u, to in servers if process in to]
            held = [state([process * 10 + n], u) for n, (u, to) in enumerate(states) if process in to]
            rooms.setdefault(NODES[process], []).append(
                room(path, authored=tuple(own), foreign=tuple(got), replicas=tuple(held))
            )
    return rooms


@given(saw=what_processes_saw())
@quick
def test_what_is_told_with_digests_is_what_would_be_told_without(saw):
    """To the byte, as long as states that say the same have the same bytes."""
    put_together, merging = merged({node: Process(rooms) for node, rooms in saw.items()})
    assert put_together == saw
    assert merging.complete


@given(saw=what_processes_saw(), silent=st.sets(st.sampled_from(NODES)))
@quick
def test_of_who_gives_nothing_everything_is_known_from_others_or_nothing_is_claimed(saw, silent):
    put_together, _ = merged({node: Process(rooms) for node, rooms in saw.items()}, silent=silent)
    for node, rooms in put_together.items():
        assert rooms is None or rooms == saw[node]
        if node not in silent:
            assert rooms is not None, "it has given all that it has"


@given(saw=what_processes_saw())
@quick
def test_each_content_is_asked_for_once_and_none_that_was_told_whole(saw):
    processes = {node: Process(rooms) for node, rooms in saw.items()}
    merging = Merging({node: process.told for node, process in processes.items()})
    asked = [digest for digests in merging.whom_to_ask(processes).values() for digest in digests]
    assert len(set(asked)) == len(asked)
    whole = {digest_of(edit.update) for rooms in saw.values() for one in rooms for edit in one.authored}
    assert not whole & set(asked)
    assert merging.whom_to_ask(processes, asked) == {}


def test_what_a_process_told_whole_that_left_early_is_not_asked_for():
    left = room(authored=(authored(1, 0, b"an edit of somebody who left"),), foreign=(ForeignUpdate(1.0, b"servers"),))
    staying = Process(
        [room(foreign=(ForeignUpdate(2.0, b"an edit of somebody who left"), ForeignUpdate(3.0, b"servers")))]
    )
    put_together, merging = merged({"worker a": staying}, whole=[left], silent=["worker a"])
    assert merging.complete
    assert [one.update for one in put_together["worker a"][0].foreign] == [b"an edit of somebody who left", b"servers"]


def test_what_many_processes_have_is_asked_of_all_of_them_in_turn():
    servers = tuple(ForeignUpdate(1.0, bytes([n]) * 30) for n in range(30))
    processes = {node: Process([room(foreign=servers)]) for node in NODES}
    merging = Merging({node: process.told for node, process in processes.items()})
    assert {node: len(digests) for node, digests in merging.whom_to_ask(processes).items()} == dict.fromkeys(NODES, 10)


@pytest.mark.parametrize(
    ("contents", "problem"), [([], "1 contents were asked for, and 0 came"), ([b"else"], "not what was asked for")]
)
def test_what_was_not_asked_for_is_not_taken(contents, problem):
    process = Process([room(foreign=(ForeignUpdate(1.0, b"by the server"),))])
    merging = Merging({"worker a": process.told})
    with pytest.raises(ValueError, match=problem):
        merging.take([digest_of(b"by the server")], contents)
    assert merging.rooms("worker a") is None


@pytest.mark.parametrize(
    "content",
    [encode_evidence(state([], b"another")), b"nothing that can be read", b""],
    ids=["another", "junk", "none"],
)
def test_a_state_that_was_not_asked_for_is_not_taken(content):
    process = Process([room(replicas=(state([1], b"the state"),))])
    merging = Merging({"worker a": process.told})
    (digests,) = merging.whom_to_ask(["worker a"]).values()
    with pytest.raises(ValueError):
        merging.take(digests, [content])
    assert merging.rooms("worker a") is None
    merging.take(digests, process.give(digests))
    assert merging.complete


def test_a_process_is_asked_for_nothing_that_it_never_told():
    with pytest.raises(KeyError):
        list(Contents().give(b"0" * DIGEST_BYTES))


# -- states -----------------------------------------------------------------------------------------------------------


def evidence_of(replica, *users):
    return ReplicaEvidence(
        users, replica.full_update(), ClockRanges(), ClockRanges.from_state_vector(replica.state_vector())
    )


def digest(evidence):
    return Contents().tell(room(replicas=(evidence,))).states[0].digest


def test_states_whose_objects_are_written_in_another_order_are_told_by_the_same_digest():
    author = Replica("notebook", 1)
    author.edit(lambda it: it.meta.update({"swarm": {f"key {number}": number for number in range(20)}}) or True)
    states = [evidence_of(author, 0)]
    for client in range(2, 8):
        copy = Replica("notebook", client)
        copy.apply_updates([author.full_update()])
        states.append(evidence_of(copy, client))
    assert len({one.update for one in states}) > 1
    assert len({digest(one) for one in states}) == 1


def test_of_states_that_say_the_same_in_other_bytes_every_process_is_given_one_that_does():
    author = Replica("notebook", 1)
    author.edit(lambda it: it.meta.update({"swarm": {f"key {number}": number for number in range(20)}}) or True)
    held = evidence_of(author, 0)
    for client in range(2, 30):  # until pycrdt writes them in another order
        copy = Replica("notebook", client)
        copy.apply_updates([author.full_update()])
        likewise = evidence_of(copy, 1)
        if likewise.update != held.update:
            break
    assert likewise.update != held.update
    saw = {"worker a": [room(replicas=(held,))], "worker b": [room(replicas=(likewise,))]}
    put_together, merging = merged({node: Process(rooms) for node, rooms in saw.items()})
    assert merging.complete
    (one,), (other,) = (rooms[0].replicas for rooms in put_together.values())
    assert (one.users, other.users) == ((0,), (1,))
    assert one.update == other.update
    assert KnownUpdate(held.update).equals(one.update) and KnownUpdate(likewise.update).equals(one.update)


def test_states_with_another_content_deletion_or_clock_have_another_digest():
    one = evidence_of(Replica("text", 1), 0)
    other = Replica("text", 1)
    other.edit(lambda it: it.source.insert(0, "word") or True)
    deleted = ReplicaEvidence((0,), one.update, ClockRanges.of([(1, 0, 1)]), one.covered)
    covered = ReplicaEvidence((0,), one.update, one.deletions, ClockRanges.of([(1, 0, 1)]))
    assert len({digest(each) for each in (one, evidence_of(other, 0), deleted, covered)}) == 4


def test_what_is_no_update_has_a_digest_of_its_bytes():
    assert digest(state([0], b"\xff\xff")) == digest(state([1], b"\xff\xff")) != digest(state([0], b"\xff\xfe"))


def test_states_that_several_processes_told_are_one_with_all_their_users():
    told = [state([0, 1], b"the same"), state([2], b"another"), state([3], b"the same")]
    assert each_state_once(told) == (state([0, 1, 3], b"the same"), state([2], b"another"))


# -- bytes ------------------------------------------------------------------------------------------------------------


def test_what_three_processes_saw_costs_little_more_than_what_one_did():
    edits = [(n % 3, bytes([n % 256, n // 256]) * 60) for n in range(300)]
    document = state([0], b"document" * 2_000)

    def seen_by(process):
        own = tuple(authored(by, n, update) for n, (by, update) in enumerate(edits) if by == process)
        others = tuple(ForeignUpdate(float(n), update) for n, (by, update) in enumerate(edits) if by != process)
        return room(authored=own, foreign=others, replicas=(document,))

    saw = {NODES[process]: [seen_by(process)] for process in range(3)}
    processes = {node: Process(rooms) for node, rooms in saw.items()}
    put_together, _ = merged(processes)
    assert put_together == saw
    whole = sum(len(encode_evidence(one)) for rooms in saw.values() for one in rooms)
    edits_once = sum(len(encode_evidence(edit)) for rooms in saw.values() for edit in rooms[0].authored)
    alone = edits_once + len(document.update)
    assert (
        sum(process.sent for process in processes.values()) < alone + 600 * (DIGEST_BYTES + 10) + 3_000 < 0.75 * whole
    )


def test_an_answer_without_digests_is_read_as_it_was():
    told = read_answer(msgpack.packb({"process": "p", **documents_told([room()], None)}))
    assert (told[WHOLE], told[ONCE]) == ([room()], [])
