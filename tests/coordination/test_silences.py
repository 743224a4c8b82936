"""Which servers are silent, since when, and how long they were: each by itself."""

from __future__ import annotations

import pytest

from jupyter_rtc_locust.coordination.silences import Silences
from jupyter_rtc_locust.settings import HTTP_TRY_DEADLINE_S
from jupyter_rtc_locust.verdict.service_evidence import ServerSilence

STARTED = 1000.0


@pytest.fixture
def silences():
    return Silences()


def told(silences):
    return silences.evidence(STARTED)


def test_a_silence_as_long_as_the_deadline_is_remembered_with_its_moment_and_its_length(silences):
    assert silences.not_answered("", 1005.0)
    assert not silences.not_answered("", 1007.0), "it goes on"
    assert silences.going_on and silences.since("") == 1005.0
    silences.answered("", 1005.0 + HTTP_TRY_DEADLINE_S)
    assert told(silences) == (ServerSilence(5.0, HTTP_TRY_DEADLINE_S, ""),)
    assert not silences.going_on and silences.since("") is None


def test_a_shorter_silence_is_forgotten(silences):
    silences.not_answered("", 1005.0)
    silences.answered("", 1005.0 + HTTP_TRY_DEADLINE_S - 0.1)
    assert told(silences) == () and not silences.going_on


def test_an_answer_without_a_silence_before_it_changes_nothing(silences):
    silences.answered("", 2000.0)
    assert told(silences) == ()


def test_servers_that_are_silent_in_turn_are_each_silent_for_their_own_time(silences):
    """Three times four seconds, one after the other, are not twelve."""
    for number, owner in enumerate(("ada", "ben", "cleo")):
        for other in {"ada", "ben", "cleo"} - {owner}:
            silences.answered(other, 1000.0 + 4 * number)
        silences.not_answered(owner, 1000.0 + 4 * number)
    silences.answered("cleo", 1012.0)
    assert told(silences) == () and not silences.going_on


def test_of_two_servers_that_are_silent_at_once_each_is_told(silences):
    silences.not_answered("ben", 1010.0)
    silences.not_answered("ada", 1012.0)
    silences.answered("ada", 1025.0)
    assert silences.lasts("ben", 1040.0) and not silences.lasts("ada", 1040.0)
    assert told(silences) == (ServerSilence(10.0, 30.0, "ben"), ServerSilence(12.0, 13.0, "ada"))


def test_one_that_goes_on_counts_from_the_deadline_on_and_is_told_once_however_often_it_is_looked_at(silences):
    silences.not_answered("", 1005.0)
    assert not silences.lasts("", 1005.0 + HTTP_TRY_DEADLINE_S - 0.1) and told(silences) == ()
    assert silences.lasting() == []
    assert silences.lasts("", 1016.0) and silences.lasts("", 1030.0)
    assert silences.lasting() == [("", 1005.0)]
    assert told(silences) == (ServerSilence(5.0, 25.0, ""),)
    silences.answered("", 1040.0)
    assert told(silences) == (ServerSilence(5.0, 35.0, ""),)
    assert silences.lasting() == []


def test_a_question_that_is_given_up_after_a_later_one_was_answered_begins_no_silence(silences):
    silences.answered("", 1004.0)
    assert not silences.not_answered("", 1002.0) and not silences.going_on
    assert silences.not_answered("", 1006.0)


def test_when_a_server_is_taken_away_on_purpose_its_own_silence_until_then_is_remembered(silences):
    silences.not_answered("", 1010.0)
    silences.not_answered("ada", 1024.0)
    silences.taken_away(1025.0)
    silences.answered("", 1040.0)
    assert told(silences) == (ServerSilence(10.0, 15.0, ""),)
    assert not silences.going_on and silences.lasting() == []


def test_what_was_ours_of_a_silence_is_left_out(silences):
    silences.not_answered("", 1005.0)
    silences.begin_anew("", 1020.0)
    assert not silences.lasts("", 1025.0) and silences.lasts("", 1030.0)
    silences.begin_anew("")
    assert not silences.going_on
