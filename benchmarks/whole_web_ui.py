"""What tab and live page cost the master of a whole run with many documents, and how long who looks has to wait.

Run as `python -m benchmarks.whole_web_ui [DOCUMENTS] [SECONDS]`. A master with the web UI, two workers and a Jupyter
server of its own; two people in each document, who edit every ten seconds. First nobody looks; then the answers are
asked for that Locust's page with the tab Convergence (every two seconds) and the live page (every second) ask for. The
cost is the difference of the master's CPU, which the kernel accounts.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import requests

SHARING = 2
RATE = "0.1"
WORKERS = 2
_START_S = 90.0
_OPEN_S = 300.0
_SETTLE_S = 10.0
_LOCUSTFILE = Path(__file__).resolve().parent.parent / "locustfiles" / "notebook_editing.py"
_LOOKS = {"/": 10.0, "/stats/requests": 2.0, "/rtc/": 10.0, "/rtc/live.json": 1.0, "/rtc/metrics": 5.0}
"""What is asked for, and every how many seconds."""


def main() -> int:
    """Measure, print a line for each figure, and return an exit code: 1 where the run did not come about."""
    documents = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 30.0
    with tempfile.TemporaryDirectory() as folder:
        address, command = _command(documents, Path(folder))
        with (Path(folder) / "log").open("wb") as log:
            master = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True)
        try:
            _until(lambda: requests.get(address, timeout=5).ok, _START_S, "the web UI answers")
            _until(lambda: len(_json(address, "/stats/requests")["workers"]) == WORKERS, _START_S, "workers are there")
            users = documents * SHARING
            form = {"user_count": users, "spawn_rate": 20, "rtc_documents": documents, "rtc_edit_rate": RATE}
            answer = requests.post(f"{address}/swarm", data=form, timeout=60).json()
            assert answer["success"], answer
            _until(lambda: _json(address, "/rtc/live.json")["figures"]["users"] == users, _OPEN_S, "everybody is there")
            time.sleep(_SETTLE_S)
            _tell(address, master.pid, documents, seconds)
        except (AssertionError, TimeoutError) as problem:
            print(f"{problem}\n{(Path(folder) / 'log').read_text()[-3000:]}", file=sys.stderr)
            return 1
        finally:
            _end(master)
    return 0


def _command(documents: int, folder: Path) -> tuple[str, list[str]]:
    web, workers = (str(_free_port()) for _ in range(2))
    ports = ("--master-bind-host", "127.0.0.1", "--master-bind-port", workers, "--master-port", workers)
    page = ("--web-host", "127.0.0.1", "--web-port", web, "--rtc-results", str(folder / "results"))
    locust = (sys.executable, "-m", "locust", "-f", str(_LOCUSTFILE), "--processes", str(WORKERS))
    return f"http://127.0.0.1:{web}", [*locust, *ports, *page, "--rtc-documents", str(documents)]


def _tell(address: str, master: int, documents: int, seconds: float) -> None:
    process = psutil.Process(master)
    alone = _cpu(process, seconds, {}, address)[0]
    looked, took = _cpu(process, seconds, _LOOKS, address)
    alone_again = _cpu(process, seconds, {}, address)[0]
    cost = looked - (alone + alone_again) / 2
    print(f"{documents} documents of {SHARING} people, {documents * SHARING * float(RATE):.0f} edits a second")
    print(f"master, nobody looks: {alone:.1%} of a core before, {alone_again:.1%} afterwards")
    print(f"master, the tab and the live page look: {looked:.1%}")
    print(f"the tab and the page: {cost:.1%} of a core")
    for path, times in took.items():
        ordered = sorted(times)
        half, most = ordered[len(ordered) // 2] * 1000, ordered[-1] * 1000
        print(f"{path:<16} {half:6.1f} ms, at most {most:6.1f} ms, {len(times)} times")


def _cpu(
    process: psutil.Process, seconds: float, looks: dict[str, float], address: str
) -> tuple[float, dict[str, list[float]]]:
    """The part of a core that the master uses, and how long each answer took."""
    took: dict[str, list[float]] = {path: [] for path in looks}
    before, began = sum(process.cpu_times()[:2]), time.monotonic()
    due = dict.fromkeys(looks, began)
    with requests.Session() as session:
        while (now := time.monotonic()) < began + seconds:
            for path, every in looks.items():
                if due[path] <= now:
                    due[path] += every
                    asked = time.monotonic()
                    session.get(f"{address}{path}", timeout=30).raise_for_status()
                    took[path].append(time.monotonic() - asked)
            time.sleep(0.05)
    return (sum(process.cpu_times()[:2]) - before) / (time.monotonic() - began), took


def _json(address: str, path: str) -> dict[str, Any]:
    return dict(requests.get(f"{address}{path}", timeout=30).json())


def _until(holds: Callable[[], bool], deadline_s: float, what: str) -> None:
    until = time.monotonic() + deadline_s
    while True:
        try:
            if holds():
                return
        except requests.ConnectionError:
            pass
        if time.monotonic() > until:
            raise TimeoutError(f"waited {deadline_s:.0f} s in vain until {what}")
        time.sleep(0.5)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end(master: subprocess.Popen[bytes]) -> None:
    master.send_signal(signal.SIGTERM)
    try:
        master.wait(150)
    except subprocess.TimeoutExpired:
        os.killpg(master.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
