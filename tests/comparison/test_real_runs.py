"""`make comparison ARGS=--real` with runs that stand for real ones; its slower server is made slower, and no other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from comparison import real_runs
from comparison.__main__ import main
from comparison.real_runs import slowed_by
from versions.test_turns import PROGRAM

LOOK = "from tornado.websocket import WebSocketProtocol13; print(WebSocketProtocol13._handle_message.__name__)"


def test_real_comparisons_are_told_one_by_one_and_summed_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(real_runs, "locust_command", lambda *_: [sys.executable, "-P", str(PROGRAM), "ends"])
    into = tmp_path / "runs"
    arguments = ["--real", "--same", "1", "--slower", "1", "--runs", "1", "--into", str(into)]
    assert main(arguments) == 1  # nothing can be told of one run
    told = capsys.readouterr().out
    assert "Echoes have a median of 2." in told
    assert "same 1 of 1 ..\n" in told and "slower 1 of 1 ..\n" in told
    assert "0 were false alarms; of 1 with one that takes a fifth longer 0 found it; 2 of all could not tell." in told
    assert (into / "slower-1" / "b" / "1" / "result.json").is_file()
    assert main(arguments) == 2


@pytest.mark.parametrize(("name", "handles"), [("server_process.py", "_handle_later"), ("other.py", "_handle_message")])
def test_the_servers_process_is_made_slower_and_no_other(tmp_path: Path, name: str, handles: str) -> None:
    (tmp_path / name).write_text(LOOK)
    done = subprocess.run(
        [sys.executable, "-P", str(tmp_path / name)],
        env=slowed_by(0.3),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == handles
    assert slowed_by(0.3)["SLOWED_BY_US"] == "300"
