"""The end of a run happens once, whoever asks for it and however often, and can be given up."""

import time
from pathlib import Path
from types import SimpleNamespace

import gevent
import pytest
from gevent.event import Event

from jupyter_rtc_locust.coordination import ending
from jupyter_rtc_locust.coordination.coordinator import Coordinator
from jupyter_rtc_locust.coordination.ending import Ending
from jupyter_rtc_locust.coordination.exit_of_run import exit_of_run
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.errors import GivenUp
from jupyter_rtc_locust.settings import SILENT_SERVER_S, Settings
from jupyter_rtc_locust.verdict.findings import Opinion, Value, Verdict
from users.fake_room import wait_until

DOCUMENTS = Path(__file__).resolve().parents[3] / "docs"


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


@pytest.mark.parametrize(
    ("value", "outcomes", "code"),
    [
        (Value.PASS, ["met"], None),
        (Value.PASS, ["met", "missed", "inconclusive"], 1),
        (Value.PASS, ["met", "inconclusive"], 4),
        (Value.FAIL, ["missed"], 3),
        (Value.INCONCLUSIVE, ["missed"], 4),
    ],
)
def test_a_threshold_decides_the_exit_code_of_a_pass_alone(stage, value, outcomes, code):
    stage.verdict = Verdict(value, "Something.", Opinion())
    stage.state.result = {"thresholds": [{"outcome": outcome} for outcome in outcomes]}
    stage.state.printed = True
    stage.may_go_on.set()
    stage.ending.of(stage.state)
    assert stage.environment.process_exit_code == code


MISTAKE = "on_start of A raised KeyError: 'x' (a.py:6)."


class Ended:
    """A run with its verdict, and what Locust was told of in it."""

    def __init__(
        self,
        value=Value.PASS,
        *,
        outcomes=(),
        errors=(),
        stumbles=(),
        heard=(),
        error="refused.",
        on_error=1,
        set_to=None,
    ):
        self.state = RunState("run", 1, Settings(), "", None)
        self.state.verdict = Verdict(value, "Something.", Opinion())
        self.state.result = {"thresholds": [{"threshold": "failures < 1", "outcome": one} for one in outcomes]}
        for what, times in stumbles:
            self.state.stumbled.hear({"users": 2, "failed": 2, "what": [[what, True, True, times]]})
        requests = {
            name: SimpleNamespace(name=name, occurrences=times, error=error) for name, times in dict(errors).items()
        }
        exceptions = {number: {"count": 1, "msg": text} for number, text in enumerate(heard)}
        self.environment = SimpleNamespace(
            stats=SimpleNamespace(errors=requests),
            runner=SimpleNamespace(exceptions=exceptions),
            parsed_options=SimpleNamespace(exit_code_on_error=on_error),
            process_exit_code=set_to,
        )

    def ends(self, secrets=()):
        told = exit_of_run(self.environment, self.state, secrets)
        return told["code"], told["reason"]


@pytest.mark.parametrize(
    ("ended", "code", "reason"),
    [
        (Ended(), 0, ""),
        (Ended(Value.FAIL, errors={"save": 1}), 3, ""),
        (Ended(Value.INCONCLUSIVE, heard=["x"]), 4, ""),
        (Ended(outcomes=["met"]), 0, ""),
        (Ended(outcomes=["missed"], errors={"save": 1}), 1, "a threshold was missed (failures < 1)"),
        (Ended(outcomes=["inconclusive"]), 4, "it is not known whether a threshold was met (failures < 1)"),
        (Ended(errors={"save": 1, "GET /": 3}), 1, "4 requests failed, GET / 3 times: refused"),
        (Ended(stumbles=[(MISTAKE, 2)], heard=[MISTAKE]), 1, f"2 users stumbled: {MISTAKE[:-1]}"),
        (
            Ended(stumbles=[(MISTAKE, 2), ("Another.", 1)], heard=["x"], errors={"save": 1}),
            1,
            f"4 users stumbled: {MISTAKE[:-1]}, and 1 other error; 1 request failed, save 1 time: refused",
        ),
        (Ended(heard=["Nobody told of this."]), 1, "1 error of users: Nobody told of this"),
        (Ended(set_to=9, errors={"save": 1}), 9, "the locustfile set it"),
        (Ended(set_to=0, errors={"save": 1}), 0, ""),
        (Ended(Value.FAIL, set_to=9), 3, ""),
        (Ended(errors={"save": 1}, on_error=0), 0, ""),
        (Ended(errors={"save": 1}, on_error=7), 7, "1 request failed, save 1 time: refused"),
    ],
)
def test_the_code_of_a_run_is_told_with_the_reason_where_the_verdict_has_none(ended, code, reason):
    assert ended.ends() == (code, reason)


SECRET = "hunter2hunter2"
LONG = f"{'x' * 193}{SECRET} refused"
"""What is cut after 200 characters is cut in the middle of the secret."""


@pytest.mark.parametrize(
    "ended",
    [Ended(stumbles=[(LONG, 1)], heard=["x"]), Ended(heard=[LONG]), Ended(errors={"save": 1, SECRET: 2}, error=LONG)],
)
def test_no_half_of_a_secret_is_in_the_reason(ended):
    code, reason = ended.ends([SECRET])
    assert code == 1
    assert "x" * 193 in reason
    assert "hun" not in reason


def test_what_fails_after_the_verdict_changes_no_exit_code(stage):
    stage.state.result = {"exit": {"code": 0, "reason": ""}}
    stage.state.printed = True
    stage.may_go_on.set()
    stage.ending.of(stage.state)
    assert stage.environment.process_exit_code == 0


def test_a_code_that_the_locustfile_sets_after_the_verdict_stays_for_a_pass_and_loses_to_a_fail(stage):
    stage.state.result = {"exit": {"code": 0, "reason": ""}}
    stage.state.printed = True
    stage.may_go_on.set()
    stage.ending.of(stage.state)
    stage.environment.process_exit_code = 9  # in `test_stop`, after which `quitting` asks for the end once more
    stage.ending.of(stage.state)
    assert stage.environment.process_exit_code == 9
    stage.state.verdict = Verdict(Value.FAIL, "Something.", Opinion())
    stage.ending.of(stage.state)
    assert stage.environment.process_exit_code == 3


def test_a_code_that_was_set_here_gives_way_to_the_verdict_that_comes_later(stage):
    stage.state.result = {"exit": {"code": 0, "reason": ""}}
    stage.ending.set_exit_code(stage.state)
    assert stage.environment.process_exit_code == 4
    stage.state.verdict = stage.verdict
    stage.ending.set_exit_code(stage.state)
    assert stage.environment.process_exit_code == 0


def test_what_users_of_another_run_met_is_not_of_this_one():
    state, heard = RunState("run", 1, Settings(users=2), "", None), []
    coordinator = SimpleNamespace(state=state, _nobody_left=SimpleNamespace(heard=heard.append))
    for run in ("another", "run"):
        body = {"run": run, "users": 1, "failed": 1, "what": [[MISTAKE, True, True, 1]]}
        Coordinator._on_stumbled(coordinator, SimpleNamespace(data=body))
    assert heard == [state]
    assert state.stumbled.as_result() == [{"what": MISTAKE, "times": 1}]


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


class FakeReports:
    """Reports that are being made until somebody gives them up, or they are done."""

    def __init__(self, *_):
        self.done = Event()
        self.told = ("Report: somewhere",)

    def finished(self):
        self.done.wait()
        return self.told

    def give_up(self):
        self.told = ("Given up.",)
        self.done.set()


@pytest.fixture
def made(stage, monkeypatch):
    """What was begun of reports, where the result was written."""
    begun = []
    monkeypatch.setattr(ending, "Reports", lambda *asked: begun.append((asked, FakeReports())) or begun[-1][1])
    stage.state.result_path = "results/result.json"
    return begun


def test_reports_are_made_while_documents_are_closed_and_are_waited_for(stage, made):
    stage.may_go_on.set()
    greenlet = gevent.spawn(stage.ending.of, stage.state)
    wait_until(lambda: "rtc-run-over" in stage.sent)
    ((_, reports),) = made
    assert not greenlet.ready()
    reports.done.set()
    greenlet.get(timeout=5)
    assert stage.state.told_of_reports == ("Report: somewhere",)
    assert (stage.state.verdict, stage.environment.process_exit_code) == (stage.verdict, None)


@pytest.mark.parametrize(("elapsed", "deadline"), [(0.0, 30.0), (100.0, 15.0), (500.0, 5.0)])
def test_reports_get_what_is_left_of_the_time_to_the_exit(stage, made, monkeypatch, elapsed, deadline):
    def collected(state):
        state.end.began = time.monotonic() - elapsed

    monkeypatch.setattr(stage.ending, "_collect", collected)
    greenlet = gevent.spawn(stage.ending.of, stage.state)
    wait_until(lambda: made)
    ((asked, reports),) = made
    reports.done.set()
    greenlet.get(timeout=5)
    assert asked[2] == pytest.approx(deadline, abs=1.0)


def test_reports_are_given_up_by_who_does_not_want_to_wait_and_the_verdict_stays(stage, made):
    stage.may_go_on.set()
    greenlet = gevent.spawn(stage.ending.of, stage.state)
    wait_until(lambda: made)
    stage.ending.give_up("Enough.")
    greenlet.get(timeout=5)
    assert stage.state.told_of_reports == ("Given up.",)
    assert (stage.state.verdict, stage.state.given_up) == (stage.verdict, "")


@pytest.mark.parametrize("why", ["never", "not written", "given up"])
def test_reports_are_not_made_where_there_is_nothing_to_make_them_of_or_nobody_wants_them(stage, made, why):
    if why == "never":
        stage.state.settings = Settings(report="never")
    elif why == "not written":
        stage.state.result_path = None
    else:
        stage.state.given_up = "Enough."
    stage.may_go_on.set()
    stage.ending.of(stage.state)
    assert (made, stage.state.told_of_reports) == ([], ())


def test_an_end_that_takes_too_long_is_given_up(stage, monkeypatch):
    monkeypatch.setattr(ending, "end_budget", lambda *_: 0.05)
    stage.ending.of(stage.state)
    assert "took longer" in stage.state.verdict.reason
    assert stage.state.out_of_time


def test_one_that_takes_too_long_for_several_is_given_up_once(stage, monkeypatch):
    """What was told is judged then, and whoever waits beside them shall not end that, too."""
    monkeypatch.setattr(ending, "end_budget", lambda *_: 0.05)
    given_up = []
    monkeypatch.setattr(
        stage.ending, "give_up", lambda why: (given_up.append(why), setattr(stage.state, "given_up", why))
    )
    for greenlet in asked(stage, 3):
        greenlet.join(timeout=0.5)
    assert len(given_up) == 1
    stage.may_go_on.set()


def test_an_end_that_somebody_gives_up_is_not_out_of_time(stage):
    (greenlet,) = asked(stage, 1)
    stage.ending.give_up(ending.CTRL_C)
    greenlet.get(timeout=5)
    assert not stage.state.out_of_time


def test_whoever_waits_longer_for_outstanding_messages_has_a_longer_end(stage):
    stage.state = RunState("run", 1, Settings(drain_timeout=60.0), "", None)
    stage.may_go_on.set()
    stage.ending.of(stage.state)
    assert stage.state.end_budget_s == ending.end_budget(0) + 30.0
    assert ending.longest_end(0, faults=False, hub=False, drain_timeout=60.0) == 30.0 + ending.longest_end(
        0, faults=False, hub=False
    )


def test_the_documents_tell_the_longest_end_as_the_code_has_it():
    verdict = f"{ending.end_budget(0) + SILENT_SERVER_S:.0f}"
    out, out_behind_a_hub = (f"{ending.longest_end(0, faults=False, hub=hub):.0f}" for hub in (False, True))
    closed, closed_behind_a_hub = (f"{sum(ending.patience(0.0, faults=False, hub=hub)):.0f}" for hub in (False, True))
    for name, told in {
        "ui.md": [
            f"comes after {verdict} at most, as the terminal says",
            f"the page says so {closed} later at the latest ({closed_behind_a_hub} behind a hub)",
        ],
        "use.md": [
            f"a run takes at most {out} seconds: {verdict} until the verdict, which is what the terminal says,",
            f" {closed} to close and to remove documents",
            f"({out_behind_a_hub} behind a hub;",
        ],
        "verdict.md": [
            f"{verdict} s, which is what the terminal says",
            f"{out} s after its last edit at the longest, behind a hub {out_behind_a_hub} s.",
            f"to the exit in all [{out} s](#how-the-end-of-a-run-goes)",
        ],
    }.items():
        document = " ".join((DOCUMENTS / name).read_text("utf-8").split())
        assert [words for words in told if words not in document] == [], name


def test_an_end_that_was_put_off_is_not_given_up_before(stage, monkeypatch):
    monkeypatch.setattr(ending, "end_budget", lambda *_: 0.2)
    (greenlet,) = asked(stage, 1)
    stage.state.end_budget_s += 60.0
    greenlet.join(timeout=1)
    assert not greenlet.ready()
    stage.may_go_on.set()
    greenlet.get(timeout=5)
    assert stage.state.verdict == stage.verdict


def test_an_end_that_breaks_is_still_concluded(stage, unseen_errors):
    def breaks(*_):
        raise ZeroDivisionError("collecting")

    stage.ending._collector.collect = breaks
    stage.ending.of(stage.state)
    assert stage.concluded == [stage.state]
    assert "ZeroDivisionError: collecting" in stage.state.problems[0]


def prepared(stage, remove, left):
    """The run has a document on a server, which takes it back, or not."""
    server = SimpleNamespace(stores_files=True, remove=remove, leave=lambda: left.append("left") or [])
    stage.state.prepared = SimpleNamespace(server=server, folder="rtc-locust-run", documents=[])
    stage.may_go_on.set()


def test_documents_are_removed_as_long_as_somebody_waits_for_it(stage, caplog):
    untils, began = [], time.monotonic()
    prepared(stage, lambda *asked: untils.append(asked[-1]) or ["2 were not removed"], [])
    stage.ending.of(stage.state)
    waited_for = sum(ending.patience(stage.state.end_budget_s, faults=False, hub=False))
    assert untils[0] == pytest.approx(began + waited_for - ending._TO_SAY_SO_S, abs=1.0)
    assert "2 were not removed" in caplog.text


def test_after_a_verdict_was_given_up_documents_are_removed_in_the_last_moments(stage):
    untils = []
    (greenlet,) = asked(stage, 1)
    prepared(stage, lambda *asked: untils.append(asked[-1]) or [], [])
    stage.may_go_on.clear()
    began = time.monotonic()
    stage.ending.give_up(ending.CTRL_C)
    greenlet.get(timeout=5)
    assert untils[0] == pytest.approx(began + ending._LAST_MOMENTS_S - ending._TO_SAY_SO_S, abs=1.0)


@pytest.mark.parametrize(("out_of_time", "more"), [(True, SILENT_SERVER_S), (False, 0.0)])
def test_where_the_time_was_over_there_is_more_to_judge_what_was_told(stage, out_of_time, more):
    stage.state.out_of_time = out_of_time
    assert ending._given(stage.state)[1] == ending._LAST_MOMENTS_S + more
    stage.state.put_off(SILENT_SERVER_S)
    assert ending._given(stage.state)[1] == ending._LAST_MOMENTS_S, "never more than is stated in all"


def test_what_was_made_on_a_server_is_given_back_also_where_documents_cannot_be_removed(stage, unseen_errors):
    left = []

    def breaks(*_):
        raise ZeroDivisionError("removing")

    prepared(stage, breaks, left)
    stage.ending.of(stage.state)
    assert left == ["left"]
    unseen_errors.clear()


def test_an_end_in_which_nothing_can_be_given_back_comes_all_the_same(stage, unseen_errors):
    def breaks(*_):
        raise ZeroDivisionError("leaving")

    prepared(stage, lambda *_: [], [])
    stage.state.prepared.server.leave = breaks
    with gevent.Timeout(5):
        stage.ending.of(stage.state)
    assert stage.state.concluded.is_set()
    unseen_errors.clear()


def test_whoever_stops_waiting_for_the_end_says_what_may_be_left(stage, monkeypatch, caplog):
    monkeypatch.setattr(ending, "end_budget", lambda *_: 0.05)
    monkeypatch.setattr(ending, "_LAST_MOMENTS_S", 0.05)
    hangs = Event()

    def remove(*_):
        hangs.wait()
        return []

    prepared(stage, remove, [])
    stage.state.put_off_s = SILENT_SERVER_S
    stage.ending.of(stage.state)
    assert "waited for no longer. Its documents may be left in rtc-locust-run/ on the server" in caplog.text
    caplog.clear()
    hangs.set()
    wait_until(stage.state.concluded.is_set)
    stage.ending.of(stage.state)
    assert caplog.text == ""


def test_no_check_can_swallow_a_verdict_that_is_given_up():
    assert not issubclass(GivenUp, Exception)
