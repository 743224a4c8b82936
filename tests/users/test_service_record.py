"""When a tab had no line, and what it waits for: what the verdict on a silent server rests on."""

from __future__ import annotations

import pytest

from jupyter_rtc_locust.users.service_record import ServiceRecord
from jupyter_rtc_locust.verdict.service_evidence import WAITED_S, ServedEvidence


@pytest.fixture
def record():
    return ServiceRecord()


def told(record, now=100.0, heard=99.0):
    return record.evidence(now, heard, lambda moment: moment - 10)


def test_who_was_never_without_a_line_and_asked_nothing_waits_for_nothing(record):
    assert told(record) == ServedEvidence(taken=90.0, heard=89.0)
    assert told(record, heard=None).heard is None


def test_when_the_document_was_opened_and_when_it_was_closed_is_told(record):
    assert told(record).opened is told(record).closed is None
    record.opened(20.0)
    record.went_offline(30.0)
    record.came_online(35.0)
    assert told(record).closed is None, "it has its document open"
    record.closed(50.0)
    record.closed(60.0)
    assert (told(record).opened, told(record).closed) == (10.0, 40.0)


def test_who_has_no_line_waits_since_it_was_lost(record):
    record.line_lost(50.0)
    record.line_lost(60.0)
    assert told(record).lost == 40.0 and told(record).waits_since is None


def test_who_came_back_tells_from_when_until_when_it_was_gone(record):
    record.line_lost(50.0)
    record.line_back(50.0 + WAITED_S)
    assert told(record) == ServedEvidence(90.0, heard=89.0, without_line=((40.0, 40.0 + WAITED_S),))


def test_who_was_closed_without_a_line_waited_in_vain_and_was_told_nothing_by_that(record):
    record.line_lost(50.0)
    record.closed(50.0 + WAITED_S)
    assert told(record) == ServedEvidence(90.0, heard=89.0, in_vain=((40.0, 40.0 + WAITED_S),), closed=40.0 + WAITED_S)
    record.closed(80.0)
    assert len(told(record).in_vain) == 1


def test_shorter_times_without_a_line_are_left_out(record):
    record.line_lost(50.0)
    record.line_back(50.0 + WAITED_S - 0.1)
    record.line_lost(60.0)
    record.closed(60.0 + WAITED_S - 0.1)
    assert told(record).without_line == told(record).in_vain == ()


def test_who_is_offline_on_purpose_waits_for_no_server(record):
    record.line_lost(40.0)
    record.went_offline(50.0)
    record.went_offline(55.0)
    assert told(record).lost is None
    assert told(record).in_vain == ((30.0, 40.0),), "it had lost its line before"
    assert told(record).offline == ((40.0, 90.0),), "it still is"
    record.came_online(60.0)
    record.came_online(65.0)
    assert told(record).offline == ((40.0, 50.0),)


def test_who_is_not_answered_waits_since_it_asked(record):
    record.asked(50.0)
    assert told(record).waits_since == 40.0
    record.line_lost(60.0)
    assert (told(record).waits_since, told(record).lost) == (40.0, 50.0), "for an answer, and for a line"
    record.line_back(61.0)
    assert told(record).waits_since is told(record).lost is None


def test_who_was_answered_does_not_wait(record):
    assert told(record).answered is None
    record.asked(50.0)
    record.answered(57.0)
    assert told(record).waits_since is None and told(record).answered == 47.0
    record.asked(70.0)
    assert told(record).waits_since == 60.0 and told(record).answered == 47.0
