"""When edits are due: the same in every process, at the rate that was asked for, and as people type."""

import itertools
import subprocess
import sys
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_rtc_locust.editing.gap_fit import RANGES_OF_RECORDINGS, fit
from jupyter_rtc_locust.editing.person_gaps import LONGEST_PAUSE_S, NATURAL_RATE, PAUSE_FROM_S, SHORTEST_GAP_S
from jupyter_rtc_locust.editing.rhythm import EDITS_OF_A_LIFE, RHYTHM_KINDS, Moment, Person, Poisson, Steady, rhythm_of
from jupyter_rtc_locust.settings import RHYTHM_KINDS as RHYTHMS_OF_THE_OPTION

rhythms = st.builds(
    rhythm_of,
    st.sampled_from(RHYTHM_KINDS),
    st.floats(0.05, 50),
    seed=st.integers(0, 2**63),
    user=st.integers(0, 500),
    incarnation=st.integers(0, 3),
    seat=st.integers(0, 9),
    seats=st.integers(1, 10),
    document=st.integers(0, 5),
)


def moments(rhythm, count, elapsed=0.0):
    """The first moments that are not past when so many seconds have passed."""
    found = [rhythm.first(elapsed)]
    while len(found) < count:
        found.append(rhythm.after(found[-1]))
    return found


def until(rhythm, seconds):
    """All moments of this time."""
    found = []
    moment = rhythm.first(0.0)
    while moment.due <= seconds:
        found.append(moment)
        moment = rhythm.after(moment)
    return found


def gaps(found):
    return [later.due - earlier.due for earlier, later in itertools.pairwise(found)]


@given(rhythms)
def test_moments_come_one_number_after_the_other_and_never_earlier(rhythm):
    found = moments(rhythm, 40)
    assert [one.number for one in found] == list(range(found[0].number, found[0].number + 40))
    # Neighbours who edit together are as early as one place.
    assert all(gap >= 0 for gap in gaps(found))


@given(rhythms, st.floats(0, 300))
def test_the_first_moment_is_the_first_that_is_not_past(rhythm, elapsed):
    first = rhythm.first(elapsed)
    assert first.due >= elapsed
    begun = rhythm.first(0.0)
    if first.number > begun.number and begun.due < elapsed:
        assert next(one for one in moments(rhythm, first.number - begun.number + 1) if one.due >= elapsed) == first


def test_a_moment_depends_on_nothing_that_was_asked_before():
    one = Person(1.0, seed=7, user=3)
    there = moments(one, 60)
    assert Person(1.0, seed=7, user=3).after(there[40]) == there[41]
    script = (
        "from jupyter_rtc_locust.editing.rhythm import Moment, Person;"
        f"print(Person(1.0, 7, 3).after(Moment({there[40].number}, {there[40].due!r})).due.hex())"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == there[41].due.hex()


@pytest.mark.parametrize("kind", [Person, Poisson])
def test_people_and_seeds_differ(kind):
    assert len({moments(kind(1.0, seed, user), 5)[4].due for seed in range(10) for user in range(10)}) == 100


def test_fifty_people_typing_for_ten_minutes_fall_in_the_ranges_of_the_recordings():
    everybody = [until(Person(1.0, seed=1, user=user), 600.0) for user in range(50)]
    fitted = fit(gaps(found) for found in everybody)
    assert fitted.outside(RANGES_OF_RECORDINGS) == []


@pytest.mark.parametrize("kind", [Person, Poisson])
@pytest.mark.parametrize("rate", [0.5, 1.0, 4.0])
def test_the_mean_over_much_time_is_the_rate_that_was_asked_for(kind, rate):
    edits = fmean(len(until(kind(rate, seed=1, user=user), 4000.0 / rate)) for user in range(40))
    assert edits / 4000.0 == pytest.approx(1.0, rel=0.06)


def test_by_itself_a_person_makes_one_edit_a_second():
    assert pytest.approx(1.0, abs=0.005) == NATURAL_RATE


def test_a_rate_scales_time_and_nothing_else():
    slow, quick = gaps(moments(Person(1.0, 5, 2), 200)), gaps(moments(Person(4.0, 5, 2), 200))
    assert slow == pytest.approx([gap * 4 for gap in quick])


def test_a_person_begins_with_a_pause_and_then_types():
    begins = [Person(1.0, 3, user).first(0.0).due for user in range(50)]
    assert min(begins) >= PAUSE_FROM_S * 0.99
    assert len(set(begins)) == 50
    assert sum(gap < PAUSE_FROM_S for user in range(50) for gap in gaps(moments(Person(1.0, 3, user), 2))) > 40


def test_no_gap_of_a_person_is_shorter_or_longer_than_said():
    found = [gap for user in range(20) for gap in gaps(moments(Person(NATURAL_RATE, 1, user), 2000))]
    assert min(found) >= SHORTEST_GAP_S * 0.999
    assert max(found) <= LONGEST_PAUSE_S * 1.001
    assert max(found) > LONGEST_PAUSE_S / 2


def test_a_burst_begins_behind_each_pause_and_lasts_until_the_next():
    rhythm = Person(NATURAL_RATE, 9, 4)
    begun = 0
    for earlier, later in itertools.pairwise(moments(rhythm, 300)):
        if later.due - earlier.due >= PAUSE_FROM_S:
            begun = later.number
        assert rhythm.burst(later.number) == begun


@pytest.mark.parametrize("rhythm", [Steady(1.0), Poisson(1.0)])
def test_without_bursts_every_edit_is_one_of_its_own(rhythm):
    assert [rhythm.burst(number) for number in range(5)] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("name", ["person", "poisson"])
def test_who_opens_the_document_anew_goes_on_with_other_numbers_and_other_gaps(name):
    once, again = (rhythm_of(name, 1.0, seed=2, user=1, incarnation=times) for times in (0, 1))
    assert [one.number for one in moments(again, 3)] == [EDITS_OF_A_LIFE + number for number in range(3)]
    assert gaps(moments(once, 20)) != gaps(moments(again, 20))
    assert again.burst(EDITS_OF_A_LIFE) == EDITS_OF_A_LIFE


def test_gaps_of_poisson_are_as_spread_as_they_are_long():
    found = gaps(moments(Poisson(2.0, 1, 1), 5000))
    mean = fmean(found)
    assert mean == pytest.approx(0.5, rel=0.05)
    assert fmean((gap - mean) ** 2 for gap in found) ** 0.5 == pytest.approx(mean, rel=0.1)


def test_in_every_fifth_round_two_neighbours_are_due_together():
    dues = [[one.due for one in moments(Steady(1.0, seat, 4), 10)] for seat in range(4)]
    together = [number for number in range(10) if dues[0][number] == pytest.approx(dues[1][number])]
    assert together == [4, 9]
    assert dues[1][3] - dues[0][3] == pytest.approx(0.25)


def test_documents_do_not_have_that_round_all_at_once():
    """Else a run would send twice as much for a fifth of every fifth second."""
    documents, seats, rate = 100, 5, 1.0
    fifths = [0] * 50
    for document in range(documents):
        for seat in range(seats):
            rhythm = Steady(rate, seat, seats, document)
            moment = rhythm.first(0.0)
            while moment.due < 10.0:
                fifths[int(moment.due * 5)] += 1
                moment = rhythm.after(moment)
    assert max(fifths) <= 1.25 * documents


def test_who_comes_between_the_common_moment_and_the_own_slot_waits_for_the_next_round():
    rhythm = Steady(1.0, 1, 4)
    assert rhythm.first(4.1) == Moment(5, 5.25)


def test_the_option_takes_the_rhythms_there_are_and_no_other():
    assert RHYTHMS_OF_THE_OPTION == RHYTHM_KINDS
    with pytest.raises(ValueError, match="person, steady, poisson"):
        rhythm_of("waltz", 1.0)


def test_a_moment_is_data():
    assert Moment(1, 2.0) == Moment(1, 2.0)
