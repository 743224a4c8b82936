"""Capacity on paper: formulas that follow from each other, points that were measured, the table of the document."""

import argparse
import itertools
import re
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust import command_line
from jupyter_rtc_locust.editing.rhythm import Person
from jupyter_rtc_locust.errors import OptionsError
from jupyter_rtc_locust.scale.command import add_arguments, planned
from jupyter_rtc_locust.scale.constants import MEASURED, Constants
from jupyter_rtc_locust.scale.need import Asked, need

DOCUMENT, PERFORMANCE = (
    (Path(__file__).resolve().parents[2] / "docs" / name).read_text("utf-8") for name in ("scale.md", "performance.md")
)
quick = settings(deadline=None, max_examples=60)
runs = st.builds(
    Asked,
    users=st.integers(1, 10**6),
    room=st.integers(1, 1000),
    edit_rate=st.floats(0.01, 20),
    awareness=st.sampled_from(["faithful", "own", "none"]),
    rhythm=st.sampled_from(["person", "steady", "poisson"]),
    run_s=st.floats(1, 10**5),
)


def printed(*arguments):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return planned(parser.parse_args(arguments))


# -- the formulas -----------------------------------------------------------------------------------------------------


@given(asked=runs)
@quick
def test_twice_the_people_in_rooms_of_the_same_size_take_twice_the_load(asked):
    asked = Asked(asked.users * asked.room, asked.room, asked.edit_rate, asked.awareness, asked.rhythm, asked.run_s)
    twice = Asked(2 * asked.users, asked.room, asked.edit_rate, asked.awareness, asked.rhythm, asked.run_s)
    one, two = need(asked), need(twice)
    for figure in ("edits", "updates", "presence", "network", "generator_cores", "server_cores", "judge_s"):
        assert getattr(two, figure) == pytest.approx(2 * getattr(one, figure)), figure
    assert two.room_load == pytest.approx(one.room_load)


@given(asked=runs)
@quick
def test_what_is_handed_out_is_enough_and_not_more_than_one_too_many(asked):
    needed = need(asked)
    assert needed.generator_cores <= needed.workers * MEASURED.busiest_core * (1 + 1e-9)
    assert (needed.workers - 1) * MEASURED.busiest_core <= needed.generator_cores
    assert needed.hosts * MEASURED.host_lines >= asked.users
    if needed.servers is None:
        assert needed.room_load > MEASURED.busiest_server
        assert any("one room takes" in limit for limit in needed.limits)
    else:
        assert needed.server_cores <= needed.servers * MEASURED.busiest_server * (1 + 1e-9)


@given(asked=runs)
@quick
def test_presence_that_is_told_on_is_never_less_than_ones_own_and_that_never_less_than_none(asked):
    faithful, own, none = (
        need(Asked(asked.users, asked.room, asked.edit_rate, kind)) for kind in ("faithful", "own", "none")
    )
    assert faithful.presence >= own.presence > none.presence == 0
    assert faithful.generator_cores >= own.generator_cores >= none.generator_cores


@pytest.mark.parametrize("workers", [2, 5, 8])
def test_where_more_workers_are_asked_for_than_cpu_needs_each_that_sees_an_edit_tells_of_it(workers):
    alone, spread = need(Asked(400, 5, run_s=600)), need(Asked(400, 5, run_s=600, workers=workers))
    assert (alone.workers, spread.workers) == (1, workers)
    others = min(5, workers) - 1
    edits = 240_000 * MEASURED.person_edits
    assert spread.evidence == alone.evidence + others * MEASURED.seen_bytes * edits
    assert (spread.generator_cores, spread.judge_s) == (alone.generator_cores, alone.judge_s)


@given(asked=runs, workers=st.integers(1, 500))
@quick
def test_each_process_takes_memory_of_its_own(asked, workers):
    one, more = need(replace(asked, workers=workers)), need(replace(asked, workers=workers + 1))
    assert one.memory >= workers * MEASURED.process_memory
    assert more.memory - one.memory >= MEASURED.process_memory * (1 - 1e-3)
    assert one.master_memory >= MEASURED.master_memory


def test_there_is_room_for_the_edits_of_bursts_and_other_rhythms_make_as_many_as_were_asked_for():
    person, steady = (need(Asked(400, 5, run_s=600, rhythm=rhythm)) for rhythm in ("person", "steady"))
    assert steady.judge_s == 240_000 * MEASURED.judge_cpu
    assert person.judge_s == 300_000 * MEASURED.judge_cpu
    assert person.evidence == MEASURED.person_edits * steady.evidence
    assert person.master_memory > steady.master_memory > 240_000 * MEASURED.judge_memory


@pytest.mark.parametrize(
    "asked",
    [Asked(0, 1), Asked(1, 0), Asked(1, 1, edit_rate=-1.0), Asked(1, 1, run_s=0.0), Asked(1, 1, workers=-1)],
)
def test_numbers_that_no_run_has_are_refused(asked):
    with pytest.raises(ValueError, match="no run has"):
        need(asked)


def test_a_room_is_never_larger_than_the_run():
    assert need(Asked(3, 500)).updates == need(Asked(3, 3)).updates == 9


# -- measured points --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tabs", "messages"), [(5, 8.3), (20, 533), (50, 8333)])
def test_idle_rooms_have_the_presence_that_was_counted_in_them(tabs, messages):
    assert need(Asked(tabs, tabs, edit_rate=0.0)).presence == pytest.approx(messages, rel=0.01)


def users_a_core(rhythm):
    """Of a core, by the number of users, as the page of performance has it."""
    rows = PERFORMANCE.partition(f"users a core, {rhythm}")[2].partition("\n")[2].splitlines()
    found = [re.match(r"\| &nbsp;&nbsp;([\d,]+) users, echo p99 .* \| CPU (\d+)%", row) for row in rows]
    return {
        int(one[1].replace(",", "")): int(one[2]) / 100
        for one in itertools.takewhile(lambda row: row is not None, found)
    }


@pytest.mark.parametrize("rhythm", ["steady", "person"])
@pytest.mark.parametrize("users", [1000, 2000])
def test_users_in_rooms_of_five_take_about_the_cpu_that_was_measured(users, rhythm):
    assert need(Asked(users, 5, rhythm=rhythm)).generator_cores == pytest.approx(users_a_core(rhythm)[users], rel=0.2)


@pytest.mark.parametrize(
    ("constant", "line", "unit"),
    [
        ("edit_cpu", "edit", 1e-6),
        ("update_cpu", "rooms of 2", 1e-6),
        ("user_memory", "memory, a user", 1e3),
        ("update_bytes", "bytes an edit", 1),
        ("judge_cpu", "verdict on 1,000", 1e-5),
    ],
)
def test_a_constant_is_that_of_the_line_it_names_or_a_fifth_away(constant, line, unit):
    (figure,) = re.findall(rf"^\| &nbsp;&nbsp;{line} \| ([\d.]+) ", PERFORMANCE, re.M)
    assert getattr(MEASURED, constant) == pytest.approx(float(figure) * unit, rel=0.2)


def test_constants_that_follow_from_two_figures_of_a_line_are_a_fifth_away_at_most():
    (told,) = re.findall(r"written \| .* ([\d.]+) MB for the coordinator", PERFORMANCE)
    assert MEASURED.told_bytes == pytest.approx(float(told) * 10, rel=0.2)
    assert MEASURED.bursts == pytest.approx(users_a_core("person")[1000] / users_a_core("steady")[1000], rel=0.2)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_there_is_room_for_the_edits_that_people_make_in_a_minute_and_in_five_there_are_as_many_as_asked_for(seed):
    def made(user, until):
        rhythm, edits = Person(1.0, seed=seed, user=user), 0
        moment = rhythm.first(0.0)
        while moment.due < until:
            edits, moment = edits + 1, rhythm.after(moment)
        return edits

    assert 1.05 < sum(made(user, 60.0) for user in range(200)) / 200 / 60 < MEASURED.person_edits
    assert sum(made(user, 300.0) for user in range(200)) / 200 / 300 == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize(("room", "messages"), [(2, 2024), (5, 6466), (20, 9809), (50, 9994)])
def test_the_servers_core_is_full_about_where_it_was(room, messages):
    """The curve to saturation, without presence."""
    load = need(Asked(room, room, edit_rate=messages / room / room, awareness="none")).room_load
    assert load == pytest.approx(1.0, rel=0.45)


def test_an_idle_room_of_fifty_takes_about_the_servers_core_that_was_measured():
    assert need(Asked(50, 50, edit_rate=0.0)).room_load == pytest.approx(0.65, rel=0.1)


# -- the command and the document -------------------------------------------------------------------------------------


def test_the_table_of_the_document_is_the_commands():
    between = re.search(
        r"<!-- begin of what plan-capacity prints -->\n\n(.*?)\n*<!-- end of what plan-capacity prints -->",
        DOCUMENT,
        re.S,
    )
    assert between is not None
    assert between[1].strip().splitlines() == printed()


def test_every_example_of_the_document_prints_a_table(capsys):
    examples = re.findall(r"^\$ jupyter rtc-locust (plan-capacity.*)$", DOCUMENT, re.M)
    assert len(examples) > 1
    for example in examples:
        assert command_line.main(example.split()) == 0
        assert capsys.readouterr().out.startswith("|")


def test_every_constant_stands_in_the_document_with_its_value():
    told = dict(re.findall(r"^\| `(\w+)` \| ([\d.]+)", DOCUMENT, re.M))
    unnamed = {"kept_s", "heartbeat_s", "host_lines"}
    assert told.keys() == {field.name for field in fields(Constants)} - unnamed
    for name, figure in told.items():
        digits = f"{getattr(MEASURED, name):.3e}".split("e")[0].rstrip("0").rstrip(".")
        assert f"{float(figure):.3e}".split("e")[0].rstrip("0").rstrip(".") == digits, name


def test_what_cannot_be_is_said_with_what_would_have_to_change():
    told = "\n".join(printed("--users", "100000", "--room", "500"))
    assert "none holds a room" in told
    for limit in ("presence that tabs do not tell on", "several runs side by side", "more than 16 GB"):
        assert limit in told


def test_a_run_that_can_be_has_no_list_of_what_cannot():
    assert len(printed("--users", "1000", "--room", "5")) == 3


@pytest.mark.parametrize(
    ("room", "rate", "awareness", "change"),
    [
        (50, 1, "faithful", "presence that tabs do not tell on,"),
        (500, 1, "faithful", "presence that tabs do not tell on, and fewer edits or smaller rooms,"),
        (5, 1e6, "faithful", "fewer edits or smaller rooms,"),
        (500, 1, "own", "fewer edits or smaller rooms,"),
    ],
)
def test_a_room_that_no_server_holds_is_told_what_fills_it(room, rate, awareness, change):
    (limit, *_) = need(Asked(1000, room, rate, awareness)).limits
    assert f"may be used; {change} or a server with several processes for a room" in limit


def test_what_fills_a_room_depends_on_the_server_that_was_asked_about():
    def told(ms):
        return "\n".join(printed("--users", "50", "--room", "50", "--server-edit-ms", ms))

    assert "presence that tabs do not tell on" in told("0.7")
    assert "presence that tabs do not tell on" not in told("100")


def test_rooms_of_more_people_than_there_are_are_said_to_have_fewer_and_come_once():
    lines = printed("--users", "10", "--room", "5", "50", "500")
    assert [line.split("|")[2].strip() for line in lines[2:4]] == ["5", "10"]
    assert lines[4:] == [
        "",
        "With 10 people, rooms of 50 have 10: that is what the row says.",
        "With 10 people, rooms of 500 have 10: that is what the row says.",
    ]


def test_people_and_rooms_are_told_as_they_were_asked_for():
    assert [line.split("|")[1].strip() for line in printed("--users", "1001", "1002", "--room", "5")[2:]] == [
        "1,001",
        "1,002",
    ]


@pytest.mark.parametrize(("given", "seconds"), [("90s", "90"), ("10m", "600"), ("1h30m", "5400"), ("2h1s", "7201")])
def test_a_run_time_can_be_given_as_locusts_is(given, seconds):
    assert printed("--run-time", given) == printed("--run-time", seconds)


def test_another_server_has_other_constants():
    slow, quick_one = (
        printed("--users", "1000", "--room", "5", "--server-edit-ms", ms)[2].split("|") for ms in ("5", "0.1")
    )
    assert float(slow[12].strip()) > float(quick_one[12].strip())


def test_workers_that_are_asked_for_stand_in_the_table():
    alone, spread = (printed("--users", "400", "--room", "5", "--workers", workers)[2].split("|") for workers in "08")
    assert (alone[8].strip(), spread[8].strip()) == ("1", "8")
    assert alone[13] != spread[13], "evidence"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--users", "many"),
        ("--users", "0"),
        ("--users", "nan"),
        ("--room", "2.5"),
        ("--edit-rate", "-1"),
        ("--edit-rate", "nan"),
        ("--run-time", "0"),
        ("--run-time", "0m"),
        ("--run-time", "-60"),
        ("--run-time", "nan"),
        ("--run-time", ""),
        ("--workers", "1.5"),
        ("--awareness", "some"),
        ("--rhythm", "waltz"),
        ("--server-edit-ms", "inf"),
    ],
)
def test_a_number_that_is_none_is_refused_with_the_name_of_its_option(arguments):
    with pytest.raises(OptionsError, match=arguments[0]):
        printed(*arguments)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--users", "1000000000"), "--users '1000000000' is more than a run has: give less than 1,000,000,000."),
        (("--room", "inf"), "--room 'inf' is more than a run has: give less than 1,000,000,000."),
        (("--edit-rate", "1e9"), "--edit-rate '1e9' is more than a run has: give less than 1,000,000,000."),
        (
            ("--run-time", "999999999h"),
            "--run-time '999999999h' is more than a run has: give less than 1,000,000,000 seconds.",
        ),
        (
            ("--run-time", "10 minutes"),
            "--run-time '10 minutes' is no time: give seconds, such as 600, or one such as 10m or 1h30m.",
        ),
    ],
)
def test_it_is_said_what_a_number_may_be(arguments, sentence):
    with pytest.raises(OptionsError) as refused:
        printed(*arguments)
    assert str(refused.value) == sentence
