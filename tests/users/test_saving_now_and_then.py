"""People who save by hand now and then: as often as asked, nobody while editing pauses or after it is over."""

from types import SimpleNamespace

import gevent
import pytest

from jupyter_rtc_locust.users import saving_now_and_then
from jupyter_rtc_locust.users.saving_now_and_then import save_now_and_then
from jupyter_rtc_locust.users.stage import Stage

SECONDS = 200


class Person:
    def __init__(self, stage=Stage.CONNECTED):
        self.stage = stage
        self.saves = 0

    def save(self):
        self.saves += 1


@pytest.fixture
def played(monkeypatch):
    """The saves of each person after so many seconds of virtual time."""

    def play(people, *, every_s=10.0, paused=False, seed=1):
        swarm = SimpleNamespace(seed=seed, process="p", editing=True, paused=paused, collaborators=lambda: people)
        seconds = iter(range(SECONDS))

        def sleep(_seconds):
            gevent.sleep(0)  # whoever saves has a turn
            swarm.editing = next(seconds, None) is not None

        monkeypatch.setattr(saving_now_and_then, "gevent", SimpleNamespace(sleep=sleep))
        save_now_and_then(swarm, every_s)
        return [one.saves for one in people]

    return play


def test_each_saves_as_often_as_asked_on_average_and_not_all_at_once(played):
    people = [Person() for _ in range(20)]
    saves = played(people)
    assert 0.7 * SECONDS / 10 < sum(saves) / 20 < 1.3 * SECONDS / 10
    assert len(set(saves)) > 3


def test_nobody_saves_who_is_not_there_or_while_everybody_pauses(played):
    assert played([Person(Stage.LOST), Person(Stage.LEFT)]) == [0, 0]
    assert played([Person()], paused=True) == [0]


def test_the_same_seed_draws_the_same(played):
    first, again, other = (played([Person() for _ in range(5)], seed=seed) for seed in (1, 1, 2))
    assert first == again != other
