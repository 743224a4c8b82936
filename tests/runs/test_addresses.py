"""Where a server may live: behind TLS with a private authority, and below a path, as a hub's servers do."""

from __future__ import annotations

from pathlib import Path

import pytest

from runs.locust_run import run_locust
from runs.tls_proxy import tls_front
from servers import processes

pytestmark = pytest.mark.run

BRIEF = ("-u", "3", "-r", "10", "-t", "4s", "--rtc-edit-rate", "4")


def test_a_server_behind_tls_with_a_private_authority_and_below_a_path_passes(tmp_path: Path) -> None:
    with (
        processes.jupyter_collaboration(base_url="/user/ann/") as server,
        tls_front(server.port, tmp_path) as (address, ca_file),
    ):
        options = ("--host", f"{address}/user/ann/", "--rtc-ca-file", str(ca_file))
        token = {"JUPYTER_TOKEN": server.token}
        run = run_locust("notebook_editing.py", *BRIEF, *options, folder=tmp_path / "run", environment=token)
    assert run.exit_code == 0, str(run)
    assert run.verdict == "pass"
    assert run.told["counts"]["edits"] > 10


def test_a_certificate_nobody_vouches_for_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with processes.jupyter_collaboration() as server, tls_front(server.port, tmp_path) as (address, _):
        token = {"JUPYTER_TOKEN": server.token}
        run = run_locust("notebook_editing.py", *BRIEF, "--host", address, folder=tmp_path / "run", environment=token)
    assert run.exit_code == 4, str(run)
    assert "--rtc-ca-file" in run.told["reason"]
    assert "Traceback" not in run.output
