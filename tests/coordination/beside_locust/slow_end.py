"""At the end of looks: who is asked whether the server is still there, for how long, and what the judge gets then."""

import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from jupyter_rtc_locust.coordination import conclusion, evidence_of_run
from jupyter_rtc_locust.coordination.dividing_the_end import LEAST_TO_JUDGE_S
from jupyter_rtc_locust.coordination.last_looks import NOT_QUIET, end_of_looks, nothing_seen
from jupyter_rtc_locust.coordination.preparation import Prepared, PreparedDocument
from jupyter_rtc_locust.coordination.rounds import Collection
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.waiting_for_file import NO_TIME
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.settings import END_BUDGET_S, LEAVE_DEADLINE_S, SILENT_SERVER_S, Settings
from jupyter_rtc_locust.verdict.evidence import DocumentEvidence, SavedFile, Snapshot

HEALTHY = {"sound": True, "reasons": []}
DOCUMENT = Document("run/text-0.txt", "text")
NOT_LET_IN = "no such session."


class Looks:
    """A run whose one document is seen as this says, and when whom was asked until."""

    def __init__(self, monkeypatch, *, joiner="", saved="", silence_s=None):
        server = SimpleNamespace(stores_files=True, owners=lambda: [""])
        self.state = RunState("run", 1, Settings(), "http://test", None)
        self.state.prepared = Prepared(server, "run", [PreparedDocument(DOCUMENT, None)], None)
        self.state.users_seated = 1
        self.state.watch = SimpleNamespace(memory=self.remember, log_events=lambda: ())
        self.state.served_later = SimpleNamespace(amended=self.ask_once_more)
        self.silence_s, self.joiner, self.saved = silence_s, joiner, saved
        self.servers_asked, self.users_asked, self.memory_asked = [], [], []
        monkeypatch.setattr(evidence_of_run, "silent_servers", self.ask_servers)
        monkeypatch.setattr(evidence_of_run, "_document_evidence", lambda *_: None)
        monkeypatch.setattr(evidence_of_run, "_documents_in_use", lambda state: state.prepared.documents)
        monkeypatch.setattr(evidence_of_run, "_problems", lambda *_: [])
        monkeypatch.setattr(evidence_of_run, "_told", lambda *_, **told: SimpleNamespace(**told))
        monkeypatch.setattr(evidence_of_run, "last_look", self.look)
        monkeypatch.setattr(evidence_of_run, "replace", lambda told, **more: SimpleNamespace(**vars(told), **more))

    def look(self, *_, **__):
        if self.silence_s is not None:
            since = time.monotonic() - self.silence_s
            self.state.silences.not_answered("", since)
        evidence = DocumentEvidence(DOCUMENT.path, "text", Snapshot({}, b"\x00\x00"), joiner=nothing_seen(self.joiner))
        return replace(evidence, saved=SavedFile(problem=self.saved))

    def ask_servers(self, state, until):
        self.servers_asked.append(until)
        state.silences.lasts("", time.monotonic())
        return frozenset()

    def ask_once_more(self, _state, _collection, documents, until):
        self.users_asked.append(until)
        return documents

    def remember(self, until):
        self.memory_asked.append(until)

    def ended_so_long_ago(self, seconds, collection=None):
        collection = self.state.end if collection is None else collection
        collection.began = time.monotonic() - seconds
        evidence_of_run.run_evidence(self.state, collection, HEALTHY, [])
        return self


@pytest.fixture
def looks(monkeypatch):
    return lambda **seen: Looks(monkeypatch, **seen)


@pytest.mark.parametrize(("joiner", "saved"), [(NO_TIME, NO_TIME), (NOT_QUIET, NOT_QUIET), ("", NO_TIME), ("", "")])
def test_a_server_is_not_asked_again_for_documents_that_were_not_looked_at(looks, joiner, saved):
    there = looks(joiner=joiner, saved=saved).ended_so_long_ago(94.0)
    assert len(there.servers_asked) == 1
    assert there.state.end_budget_s == END_BUDGET_S


@pytest.mark.parametrize(("joiner", "saved"), [(NOT_LET_IN, ""), ("", "connection refused"), (NOT_LET_IN, NO_TIME)])
def test_it_is_where_a_look_was_tried_in_vain(looks, joiner, saved):
    assert len(looks(joiner=joiner, saved=saved).ended_so_long_ago(50.0).servers_asked) == 2


def test_it_is_where_it_has_not_answered_the_watch_whatever_was_not_looked_at(looks):
    assert len(looks(joiner=NO_TIME, saved=NO_TIME, silence_s=3.0).ended_so_long_ago(94.0).servers_asked) == 2


def test_a_silent_server_puts_the_end_off_until_its_users_are_asked_and_the_judge_has_its_time(looks):
    there = looks(joiner=NO_TIME, saved=NO_TIME, silence_s=12.0).ended_so_long_ago(94.0)
    (until,) = there.users_asked
    assert until - time.monotonic() == pytest.approx(SILENT_SERVER_S, abs=1.0)
    assert there.state.end_budget_s == pytest.approx(END_BUDGET_S + SILENT_SERVER_S, abs=1.0)
    assert there.state.put_off_s <= SILENT_SERVER_S
    there.state.end.began -= SILENT_SERVER_S
    assert conclusion._time_to_judge(there.state) >= there.state.judge_s - 1.0


def test_where_there_is_time_enough_a_silent_server_puts_nothing_off(looks):
    there = looks(joiner=NOT_LET_IN, silence_s=12.0).ended_so_long_ago(20.0)
    assert there.users_asked and there.state.end_budget_s == END_BUDGET_S


def test_at_a_checkpoint_users_are_asked_and_no_end_is_put_off(looks):
    there = looks(joiner=NO_TIME, silence_s=12.0)
    there.ended_so_long_ago(200.0, Collection(1))
    assert there.users_asked[0] - time.monotonic() == pytest.approx(SILENT_SERVER_S, abs=1.0)
    assert there.state.end_budget_s == END_BUDGET_S


def test_the_memory_is_asked_as_long_as_there_is_time_beside_the_judges(looks):
    there = looks().ended_so_long_ago(60.0)
    assert there.memory_asked == [end_of_looks(there.state, there.state.end)]


@pytest.mark.parametrize("elapsed", [0.0, 80.0, 94.0, 110.0, 94.0 + SILENT_SERVER_S])
def test_a_judge_has_its_time_whatever_the_steps_before_took(elapsed):
    state = RunState("run", 1, Settings(), "", None)
    state.end.began = time.monotonic() - elapsed
    left = conclusion._time_to_judge(state)
    assert left >= state.judge_s - 0.5
    assert elapsed + left + LEAVE_DEADLINE_S <= state.end_budget_s + 0.5


def test_no_end_is_put_off_for_longer_than_is_stated():
    state = RunState("run", 1, Settings(), "", None)
    for _ in range(3):
        state.put_off(SILENT_SERVER_S - 1.0)
    state.put_off(-5.0)
    assert (state.end_budget_s, state.left_to_put_off_s) == (END_BUDGET_S + SILENT_SERVER_S, 0.0)
    state.end.began = time.monotonic() - 10_000.0
    assert conclusion._time_to_judge(state) == LEAST_TO_JUDGE_S
