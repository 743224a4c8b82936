"""What a person may do to a run: pause, go on, compare now, ask what differs; and when each of them is refused."""

import time
import zlib
from types import SimpleNamespace

import gevent
import pytest

from jupyter_rtc_locust.coordination import differences, holding_checkpoints, messages
from jupyter_rtc_locust.coordination.coordinator import Coordinator
from jupyter_rtc_locust.coordination.differences import Differences
from jupyter_rtc_locust.coordination.holding_checkpoints import HoldingCheckpoints
from jupyter_rtc_locust.coordination.preparation import Prepared, PreparedDocument
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.seats import Seats
from jupyter_rtc_locust.coordination.steering import Steering
from jupyter_rtc_locust.documents.default_notebook import default_notebook
from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.documents.seeding import fill
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.settings import Settings
from jupyter_rtc_locust.verdict.evidence import Checkpoint
from users.fake_room import wait_until


@pytest.fixture
def state():
    made = RunState("run", 1, Settings(), "http://test", None)
    made.prepared = Prepared(None, "run", [PreparedDocument(Document("run/a.ipynb", "notebook"), None)], None)
    made.processes, made.playing = {"a", "b"}, {"a", "b"}
    return made


class Sent(list):
    """Messages, in order; calling it sends one."""

    def __call__(self, kind, body):
        self.append((kind, body))

    @property
    def kinds(self):
        return [kind for kind, _ in self]


@pytest.fixture
def sent():
    return Sent()


@pytest.fixture
def judging(monkeypatch):
    """A checkpoint takes as long as the event is not set, and passes."""
    over = gevent.event.Event()
    monkeypatch.setattr(holding_checkpoints, "evidence_at_checkpoint", lambda *_: over.wait())
    monkeypatch.setattr(
        holding_checkpoints,
        "judged_checkpoint",
        lambda _state, collection, _evidence, paused: Checkpoint(collection.number, 1.0, paused, "pass", "fine"),
    )
    return over


@pytest.fixture
def checkpoints(sent, judging):
    made = HoldingCheckpoints(SimpleNamespace(collect=lambda *_: None), sent, lambda *_, **__: None, ())
    yield made
    made.stop()


@pytest.fixture
def steering(state, sent, checkpoints):
    checkpoints.begin(state)
    noted = []
    made = Steering(lambda: state, sent, lambda event, **_: noted.append(event), checkpoints)
    made.noted = noted
    return made


def test_a_pause_is_told_to_everybody_and_noted_with_its_end(steering, state, sent):
    assert steering.pause().done and state.paused
    assert steering.resume().done and not state.paused
    assert sent.kinds == [messages.PAUSE, messages.GO_ON]
    assert steering.noted == ["pause", "resume"]
    (pause,) = state.pauses
    assert 0 <= pause.began <= pause.ended


def test_a_second_pause_and_a_resume_without_one_say_so_and_do_nothing(steering, sent):
    assert "nothing to resume" in steering.resume().message
    steering.pause()
    again = steering.pause()
    assert (again.done, again.message) == (False, "Editing pauses already.")
    assert sent.kinds == [messages.PAUSE]


def test_a_pause_that_nobody_ended_ends_with_the_run(steering, state):
    steering.pause()
    state.concluding = True
    assert not steering.resume().done, "editing went on after its end"
    state.end_pause(state.started + 9.0)
    state.end_pause(state.started + 99.0)
    assert [one.ended for one in state.pauses] == [9.0]


@pytest.mark.parametrize("when", ["before", "preparing", "ending", "over"])
def test_while_nobody_is_at_work_nothing_is_done_and_the_sentence_says_why(state, sent, checkpoints, when):
    if when == "preparing":
        state.prepared = None
    state.concluding = when in ("ending", "over")
    if when == "over":
        state.concluded.set()
    steering = Steering(lambda: None if when == "before" else state, sent, lambda *_: None, checkpoints)
    reason = {
        "before": "no run is under way",
        "preparing": "the run is still being prepared",
        "ending": "the run is ending",
        "over": "the run is over",
    }[when]
    assert steering.pause().message == f"Editing was not paused: {reason}."
    assert steering.compare_now().message == f"Nothing was compared: {reason}."
    assert not steering.resume().done
    assert sent == []


def test_a_comparison_is_a_checkpoint_and_one_at_a_time(steering, state, sent, judging):
    first = steering.compare_now()
    assert first.done and "Checkpoint 1" in first.message
    wait_until(lambda: state.checkpoint is not None)
    assert steering.compare_now().message == "Everything is being compared already."
    judging.set()
    wait_until(lambda: state.checkpoint is None)
    assert [one.number for one in state.checkpoints] == [1]
    assert sent.kinds == [messages.CHECKPOINT, messages.RESUME]
    assert "Checkpoint 2" in steering.compare_now().message


def test_who_gets_a_first_user_while_a_checkpoint_pauses_is_told_so_with_the_seat_and_asked_nothing(
    steering, state, judging
):
    state.prepared.server = SimpleNamespace(name="y-websocket")
    seats = Seats("run", 1, [state.prepared.documents[0].document], 3)
    state.processes.add("late")

    def told_with_a_seat():
        seat = seats.take("late", "notebook")
        given = Coordinator._given(SimpleNamespace(_relieve_keeper=lambda *_: None), state, seat, "late")
        return given["run"]["checkpoint"]

    steering.compare_now()
    wait_until(lambda: state.checkpoint is not None)
    assert state.pending(state.checkpoint) == {"a", "b"}, "its server still starts, and the others would wait for it"
    assert told_with_a_seat() == 1
    assert state.pending(state.checkpoint) == {"a", "b"}
    judging.set()
    wait_until(lambda: state.checkpoints)
    assert told_with_a_seat() == 0
    judging.clear()
    steering.compare_now()
    wait_until(lambda: state.checkpoint is not None)
    assert state.pending(state.checkpoint) == {"a", "b", "late"}


def test_while_the_first_servers_start_the_clock_compares_nothing(state, sent, judging, checkpoints):
    state.settings, state.playing = Settings(checkpoint_every=0.01), set()
    checkpoints.begin(state)
    gevent.sleep(0.05)
    assert state.checkpoint is None and sent == []
    state.playing.add("a")
    wait_until(lambda: state.checkpoint is not None)


def test_a_checkpoint_that_is_still_being_judged_pauses_nobody(steering, state, sent, judging, monkeypatch):
    judging.set()
    paused = []
    judge = holding_checkpoints.judged_checkpoint
    monkeypatch.setattr(
        holding_checkpoints,
        "judged_checkpoint",
        lambda *told: paused.append((sent.kinds[-1], state.paused_by_checkpoint)) or judge(*told),
    )
    steering.compare_now()
    wait_until(lambda: state.checkpoints)
    assert paused == [(messages.RESUME, 0)]


def test_before_anybody_came_there_is_nothing_to_compare(steering, state):
    state.playing = set()
    assert "nobody has opened a document" in steering.compare_now().message


def test_at_the_end_a_checkpoint_under_way_is_given_up_and_people_are_let_go_on(steering, state, sent, checkpoints):
    steering.compare_now()
    wait_until(lambda: state.checkpoint is not None)
    checkpoints.stop()
    assert state.checkpoint is None and state.checkpoints == [] and state.problems == []
    assert sent.kinds == [messages.CHECKPOINT, messages.RESUME]


def test_a_person_and_the_clock_do_not_compare_at_once(state, sent, judging, checkpoints, monkeypatch):
    state.settings = Settings(checkpoint_every=0.01)
    checkpoints.begin(state)
    wait_until(lambda: state.checkpoint is not None)
    assert checkpoints.hold_now(state) is None
    judging.set()
    wait_until(lambda: len(state.checkpoints) >= 3)
    assert [one.number for one in state.checkpoints[:3]] == [1, 2, 3]


class Processes:
    """Answer what copies they have, or do not."""

    def __init__(self, copies, gone=()):
        self.copies = copies
        collector = SimpleNamespace(hearing=SimpleNamespace(is_gone=lambda node: node in gone))
        self.asking = Differences(collector, self._hear)

    def _hear(self, _kind, body):
        for node, copies in self.copies.items():
            msg = SimpleNamespace(node_id=node, data={"request": body["request"], "copies": copies})
            gevent.spawn(self.asking.on_copies, msg)


def test_copies_of_all_processes_are_put_together(state):
    told = Processes({"a": [[[0, 2], b"x", None]], "b": [[[1], b"x", None], [[3], b"y", None]]}).asking.between(
        state, 0
    )
    assert told["document"] == "run/a.ipynb"
    assert [group["users"] for group in told["groups"]] == [[0, 1, 2], [3]]


def test_copies_that_differ_in_nothing_that_a_person_sees_are_alike(state):
    origin = Replica("notebook", 1)
    fill(origin, default_notebook())
    copies = []
    for client in (5, 6, 7):
        replica = Replica("notebook", client)
        replica.apply_updates([origin.full_update()])
        replica.state["what the server notes"] = client
        if client == 7:
            replica.cells[0]["metadata"]["more"] = 1
        copies.append([[client], bytes([client]), zlib.compress(replica.full_update())])
    assert Processes({"a": copies[:1], "b": copies[1:]}).asking.alike(state, 0) == [{b"\x05", b"\x06"}, {b"\x07"}]


def test_a_process_that_does_not_answer_is_waited_for_to_a_deadline_and_one_that_is_gone_is_not(state, monkeypatch):
    monkeypatch.setattr(differences, "DEADLINE_S", 0.05)
    answers = {"a": [[[0], b"x", None]]}
    silent = Processes(answers).asking.between(state, 0)
    assert "one process of users did not tell" in silent["note"]
    monkeypatch.setattr(differences, "DEADLINE_S", 60.0)
    before = time.monotonic()
    gone = Processes(answers, gone={"b"}).asking.between(state, 0)
    assert gone["note"] == "All copies hold the same content." and time.monotonic() - before < 30
