"""The presence of a faithful tab: what it receives it tells on, once; who is silent is outdated; lines are watched."""

import time

import pytest

from jupyter_rtc_locust.protocol.awareness import Presence, decode_presences, encode_presences, read_awareness
from jupyter_rtc_locust.protocol.messages import decode_message, encode_awareness
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.users import collaborator as collaborator_module
from jupyter_rtc_locust.users import presence as presence_module
from jupyter_rtc_locust.users.collaborator import Collaborator, Stage
from jupyter_rtc_locust.users.presence import TabPresence
from jupyter_rtc_locust.users.seat import Seat
from users.conftest import make_swarm
from users.fake_room import settle, wait_until

OWN, PEER, STRANGER = 1, 2, 3
ADA = {"user": {"name": "Ada"}}


class Tab:
    """A tab's presence with nobody at the other end of the line."""

    def __init__(self):
        self.messages = []
        self.looks = []
        self.echoes = []
        self.presence = TabPresence(OWN, ADA, self.messages.append, self.echoes.append, self.looks.append)

    @property
    def said(self):
        """Everything that was sent, taken apart."""
        return [decode_presences(decode_message(message).payload) for message in self.messages]

    def hears(self, *presences):
        self.presence.hear(read_awareness(encode_awareness(encode_presences(list(presences)))), time.monotonic())


@pytest.fixture
def quick_looks(monkeypatch):
    monkeypatch.setattr(presence_module, "LOOK_EVERY_S", 0.01)


@pytest.fixture
def tab():
    made = Tab()
    yield made
    made.presence.end()


@pytest.fixture
def open_tab(tab):
    tab.presence.begin()
    tab.messages.clear()
    return tab


def test_every_state_that_counts_is_told_on_as_it_came_and_only_once(open_tab):
    told = Presence(PEER, 1, {"user": {"name": "Grace"}, "cursors": []})
    open_tab.hears(told)
    open_tab.hears(told)
    open_tab.hears(Presence(PEER, 1, {"user": {"name": "somebody else"}}))
    assert open_tab.said == [[told]]


def test_a_heartbeat_that_changes_nothing_is_told_on_all_the_same(open_tab):
    for clock in (1, 2, 3):
        open_tab.hears(Presence(PEER, clock, ADA))
    assert [entries[0].clock for entries in open_tab.said] == [1, 2, 3]


def test_of_a_message_about_several_only_what_counts_is_told_on(open_tab):
    open_tab.hears(Presence(PEER, 5, ADA))
    open_tab.hears(Presence(PEER, 4, ADA), Presence(STRANGER, 1, {}), Presence(OWN, 0, ADA))
    assert open_tab.said[1:] == [[Presence(STRANGER, 1, {})]]


def test_the_leaving_of_somebody_is_told_on_but_not_of_somebody_never_heard_of(open_tab):
    open_tab.hears(Presence(STRANGER, 7, None))
    assert open_tab.said == []
    open_tab.hears(Presence(PEER, 1, ADA))
    open_tab.hears(Presence(PEER, 2, None))
    assert open_tab.said[1:] == [[Presence(PEER, 2, None)]]


def test_the_own_words_are_timed_and_not_told_on(tab):
    tab.presence.begin()
    words = tab.messages[0]
    for _ in range(3):  # the echo, and what two others told on
        tab.presence.hear(read_awareness(words), time.monotonic())
    assert len(tab.messages) == len(tab.echoes) == 1


def test_who_is_said_to_be_gone_and_is_there_tells_of_itself_with_a_higher_clock(tab):
    tab.presence.begin()
    clock = tab.said[0][0].clock
    tab.hears(Presence(OWN, clock, None))
    assert tab.said[1:] == [[Presence(OWN, clock + 1, ADA)]]


def test_somebody_silent_for_long_is_told_of_as_gone_once_and_comes_back_with_a_higher_clock(
    open_tab, quick_looks, monkeypatch
):
    monkeypatch.setattr(presence_module, "OUTDATED_S", 0.05)
    open_tab.presence.end()
    open_tab.presence.begin()
    open_tab.messages.clear()
    open_tab.hears(Presence(PEER, 4, ADA))
    wait_until(lambda: len(open_tab.said) == 2)
    settle(0.05)
    assert open_tab.said[1:] == [[Presence(PEER, 4, None)]]
    open_tab.hears(Presence(PEER, 4, ADA))
    open_tab.hears(Presence(PEER, 5, ADA))
    assert open_tab.said[2] == [Presence(PEER, 5, ADA)]


def test_the_own_state_is_told_again_fifteen_seconds_after_it_was_told_last(tab, quick_looks, monkeypatch):
    monkeypatch.setattr(presence_module, "HEARTBEAT_S", 0.6)
    tab.presence.begin()
    told = [time.monotonic()]
    wait_until(lambda: len(tab.messages) == 2)
    tab.presence.show("cursors", [])
    told.append(time.monotonic())
    assert len(tab.messages) == 3
    wait_until(lambda: len(tab.messages) == 4)
    assert time.monotonic() - told[1] >= 0.09, "a change does not put the heartbeat off"
    assert [entries[0].clock for entries in tab.said] == [1, 2, 3, 4]
    assert tab.said[3][0].state == {**ADA, "cursors": []}


def test_after_a_loss_the_last_words_are_told_again_with_the_same_clock(tab):
    tab.presence.begin()
    tab.presence.pause()
    tab.presence.begin()
    assert tab.messages[0] == tab.messages[1]


def test_telling_the_last_words_again_puts_no_heartbeat_off(tab):
    tab.presence.begin()
    renewed = tab.presence._renewed
    wait_until(lambda: time.monotonic() > renewed)
    tab.presence.pause()
    tab.presence.begin()
    assert len(tab.messages) == 2
    assert tab.presence._renewed == renewed


def test_a_tab_that_is_asleep_has_no_clock(tab, quick_looks, monkeypatch):
    monkeypatch.setattr(presence_module, "HEARTBEAT_S", 0.5)
    tab.presence.asleep = True
    tab.presence.begin()
    settle(0.05)
    assert len(tab.messages) == 1
    tab.presence.asleep = False
    wait_until(lambda: len(tab.messages) > 1)


def test_leaving_a_notebook_is_told_twice_and_closing_a_tab_is_not_told(tab):
    tab.presence.begin()
    tab.presence.leave()
    assert tab.said[1:] == [[Presence(OWN, 2, None)], [Presence(OWN, 3, None)]]
    other = Tab()
    other.presence.begin()
    other.presence.end()
    assert len(other.messages) == 1


# -- in a user's tab ------------------------------------------------------------------------------------------------


@pytest.fixture
def people(room, told, person):
    swarm = make_swarm(told, awareness="faithful")
    made = [person(user, swarm=swarm) for user in range(3)]
    for one in made:
        one.open()
    return made


def test_one_caret_move_among_three_is_sent_three_times_and_received_nine_times(room, people, quick_looks):
    swarm = people[0].swarm
    wait_until(lambda: swarm.counts["awareness_received"] >= swarm.counts["awareness_sent"] * 2)
    settle(0.1)
    sent, received = swarm.counts["awareness_sent"], swarm.counts["awareness_received"]
    people[0].presence.show("cursors", [{"anchor": 1}])
    wait_until(lambda: swarm.counts["awareness_received"] >= received + 9)
    settle()
    assert swarm.counts["awareness_sent"] == sent + 3
    assert swarm.counts["awareness_received"] == received + 9


def test_who_closes_a_notebook_is_seen_no_more_and_who_closes_a_tab_is_still_seen(room, people):
    first, second, third = people
    wait_until(lambda: len(_shown(first)) == 2)
    third.close_tab()
    settle()
    assert third.seat.client_id in _shown(first)
    second.leave()
    wait_until(lambda: second.seat.client_id not in _shown(first))
    assert third.seat.client_id in _shown(first)


def test_two_tabs_of_one_person_show_one_name_under_two_client_ids(room, told):
    swarm = make_swarm(told, awareness="faithful")
    document = Document("room", "notebook")
    tabs = [
        Collaborator(Seat(0, 0, 1000, document, 0, 0, 2), swarm, lambda _number: None),
        Collaborator(Seat(1, 0, 1001, document, 0, 1, 2, of_person=0), swarm, lambda _number: None),
    ]
    for tab in tabs:
        tab.open()
    assert [identity for _, identity in swarm.server.asked] == [0, 0]
    wait_until(lambda: len(room.messages(1)) >= 2)
    shown = {one.client_id: one.state["user"]["name"] for one in _told_to(room) if one.state}
    assert shown == {1000: "Locust user 0", 1001: "Locust user 0"}
    swarm.ended = True
    for tab in tabs:
        tab.leave()


def _told_to(room):
    return [decode_presences(decode_message(message).payload)[0] for message in room.messages(1)]


def test_a_line_on_which_nothing_comes_is_closed_and_opened_again(room, people, monkeypatch):
    monkeypatch.setattr(collaborator_module, "SILENT_LINE_S", 0.2)
    one, opened = people[0], room.opened
    wait_until(lambda: time.monotonic() - one.receiving.last_heard > 0.2)
    one._give_up_silent_line(time.monotonic())
    assert "on which nothing came" in one.trouble
    wait_until(lambda: room.opened == opened + 1 and one.stage is Stage.CONNECTED)


def test_when_editing_is_over_a_silent_line_is_kept_because_what_the_tab_holds_is_evidence(room, people, monkeypatch):
    monkeypatch.setattr(collaborator_module, "SILENT_LINE_S", 0.0)
    people[0].swarm.editing = False
    people[0]._give_up_silent_line(time.monotonic() + 1)
    assert people[0].stage is Stage.CONNECTED


def test_a_message_that_is_no_awareness_update_is_counted_and_harms_nobody(room, people):
    room.broadcast(encode_awareness(b"\x05\x01"))
    wait_until(lambda: people[0].swarm.counts["messages_unreadable"] == 3)
    assert all(one.stage is Stage.CONNECTED for one in people)


def _shown(one):
    evidence = one.presence.record.evidence("here", time.monotonic(), lambda moment: moment)
    return {seen.client_id for seen in evidence.seen if seen.until is None}
