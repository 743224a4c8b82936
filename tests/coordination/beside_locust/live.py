"""The picture of the present run: what it takes from messages and from the coordinator, and what it keeps to itself."""

import json
import logging
import time
from types import SimpleNamespace

import pytest

from jupyter_rtc_locust.coordination import live as live_module
from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.coordination.live import Live
from jupyter_rtc_locust.coordination.preparation import Prepared, PreparedDocument
from jupyter_rtc_locust.coordination.rounds import Collection
from jupyter_rtc_locust.coordination.run_state import Pause, RunState
from jupyter_rtc_locust.live.looks import DocumentLook, Look
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.settings import Settings
from jupyter_rtc_locust.verdict.evidence import Checkpoint
from jupyter_rtc_locust.verdict.findings import Finding, Opinion, Value, Verdict
from users.fake_room import wait_until

SECRET = "a-token-of-the-server"
PATH = "run/a.ipynb"


class Runner:
    def __init__(self):
        self.heard = {}

    def register_message(self, kind, listener):
        self.heard[kind] = listener

    def tell(self, run="run", node="a", **look):
        look = {**Look("worker a", 1.0).as_message(), **look}
        self.heard[messages.LIVE](msg=SimpleNamespace(node_id=node, data={"run": run, "look": look}))


@pytest.fixture
def environment():
    options = SimpleNamespace(run_time=None, autostart=False)
    return SimpleNamespace(runner=Runner(), parsed_options=options, web_ui=None)


@pytest.fixture
def asked():
    return []


@pytest.fixture
def live(environment, asked):
    def alike(_state, index):
        asked.append(index)
        return [{b"one", b"other"}]

    differences = SimpleNamespace(on_copies=None, between=lambda *_: {"diff": SECRET}, alike=alike)
    return Live(environment, [SECRET], None, differences)


@pytest.fixture
def state(live):
    made = RunState("run", 7, Settings(), "http://test", None)
    live.begin(made)
    return made


def prepared(live, state):
    server = SimpleNamespace(name="a kind")
    state.prepared = Prepared(server, "run", [PreparedDocument(Document(PATH, "notebook"), None)], None)
    live.prepared()


def document_look(**more):
    return [DocumentLook(0, users=1, copies=((b"one", 1),), **more).as_message()]


def doing(live):
    return live.as_json()["run"]["state"]


def test_it_says_what_the_run_is_doing(live, state):
    assert doing(live) == "preparing"
    prepared(live, state)
    assert doing(live) == "editing"
    state.pauses.append(Pause(1.0))
    assert doing(live) == "paused"
    state.checkpoint = Collection(1)
    assert doing(live) == "comparing"
    state.concluding = True
    assert doing(live) == "ending"
    state.concluded.set()
    assert doing(live) == "over"


def test_before_any_run_there_is_none(live):
    told = live.as_json()
    assert (told["run"]["state"], told["documents"], live.difference(0)) == ("none", [], None)


def test_looks_of_the_run_are_taken_and_those_of_another_are_not(live, state, environment):
    prepared(live, state)
    environment.runner.tell(documents=document_look())
    environment.runner.tell(node="b", run="another", documents=document_look())
    assert live.as_json()["figures"]["users"] == 1


def test_a_look_that_cannot_be_read_is_told_of_once_and_harms_nothing(live, state, environment, caplog):
    prepared(live, state)
    with caplog.at_level(logging.WARNING):
        environment.runner.tell(times="nonsense")
        environment.runner.tell(times="nonsense")
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    environment.runner.tell(documents=document_look())
    assert live.as_json()["figures"]["users"] == 1


def test_checkpoints_and_the_verdict_are_taken_over_with_no_secret_in_them(live, state, environment):
    prepared(live, state)
    environment.runner.tell(documents=document_look())
    finding = Finding("lost-edit", PATH, f"the server said {SECRET}")
    state.checkpoints.append(Checkpoint(1, 2.0, 1.0, "fail", "because", (finding,)))
    assert live.as_json()["documents"][0]["checkpoint"]["number"] == 1
    state.verdict = Verdict(Value.FAIL, f"it is {SECRET}", Opinion(findings=(finding,)))
    state.problems.append(f"a problem with {SECRET}")
    told = live.as_json()
    assert told["verdict"]["value"] == "fail"
    assert told["documents"][0]["state"] == "differs"
    assert len(told["documents"][0]["findings"]) == len(told["problems"]) == 1
    assert SECRET not in json.dumps([told, live.difference(0)]) + live.metrics()


def test_a_run_that_was_refused_has_its_problem_told_and_its_verdict(live, state):
    state.problems.append("the server cannot be used")
    state.concluding = True
    state.verdict = Verdict(Value.INCONCLUSIVE, "the server cannot be used", Opinion())
    state.concluded.set()
    told = live.as_json()
    assert (told["run"]["state"], told["verdict"]["value"]) == ("over", "inconclusive")
    assert told["problems"] == ["the server cannot be used"]


def test_when_the_run_is_over_its_clock_stands(live, state):
    prepared(live, state)
    state.concluding = True
    state.concluded.set()
    first = live.as_json()["run"]["since_start_s"]
    state.started -= 100
    assert live.as_json()["run"]["since_start_s"] == first


def test_a_new_run_has_a_new_picture(live, state, environment):
    prepared(live, state)
    environment.runner.tell(documents=document_look())
    live.begin(RunState("next", 1, Settings(), "http://test", None))
    told = live.as_json()
    assert (told["run"]["id"], told["documents"], told["figures"]["users"]) == ("next", [], 0)


@pytest.mark.parametrize(
    ("web_ui", "autostart", "expected"),
    [
        (None, False, 60.0),
        (SimpleNamespace(_run_time_greenlet=None), False, None),
        (SimpleNamespace(_run_time_greenlet=object()), False, 60.0),
        (SimpleNamespace(_run_time_greenlet=None), True, 60.0),
    ],
)
def test_how_long_a_run_is_to_last_is_known_where_a_clock_of_locusts_runs(
    live, state, environment, web_ui, autostart, expected
):
    environment.web_ui = web_ui
    environment.parsed_options.autostart = autostart
    assert live.facts().duration_s is None
    environment.parsed_options.run_time = 60
    duration = live.facts().duration_s
    assert duration is None if expected is None else duration == pytest.approx(expected, abs=5)


def test_copies_that_are_not_alike_are_read_once(live, state, environment, asked, monkeypatch):
    monkeypatch.setattr(live_module, "FOLLOW_EVERY_S", 0.005)
    state.started = time.monotonic() - 10
    prepared(live, state)
    apart = [DocumentLook(0, users=2, copies=((b"one", 1), (b"other", 1))).as_message()]
    environment.runner.tell(at=9.9, documents=apart)
    wait_until(lambda: live.as_json()["documents"][0]["state"] == "equal")
    again = [DocumentLook(0, users=3, copies=((b"one", 2), (b"other", 1))).as_message()]
    environment.runner.tell(at=10.0, documents=again)
    assert live.as_json()["documents"][0]["state"] == "equal"
    assert asked == [0]
    state.concluded.set()
