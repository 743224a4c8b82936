"""What users tell the history: each edit, where it arrived, what never came back, and their lines."""

from types import SimpleNamespace

import pytest

from jupyter_rtc_locust.coordination.gathering import gather, stop_editing
from jupyter_rtc_locust.timing.round_trips import RoundTrips
from jupyter_rtc_locust.users.chronicle import Chronicle
from users.fake_room import wait_until


@pytest.fixture
def told():
    return []


@pytest.fixture
def chronicle(told):
    history = SimpleNamespace(note=lambda moment, event, **fields: told.append((round(moment, 3), event, fields)))
    return Chronicle(history, "a.ipynb", run_started=100.0)


def events(told):
    return [(event, fields.get("user"), fields.get("to"), fields.get("outcome")) for _, event, fields in told]


def test_an_edit_is_told_with_when_it_was_due_its_echo_and_each_delivery(told, chronicle):
    trips = RoundTrips(lambda _: None, lambda _: None, chronicle)
    trips.author(1, 77, 5, "typed 'a'", "cell", 101.0, b"update")
    trips.arrive(2, b"update", 101.2)
    trips.arrive(1, b"update", 101.3)
    assert told[0] == (
        1.0,
        "edit",
        {"document": "a.ipynb", "user": 1, "client": 77, "number": 5, "what": "typed 'a'", "cell": "cell"},
    )
    assert events(told)[1:] == [("delivery", 1, 2, "ok"), ("echo", 1, None, "ok")]
    assert [moment for moment, _, _ in told] == [1.0, 1.2, 1.3]


def test_what_never_came_back_is_of_unknown_outcome(told, chronicle):
    trips = RoundTrips(lambda _: None, lambda _: None, chronicle)
    edit = trips.author(1, 77, 5, "typed 'a'", None, 101.0, b"update")
    chronicle.never_acknowledged([edit])
    assert events(told)[-1] == ("echo", 1, None, "unknown")


def test_a_tab_tells_of_its_opening_its_lost_line_its_return_and_its_leaving(told, chronicle, room, swarm, person):
    one = person(0)
    one.room.chronicle = chronicle
    one.open()
    one.drop_connection()

    wait_until(lambda: swarm.counts["reconnects"] == 1)
    stop_editing(swarm)
    gather(swarm, {})
    one.leave()
    assert [event for event, *_ in events(told)] == ["open", "connection lost", "reconnect", "leave"]
