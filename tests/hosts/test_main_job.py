"""People of one document on three hosts, a server on a fourth, the master on a fifth: a pass, and everybody counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from hosts.cast import cast
from hosts.network import WORKERS
from runs.locust_run import PASSED

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(600)]


def test_people_of_one_document_on_three_hosts_agree(tmp_path: Path) -> None:
    with cast(tmp_path) as there:
        there.at_work("-t", "10s")
        run = there.end_master(120)
        workers = there.end_workers(30)
    assert (run.exit_code, run.verdict) == (PASSED, "pass"), run
    assert run.told["run"]["workers"] == len(WORKERS)
    assert run.told["counts"]["users"] == run.told["counts"]["users_seated"] == 6
    assert run.told["counts"]["documents"] == run.told["counts"]["documents_apart"] == 2
    assert [worker.exit_code for worker in workers] == [PASSED] * 3, [str(worker) for worker in workers]
