"""Every fault and every harmless disturbance, against the shipped locustfiles: `python -m faults`, from `tests`.

Prints a table in Markdown, which stands in docs/tests.md. Ends with 1 when a verdict was not the right one, when a
finding was named that is none, or when a fault never struck (then nothing was tested).
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from faults.cases import CASES, FAIL, INCONCLUSIVE, JUPYTER_4, NODE, SICK, Case
from faults.faulty_proxy import FaultyProxy, OnTheWay
from runs.locust_run import Run, run_locust
from servers import processes
from servers.server_process import ServerProcess

DEADLINE_S = 200.0
ATTEMPTS = 3
EVICTED_AFTER_S = 1.0
AT_ONCE = 4
"""Runs under way at the same time; more would make load generators unsound on two cores."""


@dataclass(frozen=True)
class Outcome:
    """What came of one case with one seed."""

    case: Case
    seed: int
    struck: int
    verdict: str
    kinds: frozenset[str]
    sound: bool
    told: str
    """What a person needs who has to find out why."""

    @property
    def wrong(self) -> str:
        """What is not right about it; nothing if all is."""
        case = self.case
        if case.sits != "nowhere" and not self.struck:
            return "never struck"
        if self.verdict not in case.verdicts:
            return f"verdict {self.verdict}"
        if missing := case.must - self.kinds:
            return f"not named: {', '.join(sorted(missing))}"
        if more := self.kinds - case.must - case.may:
            return f"wrongly named: {', '.join(sorted(more))}"
        if case.verdicts == {FAIL} and not self.kinds:
            return "nothing named"
        return ""


def start_server(case: Case) -> ServerProcess:
    if case.server == SICK:
        assert case.fault is not None
        strikes = dict(case.fault)
        return processes.sick_server(strikes.pop("name"), **strikes)
    if case.server == NODE:
        return processes.node_y_websocket()
    python = processes.PYTHON_OF_JUPYTER_COLLABORATION_4 if case.server == JUPYTER_4 else sys.executable
    delay = EVICTED_AFTER_S if case.evicts else None
    return processes.jupyter_collaboration(python, fault=case.fault, cleanup_delay=delay)


def played(case: Case, seed: int, folder: Path) -> Outcome:
    """One run. Whatever goes wrong around it is told as its outcome, so that the others go on.

    Where the load generator was overloaded, what rests on time is inconclusive: that is the machine's, so once more.
    """
    try:
        for attempt in range(ATTEMPTS):
            one = _played(case, seed, folder / str(attempt))
            if one.sound or one.verdict != INCONCLUSIVE or not one.wrong:
                break
        return one
    except Exception:
        return Outcome(case, seed, 0, "error", frozenset(), True, traceback.format_exc())


def _played(case: Case, seed: int, folder: Path) -> Outcome:
    load = ("-u", str(case.users), "-r", "10", "-t", f"{case.seconds}s", "--rtc-edit-rate", "4")
    evicts = ("--rtc-evict-after", str(EVICTED_AFTER_S)) if case.evicts else ()
    options = (*load, "--rtc-seed", str(seed), *evicts, *case.options)
    with ExitStack() as stack:
        server = stack.enter_context(start_server(case))
        struck = 0
        host = server
        fault = OnTheWay() if case.proxy is None else case.proxy()
        disturbed: list[int] = []
        if case.proxy is not None or case.disturbance is not None:
            proxy = stack.enter_context(FaultyProxy(server.url, fault))
            host = replace(server, port=proxy.port)
        if case.disturbance is not None:
            over = threading.Event()
            act = case.disturbance.act

            def disturb() -> None:
                disturbed.append(act(server, proxy, over.is_set))
                over.wait()  # a server that is started again ends with the thread that started it

            acting = threading.Thread(target=disturb, daemon=True)
            acting.start()
        try:
            ended = run_locust(case.locustfile, *options, folder=folder, server=host, deadline=DEADLINE_S)
        finally:
            if case.disturbance is not None:
                over.set()
                acting.join(60)
        struck = fault.struck + sum(disturbed) + server.end_of_log(10**8).count(" struck ")
        told = f"{ended}\n--- server ---\n{server.end_of_log(3000)}"
    return outcome(case, seed, struck, ended, told)


def outcome(case: Case, seed: int, struck: int, ended: Run, told: str) -> Outcome:
    if ended.result is None:
        return Outcome(case, seed, struck, "no result", frozenset(), True, told)
    sound = bool(ended.result["generator"]["sound"])
    return Outcome(case, seed, struck, ended.verdict, frozenset(ended.kinds), sound, told)


def row(outcomes: list[Outcome]) -> str:
    """One line of the table: a case, with all its seeds."""
    case = outcomes[0].case
    struck = ", ".join(str(one.struck) for one in outcomes)
    verdicts = ", ".join(sorted({one.verdict for one in outcomes}))
    kinds = ", ".join(f"`{kind}`" for kind in sorted(frozenset().union(*(one.kinds for one in outcomes))))
    wrong = "; ".join(f"seed {one.seed}: {one.wrong}" for one in outcomes if one.wrong)
    return f"| {case.name} | {case.where} | {case.sits} | {struck} | {verdicts} | {kinds or '–'} | {wrong or 'right'} |"


def main(arguments: list[str]) -> int:
    """Play the chosen cases; 1 when one of them is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", action="append", default=[], help="only cases whose name or place holds this")
    parser.add_argument("--without", action="append", default=[], help="no cases whose name holds this")
    parser.add_argument("--seeds", type=int, default=3, help="how many seeds each case is played with")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=AT_ONCE)
    parser.add_argument("--keep", type=Path, help="a folder for what was told of every run")
    parser.add_argument("--list", action="store_true", help="only say which cases there are")
    options = parser.parse_args(arguments)
    chosen = [
        case
        for case in CASES
        if (not options.only or any(word == case.where or word in case.name for word in options.only))
        and not any(word in case.name for word in options.without)
    ]
    if options.list:
        for case in chosen:
            print(f"{case.name}  ({case.where}, {case.sits})")
        return 0
    if not chosen:
        parser.error("no case is named so")
    logging.getLogger("tornado.access").setLevel(logging.ERROR)  # the proxy's own 502 and 503
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    started = time.monotonic()
    print("| fault | place | sits | struck | verdict | kinds named | |\n|---|---|---|---|---|---|---|")
    bad = 0
    with tempfile.TemporaryDirectory(prefix="faults-") as temporary, ThreadPoolExecutor(options.at_once) as pool:
        futures = {
            case.name: [pool.submit(played, case, seed, Path(temporary) / f"{number}-{seed}") for seed in seeds]
            for number, case in enumerate(chosen)
        }
        for case in chosen:
            outcomes = [future.result() for future in futures[case.name]]
            bad += any(one.wrong for one in outcomes)
            print(row(outcomes), flush=True)
            for one in outcomes:
                keep(one, options.keep)
    print(
        f"\n{len(chosen)} cases with {len(seeds)} seeds ({seeds[0]} to {seeds[-1]}), {bad} wrong, "
        f"{time.monotonic() - started:.0f} s; {versions()}"
    )
    return 1 if bad else 0


def keep(one: Outcome, folder: Path | None) -> None:
    """What was told of a run goes into a folder, and of a wrong one to standard error."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        name = "".join(letter if letter.isalnum() else "-" for letter in one.case.name)
        (folder / f"{name}-{one.seed}.txt").write_text(f"{json.dumps(one.wrong)} sound={one.sound}\n{one.told}")
    elif one.wrong:
        print(f"{one.case.name}, seed {one.seed}: {one.wrong}\n{one.told}\n", file=sys.stderr)


def versions() -> str:
    names = ("jupyter-collaboration", "jupyter-server-ydoc", "pycrdt", "locust")
    return ", ".join(f"{name} {version(name)}" for name in names)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
