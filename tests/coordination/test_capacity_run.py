"""A search for a capacity in virtual time: who is waited for and how long, who moves, what is compared, how it ends."""

import json
from types import SimpleNamespace

import pytest

from capacity.simulated_server import window
from jupyter_rtc_locust.capacity.search import End
from jupyter_rtc_locust.coordination import capacity_run, messages
from jupyter_rtc_locust.coordination.capacity_run import ARRIVAL_S, CapacityRun, Terms, terms_of
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.seats import Seats
from jupyter_rtc_locust.errors import RtcLocustError
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.settings import Settings
from jupyter_rtc_locust.timing.thresholds import read_thresholds
from jupyter_rtc_locust.verdict.evidence import Checkpoint
from jupyter_rtc_locust.verdict.findings import Opinion, Value, Verdict
from runs.patches import replace_in


class World:
    """A clock that sleeping moves, people who come and go at once, and a server that holds so many of them."""

    def __init__(self, monkeypatch, tmp_path, *, knee=100, most=200, step=10, longest_s=10_000.0):
        self.now = 0.0
        self.knee = knee
        self.never_come = 0
        self.late_ms = 20.0
        self.leave_after_s = 0.0
        self.sent, self.said = [], []
        self.checkpoints = []
        self.verdicts = iter(())
        settings = Settings(promise=read_thresholds("update echo p95 < 300ms"), results=tmp_path, users=most)
        seats = Seats("run", 1, [Document(f"d{number}", "notebook") for number in range(50)], most, together=4)
        self.documents = [
            SimpleNamespace(document=Document(f"d{number}", "notebook"), keeper=None) for number in range(50)
        ]
        prepared = SimpleNamespace(seats=seats, documents=self.documents, server=None)
        self.state = RunState("run", 1, settings, "", None, prepared=prepared)
        self.refused_for_s = 0.0
        cpu = SimpleNamespace(start=lambda: None, stop=lambda: None)
        terms = Terms(most, step, 10.0, longest_s)
        self.search = CapacityRun(self.state, terms, self, cpu, self.checkpoint, self.send)
        replace_in(monkeypatch, capacity_run, "gevent", sleep=self.sleep)
        monkeypatch.setattr(capacity_run, "say", self.said.append)
        monkeypatch.setattr(capacity_run, "keep_open", self.keep_open)
        self.search._keeping = SimpleNamespace(spawn=lambda keep, one: keep(one), join=lambda **_: None)

    def keep_open(self, _settings, _server, prepared):
        if self.now < self.refused_for_s:
            raise RtcLocustError("nobody is let in")
        prepared.keeper = True

    def sleep(self, seconds=0.0):
        self.now += seconds
        seats, wanted = self.state.prepared.seats, self.search._people - self.never_come
        if wanted >= len(seats.held()):
            self.going_since = self.now
        elif self.now < self.going_since + self.leave_after_s:
            return
        while len(seats.held()) < wanted:
            seats.take("worker", "notebook")
        for user in list(seats.held())[: max(0, len(seats.held()) - wanted)]:
            seats.leave(user)

    @property
    def people(self):
        """Who is to leave has lost the line, and has a seat still."""
        return min(len(self.state.prepared.seats.held()), self.search._people)

    def window(self, begin_s, end_s, _opened_from_s):
        p95 = 20.0 if self.people <= self.knee else 900.0
        return window(p95, people=self.people, begin_s=begin_s, end_s=end_s)

    def afterwards(self, begin_s, end_s):
        return window(self.late_ms, begin_s=begin_s, end_s=end_s, processes=())

    def checkpoint(self):
        self.sleep(5.0)
        verdict = next(self.verdicts, "pass")
        self.checkpoints.append(
            Checkpoint(len(self.checkpoints) + 1, self.now - 5.0, 4.0, verdict, f"it is a {verdict}")
        )
        return self.checkpoints[-1]

    def send(self, kind, body):
        self.sent.append((kind, body["users"]))
        if kind == messages.AWAY:
            for user in body["users"]:
                self.state.prepared.seats.leave(user)

    def ended(self, verdict=Value.PASS):
        self.search._search()
        self.state.verdict = Verdict(verdict, "reason", Opinion())
        self.search.conclude({"profile": "lab_class"})
        return self.search.capacity


@pytest.fixture
def world(monkeypatch, tmp_path):
    return lambda **what: World(monkeypatch, tmp_path, **what)


def test_the_knee_is_found_and_written_with_every_step(world, tmp_path):
    here = world(knee=57)
    found = here.ended()
    assert (found.end, found.capacity, found.bounds.broken) == (End.FOUND, 50, 60)
    content = json.loads((tmp_path / "capacity.json").read_text())
    assert content["sentence"] == here.search.told
    assert len(content["steps"]) == len(here.said) == len(found.steps)
    assert here.search.wanted is None


def test_everything_is_compared_at_each_step_that_was_held_and_at_no_other(world):
    found = world(knee=57).ended()
    assert [one.compared is not None for one in found.steps] == [one.outcome == "held" for one in found.steps]


def test_what_comes_back_only_while_everything_is_compared_can_break_a_step(world):
    here = world()
    here.late_ms = 9000.0
    found = here.ended()
    assert found.steps[0].outcome == "broken"
    assert found.steps[0].compared is not None


def test_who_is_left_after_others_went_moves_together(world):
    here = world(knee=57)
    here.ended()
    assert [kind for kind, _ in here.sent] == [messages.AWAY, messages.BACK] * (len(here.sent) // 2)
    assert here.sent, "nobody moved, though those who went were the first who had come"
    assert here.state.prepared.seats.scattered() == []


def test_nobody_moves_before_all_who_are_to_go_have_gone(world):
    here = world(knee=57)
    here.leave_after_s = 3.0
    here.ended()
    assert here.state.prepared.seats.scattered() == []


def test_somebody_stays_in_each_document_that_everybody_has_left(world):
    here = world(knee=57)
    here.ended()
    seats = here.state.prepared.seats
    assert seats.opened() > seats.open_now()
    kept = {one.document.path for one in here.documents if one.keeper}
    assert seats.opened() - seats.open_now() <= kept
    assert here.state.problems == []


def test_a_document_that_cannot_be_kept_open_is_a_problem_of_the_run(world):
    here = world(knee=57)
    here.refused_for_s = 1e9
    here.ended(Value.INCONCLUSIVE)
    assert "could not be kept open" in here.state.problems[0]


def test_a_step_to_which_not_everybody_comes_is_broken_for_that_after_a_deadline(world):
    here = world(most=20)
    here.never_come = 8
    found = here.ended()
    first = found.steps[0]
    assert (first.outcome, first.there, first.held) == ("broken", 2, None)
    assert first.ended_s <= 10 / 10.0 + ARRIVAL_S + 1
    assert "only 2 could open their document in time" in here.search.told


def test_of_people_who_come_and_go_by_themselves_most_are_enough_soon(world):
    here = world(most=20, step=20)
    here.never_come = 3
    (step,) = here.ended().steps
    assert (step.outcome, step.there) == ("held", 17)
    assert step.held.window.begin_s < ARRIVAL_S


@pytest.mark.parametrize(("verdict", "end"), [("fail", End.WRONG), ("inconclusive", End.UNKNOWN)])
def test_what_a_checkpoint_says_ends_it(world, verdict, end):
    here = world()
    here.verdicts = iter(["pass", verdict, "pass", verdict])
    found = here.ended(Value.FAIL if verdict == "fail" else Value.INCONCLUSIVE)
    assert (found.end, found.capacity) == (end, None)
    assert f"it is a {verdict}" in here.search.told


def test_a_search_ends_when_its_time_is_over(world):
    found = world(longest_s=60.0).ended()
    assert (found.end, found.capacity) == (End.TIME, None)
    assert found.steps[-1].began_s <= 60.0


def test_a_run_that_is_ended_by_others_ends_it_with_what_is_known(world):
    here = world()
    here.search.stop()
    assert here.search.wanted is None
    assert here.ended().end is not None


def test_an_overload_lasts_from_the_step_that_broke_until_the_server_was_back(world):
    here = world(knee=57)
    found = here.ended()
    broken = next(number for number, one in enumerate(found.steps) if one.outcome == "broken")
    step, back = found.steps[broken], found.steps[broken + 1]
    during = (step.began_s + step.ended_s) / 2
    assert here.search.overloaded_since(during, during)
    assert here.search.overloaded_since(back.ended_s - 1, back.ended_s - 1)
    assert not here.search.overloaded_since(step.began_s - 1, step.began_s - 1)
    assert not here.search.overloaded_since(found.steps[-1].ended_s + 1)


def test_no_secret_stands_in_the_answer_or_in_its_file(world, tmp_path):
    here = world()
    here.verdicts = iter(["fail"])
    here.search._search()
    here.state.verdict = Verdict(Value.FAIL, "the server said abc-token-abc", Opinion())
    here.search.conclude({"host": "http://h/?token=abc-token-abc"}, ["abc-token-abc", "it is a"])
    assert "abc-token-abc" not in (tmp_path / "capacity.json").read_text()
    assert "it is a" not in here.search.told


def test_something_unforeseen_ends_it_as_not_known(world):
    here = world()
    here.checkpoint = None
    here.search._hold_checkpoint = lambda: 1 / 0
    found = here.ended(Value.INCONCLUSIVE)
    assert found.end is End.UNKNOWN
    assert "ZeroDivisionError" in here.state.problems[0]


def test_a_step_that_nobody_named_is_a_twentieth_of_the_most_in_whole_documents():
    options = SimpleNamespace(spawn_rate=None, run_time=None)
    assert terms_of(options, 200, 0, 4).step == 12
    assert terms_of(options, 200, 0, 0).step == 10
    assert terms_of(options, 200, 7, 4).step == 7
    assert terms_of(options, 3, 0, 4).step == 3
    assert terms_of(SimpleNamespace(spawn_rate=3.0, run_time=60), 10, 0, 0) == Terms(10, 1, 3.0, 60.0)
