"""When nobody who had a document open had a connection, and no silence of the server says why: a warning."""

from __future__ import annotations

from dataclasses import replace

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.verdict.checks.lines import check_somebody_had_a_line
from jupyter_rtc_locust.verdict.evidence import (
    DONE,
    DocumentEvidence,
    FaultEvidence,
    RunEvidence,
    Snapshot,
    UserEvidence,
)
from jupyter_rtc_locust.verdict.service_evidence import ServedEvidence, ServerSilence

NOTHING = ClockRanges()
HERE = ServedEvidence(taken=100.0, opened=1.0, heard=99.0)
"""Somebody who had a line all the time."""
CUT = replace(HERE, without_line=((30.0, 82.0),))


def document(*tabs, path="run/text-0.txt", stage="connected", server=""):
    there = tuple(
        UserEvidence(number, 100 + number, stage, "", True, NOTHING, NOTHING, served=one)
        for number, one in enumerate(tabs)
    )
    return DocumentEvidence(path, "text", Snapshot({}, b"\x00\x00"), users=there, server=server)


def told(*documents, **more):
    opinion = check_somebody_had_a_line(RunEvidence(documents, **more))
    assert not opinion.findings and not opinion.unknown
    return [(one.kind, one.document, one.detail) for one in opinion.cautions]


def test_for_how_long_nobody_had_a_connection_is_a_warning():
    also = replace(HERE, without_line=((29.0, 90.0),))
    ((kind, where, detail),) = told(document(CUT, also))
    assert (kind, where) == ("nobody-connected", "run/text-0.txt")
    assert detail.startswith("For 52 s, from 30 s after the start of the run, nobody who had the document open had a")
    assert "coordinator" not in detail, "of silences shorter than the deadline nothing is known"


def test_one_who_had_a_line_was_there_all_the_same():
    assert told(document(CUT, HERE)) == []
    assert told(document(CUT, replace(HERE, without_line=((70.0, 95.0),)))) != []
    assert told(document(CUT, replace(HERE, without_line=((30.0, 39.0), (73.0, 95.0))))) == []


def test_who_came_later_or_had_left_or_was_offline_on_purpose_was_not_there():
    assert told(document(CUT, replace(HERE, opened=81.0))) != []
    assert told(document(CUT, replace(HERE, closed=31.0), stage="left")) != []
    assert told(document(CUT, replace(HERE, offline=((25.0, 85.0),)))) != []
    assert told(document(replace(HERE, offline=((25.0, 85.0),)))) == [], "who looks for no line misses none"


def test_who_never_had_the_document_open_was_not_there():
    never = UserEvidence(7, 107, "never opened its document", "", False, NOTHING, NOTHING, served=ServedEvidence(100.0))
    one = document(CUT)
    assert told(replace(one, users=(*one.users, never))) != []


def test_what_does_not_say_when_it_had_a_line_as_evidence_of_earlier_versions_tells_nothing():
    assert told(document(CUT, replace(HERE, opened=None))) == []
    assert told(document(replace(CUT, opened=None))) == []


def test_of_what_comes_after_one_of_them_has_told_it_is_not_known():
    gone = replace(HERE, taken=110.0, lost=88.0)
    one = document(HERE, gone)
    one = replace(one, users=(one.users[0], replace(one.users[1], stage="lost its connection")))
    early = replace(one, users=(replace(one.users[0], served=replace(HERE, taken=90.1)), one.users[1]))
    assert told(early) == []
    assert "For 22 s, from 88 s" in told(replace(one, users=one.users[1:]))[0][2]


def test_who_was_asked_once_more_tells_of_the_time_up_to_then():
    later = replace(HERE, taken=130.0, lost=101.0)
    one = document(HERE)
    again = replace(one, users=(replace(one.users[0], served_later=later),))
    assert told(one) == [] and "For 29 s, from 101 s" in told(again)[0][2]


def test_shorter_than_ten_seconds_it_is_none():
    assert told(document(replace(HERE, without_line=((30.0, 39.5),)))) == []


def test_one_after_the_other_without_a_line_is_nobody_connected_only_where_they_are_at_once():
    assert (
        told(document(replace(HERE, without_line=((30.0, 45.0),)), replace(HERE, without_line=((36.0, 60.0),)))) == []
    )
    assert (
        told(document(replace(HERE, without_line=((30.0, 47.0),)), replace(HERE, without_line=((36.0, 60.0),)))) != []
    )


def test_who_closed_the_tab_without_a_line_or_never_got_one_was_without_it_until_then():
    closed = replace(HERE, in_vain=((30.0, 45.0),), closed=45.0)
    assert "For 15 s" in told(document(closed, stage="left"))[0][2]
    still = replace(HERE, lost=80.0)
    assert "For 20 s, from 80 s" in told(document(still, stage="lost its connection"))[0][2]
    assert "For 20 s, from 80 s" in told(document(still, stage="was refused"))[0][2]
    assert told(document(replace(HERE, waits_since=80.0))) == [], "who waits for an answer has a line"


def test_while_the_server_did_not_answer_the_coordinator_either_it_is_none():
    assert told(document(CUT), server_silences=(ServerSilence(31.0, 50.0),)) == []
    assert "For 25 s, from 57 s" in told(document(CUT), server_silences=(ServerSilence(31.0, 24.0),))[0][2]


def test_behind_a_hub_the_servers_own_silence_counts():
    assert told(document(CUT, server="ada"), server_silences=(ServerSilence(31.0, 50.0, "ada"),)) == []
    assert told(document(CUT, server="ada"), server_silences=(ServerSilence(31.0, 50.0, "ben"),)) != []


def test_while_the_server_was_harmed_on_purpose_it_is_none():
    restart = FaultEvidence("the server was killed", 30.0, 30.5, 80.0, DONE)
    assert told(document(CUT), faults=(restart,)) == []
    assert told(document(CUT), faults=(replace(restart, ended=None),)) == []
    assert "For 42 s, from 40 s" in told(document(CUT), faults=(replace(restart, ended=40.0),))[0][2]
    assert told(document(CUT), faults=(replace(restart, began=None, ended=None),)) != []
    assert told(document(CUT), faults=(replace(restart, users=(1,)),)) != []


def test_of_many_documents_the_longest_is_told_and_how_many_more_there_were():
    others = [document(replace(HERE, without_line=((30.0, 50.0),)), path=f"run/text-{one}.txt") for one in (1, 2)]
    ((_, where, detail),) = told(others[0], document(CUT), others[1])
    assert where == "run/text-0.txt" and "So it was in 2 more documents, for no longer." in detail
    assert "in 1 more document," in told(document(CUT), others[0])[0][2]


def test_where_somebody_tells_nothing_of_it_it_is_not_known():
    assert told(document(CUT, None)) == []
    assert told(document(CUT), silent_processes=("worker b",)) == []


def test_of_an_overloaded_generator_it_may_be_its_own_doing():
    assert told(document(CUT), sound=False)[0][2].endswith("so this may be its own doing.")
