"""Seats: nobody is played twice, users are spread evenly, and the same run gives the same identities."""

from collections import Counter

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.coordination.seats import Seats
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.users.seat import Seat

quick = settings(deadline=None, max_examples=50)
kind_lists = st.lists(st.sampled_from(["notebook", "text"]), min_size=1, max_size=6)


def seats_of(kinds=("notebook",), users=1, run_id="run", seed=1, together=0):
    documents = [Document(f"document-{index}", kind) for index, kind in enumerate(kinds)]
    return Seats(run_id, seed, documents, users, together=together)


@st.composite
def comings_and_goings(draw):
    """Kinds of documents, and a list of steps: a user of some kind comes, or the n-th present one goes."""
    kinds = draw(kind_lists)
    coming = st.tuples(st.just("take"), st.sampled_from(kinds))
    going = st.tuples(st.just("leave"), st.integers(0, 20))
    return kinds, draw(st.lists(st.one_of(coming, coming, going), max_size=40))


@given(story=comings_and_goings(), users=st.integers(1, 20))
@quick
def test_no_identity_is_ever_given_twice(story, users):
    kinds, steps = story
    seats, present, given_ids = seats_of(kinds, users), [], []
    for step, detail in steps:
        if step == "take":
            seat = seats.take("worker", detail)
            assert seat.user not in [one.user for one in present]
            present.append(seat)
            given_ids.append((seat.client_id, seat.user))
            assert seats.seated[seat.client_id] == seat.document.path
        elif present:
            seats.leave(present.pop(detail % len(present)).user)
        assert seats.held().keys() == {one.user for one in present}
    assert len({client_id for client_id, _ in given_ids}) == len(given_ids)
    assert all(0 < client_id < 2**32 for client_id, _ in given_ids)
    assert seats.authors == dict(given_ids)
    assert seats.seated.keys() == seats.authors.keys()


@given(story=comings_and_goings())
@quick
def test_who_comes_takes_the_lowest_free_index_of_its_kind(story):
    kinds, steps = story
    seats, present = seats_of(kinds), {}
    different = sorted(set(kinds))
    for step, detail in steps:
        if step == "take":
            seat = seats.take("worker", detail)
            of_kind = range(different.index(detail), 1000, len(different))
            assert seat.user == next(index for index in of_kind if index not in present)
            assert seat.document.kind == detail
            present[seat.user] = seat
        elif present:
            user = sorted(present)[detail % len(present)]
            del present[user]
            seats.leave(user)


@given(kinds=kind_lists, users=st.integers(0, 60))
@quick
def test_users_are_spread_evenly_over_the_documents_of_their_kind(kinds, users):
    seats = seats_of(kinds, users)
    for kind in set(kinds):
        filled = Counter(seats.take("worker", kind).document_index for _ in range(users))
        indices = [index for index, one in enumerate(kinds) if one == kind]
        counts = [filled[index] for index in indices]
        assert sum(counts) == users
        assert max(counts) - min(counts) <= 1


@given(documents=st.integers(1, 8), users=st.integers(1, 60))
@quick
def test_the_users_of_a_document_have_each_place_once_and_know_how_many_they_are(documents, users):
    seats = seats_of(["notebook"] * documents, users)
    taken = [seats.take("worker", "notebook") for _ in range(users)]
    for index in range(documents):
        here = [seat for seat in taken if seat.document_index == index]
        assert sorted(seat.place for seat in here) == list(range(len(here)))
        assert {seat.places for seat in here} <= {max(1, len(here))}


@given(documents=st.integers(1, 4), users=st.integers(1, 10), more=st.integers(1, 10))
@quick
def test_users_beyond_those_asked_for_get_seats_too(documents, users, more):
    seats = seats_of(["notebook"] * documents, users)
    taken = [seats.take("worker", "notebook") for _ in range(users + more)]
    assert [seat.user for seat in taken] == list(range(users + more))
    assert all(seat.places >= 1 for seat in taken)


def test_users_of_two_kinds_take_turns_in_the_numbering():
    seats = seats_of(["notebook", "text"], 4)
    assert [seats.take("worker", kind).user for kind in ("notebook", "text", "notebook", "text")] == [0, 1, 2, 3]


def test_a_kind_of_document_that_the_run_does_not_have_has_no_seats():
    with pytest.raises(KeyError):
        seats_of(["notebook"]).take("worker", "text")


@given(kinds=kind_lists, users=st.integers(1, 20), seed=st.integers(0, 2**40))
@quick
def test_the_same_run_seed_and_user_have_the_same_client_id_whoever_asks_and_wherever(kinds, users, seed):
    one, other = seats_of(kinds, users, seed=seed), seats_of(kinds, users, seed=seed)
    turns = [kind for _ in range(3) for kind in sorted(set(kinds))]
    assert [one.take("a", kind) for kind in turns] == [other.take(f"b{n}", kind) for n, kind in enumerate(turns)]


@pytest.mark.parametrize("different", [{"run_id": "another"}, {"seed": 2}])
def test_another_run_or_seed_has_other_client_ids(different):
    ids = [{seats.take("w", "notebook").client_id for _ in range(50)} for seats in (seats_of(), seats_of(**different))]
    assert not ids[0] & ids[1]


def test_who_comes_to_a_seat_that_was_left_is_its_next_incarnation_with_an_id_of_its_own():
    seats = seats_of(users=2)
    first, beside = seats.take("worker 1", "notebook"), seats.take("worker 1", "notebook")
    seats.leave(first.user)
    again = seats.take("worker 2", "notebook")
    assert (again.user, again.incarnation, again.place) == (first.user, first.incarnation + 1, first.place)
    assert len({first.client_id, again.client_id, beside.client_id}) == 3
    assert seats.authors == {first.client_id: 0, again.client_id: 0, beside.client_id: 1}
    assert seats.held() == {0: "worker 2", 1: "worker 1"}


def test_leaving_twice_frees_the_seat_once():
    seats = seats_of()
    seat = seats.take("worker", "notebook")
    seats.leave(seat.user)
    seats.leave(seat.user)
    assert [seats.take("worker", "notebook").user for _ in range(3)] == [0, 1, 2]


@pytest.mark.parametrize("nobody", [-1, 7])
def test_leaving_of_somebody_who_never_sat_is_no_seat_for_anybody(nobody):
    seats = seats_of()
    seats.leave(nobody)
    assert [seats.take("worker", "notebook").user for _ in range(2)] == [0, 1]


def test_a_client_id_that_is_taken_already_is_given_to_nobody_else():
    """Two users whose hashes meet: the second gets another id, and again the same one in a run that is repeated."""
    plain = seats_of()
    wanted = plain.register(0, 0, "document-0")
    taken = seats_of()
    taken.authors[wanted] = 99
    other = taken.register(0, 0, "document-0")
    assert other != wanted
    assert 0 < other < 2**32
    assert taken.authors == {wanted: 99, other: 0}
    repeated = seats_of()
    repeated.authors[wanted] = 99
    assert repeated.register(0, 0, "document-0") == other


def test_somebody_who_has_no_seat_can_be_registered_and_takes_none():
    seats = seats_of()
    client_id = seats.register(-1, 0, "document-0")
    assert seats.authors == {client_id: -1}
    assert seats.held() == {}
    assert seats.take("worker", "notebook").user == 0


def test_client_ids_can_be_dealt_out_anew_among_the_first_seats_of_users():
    def descending(ids):
        return sorted(ids, reverse=True)

    seats = Seats("run", 1, [Document("document-0", "text")], 3, descending)
    taken = [seats.take("worker", "text") for _ in range(3)]
    assert [one.client_id for one in taken] == sorted((one.client_id for one in taken), reverse=True)
    assert tuple(one.client_id for one in taken) == seats.planned
    seats.leave(1)
    again = seats.take("worker", "text")
    assert again.client_id not in seats.planned
    assert seats.authors[again.client_id] == 1


def test_nobody_is_an_author_before_taking_a_seat():
    seats = Seats("run", 1, [Document("document-0", "text")], 3, list)
    assert seats.authors == {}
    assert seats.register(-1, 0, "document-0") not in seats.planned


@given(
    seat=st.builds(
        Seat,
        user=st.integers(0, 10**6),
        incarnation=st.integers(0, 100),
        client_id=st.integers(1, 2**32 - 1),
        document=st.builds(Document, st.text(max_size=30), st.sampled_from(["notebook", "text"]), st.booleans()),
        document_index=st.integers(0, 1000),
        place=st.integers(0, 1000),
        places=st.integers(1, 1000),
    )
)
@quick
def test_a_seat_survives_the_way_through_a_message(seat):
    assert Seat.from_message(msgpack.unpackb(msgpack.packb(seat.as_message()))) == seat


@given(documents=st.integers(1, 4), tabs=st.integers(1, 4), users=st.integers(1, 24))
@quick
def test_neighbours_in_a_document_are_the_tabs_of_one_person(documents, tabs, users):
    seats = seats_of(["notebook"] * documents, users)
    taken = [seats.take("worker", "notebook", tabs) for _ in range(users)]
    people = {}
    for seat in taken:
        people.setdefault(seat.person, []).append(seat)
    for person, theirs in people.items():
        assert person in [seat.user for seat in theirs], "a person is called after its first tab"
        assert len({seat.document.path for seat in theirs}) == 1
        assert len({seat.place // tabs for seat in theirs}) == 1
        assert len(theirs) <= tabs
    assert len({seat.client_id for seat in taken}) == users
    assert all(Seat.from_message(msgpack.unpackb(msgpack.packb(seat.as_message()))) == seat for seat in taken)


# -- documents filled one after the other ------------------------------------------------------------------------------


def test_people_who_fill_documents_one_after_the_other_are_as_close_as_so_few_would_be():
    seats = seats_of(("notebook",) * 5, users=20, together=4)
    taken = [seats.take("worker", "notebook") for _ in range(10)]
    assert [seat.document_index for seat in taken] == [0] * 4 + [1] * 4 + [2] * 2
    assert [seat.place for seat in taken] == [0, 1, 2, 3] * 2 + [0, 1]
    assert {seat.places for seat in taken} == {4}
    assert seats.opened() == seats.open_now() == {"document-0", "document-1", "document-2"}


def test_the_last_document_takes_whoever_is_left():
    seats = seats_of(("notebook",) * 2, users=9, together=4)
    taken = [seats.take("worker", "notebook") for _ in range(9)]
    assert [seat.document_index for seat in taken] == [0] * 4 + [1] * 5
    assert taken[-1].place == 4


@given(
    people=st.integers(1, 24),
    leaving=st.lists(st.integers(0, 23)),
    together=st.sampled_from([0, 3, 4]),
    kinds=st.sampled_from([("notebook",) * 8, ("notebook", "text") * 8]),
)
@quick
def test_whoever_sits_too_far_back_comes_forward_and_all_sit_as_if_no_more_had_come(people, leaving, together, kinds):
    seats = seats_of(kinds, users=24, together=together)
    different = sorted(set(kinds))
    for number in range(people):
        seats.take("worker", different[number % len(different)])
    for user in leaving:
        seats.leave(user)
    scattered = seats.scattered()
    for user in scattered:
        seats.leave(user)
    for user in scattered:
        seats.take("worker", different[user % len(different)])
    assert seats.scattered() == []
    for kind in range(len(different)):
        positions = sorted(user // len(different) for user in seats.held() if user % len(different) == kind)
        assert positions == list(range(len(positions)))


def test_a_document_that_everybody_left_was_opened_and_is_not_open_now():
    seats = seats_of(("notebook",) * 2, users=4, together=2)
    last = [seats.take("worker", "notebook") for _ in range(3)][-1]
    seats.leave(last.user)
    assert (seats.opened(), seats.open_now()) == ({"document-0", "document-1"}, {"document-0"})
