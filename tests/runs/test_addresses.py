"""Where a server may live: behind TLS with a private authority, and below a path, as a hub's servers do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from runs.locust_run import Run, run_locust
from runs.tls_proxy import tls_front
from runs.together import Runs
from servers import processes

pytestmark = pytest.mark.run

BRIEF = ("-u", "3", "-r", "10", "-t", "4s", "--rtc-edit-rate", "4")


@contextmanager
def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], Run]]]:
    """A run that knows the authority, and one that does not."""
    yield {"below a path": partial(known, folder / "known"), "by nobody": partial(unknown, folder / "unknown")}


def known(folder: Path) -> Run:
    folder.mkdir(parents=True)
    with (
        processes.jupyter_collaboration(base_url="/user/ann/") as server,
        tls_front(server.port, folder) as (address, ca_file),
    ):
        options = ("--host", f"{address}/user/ann/", "--rtc-ca-file", str(ca_file))
        token = {"JUPYTER_TOKEN": server.token}
        return run_locust("notebook_editing.py", *BRIEF, *options, folder=folder / "run", environment=token)


def unknown(folder: Path) -> Run:
    folder.mkdir(parents=True)
    with processes.jupyter_collaboration() as server, tls_front(server.port, folder) as (address, _):
        token = {"JUPYTER_TOKEN": server.token}
        return run_locust("notebook_editing.py", *BRIEF, "--host", address, folder=folder / "run", environment=token)


@pytest.mark.parametrize("run", ["below a path"])
def test_a_server_behind_tls_with_a_private_authority_and_below_a_path_passes(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert ended.exit_code == 0, str(ended)
    assert ended.verdict == "pass"
    assert ended.told["counts"]["edits"] > 10


@pytest.mark.parametrize("run", ["by nobody"])
def test_a_certificate_nobody_vouches_for_is_refused_with_a_sentence(run: str, runs: Runs) -> None:
    ended: Run = runs[run]
    assert ended.exit_code == 4, str(ended)
    assert "--rtc-ca-file" in ended.told["reason"]
    assert "Traceback" not in ended.output
