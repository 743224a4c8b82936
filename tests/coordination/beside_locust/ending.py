"""The end of a run happens once, whoever asks for it and however often, and can be given up."""

from types import SimpleNamespace

import gevent
import pytest
from gevent.event import Event

from jupyter_rtc_locust.coordination import ending
from jupyter_rtc_locust.coordination.ending import Ending
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.errors import GivenUp
from jupyter_rtc_locust.settings import Settings
from jupyter_rtc_locust.verdict.findings import Opinion, Value, Verdict
from users.fake_room import wait_until


class Stage:
    """An environment in which the end waits for `may_go_on`, and then concludes with what `verdict` is."""

    def __init__(self, monkeypatch):
        self.may_go_on = Event()
        self.verdict = Verdict(Value.PASS, "All well.", Opinion())
        self.concluded = []
        self.sent = []
        runner = SimpleNamespace(
            register_message=lambda *_: None, send_message=lambda kind, _: self.sent.append(kind), worker_count=1
        )
        self.environment = SimpleNamespace(
            runner=runner, web_ui=object(), process_exit_code=None, stats=SimpleNamespace(entries={})
        )
        agent = SimpleNamespace(history=None, begin_history=lambda _: None)
        hearing = SimpleNamespace(is_gone=lambda _: False)
        collector = SimpleNamespace(collect=lambda *_: self.may_go_on.wait(), state=None, hearing=hearing)
        self.ending = Ending(self.environment, agent, collector, [], lambda: None)
        self.state = RunState("run", 1, Settings(), "", None)
        monkeypatch.setattr(ending, "conclude", self.conclude)

    def conclude(self, _environment, state, _secrets, _leave):
        self.concluded.append(state)
        reason = state.given_up
        state.verdict = Verdict(Value.INCONCLUSIVE, reason, Opinion()) if state.given_up else self.verdict


@pytest.fixture
def stage(monkeypatch):
    return Stage(monkeypatch)


def asked(stage, times):
    greenlets = [gevent.spawn(stage.ending.of, stage.state) for _ in range(times)]
    wait_until(lambda: "rtc-run-ends" in stage.sent)
    return greenlets


def test_whoever_asks_second_waits_for_the_one_end(stage):
    greenlets = asked(stage, 3)
    assert not any(one.ready() for one in greenlets)
    stage.may_go_on.set()
    gevent.joinall(greenlets, timeout=5, raise_error=True)
    assert all(one.ready() for one in greenlets)
    assert stage.concluded == [stage.state]
    assert stage.sent == ["rtc-run-ends", "rtc-run-over"]
    assert stage.environment.process_exit_code is None


@pytest.mark.parametrize(("value", "code"), [(Value.FAIL, 3), (Value.INCONCLUSIVE, 4)])
def test_the_exit_code_is_that_of_the_verdict(stage, value, code):
    stage.verdict = Verdict(value, "Something.", Opinion())
    stage.may_go_on.set()
    stage.ending.of(stage.state)
    assert stage.environment.process_exit_code == code


def test_an_end_that_is_given_up_is_inconclusive_and_closes_the_documents(stage):
    (greenlet,) = asked(stage, 1)
    stage.ending.give_up("Enough.")
    greenlet.get(timeout=5)
    assert (stage.state.verdict.value, stage.state.verdict.reason) == (
        Value.INCONCLUSIVE,
        "Enough.",
    )
    assert stage.sent == ["rtc-run-ends", "rtc-run-over"]
    assert stage.environment.process_exit_code == 4


def test_ctrl_c_thrown_into_whoever_waits_gives_the_verdict_up(stage):
    (greenlet,) = asked(stage, 1)
    greenlet.kill(KeyboardInterrupt, block=False)
    greenlet.get(timeout=5)
    assert ending.CTRL_C in stage.state.verdict.reason


def test_a_verdict_that_was_reached_is_not_given_up(stage):
    stage.may_go_on.set()
    stage.ending.of(stage.state)
    stage.ending.give_up("Too late.")
    assert stage.state.verdict == stage.verdict
    assert stage.state.given_up == ""


def test_an_end_that_takes_too_long_is_given_up(stage, monkeypatch):
    monkeypatch.setattr(ending, "end_budget", lambda _edits: 0.05)
    stage.ending.of(stage.state)
    assert "took longer" in stage.state.verdict.reason


def test_an_end_that_breaks_is_still_concluded(stage, unseen_errors):
    def breaks(*_):
        raise ZeroDivisionError("collecting")

    stage.ending._collector.collect = breaks
    stage.ending.of(stage.state)
    assert stage.concluded == [stage.state]
    assert "ZeroDivisionError: collecting" in stage.state.problems[0]


def test_no_check_can_swallow_a_verdict_that_is_given_up():
    assert not issubclass(GivenUp, Exception)
