"""A tab's requests beside its document: which, how often, and that nothing of them stays on the server."""

from types import SimpleNamespace

import gevent
import pytest

from jupyter_rtc_locust.errors import ConnectionBroken
from jupyter_rtc_locust.servers.base import Document, RoomAddress
from jupyter_rtc_locust.servers.lab_requests import LabRequests
from jupyter_rtc_locust.users import lab_traffic as lab_traffic_module
from jupyter_rtc_locust.users.lab_traffic import LabTraffic
from jupyter_rtc_locust.users.seat import Seat
from runs.patches import replace_in
from users.conftest import make_swarm
from users.fake_room import TEXT, frame, settle, wait_until

NOTEBOOK = Document("folder/my notes.ipynb", "notebook")
OF_SOMEBODY = Document("thesis.ipynb", "notebook", ours=False)


class FakeHttp:
    """Notes what is asked for."""

    def __init__(self):
        self.asked = []
        self.status = 200

    def request(self, method, path, **_):
        self.asked.append((method, path))
        if isinstance(self.status, Exception):
            raise self.status
        return SimpleNamespace(status_code=self.status)


@pytest.fixture
def swarm(told):
    made = make_swarm(told, rest="faithful")
    made.server.http = FakeHttp()
    made.server.events = lambda _identity: RoomAddress("ws://test/events")
    yield made
    made.ended = True


@pytest.fixture
def asked(swarm):
    return swarm.server.http.asked


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Every row of requests without its pauses."""
    replace_in(monkeypatch, lab_traffic_module, "gevent", sleep=lambda _seconds: gevent.sleep(0))


@pytest.fixture
def tab(swarm, room):
    made = LabTraffic(Seat(3, 1, 1003, NOTEBOOK, 0, 0, 1), swarm)
    yield made
    made.close()
    swarm.farewells.join(timeout=5)


def test_the_requests_of_every_occasion_are_as_many_as_a_tab_was_recorded_to_make():
    requests = LabRequests(NOTEBOOK, "of-the-test")
    # Of the 38 requests in a minute of idling; and of those after a save of the server's, and after Ctrl+S.
    every_ten_seconds = requests.of_refresh() + requests.of_file_browser()
    assert 6 * len(every_ten_seconds) + len(requests.of_seldom_refresh()) == 38
    assert len(requests.after_save()) == 4
    by_hand = requests.before_manual_save() + requests.after_manual_save() + requests.after_save()
    assert len(by_hand) == 8
    assert [one.path for one in by_hand if one.method == "POST"] == [
        "/api/contents/folder/my%20notes.ipynb/checkpoints"
    ]
    for row in (requests.of_opening(), requests.of_refresh(), requests.after_save(), requests.after_manual_save()):
        moments = [one.after_s for one in row]
        assert moments == sorted(moments)


def test_a_checkpoint_is_made_only_of_a_document_of_the_run():
    requests = LabRequests(OF_SOMEBODY, "of-the-test").after_manual_save()
    assert requests and not [one for one in requests if one.method != "GET"]


def test_nobodys_workspace_is_written_but_the_tabs_own_which_goes_with_it(tab, asked, swarm):
    tab.open()
    wait_until(lambda: len(asked) >= 35)
    tab.document_saved()
    wait_until(lambda: len(asked) >= 39)
    written = {path for method, path in asked if method != "GET"}
    assert written == {"/lab/api/workspaces/rtc-locust-run-3-1"}
    tab.close()
    swarm.farewells.join(timeout=5)
    assert asked[-1] == ("DELETE", "/lab/api/workspaces/rtc-locust-run-3-1")


def test_a_refusal_is_an_answer_and_is_counted_and_an_error_of_the_server_is_a_failure(tab, asked, swarm):
    swarm.server.http.status = 404
    tab.document_saved()
    wait_until(lambda: swarm.counts["tab_requests_refused"] == 4)
    assert swarm.recorder.histograms()["tab request"].count == 4
    swarm.server.http.status = 503
    tab.document_saved()
    wait_until(lambda: swarm.counts["tab_requests"] == 8)
    swarm.server.http.status = ConnectionBroken("no answer within 10 s.")
    tab.saving_by_hand()
    wait_until(lambda: swarm.recorder.failures()["tab request"].count == 5)
    sentences = swarm.recorder.failures()["tab request"].sentences
    assert "PUT /lab/api/workspaces was answered with 503" in sentences
    assert "GET /api/contents was not answered: no answer within 10 s." in sentences


def test_without_a_network_nothing_is_asked(tab, asked, room):
    tab.open()
    wait_until(lambda: room.present and len(asked) >= 35)
    tab.set_offline(True)
    wait_until(lambda: not room.present)
    before = len(asked)
    tab.document_saved()
    settle()
    assert len(asked) == before
    tab.set_offline(False)
    wait_until(lambda: len(room.present) == 1)


def test_the_events_that_the_server_tells_are_counted(tab, swarm, room):
    room.speaks_first = False
    tab.open()
    wait_until(lambda: room.present)
    room.present[0].socket.sendall(frame(b'{"action": "get"}', TEXT) + frame(b'{"action": "save"}', TEXT))
    wait_until(lambda: swarm.counts["events_received"] == 2)


def test_a_row_of_requests_that_dies_is_a_failure_and_not_silence(tab, swarm, unseen_errors):
    swarm.server.http.status = RuntimeError("a mistake of ours")
    tab.document_saved()
    wait_until(lambda: swarm.recorder.failures()["tab request"].count == 1)
    assert list(swarm.recorder.failures()["tab request"].sentences) == [
        "a row of requests died: RuntimeError: a mistake of ours"
    ]
    wait_until(lambda: unseen_errors)  # gevent prints it as well
    swarm.server.http.status = 200
    unseen_errors.clear()
