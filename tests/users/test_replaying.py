"""One user's part of a replay, on the event loop: what it waits for, how much is under way, and when it gives up."""

import json

import pytest

from jupyter_rtc_locust.editing.trace_plan import Casting, Start, plan
from jupyter_rtc_locust.editing.traces import read_trace
from jupyter_rtc_locust.users import replaying as replaying_module
from jupyter_rtc_locust.users.replaying import Replaying
from users.fake_room import settle, wait_until

CLIENTS = (1000, 1001)
START = "first cell"


@pytest.fixture
def replay(tmp_path, room, person):
    """Makes the parts of users who open the room: of each the tab, its part, and how it ended."""

    def make(txns, *, users=1, speed=0.0):
        file = tmp_path / "trace.json"
        file.write_text(json.dumps({"startContent": START, "endContent": "", "txns": txns}))
        made = plan(read_trace(file), Casting(users, (0, 1)), CLIENTS[:users], Start(room.doc.get_update(), 0))
        parts = []
        for user in range(users):
            one, ends = person(user, places=users), []
            one.open()
            steps = [step for step in made.steps if step.user == user]
            parts.append((one, Replaying(one, steps, speed=speed, cell=(0, "cell"), ended=ends.append), ends))
        return made, parts

    yield make


def typing(count, milliseconds=0):
    return [{"patches": [[index, 0, "é"]], "time": 1000 + index * milliseconds} for index in range(count)]


def source(one):
    return str(one.replica.cells[0]["source"])


def test_everything_is_made_and_the_end_told_once_it_has_come_back(replay):
    made, [(one, part, ends)] = replay(typing(500))
    part.begin()
    wait_until(lambda: ends)
    assert ends == [""]
    assert source(one) == made.content
    assert not one.room.round_trips.pending[0]


def test_nothing_is_made_before_the_beginning(replay):
    _, [(one, _, ends)] = replay(typing(3))
    settle()
    assert (source(one), ends) == (START, [])


def test_those_who_take_turns_wait_for_each_other(replay):
    made, parts = replay(typing(40), users=2)
    for _, part, _ in parts:
        part.begin()
    wait_until(lambda: all(ends for _, _, ends in parts))
    assert [source(one) for one, _, _ in parts] == [made.content] * 2


def test_an_edit_waits_for_what_it_depends_on(replay):
    _, [_, (one, part, ends)] = replay(typing(2), users=2)
    part.begin()
    settle()
    assert (source(one), ends) == (START, [])


def test_no_more_than_so_many_edits_are_under_way(replay, room, monkeypatch):
    monkeypatch.setattr(replaying_module, "MOST_UNDER_WAY", 7)
    room.echoes = False
    _, [(one, part, ends)] = replay(typing(30))
    part.begin()
    wait_until(lambda: len(one.room.round_trips.pending.get(0, ())) == 7)
    settle()
    assert len(one.room.round_trips.pending[0]) == 7
    assert ends == []


def test_with_a_speed_an_edit_waits_for_its_time(replay):
    _, [(one, part, ends)] = replay(typing(2, milliseconds=3_600_000), speed=1.0)
    part.begin()
    wait_until(lambda: source(one) != START)
    settle()
    assert source(one) == "é" + START
    assert ends == []


def test_a_pause_is_kept_and_gone_on_after(replay, swarm):
    made, [(one, part, ends)] = replay(typing(5))
    swarm.pause_editing()
    part.begin()
    settle()
    assert source(one) == START
    swarm.resume_editing()
    part.look()
    wait_until(lambda: ends)
    assert source(one) == made.content


def test_where_nothing_moves_for_long_it_says_what_it_waited_for(replay, monkeypatch):
    monkeypatch.setattr(replaying_module, "PATIENCE_S", 0.05)
    _, [_, (_, part, ends)] = replay(typing(2), users=2)
    part.begin()

    def gave_up():
        part.look()
        return ends

    wait_until(gave_up)
    assert "what transaction 1 of the trace depends on" in ends[0]


def test_who_has_lost_its_tab_says_so(replay):
    _, [(one, part, ends)] = replay(typing(2))
    one.leave()
    part.look()
    assert ends == ["user 0 left"]


def test_something_else_written_in_its_name_is_an_error_of_the_user(replay, told):
    _, [(one, part, ends)] = replay(typing(2))
    one.replica.edit(lambda replica: replica.cells[0].update({"x": 1}) is None)
    part.begin()
    wait_until(lambda: told.failures)
    assert "something else was written in its name" in str(told.failures[0][1])
    part.look()
    assert ends and "failed" in ends[0]
