"""Worlds in which it is known who could be served when: what the check on a silent server makes of each.

What the world knows is not computed by the check's own rule: a server that serves whoever can reach it is never lost,
and one that serves nobody for long enough always is (`served_model.py`).
"""

from __future__ import annotations

from math import inf

from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.verdict.checks.service import SILENT_S, check_server_answers
from jupyter_rtc_locust.verdict.service_evidence import WAITED_S
from verdict.served_model import Outage, Person, World

QUARTERS = 0.25


def moments(first, last):
    return st.integers(int(first / QUARTERS), int(last / QUARTERS)).map(lambda one: one * QUARTERS)


def outages(first, last, shortest, longest):
    made = st.tuples(moments(first, last), moments(shortest, longest), st.booleans())
    return made.map(lambda one: Outage(one[0], one[0] + one[1], one[2]))


def people(here, *, at_least=0, offline=(60, 40)):
    """Who may be of any habit: only watches, writes often or seldom, is offline for a while, leaves early.

    `offline`: until when people may go offline, and for how long.
    """
    latest, longest = offline
    away = st.none() | outages(5, latest, 1, longest)
    closes = st.just(inf) | moments(10, 79)
    return st.lists(
        st.builds(Person, st.sampled_from([None, 0.5, 3.0, 8.0]), here, away, closes), min_size=at_least, max_size=3
    )


WITNESS = st.builds(Person, st.sampled_from([0.5, 1.0, 3.0]))
"""Somebody elsewhere who is there to the end, and asks for something all the time while people edit."""
MOMENTS_AWAY = st.lists(outages(5, 78, 0.25, WAITED_S - 1.25), max_size=1)
"""Of a server that people may wait for, though not for long: it takes a second more until all are back."""
LOOKS = st.sampled_from([1.0, 8.0, 20.0])


def called_lost(world):
    return bool(check_server_answers(world.evidence()).findings)


@settings(max_examples=120, deadline=None)
@given(
    someone=WITNESS,
    others=people(st.booleans()),
    server=MOMENTS_AWAY,
    way=st.lists(outages(5, 100, 5, 60), min_size=1, max_size=2),
    looks=LOOKS,
)
def test_a_server_that_serves_whoever_can_reach_it_is_not_lost(someone, others, server, way, looks):
    """The coordinator is cut off, and with it those on its host; the server is at most away for a moment."""
    assert not called_lost(World([someone, *others], server, way, looks))


@settings(max_examples=120, deadline=None)
@given(
    someone=st.builds(Person, st.sampled_from([None, 0.5])),
    others=people(st.just(True), at_least=1, offline=(40, 38)),
    began=moments(80, 90),
    length=moments(10, 50),
    cuts=st.booleans(),
    looks=LOOKS,
    shut=st.lists(outages(80, 100, 5, 60), max_size=1),
)
def test_a_server_that_serves_on_when_people_have_told_is_not_lost(someone, others, began, length, cuts, looks, shut):
    """The coordinator is cut off at the end, and with it those on its host, who wait for their answers or a line."""
    way = [Outage(began, began + length, cuts)]
    assert not called_lost(World([someone, *others], way=way, shut=shut, looks=looks))


@settings(max_examples=120, deadline=None)
@given(
    everybody=people(st.just(False), at_least=1),
    server=MOMENTS_AWAY,
    way=st.lists(outages(5, 100, 5, 60), min_size=1, max_size=2),
    looks=LOOKS,
)
def test_a_server_that_everybody_can_reach_is_not_lost_though_nobody_asks_for_anything(everybody, server, way, looks):
    """The coordinator alone is cut off, while people only watch, or write seldom, or are offline on purpose."""
    assert not called_lost(World(everybody, server, way, looks))


@settings(max_examples=60, deadline=None)
@given(
    pace=st.sampled_from([0.5, 3.0]),
    began=moments(20, 40),
    length=moments(SILENT_S, 25),
    before=moments(0.25, 15),
    after=moments(-1.5, 10),
)
def test_what_people_type_offline_on_purpose_while_the_coordinator_is_cut_off_blames_nobody(
    pace, began, length, before, after
):
    person = Person(pace, offline=Outage(began - before, began + length + after))
    assert not called_lost(World([person], way=[Outage(began, began + length)]))


@settings(max_examples=120, deadline=None)
@given(
    someone=WITNESS,
    others=people(st.booleans()),
    began=moments(10, 60),
    length=moments(SILENT_S + 3, 30) | st.just(inf),
    killed=st.booleans(),
    looks=LOOKS,
)
def test_a_server_that_serves_nobody_for_longer_than_the_deadline_is_lost(
    someone, others, began, length, killed, looks
):
    world = World([someone, *others], [Outage(began, began + length, killed)], looks=looks)
    assert called_lost(world)


@settings(max_examples=60, deadline=None)
@given(
    someone=WITNESS,
    others=people(st.booleans(), offline=(40, 38)),
    began=moments(81, 84),
    killed=st.booleans(),
    looks=LOOKS,
    before=moments(0, 8),
)
def test_a_server_that_goes_at_the_end_is_lost_whoever_had_told_already(someone, others, began, killed, looks, before):
    """All have a line by then. It may let nobody in for some seconds before, and answer no question."""
    world = World([someone, *others], [Outage(began, inf, killed)], shut=[Outage(began - before, began)], looks=looks)
    assert called_lost(world)


@settings(max_examples=40, deadline=None)
@given(
    someone=WITNESS,
    others=people(st.booleans(), offline=(40, 38)),
    began=moments(81, 84),
    hangs=moments(0.25, 45),
    looks=LOOKS,
)
def test_a_server_that_hangs_at_the_end_and_is_killed_later_is_lost(someone, others, began, hangs, looks):
    """Before people are asked once more, while they wait for the answer, or never as far as anybody can tell."""
    killed = began + hangs
    world = World([someone, *others], [Outage(began, killed, cuts=False), Outage(killed, inf)], looks=looks)
    assert called_lost(world)


@settings(max_examples=40, deadline=None)
@given(
    someone=WITNESS,
    others=people(st.booleans(), offline=(40, 38)),
    began=moments(75, 84),
    hangs=moments(0, 8),
    looks=LOOKS,
    before=moments(0, 8),
)
def test_a_server_that_serves_its_lines_a_while_longer_than_questions_and_is_killed_is_lost(
    someone, others, began, hangs, looks, before
):
    """Users had a word early in the silence, and some told before they could tell of more."""
    killed = began + hangs
    server = [Outage(began, killed, cuts=False), Outage(killed, inf)]
    shut = [Outage(began - before, began)]
    assert called_lost(World([someone, *others], server, shut=shut, looks=looks))
