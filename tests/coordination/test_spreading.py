"""Spreading: people of one document sit in different processes, whoever comes and goes, and documents fill evenly."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.coordination.seats import Seats
from jupyter_rtc_locust.coordination.spreading import choose
from jupyter_rtc_locust.servers.base import Document

quick = settings(deadline=None, max_examples=60)
spreads = st.sampled_from(["workers", "documents"])


def seats_of(documents, users, spread="workers"):
    return Seats("run", 1, [Document(f"document-{n}", "notebook") for n in range(documents)], users, spread=spread)


def processes_of(seats, taken):
    """For each document, which processes play somebody of it."""
    processes = {}
    for seat in taken:
        processes.setdefault(seat.document_index, []).append(seats.held()[seat.user])
    return processes


@given(documents=st.integers(1, 150), workers=st.integers(2, 7), sharing=st.integers(2, 6))
@quick
def test_where_workers_take_turns_every_document_is_open_in_two_of_them(documents, workers, sharing):
    seats = seats_of(documents, documents * sharing)
    taken = [seats.take(f"worker {n % workers}", "notebook") for n in range(documents * sharing)]
    assert all(len(set(processes)) > 1 for processes in processes_of(seats, taken).values())


@given(workers=st.integers(2, 5), each=st.integers(1, 12), order=st.randoms(use_true_random=False))
@quick
def test_rooms_as_large_as_the_workers_are_many_have_somebody_of_nearly_each(workers, each, order):
    """Who asks when is Locust's business: batches come mixed."""
    users = workers * each
    callers = [f"worker {n % workers}" for n in range(users)]
    order.shuffle(callers)
    seats = seats_of(1, users)
    taken = [seats.take(caller, "notebook") for caller in callers]
    (processes,) = processes_of(seats, taken).values()
    assert Counter(processes) == Counter(callers)


@given(documents=st.integers(1, 20), sharing=st.integers(1, 5), workers=st.integers(2, 4))
@quick
def test_documents_that_are_asked_for_whole_stay_together_where_they_divide_evenly(documents, sharing, workers):
    documents *= workers
    seats = seats_of(documents, documents * sharing, "documents")
    taken = [seats.take(f"worker {n % workers}", "notebook") for n in range(documents * sharing)]
    assert all(len(set(processes)) == 1 for processes in processes_of(seats, taken).values())


@st.composite
def days_of_workers(draw):
    """A user of some worker comes, the n-th present one goes, or a worker dies with all of its users."""
    come = st.tuples(st.just("come"), st.integers(0, 4))
    go = st.tuples(st.just("go"), st.integers(0, 30))
    die = st.tuples(st.just("die"), st.integers(0, 4))
    return draw(st.lists(st.one_of(come, come, come, go, die), max_size=60))


@given(story=days_of_workers(), documents=st.integers(1, 9), users=st.integers(1, 30), spread=spreads)
@quick
def test_whatever_workers_do_nobody_is_played_twice_and_no_round_begins_before_the_last_is_full(
    story, documents, users, spread
):
    seats, present, identities = seats_of(documents, users, spread), {}, []
    for step, number in story:
        if step == "come":
            free = next(index for index in range(1000) if index not in present)
            seat = seats.take(f"worker {number}", "notebook")
            assert seat.user not in present
            assert seat.user // documents == free // documents, "another round than the one with a free place"
            present[seat.user] = seat
            identities.append(seat.client_id)
        elif step == "go" and present:
            user = sorted(present)[number % len(present)]
            del present[user]
            seats.leave(user)
        elif step == "die":
            gone = [user for user, process in seats.held().items() if process == f"worker {number}"]
            for user in gone:
                del present[user]
                seats.leave(user)
    assert seats.held().keys() == present.keys()
    assert len(set(identities)) == len(identities)


@given(story=days_of_workers(), documents=st.integers(1, 9), users=st.integers(1, 30))
@quick
def test_who_a_user_is_depends_on_its_index_and_not_on_the_worker_that_plays_it(story, documents, users):
    """The same person on one process, which takes indices one after the other, and wherever else it is played."""
    alone = seats_of(documents, users)
    first = {seat.user: seat for seat in (alone.take("alone", "notebook") for _ in range(100))}
    seats = seats_of(documents, users)
    for step, number in story:
        if step == "come":
            seat = seats.take(f"worker {number}", "notebook")
            if not seat.incarnation:
                assert seat == first[seat.user]


@given(documents=st.integers(1, 9), users=st.integers(1, 40), workers=st.integers(1, 4), spread=spreads)
@quick
def test_a_run_plays_exactly_the_people_it_was_asked_for(documents, users, workers, spread):
    seats = seats_of(documents, users, spread)
    taken = {seats.take(f"worker {n % workers}", "notebook").user for n in range(users)}
    assert taken == set(range(users))


def test_who_left_in_order_is_played_again_wherever_somebody_comes():
    seats = seats_of(2, 4)
    before = [seats.take(f"worker {n % 2}", "notebook") for n in range(4)]
    for user, process in seats.held().items():
        if process == "worker 0":
            seats.leave(user)
    after = [seats.take("late", "notebook") for _ in range(2)]
    left = [seat for seat in before if seat.user not in seats.held() or seats.held()[seat.user] == "late"]
    assert sorted(seat.user for seat in after) == sorted(seat.user for seat in left)
    assert {seat.incarnation for seat in after} == {1}


def test_who_plays_on_in_the_place_of_a_lost_worker_is_somebody_else():
    """Nobody gives a lost worker's seats back: what its users wrote stays theirs."""
    seats = seats_of(2, 4)
    before = [seats.take(f"worker {n % 2}", "notebook") for n in range(4)]
    lost = {user for user, process in seats.held().items() if process == "worker 0"}
    after = [seats.take("worker 1", "notebook") for _ in range(2)]
    assert {seat.user for seat in after}.isdisjoint(seat.user for seat in before)
    assert lost <= seats.held().keys()
    assert {seat.incarnation for seat in after} == {0}


def test_nothing_can_be_chosen_from_nothing():
    with pytest.raises(ValueError, match="no place was offered to worker"):
        choose("worker", [], {}, "workers")
