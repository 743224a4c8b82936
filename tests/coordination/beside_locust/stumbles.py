"""What users met is told once a while, in words that are no longer than needed and hold no secret."""

import re

import gevent
import pytest
from locust import TaskSet, User, log
from locust.env import Environment

from jupyter_rtc_locust.coordination.stumbles import LONGEST, Stumbled, Stumbles
from users.fake_room import wait_until

SECRET = "hunter2hunter2"


class Scene:
    """A process that plays users, and the coordinator that hears what it tells."""

    def __init__(self):
        self.environment = Environment()
        self.fired, self.sent = [], []
        events = self.environment.events
        events.user_error.add_listener(lambda exception, **_: self.fired.append(str(exception)))
        self.run = ""
        self.stumbles = Stumbles(
            self.environment,
            lambda: self.run,
            lambda _kind, body: self.sent.append(body),
            lambda text: text.replace(SECRET, "***"),
        )
        self.stumbles.listen()

    def user(self, of=None):
        return (of or Student)(self.environment)

    def begins(self):
        """As Locust does, before the first user of a run comes."""
        self.environment.events.test_start.fire(environment=self.environment)

    def meets(self, instance, error):
        """As a `@task` of this user, or set of tasks, that raises; Locust goes on with it."""
        self.environment.events.user_error.fire(user_instance=instance, exception=error, tb=error.__traceback__)

    def fails(self, user, error):
        """As a user of ours that is out."""
        before = len(self.fired)
        self.stumbles.failed(user, error)
        wait_until(lambda: len(self.fired) > before)

    def heard(self):
        """What the coordinator knows when all of that is told."""
        self.stumbles.tell()
        known = Stumbled()
        for body in self.sent:
            known.hear(body)
        return known


@pytest.fixture
def scene():
    made = Scene()
    yield made
    gevent.sleep(0)


class Student(User):
    pass


class Named(User):
    """Its attributes are of the names that it likes."""

    user = "alice"


class Alike(User):
    """Equal to whoever else is one, and so in no set."""

    __hash__ = None

    def __eq__(self, other):
        return isinstance(other, Alike)


class Exercises(TaskSet):
    pass


def raised(error):
    """The error, as code of a locustfile raises it."""
    try:
        raise error
    except Exception as caught:
        return caught


@pytest.mark.parametrize("far", [LONGEST - 246, 3 * LONGEST])
def test_a_long_text_is_cut_when_its_secrets_are_hidden_and_keeps_the_line_of_the_locustfile(scene, far):
    scene.fails(scene.user(), raised(LookupError("x" * far + SECRET + "y" * 2 * LONGEST)))
    (told,) = scene.heard().times
    assert len(told) == LONGEST
    assert "hun" not in told
    assert told.startswith("raised of Student raised LookupError: xxx")
    assert re.search(r"y \(stumbles\.py:\d+\)\.$", told)
    assert scene.fired == [told]


def test_a_task_that_raises_is_a_mistake_that_ends_nobody(scene):
    scene.meets(scene.user(), raised(ValueError("in a task")))
    known = scene.heard()
    (sentence,) = known.times
    assert (known.mistakes, known.ended_users) == ([sentence], [])
    assert (known.users, known.users_failed) == (1, 0)


def test_what_ended_users_is_named_before_what_tasks_raised(scene):
    user = scene.user()
    scene.meets(user, raised(ValueError("in a task")))
    scene.fails(user, raised(LookupError("in choose_edit")))
    known = scene.heard()
    assert len(known.mistakes) == 2
    assert known.ended_users == [known.first]
    assert "in choose_edit" in known.first
    assert (known.users, known.users_failed) == (1, 1)


def test_each_run_is_told_of_its_own_errors_also_where_nobody_takes_a_seat_in_it(scene):
    scene.begins()
    scene.run = "first"
    scene.fails(scene.user(), raised(LookupError("once")))
    scene.stumbles.tell("first")
    scene.run = ""
    scene.fails(scene.user(), raised(LookupError("too late for anybody")))
    scene.begins()
    scene.fails(scene.user(), raised(LookupError("once more")))
    scene.stumbles.tell()
    assert [body["run"] for body in scene.sent] == ["first", ""]
    ((what, own, ended, times),) = scene.sent[1]["what"]
    assert "once more" in what, "what was of one kind in the run before is told in the words of this one"
    assert (own, ended, times, scene.sent[1]["failed"]) == (True, True, 1, 1)


@pytest.mark.parametrize("of", [Named, Alike])
def test_a_user_is_counted_whatever_its_attributes_are_and_whom_it_is_equal_to(scene, of):
    crashed = log.unhandled_greenlet_exception
    users = [scene.user(of) for _ in range(2)]
    for user in (*users, *users):
        scene.meets(user, raised(ValueError("in a task")))
        scene.fails(user, raised(LookupError("in choose_edit")))
    known = scene.heard()
    assert (known.users, known.users_failed) == (2, 2)
    assert log.unhandled_greenlet_exception == crashed


def test_who_does_a_set_of_tasks_is_counted_and_named_and_not_the_set(scene):
    user = scene.user()
    for _ in range(2):
        scene.meets(Exercises(user), raised(ValueError("in a set of tasks")))
    known = scene.heard()
    assert known.users == 1
    assert known.first.startswith("raised of Student raised ValueError")
