"""Echo times as this tool records them, beside those that a capture of the packets tells. Run as `make packets`.

Users of a real server edit for a while in this process, while another captures the loopback with the kernel's time of
each packet. Edit by edit, three times are compared: what was recorded, from when the edit was due; from when it was due
to the packet that brought the echo; and from packet to packet, without what it took to make and send the edit. The
first two have to agree within 0.2 ms or 5 %, in a run whose generator was sound; else nothing is judged.
"""

# Locust patches the standard library and wants to be first.
import locust  # noqa: F401, I001

import argparse
import hashlib
import sys
import time
from urllib.parse import urlsplit

import gevent

from benchmarks.processes import Child, ChildFailedError
from jupyter_rtc_locust.demo.embedded_server import EmbeddedServer
from jupyter_rtc_locust.documents.default_notebook import default_notebook
from jupyter_rtc_locust.editing import choose
from jupyter_rtc_locust.servers.http import HttpClient
from jupyter_rtc_locust.servers.jupyter_collaboration import JupyterCollaboration
from jupyter_rtc_locust.settings import Settings
from jupyter_rtc_locust.timing.generator_health import GeneratorHealth, summarise
from jupyter_rtc_locust.timing.histogram import Histogram
from jupyter_rtc_locust.timing.recorder import Recorder
from jupyter_rtc_locust.users import health_monitor
from jupyter_rtc_locust.users.backlog import Backlog
from jupyter_rtc_locust.users.collaborator import Collaborator
from jupyter_rtc_locust.users.seat import Seat
from jupyter_rtc_locust.users.swarm import Swarm

WITHIN_MS, WITHIN_PART = 0.2, 0.05
FRACTIONS = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
FIRST_CLIENT_ID = 1_000_000
_LAST_ECHO_S = 10.0


def main() -> int:
    """Print the table; 1 where a percentile of a sound run is too far off, 2 without the right to capture."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.packet_times", description=__doc__)
    parser.add_argument("--people", type=int, default=10, help="in rooms of five")
    parser.add_argument("--rate", type=float, default=2.0, help="edits a second of each")
    parser.add_argument("--seconds", type=float, default=30.0)
    options = parser.parse_args()
    try:
        times, health = measure(options.people, options.rate, options.seconds)
    except ChildFailedError as error:
        print(f"Nothing could be captured (that takes root, or CAP_NET_RAW): {error}", file=sys.stderr)
        return 2
    return 0 if report(times, health) else 1


def measure(people: int, rate: float, seconds: float) -> tuple[dict[str, Histogram], dict[str, object]]:
    """The three kinds of time, and how the generator fared."""
    health = GeneratorHealth()
    with EmbeddedServer.start() as embedded, Child("packet_capture", urlsplit(embedded.url).port) as capture:
        capture.answer()
        server = JupyterCollaboration(HttpClient(embedded.url, (embedded.token,)))
        swarm = Swarm(
            run_id="benchmark",
            seed=1,
            settings=Settings(awareness="none"),
            server=server,
            recorder=Recorder(),
            elapsed=0.0,
            user_failed=lambda _owner, error: print(f"A user failed: {error}", file=sys.stderr),
            schedule_lag=health.schedule_lag,
            arrival_error=health.arrival_error,
        )
        everybody = _opened(swarm, people)
        watch = gevent.spawn(
            health_monitor.watch_health, health, Backlog(swarm.collaborators, health.receive_backlog), swarm.arrivals
        )
        for one in everybody:
            one.start_editing(rate)
        gevent.sleep(seconds)
        for one in everybody:
            one.stop_editing()
        watch.kill()
        _wait_for_echoes(swarm)
        times = _times(swarm, capture.ask("echoes")["echoes"])
        swarm.ended = True
        for one in everybody:
            one.leave()
    return times, summarise([health.as_evidence()], times["recorded"].percentile(0.99))


def report(times: dict[str, Histogram], health: dict[str, object]) -> bool:
    """Print the table; whether it is as it has to be."""
    print(f"{times['recorded'].count:,} edits, each in all three rows; times in ms")
    print(f"{'':<44}" + "".join(f"{name:>9}" for name in (*FRACTIONS, "max")))
    for name in _ROWS:
        histogram = times[name]
        figures = [histogram.percentile(fraction) for fraction in (*FRACTIONS.values(), 1.0)]
        print(f"{_ROWS[name]:<44}" + "".join(f"{figure:9.3f}" for figure in figures))
    apart = times[_APART]
    print(
        f"Of one edit the first two are apart by {apart.percentile(0.99):.3f} ms (p99), {apart.max_ms:.3f} ms at most"
    )
    recorded, packets = times["recorded"], times["from due to packet"]
    off = []
    for name, fraction in FRACTIONS.items():
        ours, theirs = recorded.percentile(fraction), packets.percentile(fraction)
        if abs(ours - theirs) > max(WITHIN_MS, WITHIN_PART * theirs):
            off.append(f"{name} by {ours - theirs:+.3f} ms")
    print(
        f"loop lag p99 {health['loop_lag_p99_ms']:.2f} ms, edits late p50 {health['schedule_lag_p50_ms']:.2f} ms, p99 "
        f"{health['schedule_lag_p99_ms']:.2f} ms, arrival error p99 {health['arrival_error_p99_ms']:.2f} ms"
    )
    if not health["timings_sound"]:
        print(f"Not judged: {health['timings_reasons']}")
        return True
    print(f"Off: {', '.join(off)}" if off else f"Within {WITHIN_MS} ms or {WITHIN_PART:.0%}, whichever is larger")
    return not off


_APART = "apart"
_ROWS = {
    "recorded": "recorded, from when an edit was due",
    "from due to packet": "from when it was due to the echo's packet",
    "from packet to packet": "from its packet to the echo's packet",
}


def _opened(swarm: Swarm, people: int) -> list[Collaborator]:
    rooms = -(-people // 5)
    documents = [
        swarm.server.create_document("benchmark", f"notebook-{room}.ipynb", default_notebook()) for room in range(rooms)
    ]
    everybody = []
    for index in range(people):
        room, place = index % rooms, index // rooms
        seat = Seat(index, 0, FIRST_CLIENT_ID + 2 * index, documents[room], room, place, 5)

        def chosen(number: int, index: int = index) -> object:
            return choose(1, index, number, seat=index // rooms, seats=5, document=index % rooms)

        everybody.append(Collaborator(seat, swarm, chosen))
        everybody[-1].open()
    return everybody


def _wait_for_echoes(swarm: Swarm) -> None:
    until = time.monotonic() + _LAST_ECHO_S
    while time.monotonic() < until and any(any(room.round_trips.pending.values()) for room in swarm.rooms.values()):
        gevent.sleep(0.05)


def _times(swarm: Swarm, captured: dict[str, list[float]]) -> dict[str, Histogram]:
    """Of all edits that both saw. The capture has the wall clock, edits have `time.monotonic`."""
    offset = time.time() - time.monotonic()
    times = {name: Histogram() for name in (*_ROWS, _APART)}
    for room in swarm.rooms.values():
        for edit in room.round_trips.authored():
            both = captured.get(hashlib.sha1(edit.update).hexdigest())
            if both is None or not edit.timed or edit.acknowledged is None:
                continue
            left, came = (moment - offset for moment in both)
            times["recorded"].record((edit.acknowledged - edit.due) * 1000)
            times["from due to packet"].record((came - edit.due) * 1000)
            times["from packet to packet"].record((came - left) * 1000)
            times[_APART].record(abs(edit.acknowledged - came) * 1000)
    return times


if __name__ == "__main__":
    sys.exit(main())
