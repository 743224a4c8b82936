"""Every bad day ends in its one right verdict, in time, and nothing that was not seen is green."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from hosts.bad_days import BAD_DAYS, BadDay, Ended
from hosts.cast import cast
from runs.locust_run import FAILED, INCONCLUSIVE, PASSED

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(1200)]

AT_ONCE = 2
"""Days mostly wait; more at once would make the load generators late."""
EXIT_CODES = {"pass": PASSED, "fail": FAILED, "inconclusive": INCONCLUSIVE}


def _played(day: BadDay, folder: Path) -> Ended:
    with cast(folder) as there:
        return day.played(there)


@pytest.fixture(scope="module")
def days(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Ended]]]:
    wanted = [item.callspec.params["day"] for item in request.session.items if item.fspath == request.node.fspath]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {day.name: pool.submit(_played, day, tmp_path_factory.mktemp("day")) for day in wanted}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("day", BAD_DAYS, ids=lambda day: day.name)
def test_a_bad_day_has_its_one_right_verdict(day: BadDay, days: dict[str, Future[Ended]]) -> None:
    ended = days[day.name].result(1000)
    run = ended.run
    if day.verdict is None:
        assert run.result is None, run
        assert all(day.told in worker.output for worker in ended.workers), [str(one) for one in ended.workers]
    else:
        assert run.verdict == day.verdict, run
        assert run.exit_code == EXIT_CODES[day.verdict], run
        assert day.told in run.told["reason"], run
        assert run.kinds == day.kinds, run
    assert tuple(worker.exit_code for worker in ended.workers) == day.workers, [str(one) for one in ended.workers]
    assert not [left for one in (run, *ended.workers) for left in one.left_running]
