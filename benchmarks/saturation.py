"""The curve to saturation: CPU against messages a second, until somebody can no more, and who that was.

Run as `make saturation`. In rooms of 2, 5, 20 and 50, users edit faster and faster, played by one process and by two,
at a relay that costs next to nothing and at jupyter-collaboration. Nobody tells of presence, whose messages grow with
the cube of the room and would hide what edits cost (`make rooms` measures those).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.crowds import Crowds, Window, at_jupyter, at_relay
from benchmarks.recording import record

USERS = 100
ROOMS = (2, 5, 20, 50)
PROCESSES = (1, 2)
RELAY, JUPYTER = "relay", "jupyter-collaboration"
STEPS = {
    RELAY: (1000, 2500, 5000, 10_000, 20_000, 30_000, 45_000, 70_000, 100_000),
    JUPYTER: (100, 250, 500, 1000, 2000, 3000, 4500, 7000, 10_000),
}
"""Messages a second that users are to receive, all together."""
FULL = 0.9
"""Of a core, the time included in which a process waited for it."""
SHORTFALL = 0.9
"""Less than this of what was asked for came through: the end of the curve."""
WINDOW_S = 2.5
_SETTLE_S = 0.7


@dataclass(frozen=True, slots=True)
class Point:
    """What was measured at one load."""

    server: str
    processes: int
    room: int
    asked: float
    messages: float
    cpu: tuple[float, ...]
    server_cpu: float
    waited: float
    server_waited: float
    echo_p99: float

    @property
    def saturated(self) -> str:
        """Who could no more: users, server, both; the machine, where all of its cores were full; or nobody."""
        users = max(self.cpu) + self.waited >= FULL
        server = self.server_cpu + self.server_waited >= FULL
        if users and server and sum(self.cpu) + self.server_cpu >= FULL * self.processes + FULL:
            return "both"
        if users and server:
            return "the machine"
        return "users" if users else "server" if server else ""


def climb(server: str, processes: int, room: int, recording: Path, steps: Sequence[int], users: int) -> Iterator[Point]:
    """Higher and higher loads, until a tenth or more does not come through and somebody is at its end.

    A shortfall without such a reason is chance, unless it comes twice in a row: in large rooms an edit more or less is
    many messages.
    """
    short = 0
    with _crowds(server, processes, room, recording, users) as crowds:
        crowds.spawn(users)
        for asked in steps:
            crowds.begin("steady", asked / users / room)
            time.sleep(_SETTLE_S)
            window = crowds.window(WINDOW_S)
            point = _point(server, processes, room, asked, window)
            yield point
            short = short + 1 if point.messages < SHORTFALL * asked else 0
            if short > 1 or (short and point.saturated):
                return


def _crowds(server: str, processes: int, room: int, recording: Path, users: int) -> AbstractContextManager[Crowds]:
    if server == RELAY:
        return at_relay(recording, sharing=room, processes=processes, awareness="none")
    return at_jupyter(sharing=room, users=users, processes=processes, awareness="none")


def _point(server: str, processes: int, room: int, asked: float, window: Window) -> Point:
    return Point(
        server=server,
        processes=processes,
        room=room,
        asked=asked,
        messages=window.messages,
        cpu=window.cpu,
        server_cpu=window.server_cpu,
        waited=window.waited,
        server_waited=window.server_waited,
        echo_p99=window.echo_p99,
    )


def ends(points: Sequence[Point]) -> list[str]:
    """A table of Markdown: how far each curve went, and who was at its end first."""
    series: dict[tuple[str, int, int], list[Point]] = {}
    for point in points:
        series.setdefault((point.server, point.processes, point.room), []).append(point)
    rows = [
        "| server | processes | rooms of | messages/s at most | users' CPU | server's CPU | saturated first |",
        "|---|---|---|---|---|---|---|",
    ]
    for (server, processes, room), several in series.items():
        most = max(several, key=lambda one: one.messages)
        first = next((one.saturated for one in several if one.saturated), "nobody")
        cores = " + ".join(f"{one:.0%}" for one in most.cpu)
        rows.append(
            f"| {server} | {processes} | {room} | {most.messages:,.0f} | {cores} | {most.server_cpu:.0%} | {first} |"
        )
    return rows


def load(content: dict[str, Any]) -> list[Point]:
    """The points of a file of results."""
    return [Point(**{**plain, "cpu": tuple(plain["cpu"])}) for plain in content["points"]]


def main() -> int:
    """Measure, print, save, draw."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.saturation", description=__doc__)
    parser.add_argument("--servers", nargs="+", choices=list(STEPS), default=list(STEPS))
    parser.add_argument("--rooms", type=int, nargs="+", default=list(ROOMS))
    parser.add_argument("--processes", type=int, nargs="+", default=list(PROCESSES))
    parser.add_argument("--users", type=int, default=USERS)
    parser.add_argument("--steps", type=int, default=len(STEPS[RELAY]), help="only the first loads of each curve")
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results", help="folder of the JSON")
    options = parser.parse_args()
    about = {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": machine.command("benchmarks.saturation"),
        "machine": machine.machine(),
        "versions": machine.versions(),
    }
    started = time.monotonic()
    points = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "recording.json")
        record(1).save(path)
        for server in options.servers:
            for processes in options.processes:
                for room in options.rooms:
                    steps = STEPS[server][: options.steps]
                    for point in climb(server, processes, room, path, steps, options.users):
                        points.append(point)
                        print(_told(point), flush=True)
    content = {**about, "seconds": round(time.monotonic() - started, 1), "points": [asdict(one) for one in points]}
    options.results.mkdir(parents=True, exist_ok=True)
    written = options.results / f"saturation-{about['measured'].replace(':', '')}.json"
    written.write_text(json.dumps(content, indent=1) + "\n")
    print("", *ends(points), f"\nSaved as {written}", sep="\n")
    return 0


def _told(point: Point) -> str:
    cores = " + ".join(f"{one:.0%}" for one in point.cpu)
    return (
        f"{point.server:21}  {point.processes} process{'es' * (point.processes > 1):2}  rooms of {point.room:2}  "
        f"{point.messages:9,.0f} of {point.asked:7,} messages/s  users {cores:>11}  server {point.server_cpu:4.0%}  "
        f"echo p99 {point.echo_p99:8.1f} ms  {point.saturated}"
    )


if __name__ == "__main__":
    sys.exit(main())
