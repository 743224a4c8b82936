"""`make hour`: many people in rooms of five for an hour; ends with 0 when memory stays flat and the verdict is a pass.

Flat: what the load generator takes beyond the documents themselves grows by at most 1 MB a minute, from the tenth
minute on. What the documents take is measured afterwards, by the run's own updates in bare pycrdt documents.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from endurance.growth import Growth, Sample, growth, table
from runs.locust_run import LOCUSTFILES, REPOSITORY, LocustProcess, Run
from servers import processes
from servers.processes import environment_without_jupyter
from servers.server_process import ServerProcess

SERVERS: dict[str, Callable[[], ServerProcess]] = {
    "node": processes.node_y_websocket,
    "pycrdt": lambda: processes.pycrdt_websocket(keep_rooms=True),
    "jupyter": processes.jupyter_collaboration,
}
PEOPLE_A_ROOM = 5
WARM_UP_S = 600.0
"""Memory that grows before this is the users' coming, and caches."""
FLAT_MB_A_MINUTE = 1.0
MOST_LOOKS = 360
END_S = 300.0
"""At most, from the last edit to the exit."""
READING_S = 600.0


def main(arguments: Sequence[str]) -> int:
    """Play, look on, and say what became of it."""
    options = parsed(arguments)
    folder = options.folder or REPOSITORY / "results" / "hour" / f"{datetime.now(UTC):%Y-%m-%d-%H%M%S}"
    seconds = options.minutes * 60
    run, own, servers = played(options, folder, seconds)
    warm_up = min(WARM_UP_S, seconds / 6)
    of_all, of_server = (growth(samples, begin_s=warm_up, end_s=seconds) for samples in (own, servers))
    of_documents = documents_growth(folder, warm_up, seconds) if run.verdict == "pass" else None
    told = summary(options, run, of_all, of_documents, of_server)
    (folder / "hour.json").write_text(json.dumps({**told, "samples": [[s.at_s, s.memory_mb, s.cpu_s] for s in own]}))
    print("\n".join([*table(own, max(60.0, seconds / 20)), "", *sentences(told), f"Saved as {folder / 'hour.json'}"]))
    return 0 if told["succeeded"] else 1


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m endurance", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--users", type=int, default=200, help=f"in rooms of {PEOPLE_A_ROOM}")
    parser.add_argument("--rate", type=float, default=1.0, help="edits a second of each")
    parser.add_argument("--server", choices=SERVERS, default="node")
    parser.add_argument("--locustfile", default="notebook_editing.py", help=f"one of {LOCUSTFILES.name}/")
    parser.add_argument("--folder", type=Path, default=None, help="results/hour/… in the repository, if not given")
    return parser.parse_args(arguments)


def played(options: argparse.Namespace, folder: Path, seconds: float) -> tuple[Run, list[Sample], list[Sample]]:
    """The run, and what the generator's processes and the server's used meanwhile."""
    load = ("-u", str(options.users), "-r", "20", "-t", f"{seconds:.0f}s", "--rtc-edit-rate", str(options.rate))
    rooms = ("--rtc-documents", str(max(1, options.users // PEOPLE_A_ROOM)), "--rtc-evidence", "always")
    as_people_type = {"LOCUST_RTC_RHYTHM": "person"}
    own: list[Sample] = []
    servers: list[Sample] = []
    with (
        SERVERS[options.server]() as server,
        LocustProcess(
            options.locustfile, "--headless", *load, *rooms, folder=folder, server=server, environment=as_people_type
        ) as generator,
    ):
        began = time.monotonic()
        until = began + seconds + END_S
        while generator.process.poll() is None and time.monotonic() < until:
            at = time.monotonic() - began
            for samples, process in ((own, generator.process.pid), (servers, server.pid)):
                samples += [one] if (one := looked_at(process, at)) is not None else []
            time.sleep(max(1.0, seconds / MOST_LOOKS))
        return generator.ended(max(1.0, until - time.monotonic())), own, servers


def looked_at(process: int, at_s: float) -> Sample | None:
    """What a process and its children use; None where it has ended."""
    try:
        parent = psutil.Process(process)
        family = [parent, *parent.children(recursive=True)]
        memory = sum(one.memory_info().rss for one in family) / 1e6
        cpu = sum(times.user + times.system for times in (one.cpu_times() for one in family))
    except psutil.Error:
        return None
    return Sample(round(at_s, 1), round(memory, 1), round(cpu, 2))


def documents_growth(folder: Path, begin_s: float, end_s: float) -> Growth | None:
    """How fast the bare documents grow between two moments; None where the evidence cannot be read."""
    command = [sys.executable, "-m", "endurance.documents", str(folder / "results"), str(begin_s), str(end_s)]
    read = subprocess.run(
        command,
        cwd=REPOSITORY / "tests",
        env=environment_without_jupyter(),
        capture_output=True,
        text=True,
        timeout=READING_S,
        check=False,
    )
    if read.returncode != 0:
        print(read.stderr, file=sys.stderr)
        return None
    first, last = json.loads(read.stdout)
    return Growth(first, last, (last - first) / (end_s - begin_s) * 60)


def summary(
    options: argparse.Namespace, run: Run, own: Growth | None, documents: Growth | None, server: Growth | None
) -> dict[str, Any]:
    """Everything as data."""
    beyond = None if own is None or documents is None else own.mb_a_minute - documents.mb_a_minute
    return {
        "users": options.users,
        "minutes": options.minutes,
        "server": options.server,
        "verdict": run.verdict,
        "reason": run.told["reason"],
        "sound": run.told["generator"]["sound"],
        "edits": run.told["counts"]["edits"],
        "echo_p50_ms": run.told["timings"]["update echo"]["p50_ms"],
        "echo_p99_ms": run.told["timings"]["update echo"]["p99_ms"],
        "generator": None if own is None else own.as_dict(),
        "documents": None if documents is None else documents.as_dict(),
        "server_memory": None if server is None else server.as_dict(),
        "beyond_documents_mb_a_minute": beyond,
        "succeeded": run.verdict == "pass" and beyond is not None and beyond <= FLAT_MB_A_MINUTE,
    }


def sentences(told: dict[str, Any]) -> Iterable[str]:
    """The same for people."""
    yield f"{told['verdict'].upper()}: {told['reason']}"
    sound = "sound" if told["sound"] else "UNSOUND"
    echo = "nothing was timed"
    if told["echo_p50_ms"] is not None:
        echo = f"echo p50 {told['echo_p50_ms']:.1f} ms, p99 {told['echo_p99_ms']:.1f} ms"
    yield f"{told['edits']:,} edits of {told['users']} users in {told['minutes']:g} minutes; {echo}; generator {sound}."
    for name, what in (
        ("generator", "The generator"),
        ("documents", "Its documents alone"),
        ("server_memory", "The server"),
    ):
        one = told[name]
        if one is None:
            yield f"{what}: not known."
        else:
            yield f"{what}: {one['first_mb']:.0f} to {one['last_mb']:.0f} MB, {one['mb_a_minute']:+.2f} MB a minute."
    beyond = told["beyond_documents_mb_a_minute"]
    if beyond is not None:
        yield f"Beyond the documents: {beyond:+.2f} MB a minute (flat: at most {FLAT_MB_A_MINUTE:g})."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
