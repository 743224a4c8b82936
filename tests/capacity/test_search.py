"""Who comes next: the search says the knee of a simulated server, twice alike, and always ends."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capacity.simulated_server import SimulatedServer, search
from jupyter_rtc_locust.capacity.holding import RECOVERY_WINDOWS, SILENT_WINDOWS, Outcome
from jupyter_rtc_locust.capacity.search import MOST_VISITS, Bounds, End, Purpose, Visit, Visited, bounds, next_visit

quick = settings(deadline=None, max_examples=40)
steps = st.integers(1, 20)
knees = st.integers(0, 400)
seeds = st.integers(0, 10**6)
visits = st.integers(0, 15)


def up(people, outcome=Outcome.HELD, purpose=Purpose.GROWING):
    return Visited(people, purpose, outcome)


@quick
@given(step=steps, knee=knees, most=st.integers(1, 500))
def test_a_server_without_noise_is_known_within_a_step(step, knee, most):
    found = search(SimulatedServer(knee), step, most)
    here = bounds(found.visited)
    if knee >= most:
        assert (found.end, here) == (End.TOP, Bounds(most, None))
    else:
        assert found.end is (End.FOUND if here.held else End.NOTHING)
        assert here.held <= knee < here.broken <= here.held + step


@quick
@given(knee=st.integers(30, 190), one=seeds, other=seeds, hiccups=st.tuples(visits, visits))
def test_two_searches_with_noise_and_a_hiccup_each_agree_with_the_knee_and_so_with_each_other(
    knee, one, other, hiccups
):
    for seed, hiccup in zip((one, other), hiccups, strict=True):
        found = search(SimulatedServer(knee, noise=0.1, hiccup_at=hiccup, seed=seed), 10, 200)
        held = bounds(found.visited).held
        assert found.end in (End.FOUND, End.TOP)
        assert knee - 20 < held <= knee + 10, found.visited


@quick
@given(
    step=steps,
    most=st.integers(1, 300),
    outcomes=st.lists(st.sampled_from(list(Outcome)), max_size=60),
)
def test_it_ends_within_its_bounds_whatever_comes(step, most, outcomes):
    visited = []
    while not isinstance(visit := next_visit(visited, step, most), End):
        assert 1 <= visit.people <= most
        outcome = outcomes[len(visited) % len(outcomes)] if outcomes else Outcome.HELD
        visited.append(Visited(visit.people, visit.purpose, outcome))
    assert len(visited) <= MOST_VISITS


@quick
@given(server=st.builds(SimulatedServer, knees, noise=st.floats(0, 2), hiccup_at=visits, seed=seeds))
def test_each_visit_takes_so_many_windows_at_most(server):
    found = search(server, 10, 300)
    assert found.windows <= len(found.visited) * (RECOVERY_WINDOWS + SILENT_WINDOWS)


@pytest.mark.parametrize("knee", [50, 150, 1000])
def test_a_generator_that_gives_out_first_is_told_as_that(knee):
    found = search(SimulatedServer(knee, generator_up_to=40), 10, 200)
    assert found.end is (End.GENERATOR)
    assert bounds(found.visited).broken is None
    assert [one.outcome for one in found.visited if one.people >= 40] == [Outcome.GENERATOR] * 2


def test_a_wrong_verdict_ends_it_at_once():
    found = search(SimulatedServer(150, wrong_from=80), 10, 200)
    assert found.end is End.WRONG
    assert [one.people for one in found.visited] == [10, 20, 40, 80]


def test_people_are_doubled_until_it_breaks_then_gone_back_from_halved_and_what_broke_seen_twice():
    found = search(SimulatedServer(57), 10, 200)
    assert [(one.people, one.purpose.value) for one in found.visited] == [
        (10, "growing"),
        (20, "growing"),
        (40, "growing"),
        (80, "growing"),
        (40, "recovery"),
        (60, "narrowing"),
        (40, "recovery"),
        (50, "narrowing"),
        (60, "again"),
        (50, "recovery"),
    ]
    assert bounds(found.visited) == Bounds(50, 60)


@pytest.mark.parametrize(("busy", "next_people"), [(None, 256), (20.0, 256), (69.0, 160), (88.0, 144), (100.0, 144)])
def test_a_server_whose_core_is_busy_gets_no_more_people_than_it_has_room_for(busy, next_people):
    visited = [Visited(people, Purpose.GROWING, Outcome.HELD, busy) for people in (16, 32, 64, 128)]
    assert next_visit(visited, 16, 400) == Visit(next_people, Purpose.GROWING)


def test_what_broke_once_and_is_held_the_second_time_was_a_hiccup():
    visited = [up(10), up(20, Outcome.BROKEN), up(10, purpose=Purpose.RECOVERY)]
    assert next_visit(visited, 10, 40) == Visit(20, Purpose.AGAIN)
    visited.append(up(20, purpose=Purpose.AGAIN))
    assert next_visit(visited, 10, 40) == Visit(40, Purpose.GROWING)


@pytest.mark.parametrize("outcome", [Outcome.GENERATOR, Outcome.UNKNOWN])
def test_what_says_nothing_once_is_tried_again_and_twice_is_the_end(outcome):
    visited = [up(10), up(20, outcome)]
    assert next_visit(visited, 10, 40) == Visit(10, Purpose.RECOVERY)
    visited.append(up(10, purpose=Purpose.RECOVERY))
    assert next_visit(visited, 10, 40) == Visit(20, Purpose.AGAIN)
    visited.append(up(20, outcome, Purpose.AGAIN))
    assert next_visit(visited, 10, 40) is End(outcome.value)


@pytest.mark.parametrize("outcome", [Outcome.GENERATOR, Outcome.UNKNOWN])
def test_of_a_way_back_that_says_nothing_another_is_tried_and_not_a_third(outcome):
    visited = [up(10), up(20), up(40, Outcome.BROKEN), up(20, outcome, Purpose.RECOVERY)]
    assert next_visit(visited, 10, 40) == Visit(10, Purpose.RECOVERY)
    assert next_visit([*visited, up(10, outcome, Purpose.RECOVERY)], 10, 40) is End(outcome.value)


def test_a_server_that_does_not_come_back_is_not_asked_any_further():
    found = search(SimulatedServer(50, recovers=False), 10, 200)
    assert found.end is End.UNRECOVERED
    assert bounds(found.visited) == Bounds(40, 80)


def test_a_server_that_does_not_hold_the_least_is_seen_twice_and_holds_whom_it_held_when_it_recovered():
    found = search(SimulatedServer(3), 10, 200)
    assert [(one.people, one.purpose.value) for one in found.visited] == [
        (10, "growing"),
        (1, "recovery"),
        (10, "again"),
        (1, "recovery"),
    ]
    assert (found.end, bounds(found.visited)) == (End.FOUND, Bounds(1, 10))


def test_a_server_that_does_not_even_hold_one_holds_nobody():
    assert search(SimulatedServer(0), 10, 200).end is End.NOTHING


def test_a_number_that_is_not_held_on_the_way_back_was_at_the_edge_and_counts_as_broken():
    visited = [up(10), up(20), up(40, Outcome.BROKEN), up(20, Outcome.BROKEN, Purpose.RECOVERY)]
    assert bounds(visited) == Bounds(20, 40)
    assert next_visit(visited, 10, 40) == Visit(10, Purpose.RECOVERY)
    visited.append(up(10, purpose=Purpose.RECOVERY))
    assert bounds(visited) == Bounds(10, 20)
    assert next_visit(visited, 10, 40) == Visit(20, Purpose.AGAIN)
