"""A run ends by itself where every user failed, and where nobody who is well would be sent away by that."""

from types import SimpleNamespace

import gevent
import pytest

from jupyter_rtc_locust.coordination import nobody_left as module
from jupyter_rtc_locust.coordination.nobody_left import NobodyLeft
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.live.looks import DocumentLook, Look
from jupyter_rtc_locust.live.picture import Picture
from jupyter_rtc_locust.settings import Settings
from users.fake_room import wait_until


class Scene:
    """A run that began with two users, who have seats."""

    def __init__(self, *, target=2, shape=None):
        self.picture = Picture([("a.ipynb", "notebook")])
        self.asked = []
        self.state = RunState("run", 1, Settings(users=2), "", None)
        self.state.users_seated = 2
        environment = SimpleNamespace(runner=SimpleNamespace(target_user_count=target), shape_class=shape)
        self.watch = NobodyLeft(environment, lambda: self.picture, lambda: self.asked.append(True))

    def sees(self, **people):
        self.picture.take("one", Look("one", 1.0, documents=(DocumentLook(0, **people),)), 1.0)

    def fail(self, users):
        """So many more fail; whether anybody looks whether that was everybody."""
        self.state.stumbled.hear({"users": users, "failed": users, "what": []})
        self.watch.heard(self.state)
        return self.watch._looking is not None

    def looked(self):
        """Whether the run was ended, when nobody looks any more."""
        wait_until(lambda: self.watch._looking.dead)
        return bool(self.asked)


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    for name, seconds in (("SURE_S", 0.05), ("LOOKED_FOR_S", 0.3), ("_LOOK_EVERY_S", 0.01)):
        monkeypatch.setattr(module, name, seconds)


def test_a_run_of_which_every_user_failed_ends():
    scene = Scene()
    assert not scene.fail(1)
    assert scene.fail(1)
    assert scene.looked()


def test_as_many_as_the_run_began_with_are_not_everybody_where_more_were_asked_for_since():
    assert not Scene(target=6).fail(2)


def test_fewer_than_the_run_began_with_are_not_everybody_where_the_others_were_sent_away():
    assert not Scene(target=1).fail(1)


def test_nobody_is_sent_away_where_a_load_shape_says_how_many_there_are():
    assert not Scene(shape=object()).fail(2)


@pytest.mark.parametrize("people", [{"users": 1}, {"on_the_way": 1}])
def test_who_failed_twice_because_a_worker_joined_is_not_taken_for_the_others(people):
    scene = Scene()
    scene.sees(**people)
    assert scene.fail(2)
    assert not scene.looked()


def test_whoever_was_seen_before_failing_is_not_waited_for():
    scene = Scene()
    scene.sees(users=2)
    assert scene.fail(2)
    gevent.sleep(0)
    scene.sees(users=0)
    assert scene.looked()


def test_where_nobody_took_a_seat_nobody_is_looked_for(monkeypatch):
    monkeypatch.setattr(module, "SURE_S", 1000.0)
    scene = Scene()
    scene.state.users_seated = 0
    assert scene.fail(2)
    assert scene.looked()


def test_who_fails_later_is_a_reason_to_look_again():
    scene = Scene()
    scene.sees(users=1)
    scene.fail(2)
    assert not scene.looked()
    scene.sees(users=0)
    scene.fail(1)
    assert scene.looked()
