"""Deliveries are timed between hosts whose clocks are two minutes apart, and one of which runs too fast.

The truth is known here, because all hosts are one machine.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from hosts.cast import cast
from hosts.true_deliveries import true_clocks, true_deliveries
from hosts.wrong_clock import DRIFT, TWO_MINUTES_S, at_work_with_a_wrong_clock
from runs.locust_run import PASSED

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(600)]


def test_what_is_timed_between_clocks_two_minutes_apart_and_drifting_is_true_within_its_bound(tmp_path: Path) -> None:
    with cast(tmp_path) as there:
        at_work_with_a_wrong_clock(there, "-t", "45s")
        run = there.end_master(120)
        assert [worker.exit_code for worker in there.end_workers(60)] == [PASSED] * 3
        clocks = true_clocks([worker.folder for worker in there.workers])
        true = true_deliveries(there.master.folder, clocks)
    assert (run.exit_code, run.verdict) == (PASSED, "pass"), run

    right, also_right, wrong = sorted(clocks.values(), key=lambda clock: clock.wrong_by)
    assert wrong.wrong_by - right.wrong_by == pytest.approx(TWO_MINUTES_S, abs=1)
    assert wrong.monotonic - right.monotonic == pytest.approx(TWO_MINUTES_S, abs=1)
    assert wrong.drift - also_right.drift == pytest.approx(DRIFT, rel=0.2)

    told = run.told["between_workers"]
    print(told, {name: (clock.wrong_by, clock.drift, clock.monotonic) for name, clock in clocks.items()})
    assert told["count"] == len(true) > 100
    for name, part in (("p50", 0.5), ("p95", 0.95)):
        value, bound = told[f"{name}_ms"], told[f"{name}_bound_ms"]
        truth = true[int(part * (len(true) - 1))]
        print(f"{name}: told {value} ± {bound} ms, in truth {truth:.3f} ms")
        assert value is not None, told
        assert value - bound <= truth <= value + bound, (name, told, truth)
