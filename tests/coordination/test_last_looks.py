"""Newcomers and saved files at the end: as long as there is time, of documents that can be compared."""

from __future__ import annotations

import time

import gevent
import pytest
from pycrdt import Doc, Text

from jupyter_rtc_locust.coordination import last_looks, second_opening, silences, waiting_for_file
from jupyter_rtc_locust.coordination.last_looks import NO_ANSWER, NOT_QUIET, end_of_looks, last_look
from jupyter_rtc_locust.coordination.preparation import Prepared, PreparedDocument
from jupyter_rtc_locust.coordination.rounds import Collection
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.save_watch import SaveWatch
from jupyter_rtc_locust.coordination.second_opening import opened_again
from jupyter_rtc_locust.coordination.waiting_for_file import NO_TIME
from jupyter_rtc_locust.errors import RoomRefused
from jupyter_rtc_locust.servers.base import Document, RoomAddress
from jupyter_rtc_locust.settings import END_BUDGET_S, JUDGE_S, LEAVE_DEADLINE_S, Settings, end_budget, time_to_judge
from jupyter_rtc_locust.verdict.evidence import DocumentEvidence, Snapshot

DOCUMENT = Document("run/text-0.txt", "text")
PREPARED = PreparedDocument(DOCUMENT, None)
EVIDENCE = DocumentEvidence(DOCUMENT.path, "text", Snapshot({}, b"\x00\x00"))


class Server:
    """A server with one document. It can take its time, and have another file than it should."""

    stores_files = True

    def __init__(self, file="right"):
        self.file = file
        self.takes_s = 0.0
        self.refuses = False
        self.asked = []

    def open_room(self, _document, _identity):
        self.asked.append("room")
        gevent.sleep(self.takes_s)
        if self.refuses:
            raise RoomRefused("no such session.")
        return RoomAddress("ws://test/room")

    def read_saved(self, _document):
        self.asked.append("file")
        gevent.sleep(0.001)
        return self.file


@pytest.fixture
def server(monkeypatch):
    doc = Doc()
    doc.get("source", type=Text).insert(0, "right")
    monkeypatch.setattr(waiting_for_file, "POLL_S", 0.01)
    monkeypatch.setattr(second_opening, "MARGIN_S", 0.01)
    monkeypatch.setattr(last_looks, "look", lambda *_: Snapshot(doc.get_state(), doc.get_update()))
    return Server()


@pytest.fixture
def state(server):
    made = RunState("run", 1, Settings(evict_after=0.01, save_timeout=30.0), "http://test", None)
    made.prepared = Prepared(server, "run", [PREPARED], None)
    made.saves = SaveWatch(made, lambda *_, **__: None)
    return made


def looked_at(state, evidence=EVIDENCE, *, seconds=5.0, silent=frozenset()):
    now = time.monotonic()
    return last_look(state, evidence, PREPARED, ended=now, until=now + seconds, silent=silent)


def test_a_newcomer_looks_and_the_file_is_read(state, server):
    found = looked_at(state)
    assert (found.joiner.problem, found.saved.problem, found.saved.content) == ("", "", "right")
    assert server.asked == ["room", "file"]


def test_who_is_not_let_in_is_told_so_and_the_file_is_read_all_the_same(state, server):
    server.refuses = True
    found = looked_at(state, seconds=0.1)
    assert found.joiner.problem == "no such session."
    assert "file" in server.asked


def test_a_server_with_a_document_that_is_not_quiet_is_asked_nothing_of_it(state, server):
    found = looked_at(state, DocumentEvidence(DOCUMENT.path, "text", Snapshot({}, b"\x00\x00"), quiet=False))
    assert (found.joiner.problem, found.saved.problem) == (NOT_QUIET, NOT_QUIET)
    assert server.asked == []


def test_a_silent_server_is_asked_nothing_also_where_it_fell_silent_while_others_were_looked_at(
    state, server, monkeypatch
):
    monkeypatch.setattr(silences, "HTTP_TRY_DEADLINE_S", 1.0)
    assert looked_at(state, silent=frozenset({""})).joiner.problem == NO_ANSWER
    state.silences.not_answered("", time.monotonic() - 0.5)
    assert looked_at(state).joiner.problem == ""
    asked = len(server.asked)
    state.silences.begin_anew("", time.monotonic() - 2.0)
    found = looked_at(state)
    assert (found.joiner.problem, found.saved.problem) == (NO_ANSWER, NO_ANSWER)
    assert len(server.asked) == asked
    assert state.silences.lasting(), "so that its users are asked once more"


def test_from_the_end_of_looks_on_nothing_is_asked(state, server):
    found = looked_at(state, seconds=-1.0)
    assert (found.joiner.problem, found.saved.problem) == (NO_TIME, NO_TIME)
    assert server.asked == []


@pytest.mark.parametrize("why", [NO_TIME, NO_ANSWER])
def test_what_was_seen_of_its_file_while_people_typed_is_kept_of_a_document_without_a_last_look(state, server, why):
    state.saves.note(DOCUMENT, time.monotonic(), "old")
    found = looked_at(state, seconds=-1.0, silent=frozenset({""} if why == NO_ANSWER else ()))
    assert found.saved.problem == why
    assert found.saves == state.saves.seen(DOCUMENT.path) != ()
    assert server.asked == []


def test_a_newcomer_who_is_under_way_when_the_time_is_over_is_left(state, server):
    server.takes_s = 60.0
    with gevent.Timeout(10):
        found = looked_at(state, seconds=0.1)
    assert (found.joiner.problem, found.saved.problem) == (NO_TIME, NO_TIME)


def test_a_file_that_is_not_right_when_the_time_is_over_too_early_is_not_known_to_be_wrong(state, server):
    server.file = "old"
    with gevent.Timeout(10):
        found = looked_at(state, seconds=0.1)
    assert (found.joiner.problem, found.saved.problem, found.saved.content) == ("", NO_TIME, None)


def test_a_document_without_a_file_has_no_problem_with_it(state, server):
    server.stores_files = False
    assert looked_at(state, seconds=-1.0).saved is None
    assert looked_at(state).saved is None


@pytest.mark.parametrize("edits", [0, 100_000, 1_000_000])
def test_looks_end_when_there_is_time_left_to_judge_and_to_leave(state, edits):
    state.end_budget_s, state.judge_s = end_budget(edits), time_to_judge(edits)
    left = end_budget(edits) - (end_of_looks(state, Collection(0, began=1000.0)) - 1000.0)
    assert left == LEAVE_DEADLINE_S + state.judge_s
    assert state.judge_s == JUDGE_S + (end_budget(edits) - END_BUDGET_S) / 2


# -- opened again -----------------------------------------------------------------------------------------------------


def again(state, *, quiet=True):
    left = []
    evidence = DocumentEvidence(DOCUMENT.path, "text", Snapshot({}, b"\x00\x00"), quiet=quiet)
    (found,) = opened_again(state, (evidence,), lambda: left.append(True))
    return found.reopened, bool(left)


def test_a_document_is_opened_again_when_everybody_has_left(state, server):
    state.end.began = time.monotonic()
    reopened, left = again(state)
    assert (reopened.problem, left) == ("", True)
    assert server.asked == ["room", "room"]


def test_one_that_was_not_quiet_is_not_opened_again(state, server):
    state.end.began = time.monotonic()
    assert again(state, quiet=False) == (None, False)
    assert server.asked == []


def test_without_time_left_it_is_not_opened_again_which_is_said(state, server):
    state.end.began = time.monotonic() - END_BUDGET_S
    reopened, left = again(state)
    assert (reopened.problem, left) == (NO_TIME, False)
    assert server.asked == []
