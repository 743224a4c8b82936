"""Whom a lost worker played, and when it was last heard of."""

from types import SimpleNamespace

import pytest

from jupyter_rtc_locust.coordination.lost_processes import documents_of_lost, gone_since, lose, lost_processes
from jupyter_rtc_locust.coordination.rounds import Collection
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.seats import Seats
from jupyter_rtc_locust.coordination.shortfall import Gone
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.settings import Settings
from jupyter_rtc_locust.verdict.evidence import LostProcess


class Heard:
    """What was heard of workers, by their names; those of `gone` are heard of no more."""

    def __init__(self, heard, gone, of_workers=True):
        self.heard, self.gone, self.of_workers = heard, gone, of_workers

    def last_heard(self, node):
        return self.heard.get(node)

    def is_gone(self, node):
        return node in self.gone


@pytest.fixture
def state():
    seats = Seats("run", 7, [Document(f"run/{number}.txt", "text") for number in range(2)], 4)
    for holder in ("w1", "w2", "w1", "w2"):
        seats.take(holder, "text")
    made = RunState("run", 7, Settings(), "http://test", None, started=100.0)
    made.prepared = SimpleNamespace(seats=seats)
    made.hearing = Heard({"w1": 109.25, "w2": 120.0}, {"w1"})
    return made


def played_by(state, node):
    return tuple(sorted(user for user, holder in state.prepared.seats.held().items() if holder == node))


def test_one_that_is_gone_is_known_by_its_users_and_when_it_was_last_heard_of(state):
    lose(state, state.end, {"w1"})
    assert lost_processes(state, state.end) == (LostProcess("w1", played_by(state, "w1"), 9.25),)


def test_one_that_is_still_there_was_not_last_heard_of_at_any_time(state):
    lose(state, state.end, {"w2"})
    assert lost_processes(state, state.end) == (LostProcess("w2", played_by(state, "w2"), None),)


def test_one_that_is_heard_of_again_after_it_was_given_up_was_lost_and_one_that_says_goodbye_then_was_not(state):
    lose(state, state.end, {"w1", "w2"})
    state.hearing.heard["w1"], state.hearing.gone = 150.0, {"w2"}
    assert [one.last_heard for one in lost_processes(state, state.end)] == [9.25, None]
    lose(state, state.end, {"w1", "w2"})
    assert [one.last_heard for one in lost_processes(state, state.end)] == [9.25, None]


def test_of_one_that_told_after_all_and_is_given_up_again_the_latest_is_known(state):
    lose(state, state.end, {"w1"})
    state.end.lost.discard("w1")
    state.hearing.heard["w1"] = 150.0
    lose(state, state.end, {"w1"})
    assert [one.last_heard for one in lost_processes(state, state.end)] == [50.0]


def test_one_that_told_what_cannot_be_read_was_not_last_heard_of_at_any_time(state):
    lose(state, state.end, {"w1"}, unreadable=True)
    assert lost_processes(state, state.end) == (LostProcess("w1", played_by(state, "w1"), None, unreadable=True),)


def test_one_that_has_told_after_all_is_not_lost(state):
    lose(state, state.end, {"w1", "w2"})
    lost_processes(state, state.end)
    state.end.lost.discard("w2")
    assert [one.name for one in lost_processes(state, state.end)] == ["w1"]


def test_one_that_leaves_while_a_checkpoint_is_held_is_known_to_have_left_and_at_the_end_is_lost(state):
    checkpoint = Collection(1)
    lose(state, checkpoint, {"w1", "w2"})
    state.end.answers["w1"] = {}
    assert [one.left for one in lost_processes(state, checkpoint)] == [True, False]
    state.left, state.end.answers = {"w1"}, {}
    lose(state, state.end, {"w1"})
    assert [one.left for one in lost_processes(state, checkpoint)] == [True, False]
    assert [one.left for one in lost_processes(state, state.end)] == [False]


def test_what_users_wrote_who_have_left_it_is_lost_with_it(state):
    seats, before = state.prepared.seats, played_by(state, "w1")
    first = {client for client, user in seats.authors.items() if user in before}
    for user in before:
        seats.leave(user)  # as all do of a worker that is told to end, before it tells
    anew = seats.take("w2", "text")
    lose(state, state.end, {"w1"})
    assert lost_processes(state, state.end)[0].users == before
    assert documents_of_lost(state, state.end) == {"w1": {path for one, path in seats.seated.items() if one in first}}
    assert anew.user in before


def test_who_opened_no_document_in_it_is_no_user_of_it(state):
    state.never_opened = set(state.prepared.seats.played_in)
    lose(state, state.end, {"w1"})
    assert lost_processes(state, state.end)[0].users == ()


def test_one_that_had_told_everything_before_it_fell_silent_is_no_process_of_which_figures_are_missing(state):
    lose(state, state.end, {"w1", "w2"})
    state.end.answers["w2"] = {}
    assert [one.name for one in lost_processes(state, state.end)] == ["w1"]
    assert documents_of_lost(state, state.end).keys() == {"w1"}


def test_the_only_process_of_a_run_is_no_lost_worker(state):
    state.hearing = Heard({}, set(), of_workers=False)
    lose(state, state.end, {"local"})
    assert lost_processes(state, state.end) == ()


def test_documents_of_its_users_are_known(state):
    lose(state, state.end, {"w1"})
    seats = state.prepared.seats
    seated = {user: seats.seated[client] for client, user in seats.authors.items()}
    assert documents_of_lost(state, state.end) == {"w1": {seated[user] for user in played_by(state, "w1")}}


@pytest.mark.parametrize(
    ("last_heard", "since"), [((7.25,), 7.25), ((20.0,), 12.0), ((1.0, 9.0), 9.0), ((None,), 12.0), ((), 12.0)]
)
def test_people_are_gone_since_their_worker_was_last_heard_of_and_not_since_locust_missed_it(last_heard, since):
    lost = [LostProcess("w", (1,), moment) for moment in last_heard]
    assert gone_since(Gone(4, 8, 12.0), lost) == since


def test_one_that_played_nobody_took_nobody_along():
    assert gone_since(Gone(4, 8, 12.0), [LostProcess("w", (), 7.25)]) == 12.0
