"""What a tab notices of its document: the first change after a save, and each save."""

import pytest

from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.users import lab as lab_module
from jupyter_rtc_locust.users.lab import Lab
from jupyter_rtc_locust.users.seat import Seat
from users.conftest import make_swarm


class Part:
    """Stands for the room of all tabs, and for the requests."""

    told = []

    def __init__(self, seat, swarm):
        pass

    def document_changed(self):
        self.told.append("changed")

    def document_saved(self):
        self.told.append("saved")


@pytest.fixture
def told(told, monkeypatch):
    monkeypatch.setattr(Part, "told", [])
    monkeypatch.setattr(lab_module, "GlobalRoom", Part)
    return Part.told


def lab_of(told, **settings):
    replica = Replica("notebook", 1)
    return Lab(Seat(0, 0, 1, Document("a", "notebook"), 0, 0, 1), make_swarm(told, **settings), replica), replica


def server_writes(replica, **state):
    def write(replica):
        for key, value in state.items():
            replica.state[key] = value
        return True

    replica.edit(write, marks_dirty=lambda: False)


def test_of_many_changes_before_a_save_only_the_first_is_noticed(told):
    lab, replica = lab_of(told, global_awareness="faithful")
    for _ in range(3):
        lab.document_edited()
    assert told == ["changed"]
    server_writes(replica, dirty=False, hash="a")
    lab.document_received()
    lab.document_received()
    assert told == ["changed", "saved"]
    lab.document_edited()
    assert told == ["changed", "saved", "changed"]


def test_what_others_change_is_noticed_alike(told):
    lab, replica = lab_of(told, global_awareness="faithful")
    server_writes(replica, dirty=True)
    lab.document_received()
    lab.document_received()
    assert told == ["changed"]


def test_where_nothing_of_jupyterlab_is_asked_for_nothing_is_noticed(told):
    lab, replica = lab_of(told)
    lab.document_edited()
    server_writes(replica, dirty=False, hash="a")
    lab.document_received()
    assert told == []


def test_a_save_by_hand_is_noticed_once_whatever_the_server_tells_meanwhile(told):
    lab, replica = lab_of(told, global_awareness="faithful")
    lab.saving_by_hand()
    server_writes(replica, dirty=False, hash="a")
    lab.document_received()
    lab.saved_by_hand()
    assert told == ["saved"]
    lab.saving_by_hand()
    lab.not_saved_by_hand()
    server_writes(replica, dirty=False, hash="b")
    lab.document_received()
    assert told == ["saved", "saved"]
