"""A verdict that takes too long is given up: what the processes told is judged all the same, and is never a pass."""

import time
from types import SimpleNamespace

import pytest
from locust.env import Environment

from jupyter_rtc_locust.coordination import conclusion
from jupyter_rtc_locust.coordination.judging import Judgement
from jupyter_rtc_locust.coordination.preparation import Prepared, PreparedDocument
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.seats import Seats
from jupyter_rtc_locust.documents.saved_digest import file_digest
from jupyter_rtc_locust.errors import GivenUp
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.settings import Settings
from jupyter_rtc_locust.timing.generator_health import GeneratorHealth
from jupyter_rtc_locust.timing.recorder import Recorder
from jupyter_rtc_locust.verdict.decision import decide
from jupyter_rtc_locust.verdict.evidence import RoomEvidence, SaveSeen, StallEvidence
from jupyter_rtc_locust.verdict.evidence_form import run_of_parts
from jupyter_rtc_locust.verdict.findings import Value
from verdict.swarm_model import SwarmModel
from verdict.templates import plain_notebook

WHY = "The verdict was given up: it took longer than 115 s."
HEALTHY = {"sound": True, "reasons": []}


@pytest.fixture
def told():
    """What a healthy run tells of its one document."""
    swarm = SwarmModel(plain_notebook("a = 1"), processes=1)
    for user in range(2):
        swarm[user].type(f"[by {user}]")
    swarm.finish()
    return swarm.evidence()


@pytest.fixture
def given_up(monkeypatch, tmp_path, told):
    """Concludes a run whose looks take too long. Its evidence is all there, and has these stalls."""
    monkeypatch.setattr(conclusion, "judged", lambda parts, *_: Judgement(decide(run_of_parts(parts))))
    monkeypatch.setattr(conclusion, "_keep_plan", lambda *_: None)
    monkeypatch.setattr(conclusion, "summarise", lambda *_: dict(HEALTHY))
    environment = Environment()
    environment.create_local_runner()

    def looks(*_):
        raise GivenUp(WHY)

    monkeypatch.setattr(conclusion, "run_evidence", looks)

    def make(stalls=(), *, quiet=True, closed=True, out_of_time=True, silences=(), saves=(), **times):
        document = Document(told.path, told.kind)
        server = SimpleNamespace(
            stores_files=True, owner_of=lambda _: "", owners=lambda: [""], version=lambda: "a server of the tests"
        )
        seats = Seats("run", 1, [document], 2)
        seats.authors.update(told.authors)
        state = RunState("run", 1, Settings(results=tmp_path), "http://127.0.0.1:1", None)
        state.started = time.monotonic() - 100.0
        state.prepared = Prepared(server, "run", [prepared_as(document, told)], seats)
        state.users_seated = state.most_users = 2
        state.end.began, state.end.closed, state.out_of_time = time.monotonic() - 20.0, closed, out_of_time
        for name, seconds in times.items():
            setattr(state, name, seconds)
        if saves:
            state.saves = SimpleNamespace(seen=lambda path: saves if path == told.path else ())
        for asked, answered in silences:
            state.silences.not_answered("", state.started + asked)
            if answered is None:
                state.silences.lasts("", time.monotonic())
            else:
                state.silences.answered("", state.started + answered)
        room = RoomEvidence(
            told.path,
            told.kind,
            quiet,
            **{name: getattr(told, name) for name in ("authored", "foreign", "replicas", "users", "presences")},
            stalls=tuple(stalls),
        )
        state.end.answers["process"] = {
            "process": "process",
            "documents": [room],
            "counts": {"edits": 2},
            "timings": Recorder().as_evidence(),
            "health": GeneratorHealth("process").as_evidence(),
            "clock": [],
        }
        conclusion.conclude(environment, state, [], lambda: None)
        return state.verdict

    return make


def prepared_as(document, told):
    prepared = PreparedDocument(document, None)
    prepared.initial = told.initial
    prepared.ready = True
    return prepared


def test_what_people_met_is_found(given_up):
    verdict = given_up([StallEvidence(1, 16.0, "its sync was not answered", 80.0)], quiet=False)
    assert verdict.value is Value.FAIL
    assert "stalled" in verdict.reason
    assert WHY in verdict.opinion.unknown


def test_what_was_seen_of_the_file_while_people_typed_is_judged(given_up, told):
    """Everything was acknowledged a minute ago, and the file is still the template."""
    file = file_digest(told.template, told.kind)
    verdict = given_up(saves=(SaveSeen(0.0, 90.0, file),))
    assert (verdict.value, verdict.opinion.findings[0].kind) == (Value.FAIL, "save-stalled")


@pytest.mark.parametrize("quiet", [True, False])
def test_a_run_in_which_nothing_is_found_is_no_pass(given_up, quiet):
    verdict = given_up(quiet=quiet)
    assert verdict.value is Value.INCONCLUSIVE
    assert verdict.opinion.findings == ()
    assert verdict.reason.startswith(WHY)


@pytest.mark.parametrize("changes", [{"out_of_time": False}, {"closed": False}])
def test_who_gives_it_up_gets_no_verdict_nor_does_a_run_of_which_not_all_was_told(given_up, changes):
    verdict = given_up([StallEvidence(1, 16.0, "its sync was not answered", 80.0)], **changes)
    assert (verdict.value, verdict.reason) == (Value.INCONCLUSIVE, WHY)


@pytest.mark.parametrize(("silences", "told_of"), [([(40.0, 55.0)], True), ([(85.0, None)], False)])
def test_of_a_silence_that_goes_on_it_is_not_known_whether_people_were_served(given_up, silences, told_of):
    said = " ".join(given_up(silences=silences).opinion.unknown)
    assert ("did not answer the coordinator's host" in said) is told_of


@pytest.mark.parametrize(("judge_s", "put_off_s", "seconds"), [(15.0, 0.0, 15.0), (60.0, 0.0, 40.0), (60.0, 35.0, 5.0)])
def test_who_judges_what_was_told_has_what_no_silent_server_took(given_up, monkeypatch, judge_s, put_off_s, seconds):
    given = []
    monkeypatch.setattr(conclusion, "judged", lambda _parts, deadline_s, *_: given.append(deadline_s))
    given_up(judge_s=judge_s, put_off_s=put_off_s)
    assert given == [seconds]


def test_a_judge_that_fails_then_leaves_it_inconclusive(given_up, monkeypatch):
    def fails(*_):
        raise GivenUp("")

    monkeypatch.setattr(conclusion, "judged", fails)
    verdict = given_up()
    assert (verdict.value, verdict.reason) == (Value.INCONCLUSIVE, WHY)
