"""What each tab tells, at the end, of how it was served: it speaks for a server that did not answer the coordinator."""

from __future__ import annotations

import time

import gevent
import pytest

from jupyter_rtc_locust.coordination.answers import encoded_rooms
from jupyter_rtc_locust.coordination.gathering import gather, probe_all
from jupyter_rtc_locust.errors import ConnectionBroken, RoomRefused, ServerEnded
from jupyter_rtc_locust.users import collaborator, service_record
from jupyter_rtc_locust.users.stage import Stage
from jupyter_rtc_locust.verdict.evidence import RoomEvidence
from jupyter_rtc_locust.verdict.evidence_form import decode_evidence
from users.fake_room import wait_until


@pytest.fixture
def served(swarm):
    """How the one user was served, through bytes, as it travels; the run began a hundred seconds ago."""
    swarm.run_started = time.monotonic() - 100

    def told():
        (room,) = (decode_evidence(one, RoomEvidence) for one in encoded_rooms(gather(swarm, {})))
        return room.users[0].served

    return told


def test_who_was_answered_waits_for_nothing_and_tells_when_it_was_sent_anything(room, swarm, person, served):
    one = person()
    assert served().opened is None
    one.open()
    before = swarm.since_start(time.monotonic())
    probe_all(swarm)
    told = served()
    assert 99 < told.opened <= before and told.closed is None
    assert 99 < before <= told.answered <= told.heard <= told.taken < 110
    assert told.waits_since is None and told.without_line == ()


def test_who_was_not_answered_waits_since_it_asked(room, swarm, person, served, monkeypatch):
    monkeypatch.setattr(collaborator, "SYNC_DEADLINE_S", 0.1)
    person().open()
    room.answers_step_1 = False
    asked = swarm.since_start(time.monotonic())
    probe_all(swarm)
    told = served()
    assert told.heard <= asked <= told.waits_since < told.taken
    room.answers_step_1 = True
    probe_all(swarm)
    assert served().waits_since is None


def test_who_has_no_line_waits_since_it_was_lost(room, person, served):
    one = person()
    one.open()
    room.refusals += [ConnectionBroken("gone.")] * 1000
    one.drop_connection()
    lost = served()
    assert lost.heard <= lost.lost <= lost.taken
    probed = served()
    assert probed.lost == lost.lost and probed.taken > lost.taken


def refused(room, person, refusal):
    one = person()
    one.open()
    room.refusals += [refusal]
    one.drop_connection()
    wait_until(lambda: one.stage is Stage.REFUSED)


def test_who_is_not_let_in_again_waits_for_nothing(room, person, served):
    refused(room, person, RoomRefused("the server says 403."))
    assert served().lost is None and served().closed is not None


def test_in_whose_place_a_hub_does_not_let_in_again_looks_for_a_line_on(room, person, served):
    """The server has ended, so nobody is served."""
    one = person()
    one.open()
    room.refusals += [ServerEnded("the hub sends elsewhere.")] * 1000
    one.drop_connection()
    wait_until(lambda: len(room.refusals) < 998)
    assert one.stage is Stage.LOST
    assert served().lost is not None and served().closed is None


def test_whose_server_a_hub_s_proxy_knows_again_is_back_and_waits_no_longer(room, person, served, monkeypatch):
    monkeypatch.setattr(service_record, "WAITED_S", 0.0)
    one = person()
    one.open()
    room.refusals += [ServerEnded("the hub sends elsewhere.")]
    one.drop_connection()
    wait_until(lambda: one.stage is Stage.CONNECTED)
    told = served()
    assert told.lost is None and len(told.without_line) == 1


def test_to_whom_the_server_closes_the_document_looks_for_no_line(room, person, served):
    one = person()
    one.open()
    room.ends[0].send_close(4404)
    wait_until(lambda: one.stage is Stage.REFUSED)
    told = served()
    assert told.lost is told.waits_since is None and told.opened < told.closed <= told.taken


def test_who_came_back_tells_how_long_that_took(room, person, served, monkeypatch):
    monkeypatch.setattr(service_record, "WAITED_S", 0.0)
    one = person()
    one.open()
    one.drop_connection()
    wait_until(lambda: one.stage is Stage.CONNECTED)
    told = served()
    ((lost, back),) = told.without_line
    assert 99 < lost < back <= told.taken and told.lost is None


def test_who_comes_online_to_a_server_that_is_gone_waits_from_then_on(room, person, served):
    one = person()
    one.open()
    one.go_offline()
    room.refusals += [ConnectionBroken("gone.")] * 1000
    one.come_online()
    told = served()
    assert told.lost == told.offline[0][1]


def test_who_left_before_there_was_a_network_again_waits_for_nothing(room, person, served):
    one = person()
    one.open()
    one.go_offline()
    one.leave()
    one.come_online()
    assert served().lost is None


def test_who_left_without_a_line_waited_in_vain(room, person, served, monkeypatch):
    monkeypatch.setattr(service_record, "WAITED_S", 0.0)
    one = person()
    one.open()
    room.refusals += [ConnectionBroken("gone.")] * 1000
    one.drop_connection()
    lost = served().lost
    one.leave()
    told = served()
    assert told.closed == told.in_vain[0][1]
    assert told.in_vain[0][0] == lost and told.without_line == () and told.lost is None


def test_who_failed_without_a_line_waited_in_vain(room, person, served, told, monkeypatch):
    monkeypatch.setattr(service_record, "WAITED_S", 0.0)
    one = person()
    one.open()
    room.refusals += [ConnectionBroken("gone.")] * 1000
    one.drop_connection()
    one.writing.guarded(lambda: 1 / 0)
    assert len(told.failures) == 1
    assert len(served().in_vain) == 1 and served().without_line == ()


def test_who_went_offline_on_purpose_or_left_waits_for_no_server(room, person, served):
    one = person()
    one.open()
    one.go_offline()
    ((began, _),) = served().offline
    assert served().lost is None
    one.come_online()
    wait_until(lambda: one.stage is Stage.CONNECTED)
    ((since, until),) = served().offline
    assert began == since < until <= served().heard and served().lost is None
    room.refusals += [ConnectionBroken("gone.")] * 1000
    one.drop_connection()
    gevent.sleep(0)
    one.leave()
    assert served().lost is None
