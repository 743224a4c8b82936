"""Faults as data: their order, and what is refused before anything is opened."""

import pytest

from jupyter_rtc_locust.errors import OptionsError
from jupyter_rtc_locust.faults.plan import Away, Offline, Operation, Restart, checked_faults, keeps_no_store, plan_of

RESTART = Restart(at=10.0)
OFFLINE = Offline(users=(1,), since=4.0, until=10.0)
AWAY = Away(users=(0, 2), since=6.0, until=12.0)


def checked(*faults, own_server: bool = True, users: int | None = 4):
    return checked_faults(list(faults), own_server=own_server, users=users)


def test_a_plan_has_the_operations_in_the_order_of_their_moments():
    assert plan_of([RESTART, AWAY, OFFLINE]) == [
        Operation(4.0, OFFLINE),
        Operation(6.0, AWAY),
        Operation(10.0, OFFLINE, ends=True),
        Operation(10.0, RESTART),
        Operation(12.0, AWAY, ends=True),
    ]


def test_a_fault_that_several_classes_of_users_list_happens_once():
    assert checked(RESTART, OFFLINE, Restart(at=10.0)) == (RESTART, OFFLINE)


def test_every_fault_says_in_words_what_it_does():
    assert RESTART.description == "the server was killed and started again, and its store of updates was kept"
    polite = Restart(at=1.0, store="lost", politely=True)
    assert polite.description == "the server was asked to stop and started again, and its store of updates was lost"
    assert Offline(users=(1, 2), since=1.0, until=2.0, asleep=True).description == "users 1, 2 were asleep and offline"
    assert AWAY.description == "users 0, 2 were away, with the document closed"


@pytest.mark.parametrize("store", ["kept", "lost", "none"])
def test_only_a_server_of_our_own_is_ever_harmed(store):
    fault = Restart(at=1.0, store=store)
    assert checked(fault) == (fault,)
    with pytest.raises(OptionsError, match=r"only a server of our own is ever harmed: leave --host out"):
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
        ("a storm", "'a storm' is no fault"),
    ],
)
def test_what_cannot_be_made_to_happen_is_refused_with_a_sentence(fault, sentence):
    with pytest.raises(OptionsError, match=sentence):
        checked(fault)


def test_users_are_not_counted_before_the_run_says_how_many_there_are():
    fault = Offline(users=(400,), since=1.0, until=2.0)
    assert checked(fault, users=None) == (fault,)


def test_a_single_fault_that_is_no_list_is_refused():
    with pytest.raises(OptionsError, match="give a list"):
        checked_faults(RESTART, own_server=True, users=4)
