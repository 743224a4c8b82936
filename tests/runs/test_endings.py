"""Some of the endings that `make endings` plays: the quick ones, in which most can go wrong.

The plain ones (run time over, a worker killed, SIGTERM once, the server killed or hung, Stop in the web UI) are played
by the tests of processes, of trouble and of the web UI.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from endings.__main__ import main
from endings.all_endings import ENDINGS
from endings.ending import Ending
from endings.play import Ended, Play
from runs.shared_servers import SharedServers
from runs.together import Runs

pytestmark = pytest.mark.run

BY_NAME = {ending.name: ending for ending in ENDINGS}
PLAYED_HERE = (
    "SIGTERM at a worker, later at master",
    "SIGTERM at all, twice",
    "forked workers: Ctrl-C twice",
    "SIGINT before the workers came",
    "--autostart: SIGTERM before the workers came",
    "SIGTERM twice",
    "SIGINT twice",
    "a check raises",
)


def played(ending: Ending, folder: Path, servers: SharedServers) -> Ended:
    with Play(folder, servers["jupyter-collaboration 5"]) as play:
        return ending.play(play)


@contextmanager
def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], Ended]]]:
    with SharedServers() as servers:
        yield {
            name: partial(played, BY_NAME[name], folder / str(number), servers)
            for number, name in enumerate(PLAYED_HERE)
        }


@pytest.mark.parametrize("run", PLAYED_HERE)
def test_this_ending_has_its_one_verdict(run: str, runs: Runs) -> None:
    ended: Ended = runs[run]
    assert BY_NAME[run].judge(ended) == [], str(ended.run)


def test_every_ending_has_a_name_of_its_own() -> None:
    assert len(BY_NAME) == len(ENDINGS)


def test_the_list_names_every_ending_and_plays_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    assert capsys.readouterr().out.splitlines() == list(BY_NAME)
