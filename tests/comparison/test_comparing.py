"""Two versions beside each other: what goes first, what is shown, what is refused, and with which exit code."""

from dataclasses import replace

import pytest

from comparison.simulated_runs import QUIET, simulated, simulated_runs
from jupyter_rtc_locust.comparison.comparing import LEAST_RUNS, compare
from jupyter_rtc_locust.comparison.documents import (
    BETTER,
    NO_DIFFERENCE,
    TOO_FEW,
    UNKNOWN,
    WORSE,
    by_luck,
    compare_documents,
)
from jupyter_rtc_locust.timing.figures import figure_named

ECHO = figure_named("update echo p50")


@pytest.fixture(scope="module")
def runs():
    return simulated_runs("A", 6, QUIET), simulated_runs("B", 6, QUIET), simulated_runs("C", 6, QUIET, 1.5)


def changed(runs, number=1, **values):
    return [*(replace(run, **values) for run in runs[:number]), *runs[number:]]


def failing(runs, number=1, kinds=("lost-edit",)):
    return changed(runs, number, verdict="fail", kinds=frozenset(kinds), reason="Words of user 3 are gone.")


def outcomes(comparison):
    return {str(one.figure): one.outcome for one in comparison.figures}


# -- times ------------------------------------------------------------------------------------------------------------


def test_a_version_beside_itself_shows_no_difference(runs):
    comparison = compare(runs[0], runs[1])
    assert (comparison.outcome, comparison.exit_code) == (NO_DIFFERENCE, 0)
    assert set(outcomes(comparison).values()) == {NO_DIFFERENCE}


def test_a_slower_version_is_worse_and_the_other_way_round_better(runs):
    slower, quicker = compare(runs[0], runs[2]), compare(runs[2], runs[0])
    assert (slower.outcome, slower.exit_code) == (WORSE, 1)
    assert (quicker.outcome, quicker.exit_code) == (BETTER, 0)
    (there,) = (one for one in slower.figures if one.figure == ECHO)
    (back,) = (one for one in quicker.figures if one.figure == ECHO)
    assert there.bounds[0] < 1.5 < there.bounds[1]
    assert there.ratio == pytest.approx(1 / back.ratio)
    assert there.bounds == pytest.approx((1 / back.bounds[1], 1 / back.bounds[0]))


def test_the_same_runs_give_the_same_answer(runs):
    assert compare(runs[0], runs[2]) == compare(runs[0], runs[2])


def test_a_change_within_the_tolerance_is_none(runs):
    comparison = compare(runs[0], runs[2], tolerance=0.8)
    assert (comparison.outcome, comparison.exit_code) == (NO_DIFFERENCE, 0)


def test_what_is_better_does_not_make_up_for_what_is_worse(runs):
    mixed = [
        replace(run, timings=run.timings | {"open document": quick.timings["open document"]})
        for run, quick in zip(runs[2], simulated_runs("D", 6, QUIET, 0.5), strict=True)
    ]
    comparison = compare(runs[0], mixed)
    assert outcomes(comparison)["open document p50"] == BETTER
    assert comparison.outcome == WORSE


def test_fewer_runs_than_chance_allows_show_nothing_however_far_apart_they_are(runs):
    few = compare(runs[0][: LEAST_RUNS - 1], runs[2])
    assert (few.outcome, few.exit_code) == (TOO_FEW, 4)
    assert set(outcomes(few).values()) == {TOO_FEW}
    assert all(one.bounds is None for one in few.figures)
    assert compare(runs[0][:LEAST_RUNS], runs[2][:LEAST_RUNS]).outcome == WORSE


def test_one_run_of_each_is_told_and_nothing_shown(runs):
    comparison = compare(runs[0][:1], runs[2][:1])
    assert comparison.outcome == TOO_FEW
    (echo,) = (one for one in comparison.figures if one.figure == ECHO)
    assert echo.ratio == pytest.approx(1.5, rel=0.1)


def test_a_run_whose_generator_was_late_is_refused_and_its_documents_count(runs):
    late = changed(runs[2], 1, unsound="The loop was late.")
    comparison = compare(runs[0], late)
    assert [run.folder for run in comparison.refused] == ["1"]
    assert comparison.outcome == WORSE
    assert all(len(one.after) == 5 for one in comparison.figures)
    assert compare(runs[0], changed(runs[2], 2, unsound="The loop was late.")).outcome == TOO_FEW
    assert compare(runs[0], failing(late)).documents.outcome == WORSE


def test_only_what_was_asked_for_is_judged(runs):
    comparison = compare(runs[0], runs[2], figures=[ECHO, figure_named("save p95")])
    assert outcomes(comparison) == {"update echo p50": WORSE}
    assert comparison.not_judged == ("save p95: one run has 0 samples of it, and 40 are needed.",)


def test_what_one_run_has_too_few_samples_of_is_not_judged(runs):
    empty = simulated({}).timings["update delivery"]
    poor = changed(runs[1], 1, timings=runs[1][0].timings | {"update delivery": empty})
    comparison = compare(runs[0], poor)
    assert "update delivery p95" not in outcomes(comparison)
    assert any(line.startswith("update delivery p95") for line in comparison.not_judged)


def test_runs_that_measured_nothing_are_told_to_be_too_few():
    nothing = [simulated({}, name=str(number)) for number in range(6)]
    assert compare(nothing, nothing).outcome == TOO_FEW


# -- documents --------------------------------------------------------------------------------------------------------


def test_one_lost_edit_in_b_is_worse_however_much_quicker_it_is(runs):
    comparison = compare(runs[2], failing(runs[0]))
    assert (comparison.outcome, comparison.exit_code) == (WORSE, 3)
    assert "1 of 6 runs" in comparison.documents.sentence


def test_a_new_kind_of_finding_is_worse_where_a_failed_in_another_way(runs):
    of_documents = compare_documents(failing(runs[0], 6), failing(runs[1], 1, ("diverged",)))
    assert of_documents.outcome == WORSE
    assert "New in B: diverged." in of_documents.sentence


def test_the_same_fault_in_both_is_no_difference(runs):
    assert compare_documents(failing(runs[0], 2), failing(runs[1], 4)).outcome == NO_DIFFERENCE


def test_a_fault_that_stayed_away_may_be_luck(runs):
    once, always = failing(runs[0]), failing(runs[0], 6)
    assert compare_documents(once, runs[1]).outcome == NO_DIFFERENCE
    assert "in 50 %" in compare_documents(once, runs[1]).sentence
    assert compare_documents(always, runs[1]).outcome == BETTER
    assert by_luck(6, 6, 6) == pytest.approx(1 / 924)


def test_an_inconclusive_run_is_not_green(runs):
    unknown = changed(runs[1], 1, verdict="inconclusive", reason="A worker was lost.")
    comparison = compare(runs[0], unknown)
    assert (comparison.outcome, comparison.exit_code) == (UNKNOWN, 4)
    assert "A worker was lost." in comparison.documents.sentence
    assert compare(runs[0], changed(runs[2], 1, verdict="inconclusive")).outcome == WORSE
    assert compare_documents(failing(runs[0], 6), unknown).outcome == UNKNOWN
