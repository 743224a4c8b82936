"""Faults as data: their order, and what is refused before anything is opened."""

import pytest

from jupyter_rtc_locust.errors import OptionsError
from jupyter_rtc_locust.faults.plan import (
    Away,
    DelaySaves,
    Evict,
    Offline,
    Operation,
    OutsideEdit,
    Restart,
    checked_faults,
    keeps_no_store,
    plan_of,
)

RESTART = Restart(at=10.0)
OFFLINE = Offline(users=(1,), since=4.0, until=10.0)
AWAY = Away(users=(0, 2), since=6.0, until=12.0)


EVICT = Evict(at=5.0, document=1)
EDIT = OutsideEdit(at=7.5)
DELAY = DelaySaves(since=3.0, until=8.0, seconds=2.5)


def checked(*faults, own_server: bool = True, users: int | None = 4, documents: int | None = 2):
    return checked_faults(list(faults), own_server=own_server, users=users, documents=documents)


def test_a_plan_has_the_operations_in_the_order_of_their_moments():
    assert plan_of([RESTART, AWAY, OFFLINE]) == [
        Operation(4.0, OFFLINE),
        Operation(6.0, AWAY),
        Operation(10.0, OFFLINE, ends=True),
        Operation(10.0, RESTART),
        Operation(12.0, AWAY, ends=True),
    ]


def test_saves_are_delayed_from_one_moment_to_another_and_the_rest_is_done_at_once():
    assert plan_of([EDIT, DELAY, EVICT]) == [
        Operation(3.0, DELAY),
        Operation(5.0, EVICT),
        Operation(7.5, EDIT),
        Operation(8.0, DELAY, ends=True),
    ]


def test_a_fault_that_several_classes_of_users_list_happens_once():
    assert checked(RESTART, OFFLINE, Restart(at=10.0)) == (RESTART, OFFLINE)


def test_every_fault_says_in_words_what_it_does():
    assert RESTART.description == "the server was killed and started again, and its store of updates was kept"
    polite = Restart(at=1.0, store="lost", politely=True)
    assert polite.description == "the server was asked to stop and started again, and its store of updates was lost"
    assert Offline(users=(1, 2), since=1.0, until=2.0, asleep=True).description == "users 1, 2 were asleep and offline"
    assert AWAY.description == "users 0, 2 were away, with the document closed"
    assert EVICT.description == "the server dropped the room of document 1 while people had it open"
    assert EDIT.description == "the file of document 0 was changed on disk from outside"
    assert DELAY.description == "each save of the server took 2.5 s longer"


@pytest.mark.parametrize(
    "fault", [*(Restart(at=1.0, store=store) for store in ("kept", "lost", "none")), EVICT, EDIT, DELAY], ids=str
)
def test_only_a_server_of_our_own_is_ever_harmed(fault):
    assert checked(fault) == (fault,)
    with pytest.raises(OptionsError, match=r"only a server of our own is ever harmed: leave --host and --rtc-hub out"):
        checked(fault, own_server=False)


def test_users_may_go_offline_and_away_on_any_server():
    assert checked(OFFLINE, AWAY, own_server=False) == (OFFLINE, AWAY)


def test_a_server_without_a_store_is_one_from_its_start_on():
    assert keeps_no_store([OFFLINE, Restart(at=1.0, store="none")])
    assert not keeps_no_store([OFFLINE, Restart(at=1.0, store="lost")])
    with pytest.raises(OptionsError, match="give all restarts of a scenario the same store"):
        checked(Restart(at=1.0, store="none"), RESTART)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (Restart(at=-1.0), "moments are seconds since the start"),
        (Restart(at=float("inf")), "moments are seconds since the start"),
        (Restart(at="soon"), "moments are seconds since the start"),  # type: ignore[arg-type]
        (Restart(at=1.0, store="burnt"), "store is one of kept, lost, none"),  # type: ignore[arg-type]
        (Offline(users=(1,), since=5.0, until=5.0), "the end after the beginning"),
        (Away(users=(1,), since=5.0, until=4.0), "the end after the beginning"),
        (Offline(users=(), since=1.0, until=2.0), "a tuple of the indices of users"),
        (Offline(users=[1], since=1.0, until=2.0), "a tuple of the indices of users"),  # type: ignore[arg-type]
        (Offline(users=(4,), since=1.0, until=2.0), r"names user 4, but of 4 users \(-u\) the last is 3"),
        (Away(users=(-1,), since=1.0, until=2.0), "names user -1"),
        (Evict(at=-1.0), "moments are seconds since the start"),
        (OutsideEdit(at="soon"), "moments are seconds since the start"),  # type: ignore[arg-type]
        (Evict(at=1.0, document=2), r"names document 2, but of 2 \(--rtc-documents\) the last is 1"),
        (OutsideEdit(at=1.0, document=-1), "names document -1"),
        (OutsideEdit(at=1.0, document="a.ipynb"), "names document 'a.ipynb'"),  # type: ignore[arg-type]
        (DelaySaves(since=2.0, until=2.0, seconds=1.0), "the end after the beginning"),
        (DelaySaves(since=2.0, until=3.0, seconds=0.0), "seconds is more than 0 and at most 3600"),
        (DelaySaves(since=2.0, until=3.0, seconds=float("inf")), "seconds is more than 0 and at most 3600"),
        ("a storm", "'a storm' is no fault"),
    ],
)
def test_what_cannot_be_made_to_happen_is_refused_with_a_sentence(fault, sentence):
    with pytest.raises(OptionsError, match=sentence):
        checked(fault)


def test_users_are_not_counted_before_the_run_says_how_many_there_are():
    fault = Offline(users=(400,), since=1.0, until=2.0)
    assert checked(fault, users=None) == (fault,)


def test_documents_are_not_counted_before_the_run_says_how_many_there_are():
    fault = Evict(at=1.0, document=400)
    assert checked(fault, documents=None) == (fault,)


def test_saves_are_delayed_by_one_fault_at_a_time():
    later = DelaySaves(since=8.0, until=9.0, seconds=1.0)
    assert checked(later, DELAY) == (later, DELAY)
    with pytest.raises(OptionsError, match=r"since=7.0.* begins before .*since=3.0.* has ended"):
        checked(DelaySaves(since=7.0, until=9.0, seconds=1.0), DELAY)


def test_a_single_fault_that_is_no_list_is_refused():
    with pytest.raises(OptionsError, match="give a list"):
        checked_faults(RESTART, own_server=True, users=4)
