"""Scenes with Locust's own classes, played in a process of their own, because importing Locust patches it.

Prints one JSON object: what each scene saw. The test beside this file judges it. The test stands for the coordinator:
it answers the agent's messages, which a local runner hands back within the process.
"""

import json
import logging
import sys
import time
import traceback
from argparse import Namespace
from dataclasses import replace
from types import SimpleNamespace

import gevent
import locust
import msgpack
from gevent.event import Event
from locust import task
from locust.env import Environment

import jupyter_rtc_locust
from jupyter_rtc_locust import NotebookUser, TextUser
from jupyter_rtc_locust.coordination import evidence_of_run, messages, pieces, sending, silences
from jupyter_rtc_locust.coordination import process_agent as agent_module
from jupyter_rtc_locust.coordination.answers import read_answer
from jupyter_rtc_locust.coordination.making_faults import begin_faults
from jupyter_rtc_locust.coordination.pieces import Assembly
from jupyter_rtc_locust.coordination.preparation import Prepared, PreparedDocument
from jupyter_rtc_locust.coordination.process_agent import ProcessAgent
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.seats import Seats
from jupyter_rtc_locust.coordination.stumbles import Stumbled
from jupyter_rtc_locust.editing.choices import Choice, choose
from jupyter_rtc_locust.editing.kinds import TEXT_KINDS
from jupyter_rtc_locust.editing.places import OWN_CELLS, PRESENTER
from jupyter_rtc_locust.errors import OptionsError, RtcLocustError
from jupyter_rtc_locust.faults.plan import Restart
from jupyter_rtc_locust.options import OPTIONS
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.settings import Settings
from jupyter_rtc_locust.users import collaborator as collaborator_module
from jupyter_rtc_locust.users.collaborator import Stage
from jupyter_rtc_locust.verdict.evidence import RoomEvidence, SavedFile, Snapshot, UserEvidence
from jupyter_rtc_locust.verdict.evidence_form import decode_evidence
from users.fake_room import FakeRoom, wait_until

room = FakeRoom()
collaborator_module.open_websocket = room.open_line


def options(**given):
    defaults = {option.name.removeprefix("--").replace("-", "_"): option.default for option in OPTIONS}
    return Namespace(**{**defaults, "num_users": 2, "host": "http://127.0.0.1:1", "csv_prefix": None, **given})


class Play:
    """An environment with an agent, and a coordinator that does what the scene says."""

    def __init__(self, user_class, *, refuse=None, silent=False, kind="notebook", **given):
        self.environment = Environment(user_classes=[user_class], parsed_options=options(**given))
        self.runner = self.environment.create_local_runner()
        self.secrets = []
        self.agent = self.environment.rtc_agent = ProcessAgent(self.environment, self.secrets)
        self.user_class = user_class
        self.seats = Seats("run", 7, [Document("room", kind)], 2)
        self.refuse, self.silent = refuse, silent
        self.heard, self.failures = [], []
        self.tokens = []
        self.paused = False
        self.checkpoint = 0
        self.say_first = lambda: None
        """Called before a seat is given."""
        self.runner.register_message(messages.SEAT_WANTED, self.on_seat_wanted)
        self.stumbled = Stumbled()
        self.runner.register_message(messages.STUMBLED, lambda msg, **_: self.stumbled.hear(msg.data))
        self.runner.register_message(messages.SEAT_LEFT, lambda msg, **_: self.heard.append(["left", msg.data]))
        self.runner.register_message(messages.ALL_LEFT, lambda msg, **_: self.heard.append(["all left", msg.data]))
        self.environment.events.user_error.add_listener(
            lambda exception, **_: self.failures.append(f"{type(exception).__name__}: {exception}")
        )

    def on_seat_wanted(self, msg, **_):
        self.heard.append(["wanted", msg.data["kind"]])
        if self.silent:
            return
        self.say_first()
        body = {"request": msg.data["request"]}
        if self.refuse:
            body["refused"] = self.refuse
        else:
            body["seat"] = self.seats.take("here", msg.data["kind"]).as_message()
            body["run"] = {
                "run_id": "run",
                "seed": 7,
                "host": "http://127.0.0.1:1",
                "server": "y-websocket",
                "users": 2,
                "elapsed": 1.0,
                "paused": self.paused,
                "checkpoint": self.checkpoint,
                "tokens": self.tokens,
            }
        self.runner.send_message(messages.SEAT_GIVEN, body)
        self.said = time.monotonic()

    def start(self):
        """A user on the stage, started; the error that ended it, if any."""
        user = self.user_class(self.environment)
        try:
            user.on_start()
        except (Exception, gevent.GreenletExit) as error:
            gevent.sleep(0.01)
            return user, type(error).__name__
        return user, None

    def end(self, *users):
        for user in users:
            user.on_stop()
        self.agent._stop_greenlets()


class Watcher(NotebookUser):
    edit_rate = 0.0


class Eager(NotebookUser):
    edit_rate = 100.0


def a_user_takes_a_seat_edits_and_leaves():
    play = Play(Eager)
    user, problem = play.start()
    swarm = play.agent.swarm
    wait_until(lambda: swarm.counts["edits"] >= 3)
    seat, context = user.collaborator.seat, user.context()
    user.on_stop()
    edits = swarm.counts["edits"]
    gevent.sleep(0.05)
    play.end()
    return {
        "problem": problem,
        "heard": play.heard,
        "seat": [seat.user, seat.client_id],
        "authors": [[client_id, user] for client_id, user in play.seats.authors.items()],
        "context": context,
        "context_afterwards": user.context(),
        "edits_afterwards": swarm.counts["edits"] - edits,
        "failures": play.failures,
        "rate_of_the_option": swarm.settings.edit_rate,
        "elapsed": time.monotonic() - swarm.run_started >= 1.0,
    }


READING_S = 0.2
"""A plan of some minutes."""


def what_is_read_before_the_first_user_comes_is_time_of_the_run():
    def read(*_):
        gevent.sleep(READING_S)

    play = Play(Watcher)
    real, agent_module.plan_to_play = agent_module.plan_to_play, read
    try:
        user, problem = play.start()
    finally:
        agent_module.plan_to_play = real
    play.end(user)
    late_by = play.agent.swarm.run_started - (play.said - 1.0)
    return {"problem": problem, "as_late_as_it_read": late_by >= READING_S}


def who_comes_while_a_person_pauses_editing_pauses_too():
    class Steady(Eager):
        rhythm = "steady"

    play = Play(Steady)
    play.paused = True
    user, _ = play.start()
    counts = play.agent.swarm.counts
    gevent.sleep(0.05)
    before = counts["edits"]
    play.runner.send_message(messages.GO_ON, {"run": "run"})
    wait_until(lambda: counts["edits"] >= 3)
    play.end(user)
    return {"edits_in_the_pause": before, "postponed": counts["edits_postponed"]}


def who_comes_first_while_a_checkpoint_is_held_pauses_until_it_is_over():
    class Steady(Eager):
        rhythm = "steady"

    begins = (messages.CHECKPOINT, {"run": "run", "round": 3, "drain_timeout": 0.1})
    goes_on = (messages.RESUME, {"run": "run", "round": 3})
    seen = {}
    for name, number, first in [
        ("the seat says so", 3, []),
        ("it was said before the seat was there", 0, [begins]),
        ("it was over before the seat was there", 3, [begins, goes_on]),
        ("one before was over", 0, [begins, goes_on]),
        ("in another run", 0, [(messages.CHECKPOINT, {**begins[1], "run": "another"})]),
    ]:
        play = Play(Steady)
        play.checkpoint = number
        play.say_first = lambda runner=play.runner, first=first: [runner.send_message(*one) for one in first]
        told = []

        def takes(msg, runner=play.runner, told=told, **_):
            told.append([msg.data["run"], msg.data["round"], read_answer(msg.data["piece"])["documents"]])
            runner.send_message(messages.EVIDENCE_TAKEN, msg.data)

        play.runner.register_message(messages.EVIDENCE, takes)
        user, _ = play.start()
        counts = play.agent.swarm.counts
        gevent.sleep(0.05)
        before = counts["edits"]
        play.runner.send_message(*goes_on)
        wait_until(lambda counts=counts: counts["edits"] >= 3)
        play.end(user)
        seen[name] = {"edited": before > 0, "told": told}
    return seen


def a_class_with_places_works_at_the_place_of_its_burst():
    class AtHome(NotebookUser):
        rhythm = "person"
        places = OWN_CELLS

    class Listener(NotebookUser):
        places = PRESENTER

    play = Play(AtHome)
    user, _ = play.start()
    rhythm = user.collaborator.writing.rhythm
    chosen = [user.choose_edit(number) for number in range(200)]
    bursts = [rhythm.burst(number) for number in range(200)]
    play.end(user)
    play = Play(Listener)
    users = [play.start()[0] for _ in range(2)]
    presents = [one.choose_edit(0) is not None for one in users]
    play.end(*users)
    return {
        "places": len({(one.fractions[0], one.fractions[1]) for one in chosen}),
        "bursts": len(set(bursts)),
        "presents": presents,
    }


def who_has_no_tasks_of_its_own_is_woken_for_none():
    class Typist(NotebookUser):
        pass

    class Busy(NotebookUser):
        @task
        def look_around(self):
            pass

    environment = Environment(user_classes=[Typist, Busy])
    return {one.__name__: one(environment).wait_time() for one in (Typist, Busy)}


def the_rhythm_of_the_class_counts_and_else_that_of_the_option():
    class Even(NotebookUser):
        rhythm = "steady"

    class Odd(NotebookUser):
        rhythm = "waltz"

    told = {}
    for kind, option in [(Even, "person"), (NotebookUser, "person"), (NotebookUser, "poisson"), (Odd, "person")]:
        play = Play(kind, rtc_rhythm=option)
        user, problem = play.start()
        there = user.collaborator
        rhythm = type(there.writing.rhythm).__name__ if there is not None else None
        told[f"{kind.rhythm} {option}"] = [rhythm, problem, *play.failures]
        play.end(user)
    return told


def the_rate_of_the_option_counts_where_the_class_has_none():
    play = Play(NotebookUser, rtc_edit_rate=0.0)
    user, problem = play.start()
    gevent.sleep(0.1)
    edits = play.agent.swarm.counts["edits"]
    play.end(user)
    return {"problem": problem, "edits": edits}


def edits_are_dealt_from_the_deck_of_the_document():
    play = Play(Watcher)
    users = [play.start()[0] for _ in range(2)]
    dealt = [[user.choose_edit(number) == _dealt(user, number) for number in range(5)] for user in users]
    other = users[0].choose_edit(3) != users[1].choose_edit(3)
    play.end(*users)
    return {"dealt": dealt, "others_get_other_cards": other}


def _dealt(user, number):
    seat = user.collaborator.seat
    return choose(7, seat.user, number, seat=seat.place, seats=2, document=0, weights=type(user).weights)


def a_seat_that_is_refused_ends_the_user_without_a_stack_trace():
    play = Play(Watcher, refuse="the run is ending")
    user, problem = play.start()
    play.end(user)
    return {"problem": problem, "failures": play.failures, "collaborator": user.collaborator is None}


def a_coordinator_that_is_silent_is_given_up():
    agent_module.SEAT_DEADLINE_S = 0.1
    play = Play(Watcher, silent=True)
    user, problem = play.start()
    play.end(user)
    agent_module.SEAT_DEADLINE_S = 30.0
    return {"problem": problem, "failures": play.failures, "waiting": play.agent.seats.under_way}


def a_document_that_cannot_be_opened_is_told_to_locust():
    play = Play(Watcher)
    room.answers_step_1 = False
    room.on_open = lambda end: end.send_close(4404, "no such file")
    user, problem = play.start()
    room.answers_step_1, room.on_open = True, None
    stages = [one.stage is Stage.REFUSED for one in play.agent.swarm.collaborators()]
    play.end(user)
    return {"problem": problem, "failures": play.failures, "stages": stages}


def users_lose_the_line_or_close_the_document_when_the_coordinator_says_so():
    play = Play(Watcher)
    (first, _), (second, _) = play.start(), play.start()
    told = {"run": "run", "users": [1]}
    clients = [one.collaborator.seat.client_id for one in (first, second)]
    play.runner.send_message(messages.OFFLINE, told | {"asleep": True})
    wait_until(lambda: second.collaborator.stage is Stage.LOST)
    stages = [first.collaborator.stage is Stage.CONNECTED]
    play.runner.send_message(messages.ONLINE, told)
    wait_until(lambda: second.collaborator.stage is Stage.CONNECTED)
    play.runner.send_message(messages.AWAY, told)
    wait_until(lambda: second.collaborator is None)
    stages.append(first.collaborator.stage is Stage.CONNECTED)
    play.runner.send_message(messages.OFFLINE, {"run": "another run", "users": [0], "asleep": False})
    play.runner.send_message(messages.BACK, told)
    wait_until(lambda: second.collaborator is not None and second.collaborator.stage is Stage.CONNECTED)
    seat = second.collaborator.seat
    told = {"run": "run", "users": [seat.user]}
    play.runner.send_message(messages.AWAY, told)
    wait_until(lambda: second.collaborator is None)
    second.on_stop()
    play.runner.send_message(messages.BACK, told)
    gevent.sleep(0.05)
    stopped = second.collaborator is None
    stages.append(first.collaborator.stage is Stage.CONNECTED)
    play.end(first)
    return {
        "the_other_is_not_concerned": stages,
        "under_a_new_client_id": seat.client_id not in clients,
        "who_was_stopped_stays_away": stopped,
        "failures": play.failures,
    }


def of_mistakes(play, *users):
    """What is heard of users of a class with a mistake, when all of them have made it."""
    wait_until(lambda: len(play.failures) >= len(users))
    play.agent.stumbles.tell()
    there = [one.collaborator for one in users]
    known = play.stumbled
    heard = {
        "failures": play.failures,
        "told": [dict(known.times), known.mistakes, known.ended_users, known.users, known.users_failed],
        "stages": [one.stage.value for one in there if one is not None],
        "crashed": locust.log.unhandled_greenlet_exception,
        "logged": list(play.logged),
    }
    play.end(*users)
    return heard


class Logged(logging.Handler):
    def __init__(self):
        super().__init__()
        self.lines = []
        logging.getLogger("jupyter_rtc_locust.coordination.stumbles").addHandler(self)

    def emit(self, record):
        self.lines.append(record.getMessage())


def mistaken(choose_edit=None, on_start=None, users=2):
    """People of a class with these methods, and the play they are in."""
    methods = {"choose_edit": choose_edit, "on_start": on_start}
    written = {name: method for name, method in methods.items() if method is not None}
    play = Play(type("Mistaken", (NotebookUser,), {"abstract": False, "edit_rate": 100.0, **written}))
    play.logged = Logged().lines
    play.secrets.append("hunter2hunter2")
    return of_mistakes(play, *(play.start()[0] for _ in range(users)))


def mistakes_of_a_locustfile_are_told_with_their_place_and_once():
    def raises(self, number):
        raise LookupError(f"hunter2hunter2 at {number} of {self.collaborator.seat.user}")

    def waits(self, number):
        time.sleep(0.5)

    def returns_a_word(self, number):
        return "insert_letters"

    def begins_and_raises(self):
        NotebookUser.on_start(self)
        raise LookupError("nobody is called so")

    def begins_alone(self):
        self.name = "ada"

    return {
        "raises": mistaken(choose_edit=raises),
        "waits": mistaken(choose_edit=waits),
        "returns a word": mistaken(choose_edit=returns_a_word),
        "begins and raises": mistaken(on_start=begins_and_raises),
        "begins alone": mistaken(on_start=begins_alone),
    }


def users_have_seeds_of_their_own():
    heard = []
    for _ in range(2):
        play = Play(Watcher)
        before = Watcher(play.environment).seed
        users = [play.start()[0] for _ in range(2)]
        seeds = [one.seed for one in users]
        places = [Choice.of("paste", number=9, seed=seed).fractions for seed in seeds]
        heard.append({"seeds": seeds, "places": places, "before": before})
        play.end(*users)
    return heard


def users_of_text_files_ask_for_them():
    play = Play(TextUser, kind="text", refuse="none here")
    play.start()
    play.end()
    kinds = {str(choose(7, 0, number, weights=TextUser.weights).kind) for number in range(100)}
    return {"heard": play.heard, "only_kinds_of_texts": kinds <= TEXT_KINDS}


def the_token_of_an_embedded_server_becomes_a_secret():
    play = Play(Watcher)
    play.tokens = ["hunter22"]
    user, _ = play.start()
    token = play.agent.swarm.server.http.token(0)
    play.end(user)
    return {"secrets": play.secrets, "token": token}


def evidence_goes_in_pieces_one_after_the_other_and_again_where_one_was_lost():
    real, real_patience = pieces.PIECE_BYTES, sending.PATIENCE_S
    pieces.PIECE_BYTES = 100
    sending.PATIENCE_S = (0.3,) * 4
    play = Play(Watcher)
    user, _ = play.start()
    came, state = [], {}

    def on_evidence(msg, **_):
        body = msg.data
        came.append(body["index"])
        if len(came) == 2:
            return  # lost on the way
        assembly = state.setdefault("assembly", Assembly(body["count"]))
        assembly.add(body["index"], body["piece"])
        taken = {name: body[name] for name in ("run", "round", "part", "index")}
        gevent.spawn_later(0.01, play.runner.send_message, messages.EVIDENCE_TAKEN, taken)

    play.runner.register_message(messages.EVIDENCE, on_evidence)
    for _ in range(2):
        play.runner.send_message(messages.RUN_ENDS, {"run": "run", "drain_timeout": 0.0, "budget": 9.0})
    wait_until(lambda: state.get("assembly") and state["assembly"].complete)
    gevent.sleep(0.2)
    told = msgpack.unpackb(state["assembly"].take(), strict_map_key=False)
    play.runner.send_message(messages.RUN_OVER, {"run": "run"})
    wait_until(lambda: ["all left", {"run": "run"}] in play.heard)
    play.end()
    pieces.PIECE_BYTES, sending.PATIENCE_S = real, real_patience
    return {
        "came": came,
        "keys": sorted(told),
        "problem": told.get("problem"),
        "documents": [decode_evidence(one, RoomEvidence).path for one in told["documents"]],
        "left": user.collaborator.stage is Stage.LEFT,
    }


def evidence_that_cannot_be_gathered_is_told_as_a_problem():
    logging.disable(logging.CRITICAL)
    play = Play(Watcher)
    user, _ = play.start()
    told = []
    play.agent.telling.send_in_pieces = lambda _run, _round, payload: told.append(
        msgpack.unpackb(payload, strict_map_key=False)
    )
    real, agent_module.gather = agent_module.gather, lambda *_, **__: 1 / 0
    play.agent.tell_evidence("run", 0.0)
    agent_module.gather = real
    play.end(user)
    logging.disable(logging.NOTSET)
    return {"problem": told[0]["problem"], "answers": len(told)}


def an_environment_without_an_agent_is_told_what_to_call():
    environment = Environment(user_classes=[Watcher], parsed_options=options())
    environment.create_local_runner()
    try:
        Watcher(environment).on_start()
    except RtcLocustError as error:
        return {"sentence": str(error)}
    return {}


def installing_with_a_bad_option_is_refused_before_anything_is_opened():
    refused = {}
    for name, value in [("rtc_server", "nonsense"), ("rtc_documents", 0), ("host", "ftp://h"), ("rtc_edit_rate", -1)]:
        environment = Environment(user_classes=[Watcher], parsed_options=options(**{name: value}))
        environment.create_local_runner()
        try:
            jupyter_rtc_locust.install(environment)
        except OptionsError as error:
            refused[name] = str(error)
    return refused


def other_peoples_locustfiles_are_left_alone():
    class Theirs(locust.User):
        @locust.task
        def work(self):
            pass

    environment = Environment(user_classes=[Theirs], parsed_options=options())
    runner = environment.create_local_runner()
    locust.events.init.fire(environment=environment, runner=runner, web_ui=None)
    return {"agent": hasattr(environment, "rtc_agent")}


def own_choices_of_a_locustfile_are_made():
    class Own(NotebookUser):
        edit_rate = 50.0

        def choose_edit(self, number):
            return Choice.of("insert_letters", text="own", number=number)

    play = Play(Own)
    user, _ = play.start()
    wait_until(lambda: play.agent.swarm.counts["edits"] >= 2)
    described = [edit.description for edit in user.collaborator.room.round_trips.authored()]
    play.end(user)
    return {"described": described[:2]}


def somebody_with_a_seat_stands_in_no_answer():
    """Such as the users of a worker that was refused its options, and so never opened a document."""
    seats = Seats("run", 7, [Document("room", "notebook")], 3)
    taken = [seats.take("here", "notebook") for _ in range(3)]
    server = SimpleNamespace(owners=lambda: [""], answers=lambda _owner: True, owner_of=lambda _document: "")
    user = UserEvidence(0, taken[0].client_id, "connected", "", True, ClockRanges(), ClockRanges())
    told = {"documents": [RoomEvidence("room", "notebook", True, users=(user,))]}
    problems = {}
    for name, lost in [("all answered", set()), ("one is lost", {"there"})]:
        state = RunState("run", 7, Settings(), "http://127.0.0.1:1", None)
        state.prepared = Prepared(server, "folder", [], seats)
        state.users_seated, state.end.answers, state.end.lost = 3, {"here": told}, lost
        evidence = evidence_of_run.run_evidence(state, state.end, {"sound": True, "reasons": []}, ())
        problems[name] = list(evidence.problems)
    return problems


def a_server_goes_while_the_file_is_waited_for():
    """The newcomer was let in, the file is not right yet, and the server is killed, or has deleted the file."""

    class Server:
        stores_files = True
        gone = False

        def owners(self):
            return [""]

        def owner_of(self, _document):
            return ""

        def answers(self, _owner=""):
            return not self.gone

    told, kept = {}, (silences.HTTP_TRY_DEADLINE_S, evidence_of_run.side_by_side)
    silences.HTTP_TRY_DEADLINE_S = 0.2
    last_readings = {
        "killed": SavedFile(problem="connection refused"),
        "deleted": SavedFile(problem="404", gone=True),
        "right": SavedFile(content=""),
    }
    for name, last in last_readings.items():
        server = Server()
        state = RunState("run", 7, Settings(), "http://127.0.0.1:1", None)
        document = Document("room", "text")
        state.prepared = Prepared(server, "folder", [PreparedDocument(document, None)], Seats("run", 7, [document], 1))
        state.users_seated = 1

        def looks(_look, documents, _prepared, server=server, last=last):
            server.gone = last.problem != ""
            return [replace(one, joiner=Snapshot({}, b"\x00\x00"), saved=last) for one in documents]

        evidence_of_run.side_by_side = looks
        evidence = evidence_of_run.run_evidence(state, state.end, {"sound": True, "reasons": []}, ())
        told[name] = len(evidence.server_silences)
    silences.HTTP_TRY_DEADLINE_S, evidence_of_run.side_by_side = kept
    return told


def a_server_that_is_silent_is_restarted_on_purpose():
    """It had been silent for 20 s, for no fault of the scenario."""
    restarted, told = Event(), {}
    state = RunState("run", 7, Settings(), "http://127.0.0.1:1", None)
    state.prepared = Prepared(None, "folder", [], Seats("run", 7, [], 1))
    state.silences.not_answered("", time.monotonic() - 20)

    def restart(**_):
        told["ours"] = state.silence_is_ours(time.monotonic())
        told["going on"] = state.silences.going_on
        restarted.set()

    begin_faults(state, (Restart(at=0.0),), SimpleNamespace(restart=restart), lambda *_: None)
    assert restarted.wait(10)
    return told | {"lengths": [round(one.length) for one in state.silences.evidence(state.started)]}


SCENES = (
    a_server_that_is_silent_is_restarted_on_purpose,
    a_server_goes_while_the_file_is_waited_for,
    somebody_with_a_seat_stands_in_no_answer,
    a_user_takes_a_seat_edits_and_leaves,
    what_is_read_before_the_first_user_comes_is_time_of_the_run,
    who_comes_while_a_person_pauses_editing_pauses_too,
    who_comes_first_while_a_checkpoint_is_held_pauses_until_it_is_over,
    a_class_with_places_works_at_the_place_of_its_burst,
    who_has_no_tasks_of_its_own_is_woken_for_none,
    the_rhythm_of_the_class_counts_and_else_that_of_the_option,
    the_rate_of_the_option_counts_where_the_class_has_none,
    edits_are_dealt_from_the_deck_of_the_document,
    own_choices_of_a_locustfile_are_made,
    a_seat_that_is_refused_ends_the_user_without_a_stack_trace,
    a_coordinator_that_is_silent_is_given_up,
    a_document_that_cannot_be_opened_is_told_to_locust,
    users_lose_the_line_or_close_the_document_when_the_coordinator_says_so,
    mistakes_of_a_locustfile_are_told_with_their_place_and_once,
    users_have_seeds_of_their_own,
    users_of_text_files_ask_for_them,
    the_token_of_an_embedded_server_becomes_a_secret,
    evidence_goes_in_pieces_one_after_the_other_and_again_where_one_was_lost,
    evidence_that_cannot_be_gathered_is_told_as_a_problem,
    an_environment_without_an_agent_is_told_what_to_call,
    installing_with_a_bad_option_is_refused_before_anything_is_opened,
    other_peoples_locustfiles_are_left_alone,
)


def main():
    saw = {}
    for scene in SCENES:
        try:
            saw[scene.__name__] = scene()
        except BaseException:
            saw[scene.__name__] = {"problem_of_the_scene": traceback.format_exc()}
    for end in room.ends:
        end.hang_up()
    return saw


if __name__ == "__main__":
    answer, sys.stdout = sys.stdout, sys.stderr
    json.dump(main(), answer)
    answer.flush()  # nobody does at the exit, where another stream has taken its name
