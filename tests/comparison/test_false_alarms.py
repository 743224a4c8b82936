"""Simulated runs of a version beside itself, and beside one that takes a fifth longer; `make comparison` has more."""

from dataclasses import replace

from comparison.__main__ import main
from comparison.simulated_runs import ORDINARY, QUIET, WORLDS, simulated_comparison
from jupyter_rtc_locust.comparison.documents import NO_DIFFERENCE, WORSE

FEWER_SAMPLES = {"edits": 210, "heard_by": 1}
"""So that the test takes a third of the time; no figure is left out for want of them."""


def outcomes(number, world, slower=1.0):
    small = replace(world, **FEWER_SAMPLES)
    return [simulated_comparison(seed, 5, small, slower).outcome for seed in range(number)]


def test_of_a_hundred_comparisons_of_a_version_with_itself_at_most_five_are_false_alarms():
    told = outcomes(100, ORDINARY)
    assert len(told) - told.count(NO_DIFFERENCE) <= 5


def test_a_version_that_takes_a_fifth_longer_is_found_on_a_quiet_machine_by_five_runs():
    assert outcomes(12, QUIET, 1.2) == [WORSE] * 12


def test_the_table_has_a_row_for_each_world(capsys):
    main(["--comparisons", "2"])
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert [row.split("|")[1].strip() for row in rows[1:]] == list(WORLDS)
