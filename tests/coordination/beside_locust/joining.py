"""Workers join their master: with or without a secret, alike or not; what goes on between them is theirs alone."""

import logging
from types import SimpleNamespace

import gevent
import msgpack
import pytest
from locust.exception import RPCSendError
from locust.rpc import Message
from locust.runners import LocalRunner, MasterRunner, WorkerRunner

from jupyter_rtc_locust import exit_codes
from jupyter_rtc_locust.coordination import joining, messages, sealing
from jupyter_rtc_locust.coordination.alike import COMPARED, Equipment
from jupyter_rtc_locust.coordination.channel import Channel, read_secret
from jupyter_rtc_locust.coordination.coordinator import Coordinator
from jupyter_rtc_locust.coordination.joining import Joining, Welcoming
from jupyter_rtc_locust.errors import OptionsError, SeatRefused
from runs.patches import replace_in

SECRET, OTHER_SECRET = "an-unlikely-secret-of-the-tests", "another-unlikely-secret-of-the-tests"
LIKE_ALL = Equipment(dict.fromkeys(COMPARED, "1.0"), "c0de", {"Editor": "f11e"})
OTHERWISE = Equipment({**LIKE_ALL.versions, "pycrdt": "0.1"}, "c0de", {"Editor": "f11e"})


class Wire:
    """What would be Locust's channel. `sent` has every message as it travels."""

    def __init__(self):
        self.sent = []
        self.ends = {}

    def runner(self, kind, node):
        runner = kind.__new__(kind)
        runner.greenlet = None  # Locust's `__del__` looks at it
        runner.client_id = node
        runner.quitted = False
        listeners = {}
        self.ends[node] = listeners
        runner.register_message = listeners.__setitem__
        if kind is MasterRunner:
            runner.clients = SimpleNamespace(all=[SimpleNamespace(id="one"), SimpleNamespace(id="two")])
            runner.send_message = lambda name, body, to: [
                self.carry(name, body, one, one) for one in ([to] if to else ["one", "two"])
            ]
        else:
            runner.send_message = lambda name, body, _to=None: self.carry(name, body, node, "master")
        runner.quit = lambda: setattr(runner, "quitted", True)
        return runner

    def carry(self, kind, body, node, to):
        """`node` is what Locust calls the worker at either end."""
        packed = msgpack.packb(body)
        self.sent.append((kind, packed, node, to))
        gevent.spawn(self.deliver, kind, packed, node, to)

    def deliver(self, kind, packed, node, to):
        listener = self.ends.get(to, {}).get(kind)
        if listener is not None:
            listener(environment=None, msg=Message(kind, msgpack.unpackb(packed, strict_map_key=False), node))


class Process:
    def __init__(self, wire, kind, node, secret, equipment):
        self.runner = wire.runner(kind, node)
        self.environment = SimpleNamespace(runner=self.runner, process_exit_code=None)
        self.channel = Channel(self.runner, secret)
        self.heard = []
        self.channel.register_message("said", lambda msg, **_: self.heard.append((msg.node_id, msg.data)))
        if kind is MasterRunner:
            self.welcoming = Welcoming(self.channel, equipment)
        else:
            self.joining = Joining(self.environment, self.channel, equipment)


def wait_until(condition):
    with gevent.Timeout(5):
        while not condition():
            gevent.sleep(0.005)


@pytest.fixture
def wire():
    return Wire()


def started(wire, master_secret="", worker_secret="", equipment=LIKE_ALL, node="one"):
    master = Process(wire, MasterRunner, "master", master_secret, LIKE_ALL)
    return master, Process(wire, WorkerRunner, node, worker_secret, equipment)


def settle():
    """Everything that is on its way arrives."""
    for _ in range(5):
        gevent.sleep(0)


@pytest.mark.parametrize("secret", ["", SECRET])
def test_a_worker_like_its_master_takes_part_and_both_are_heard(wire, secret):
    master, worker = started(wire, secret, secret)
    worker.joining.wait(5)
    assert master.welcoming.may_take_part("one")
    worker.channel.send_message("said", {"by": "worker"})
    master.channel.send_message("said", {"by": "master"}, "one")
    master.channel.send_message("said", {"to": "all"})
    wait_until(lambda: len(worker.heard) == 2 and master.heard)
    assert master.heard == [("one", {"by": "worker"})]
    assert [body for _, body in worker.heard] == [{"by": "master"}, {"to": "all"}]


def test_without_a_secret_bodies_travel_as_they_are(wire):
    master, worker = started(wire)
    worker.joining.wait(5)
    worker.channel.send_message("said", {"by": "worker"})
    assert ("said", msgpack.packb({"by": "worker"}), "one", "master") in wire.sent
    assert not master.channel.sealed


def test_the_secret_itself_never_travels(wire):
    _, worker = started(wire, SECRET, SECRET)
    worker.joining.wait(5)
    worker.channel.send_message("said", {"by": "worker"})
    assert all(SECRET.encode() not in packed for _, packed, _, _ in wire.sent)


@pytest.mark.parametrize("secret", ["", SECRET])
def test_a_worker_that_differs_is_refused_at_both_ends_with_the_same_sentence(wire, secret):
    master, worker = started(wire, secret, secret, OTHERWISE)
    with pytest.raises(SeatRefused, match=r"Worker one is refused.*pycrdt 0\.1 \(master: 1\.0\)"):
        worker.joining.wait(5)
    wait_until(lambda: worker.runner.quitted)
    assert worker.environment.process_exit_code == exit_codes.OPTIONS_REFUSED
    assert len(master.welcoming.refusals) == 1
    assert not master.welcoming.may_take_part("one")


@pytest.mark.parametrize(
    ("masters", "workers", "sentence"),
    [
        (SECRET, "", "it has no LOCUST_RTC_SECRET, and its master has one"),
        ("", SECRET, "it has a LOCUST_RTC_SECRET, and its master has none"),
        (SECRET, OTHER_SECRET, "its LOCUST_RTC_SECRET is another than its master's"),
    ],
)
def test_a_secret_on_one_side_only_or_another_one_is_refused_with_a_sentence(wire, masters, workers, sentence):
    master, worker = started(wire, masters, workers)
    with pytest.raises(SeatRefused, match=sentence):
        worker.joining.wait(5)
    wait_until(lambda: worker.runner.quitted)
    assert all(SECRET not in refusal and OTHER_SECRET not in refusal for refusal in master.welcoming.refusals)
    assert len(master.welcoming.refusals) == 1


def test_a_master_that_listens_later_than_its_worker_speaks_is_told_again(wire, monkeypatch):
    monkeypatch.setattr(joining, "AGAIN_S", 0.01)
    worker = Process(wire, WorkerRunner, "one", SECRET, LIKE_ALL)
    wait_until(lambda: len(wire.sent) > 2)
    Process(wire, MasterRunner, "master", SECRET, LIKE_ALL)
    worker.joining.wait(5)


def test_a_worker_whose_master_never_answers_ends_with_a_sentence(wire, monkeypatch):
    monkeypatch.setattr(joining, "AGAIN_S", 0.01)
    monkeypatch.setattr(joining, "ANSWER_DEADLINE_S", 0.05)
    worker = Process(wire, WorkerRunner, "one", "", LIKE_ALL)
    with pytest.raises(SeatRefused, match="Does it run the same locustfile"):
        worker.joining.wait(5)
    wait_until(lambda: worker.runner.quitted)


def test_who_is_refused_is_told_to_whoever_wants_to_know(wire):
    master = Process(wire, MasterRunner, "master", "", LIKE_ALL)
    told = []
    master.welcoming.refused = told.append
    worker = Process(wire, WorkerRunner, "one", "", OTHERWISE)
    with pytest.raises(SeatRefused):
        worker.joining.wait(5)
    assert told == master.welcoming.refusals


def test_messages_that_are_sent_again_or_by_somebody_else_are_dropped_and_said(wire, caplog):
    master, worker = started(wire, SECRET, SECRET)
    worker.joining.wait(5)
    worker.channel.send_message("said", {"n": 1})
    wait_until(lambda: master.heard)
    kind, packed, node, to = wire.sent[-1]
    with caplog.at_level(logging.WARNING):
        wire.deliver(kind, packed, node, to)
        wire.deliver(kind, packed, "two", to)
        wire.deliver(kind, msgpack.packb({"n": 2}), node, to)
        wire.deliver(kind, msgpack.packb(None), node, to)
    assert master.heard == [("one", {"n": 1})]
    assert [record.message.count("was dropped") for record in caplog.records] == [1] * 4
    assert "it came before" in caplog.text
    assert "has not joined" in caplog.text
    assert SECRET not in caplog.text


def test_dropped_messages_do_not_fill_the_log(wire, caplog):
    _, worker = started(wire, SECRET, SECRET)
    worker.joining.wait(5)
    with caplog.at_level(logging.WARNING):
        for _ in range(100):
            wire.deliver("said", msgpack.packb({}), "one", "master")
    assert 0 < len(caplog.records) <= 20


def test_nothing_is_sent_to_a_worker_that_has_not_joined(wire):
    master, worker = started(wire, SECRET, SECRET)
    worker.joining.wait(5)
    before = len(wire.sent)
    master.channel.send_message("said", {"to": "all"})
    assert [to for _, _, _, to in wire.sent[before:]] == ["one"], "two has not joined"


def test_somebody_who_joins_in_the_name_of_a_worker_does_not_put_it_out(wire):
    master, worker = started(wire, SECRET, SECRET)
    worker.joining.wait(5)
    wire.deliver(messages.JOINED, msgpack.packb({"equipment": {}}), "one", "master")
    settle()
    assert master.welcoming.may_take_part("one")
    worker.channel.send_message("said", {"n": 1})
    wait_until(lambda: master.heard)


STRANGER = "worker\nERROR a line of its own \x1b[2J" + "x" * 5_000


@pytest.mark.parametrize("secret", ["", SECRET])
def test_what_a_stranger_calls_itself_is_told_in_one_short_line(wire, secret, caplog):
    master = Process(wire, MasterRunner, "master", secret, LIKE_ALL)
    told = []
    master.welcoming.refused = told.append
    forged = sealing.Line(SECRET, "", b"n" * 16, at_master=False).seal(messages.JOINED, {})
    body = {"equipment": {}} if secret else forged
    with caplog.at_level(logging.ERROR):
        wire.deliver(messages.JOINED, msgpack.packb(body), STRANGER, "master")
    (sentence,) = master.welcoming.refusals
    assert told == [sentence]
    for text in (sentence, caplog.records[0].getMessage(), msgpack.unpackb(wire.sent[0][1])["refused"]):
        assert "\n" not in text
        assert "\x1b" not in text
        assert len(text) < 2_200
    assert "Start both with the same one" in sentence, "what to do is told, whatever the name"


@pytest.mark.parametrize("secret", ["", SECRET])
def test_strangers_without_end_fill_neither_the_log_nor_what_is_remembered(wire, secret, caplog):
    master, worker = started(wire, secret, secret)
    worker.joining.wait(5)
    told = []
    master.welcoming.refused = told.append
    with caplog.at_level(logging.ERROR):
        for number in range(100):
            wire.deliver(messages.JOINED, msgpack.packb({"equipment": {}}), f"stranger {number}", "master")
    assert len(caplog.records) == len(master.welcoming.refusals) == len(told) == 20
    assert "Further refusals are not told" in caplog.records[-1].getMessage()
    assert master.welcoming.may_take_part("one")
    assert not master.welcoming.may_take_part("stranger 99")
    assert master.welcoming.taking_part == 1


def test_what_a_worker_says_it_consists_of_makes_no_sentence_without_end(wire):
    long = Equipment({**LIKE_ALL.versions, "pycrdt": "0" * 100_000}, "c0de", {"Editor": "f11e"})
    master, worker = started(wire, equipment=long)
    with pytest.raises(SeatRefused):
        worker.joining.wait(5)
    assert len(master.welcoming.refusals[0]) <= 2_000


def test_a_worker_that_cannot_ask_its_master_ends_with_a_sentence(wire, caplog):
    def send(*_):
        raise RPCSendError("ZMQ sent failure")

    runner = wire.runner(WorkerRunner, "one")
    runner.send_message = send
    environment = SimpleNamespace(runner=runner, process_exit_code=None)
    here = Joining(environment, Channel(runner, ""), LIKE_ALL)
    with pytest.raises(SeatRefused, match=r"could not be asked.*RPCSendError: ZMQ sent failure"):
        here.wait(5)
    wait_until(lambda: runner.quitted)
    assert environment.process_exit_code == exit_codes.OPTIONS_REFUSED


def test_a_locustfile_is_the_same_whatever_ends_its_lines(tmp_path, monkeypatch):
    """Locust sends it to workers as text, so its lines end as the worker's system has it."""
    told = set()
    for ends in (b"\n", b"\r\n", b"\r"):
        file = tmp_path / "locustfile.py"
        file.write_bytes(ends.join([b"class Editor:", b"    pass", b""]))
        replace_in(monkeypatch, joining, "inspect", getsourcefile=lambda _class, file=file: str(file))
        told.add(joining.equipment_of([type("Editor", (), {})], SimpleNamespace()).classes["Editor"])
    assert len(told) == 1
    file.write_bytes(b"class Editor:\n    pass\n\n")
    assert joining.equipment_of([type("Editor", (), {})], SimpleNamespace()).classes["Editor"] not in told


def test_a_welcome_that_was_not_sealed_is_no_welcome(wire, caplog):
    worker = Process(wire, WorkerRunner, "one", SECRET, LIKE_ALL)
    with caplog.at_level(logging.WARNING):
        wire.deliver(messages.WELCOME, msgpack.packb({"refused": ""}), "one", "one")
    with pytest.raises(SeatRefused, match="has not let this worker take part"):
        worker.joining.wait(0.01)
    assert "it is not sealed" in caplog.text


def test_one_process_alone_needs_no_seals(wire):
    runner = wire.runner(WorkerRunner, "local")
    runner.__class__ = LocalRunner
    channel = Channel(runner, SECRET)
    assert not channel.sealed


@pytest.mark.parametrize(("expected", "ends"), [(2, True), (1, False)])
def test_a_run_that_began_ends_if_fewer_workers_than_expected_are_left(wire, expected, ends):
    master, worker = started(wire)
    worker.joining.wait(5)
    state, ended = SimpleNamespace(problems=[], concluding=False), []
    coordinator = SimpleNamespace(
        state=state,
        welcoming=master.welcoming,
        environment=SimpleNamespace(parsed_options=SimpleNamespace(expect_workers=expected)),
        _not_preparing=SimpleNamespace(wait=lambda _seconds: None),
        _end_refused_run=lambda: ended.append(True),
    )
    for _ in range(2):
        Coordinator.go_on_without(coordinator, "Another worker is refused.")
    assert bool(ended) is ends
    assert state.problems == (["Another worker is refused."] if ends else [])


def test_a_secret_that_can_be_guessed_is_refused_without_being_repeated():
    assert read_secret({}) == ""
    assert read_secret({"LOCUST_RTC_SECRET": f" {SECRET}\n"}) == SECRET
    with pytest.raises(OptionsError, match="holds 5 characters") as refused:
        read_secret({"LOCUST_RTC_SECRET": "tiger"})
    assert "tiger" not in str(refused.value)
