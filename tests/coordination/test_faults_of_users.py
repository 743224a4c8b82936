"""A user who cannot leave or come back as the scenario has it is told of, and nothing else ends with it."""

from types import SimpleNamespace

import gevent
import pytest

from jupyter_rtc_locust.coordination.faults_of_users import FaultsOfUsers


class Owner:
    """A Locust user that goes and comes, or cannot."""

    def __init__(self, fails_at=""):
        self.did = []
        self.fails_at = fails_at

    def go_away(self):
        self._do("go_away")

    def come_back(self):
        self._do("come_back")

    def _do(self, what):
        if what == self.fails_at:
            raise ValueError("the tab is stuck")
        self.did.append(what)


def sent(owner):
    """The owner's user is sent away and called back; what was complained of."""
    user = SimpleNamespace(seat=SimpleNamespace(user=3), owner=owner)
    swarm = SimpleNamespace(run_id="run", collaborators=lambda: [user])
    problems = []
    faults = FaultsOfUsers(lambda: swarm, problems.append)
    message = SimpleNamespace(data={"run": "run", "users": [3]})
    for listener in (faults._on_away, faults._on_back):
        listener(message)
        gevent.sleep(0.01)
    return problems


def test_who_leaves_and_comes_back_is_no_problem():
    owner = Owner()
    assert sent(owner) == []
    assert owner.did == ["go_away", "come_back"]


@pytest.mark.parametrize(("fails_at", "words"), [("go_away", "leave for a while"), ("come_back", "come back")])
def test_who_cannot_is_told_of_with_the_reason(fails_at, words):
    (problem,) = sent(Owner(fails_at))
    assert problem == f"a user could not {words}, as the scenario has it: ValueError: the tab is stuck"
