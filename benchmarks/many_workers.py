"""How many workers a master holds: a real master, and so many workers that only talk as workers do.

Each simulated worker joins, takes its seats, and then sends what a worker at work sends: heartbeats and a look at its
users once a second, Locust's statistics every three seconds, a question for the time once a second. Nobody edits, so
what is measured is the master's CPU for that alone, and how long it lets a question wait. Run as
`python -m benchmarks.many_workers`; the master, which starts a server of its own, is ended when that was measured.
"""

# Locust patches the standard library and wants to be first.
import locust  # noqa: I001

import argparse
import contextlib
import heapq
import importlib.util
import os
import socket
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import zmq
from locust.rpc import Message
from locust.stats import RequestStats

from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.coordination.joining import equipment_of
from jupyter_rtc_locust.live.looks import COUNTED, DocumentLook, Look
from jupyter_rtc_locust.timing.histogram import Histogram
from jupyter_rtc_locust.timing.recorder import NAMES
from jupyter_rtc_locust.users.collaboration_user import CollaborationUser

LOCUSTFILE = Path(__file__).resolve().parent.parent / "locustfiles" / "notebook_editing.py"
JOIN_DEADLINE_S = 120.0
SAMPLES = 10
"""Of each timing between two looks."""
LISTEN_EVERY_S = 0.005
"""Looking at thousands of lines costs more than what they bring."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a number of workers did to the master."""

    workers: int
    cpu: float
    """Of one core, 0 to 1."""
    answer_p50_ms: float
    answer_p99_ms: float
    answered: float
    """Of the questions that workers should have asked; less than one where they, or the master, cannot keep up."""

    @property
    def each_ms(self) -> float:
        """CPU a worker costs the master each second, in milliseconds."""
        return 1000 * self.cpu / self.workers


@dataclass(slots=True, eq=False)
class SimulatedWorker:
    """One worker's line."""

    node: str
    line: Any
    equipment: dict[str, Any]
    answers: list[float]
    asked: float = 0.0
    welcome: bool = False
    run: str = ""
    started: float = 0.0
    users: dict[str, int] = field(default_factory=dict)
    same: dict[str, bytes] = field(default_factory=dict)
    """Messages that are sent again as they are, so that this process has time for thousands of workers."""

    def send(self, kind: str, body: Any) -> None:
        """As Locust does."""
        self.line.send(Message(kind, body, self.node).serialize(), zmq.NOBLOCK)

    def send_the_same(self, kind: str, body: Callable[[], Any]) -> None:
        """What does not change while a worker is at work, made once."""
        if kind not in self.same:
            self.same[kind] = Message(kind, body(), self.node).serialize()
        self.line.send(self.same[kind], zmq.NOBLOCK)

    def hear(self, message: Message) -> None:
        """Answer as a worker would."""
        match message.type:
            case "spawn":
                self.users = message.data["user_classes_count"]
                self.same.clear()
                self.send("spawning", None)
                self.send("spawning_complete", {"user_classes_count": self.users, "user_count": self._count})
            case messages.WELCOME:
                self.welcome = True
            case messages.SEAT_GIVEN if "run" in message.data:
                self.run = message.data["run"]["run_id"]
                self.started = time.monotonic() - message.data["run"]["elapsed"]
            case messages.CLOCK_TOLD:
                self.answers.append((time.monotonic() - message.data["asked"]) * 1000)

    @property
    def _count(self) -> int:
        return sum(self.users.values())

    def enter(self) -> None:
        """Join, as often as need be, and take seats when users are there."""
        if not self.welcome:
            self.send(messages.JOINED, {"equipment": self.equipment})
        elif self.users and not self.run:
            for number in range(self._count):
                self.send(messages.SEAT_WANTED, {"request": number, "kind": "notebook", "tabs_per_person": 1})

    def heartbeat(self) -> None:
        """Locust's."""
        state = "running" if self.users else "ready"
        self.send_the_same(
            "heartbeat", lambda: {"state": state, "current_cpu_usage": 5.0, "current_memory_usage": 10**8}
        )

    def statistics(self) -> None:
        """Locust's, with each of our timings in it."""
        self.send_the_same("stats", self._statistics)

    def _statistics(self) -> dict[str, Any]:
        stats = RequestStats()
        for name in NAMES:
            for number in range(SAMPLES):
                stats.log_request("RTC", name, 1.0 + number, 0)
        return {
            "stats": stats.serialize_stats(),
            "stats_total": stats.total.get_stripped_report(),
            "errors": stats.serialize_errors(),
            "user_classes_count": self.users,
            "user_count": self._count,
        }

    def look(self) -> None:
        """What a process tells of its users once a second."""
        if not self.run:
            return
        at = time.monotonic() - self.started
        look = Look(
            f"worker {self.node}",
            at,
            dict.fromkeys(COUNTED, 10),
            {"update echo": _TIMES, "update delivery": _TIMES},
            documents=(DocumentLook(0, users=1, edits=3, edited_at=at, heard_at=at),),
        )
        self.send(messages.LIVE, {"run": self.run, "look": look.as_message()})

    def ask(self) -> None:
        """For the time."""
        if self.run:
            self.send(messages.CLOCK_ASKED, {"run": self.run, "asked": time.monotonic()})


def _some_times() -> Histogram:
    times = Histogram()
    for number in range(SAMPLES):
        times.record(1.0 + number)
    return times


_TIMES = _some_times()


def measure(workers: int, seconds: float) -> Measured:
    """Start a master, have so many workers join and be at work, and look at the master for so long.

    RuntimeError when they are not at work within `JOIN_DEADLINE_S`.
    """
    port = _free_port()
    with tempfile.TemporaryDirectory() as folder:
        with (Path(folder) / "output").open("wb") as output:
            master = subprocess.Popen(_command(port, workers), cwd=folder, stdout=output, stderr=output, stdin=-3)
        try:
            return _with_workers(psutil.Process(master.pid), port, workers, seconds)
        except TimeoutError:
            told = (Path(folder) / "output").read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{workers} workers were not at work within {JOIN_DEADLINE_S:.0f} s:\n{told}") from None
        finally:
            master.kill()
            master.wait(10)


def _with_workers(master: psutil.Process, port: int, workers: int, seconds: float) -> Measured:
    context, poller, answers = zmq.Context(), zmq.Poller(), list[float]()
    context.set(zmq.MAX_SOCKETS, 4 * workers + 100)
    equipment = equipment_of(_user_classes(), Namespace()).as_message()
    everybody = {}
    for number in range(workers):
        line = context.socket(zmq.DEALER)
        node = f"simulated-{number}"
        line.setsockopt(zmq.IDENTITY, node.encode())
        line.setsockopt(zmq.LINGER, 0)
        line.connect(f"tcp://127.0.0.1:{port}")
        poller.register(line, zmq.POLLIN)
        everybody[line] = SimulatedWorker(node, line, equipment, answers)
    due: list[tuple[float, int, float, Callable[[], None]]] = []
    begun = time.monotonic()
    for number, worker in enumerate(everybody.values()):
        worker.send("client_ready", locust.__version__)
        for kind, (every, act) in enumerate(
            (
                (1.0, worker.heartbeat),
                (1.0, worker.look),
                (1.0, worker.ask),
                (3.0, worker.statistics),
                (3.0, worker.enter),
            )
        ):
            # Spread over the second, as workers are that were started by many.
            heapq.heappush(due, (begun + (number / workers + kind / 5) % 1, 5 * number + kind, every, act))
    try:
        _play(everybody, poller, due, lambda: all(one.run for one in everybody.values()), begun + JOIN_DEADLINE_S)
        answers.clear()
        before, since = sum(master.cpu_times()[:2]), time.monotonic()
        _play(everybody, poller, due, lambda: time.monotonic() - since >= seconds, since + 2 * seconds)
        used, length = sum(master.cpu_times()[:2]) - before, time.monotonic() - since
    finally:
        for line in everybody:
            line.close()
        context.term()
    ordered = sorted(answers) or [float("inf")]
    return Measured(
        workers,
        used / length,
        ordered[len(ordered) // 2],
        ordered[int(0.99 * (len(ordered) - 1))],
        len(answers) / length / workers,
    )


def _play(everybody: dict[Any, SimulatedWorker], poller: Any, due: Any, over: Callable[[], bool], until: float) -> None:
    listened = 0.0
    while not over():
        now = time.monotonic()
        if now > until:
            raise TimeoutError
        while due and due[0][0] <= now and time.monotonic() < listened + LISTEN_EVERY_S:
            moment, number, every, act = heapq.heappop(due)
            act()
            heapq.heappush(due, (moment + every, number, every, act))
        listened = time.monotonic()
        wait = max(0.0, min(LISTEN_EVERY_S, due[0][0] - listened)) if due else LISTEN_EVERY_S
        for line, _ in poller.poll(1000 * wait):
            with contextlib.suppress(zmq.Again):
                while True:
                    everybody[line].hear(Message.unserialize(line.recv(zmq.NOBLOCK)))


def _user_classes() -> list[type]:
    spec = importlib.util.spec_from_file_location("locustfile", LOCUSTFILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["locustfile"] = module  # `inspect` looks for the file there
    spec.loader.exec_module(module)
    there = vars(module).values()
    return [one for one in there if isinstance(one, type) and issubclass(one, CollaborationUser) and not one.abstract]


def _command(port: int, workers: int) -> list[str]:
    return [
        *(sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--master", "--headless", "-t", "10m"),
        *("--master-bind-host", "127.0.0.1", "--master-bind-port", str(port), "--expect-workers", str(workers)),
        *("-u", str(workers), "-r", str(max(100, workers)), "--rtc-documents", str(max(1, workers // 50))),
    ]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> int:
    """Print a line for each number of workers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, nargs="+", default=[50, 100, 200, 500])
    parser.add_argument("--seconds", type=float, default=15.0)
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load before {os.getloadavg()[0]:.2f}")
    heads = ("workers", "master's CPU", "CPU of each, ms a second", "an answer, p50", "p99", "answered")
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for workers in options.workers:
        one = measure(workers, options.seconds)
        print(
            f"| {one.workers} | {100 * one.cpu:.0f} % | {one.each_ms:.2f} | {one.answer_p50_ms:.1f} ms | "
            f"{one.answer_p99_ms:.1f} ms | {100 * one.answered:.0f} % |",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
