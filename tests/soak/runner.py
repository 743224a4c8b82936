"""Makes planned runs, a few at a time, and judges what became of each. Every outcome is written down at once."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path

from runs.locust_run import INCONCLUSIVE, LOCUSTFILES, LOCUSTFILES_OF_THE_TESTS, PASSED, Run, run_locust
from runs.shared_servers import STARTERS, SharedServers
from runs.templates import write_templates
from servers import processes
from servers.server_process import ServerProcess
from soak.confirmed import confirmed_bug
from soak.documents import write_document
from soak.outcome import ALARM, CONFIRMED, MISSED, PASS, UNKNOWN, Outcome
from soak.plan import EMBEDDED, JUPYTER_4, PlannedRun

SECOND_OPINION = Path(__file__).resolve().with_name("second_opinion.mjs")
SECOND_OPINION_DEADLINE_S = 120.0
SECOND_OPINION_CHARACTERS = 4000
SEES_THE_SAME, SEES_SOMETHING_ELSE = 0, 1
"""How the second opinion ends; with anything else it cannot say."""

RUN_DEADLINE_S = 180.0
"""At most 120 s from the end of editing to the exit, and a slow start beside another run."""


class Runner:
    """Makes runs in a folder. A context manager that stops the servers that the runs shared."""

    def __init__(self, folder: Path, *, at_once: int, keep: bool = False) -> None:
        """`keep`: the folders of runs that passed, too."""
        self.folder = folder
        self.keep = keep
        self.at_once = at_once
        self.state = folder / "state.jsonl"
        self._servers = SharedServers()
        self._writing = threading.Lock()

    def __enter__(self) -> Runner:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._servers.__exit__(None, None, None)

    def make(self, runs: Iterable[PlannedRun], *, until: float, tell: Callable[[Outcome], None]) -> int:
        """Make these runs, none of which begins after `until` (monotonic seconds); how many were left out."""
        waiting = iter(list(runs))
        under_way: set[Future[Outcome]] = set()
        with ThreadPoolExecutor(self.at_once) as pool:
            for one in waiting:
                if time.monotonic() > until:
                    left_out = 1 + sum(1 for _ in waiting)
                    break
                under_way.add(pool.submit(self._made, one))
                if len(under_way) == self.at_once:
                    under_way = self._told(under_way, tell, FIRST_COMPLETED)
            else:
                left_out = 0
            while under_way:
                under_way = self._told(under_way, tell, FIRST_COMPLETED)
        return left_out

    def _told(
        self, under_way: set[Future[Outcome]], tell: Callable[[Outcome], None], when: str
    ) -> set[Future[Outcome]]:
        done, rest = wait(under_way, return_when=when)
        for future in done:
            outcome = future.result()
            with self._writing, self.state.open("a", encoding="utf-8") as state:
                state.write(outcome.as_line() + "\n")
            tell(outcome)
        return rest

    def _made(self, planned: PlannedRun) -> Outcome:
        """A run that the machine was too busy for is made once more: that it was inconclusive says nothing of it."""
        outcome, overloaded = self._tried(planned)
        return replace(self._tried(planned)[0], again=True) if overloaded else outcome

    def _tried(self, planned: PlannedRun) -> tuple[Outcome, bool]:
        folder = self.folder / f"run-{planned.number:03}"
        shutil.rmtree(folder, ignore_errors=True)
        template = template_of(planned, folder.with_name(f"{folder.name}-template"))
        started = time.monotonic()
        try:
            with self._server(planned) as server:
                run = run_locust(
                    locustfile_of(planned),
                    *options_of(planned, template),
                    folder=folder,
                    server=server,
                    deadline=RUN_DEADLINE_S,
                )
        except (AssertionError, OSError, RuntimeError) as error:
            # It did not end by its deadline, or its server did not start: the others go on.
            return broken(planned, str(error), time.monotonic() - started, folder), False
        (folder / "server.log").write_text(run.server_log, encoding="utf-8")
        outcome = judged(planned, run, second_opinion)
        if outcome.standing == PASS and not self.keep:
            shutil.rmtree(folder)
            shutil.rmtree(template.parent if template is not None else folder, ignore_errors=True)
        return outcome, outcome.verdict == "inconclusive" and overloaded(run)

    @contextlib.contextmanager
    def _server(self, planned: PlannedRun) -> Iterator[ServerProcess | None]:
        if planned.server == EMBEDDED:
            yield None
        elif planned.fresh:
            with started(planned) as server:
                yield server
        else:
            yield self._servers[planned.server]


def started(planned: PlannedRun) -> ServerProcess:
    """A server for this run alone."""
    if planned.cleanup_delay is None:
        return STARTERS[planned.server]()
    python = processes.PYTHON_OF_JUPYTER_COLLABORATION_4 if planned.server == JUPYTER_4 else sys.executable
    return processes.jupyter_collaboration(python, cleanup_delay=planned.cleanup_delay)


def locustfile_of(planned: PlannedRun) -> Path:
    """Where its locustfile is: the product's, or one of the tests'."""
    name = f"{planned.script.partition(' ')[0]}.py"
    shipped = LOCUSTFILES / name
    return shipped if shipped.exists() else LOCUSTFILES_OF_THE_TESTS / name


def template_of(planned: PlannedRun, folder: Path) -> Path | None:
    """Write what the run starts from; where it is."""
    if planned.template is None:
        return None
    shutil.rmtree(folder, ignore_errors=True)
    if planned.template == "demo":
        folder.mkdir(parents=True)
        return write_templates(folder)["demo"]
    return write_document(planned.template, planned.seed, folder)


def options_of(planned: PlannedRun, template: Path | None) -> tuple[str, ...]:
    """The options of its command line, but for host and results."""
    user_class = planned.script.partition(" ")[2]
    return (
        *([user_class] if user_class else []),
        *("-u", str(planned.users), "-r", str(planned.spawn_rate), "-t", f"{planned.seconds}s"),
        *("--rtc-seed", str(planned.seed), "--rtc-edit-rate", str(planned.edit_rate)),
        *("--rtc-documents", str(planned.documents), "--rtc-evidence", "always"),
        *(["--rtc-template", str(template)] if template is not None else []),
        *(["--processes", str(planned.processes)] if planned.processes > 1 else []),
        *planned.options,
    )


def judged(planned: PlannedRun, run: Run, opinion: Callable[[Path], tuple[int, str]]) -> Outcome:
    """What became of a run; `opinion` is asked about the folder of its results, unless it was inconclusive."""
    results = Path(run.command[run.command.index("--rtc-results") + 1])
    told = run.result or {}
    verdict = str(told.get("verdict", "none"))
    kinds = tuple(sorted({finding["kind"] for finding in told.get("findings", ())}))
    beside = oddities(planned, run)
    standing, said, issue = UNKNOWN, "", ""
    if verdict in ("pass", "fail"):
        code, said = opinion(results)
    if verdict == "fail":
        bug = confirmed_bug(str(planned), kinds) if code == SEES_THE_SAME else None
        standing, issue = (CONFIRMED, bug.issue) if bug is not None and not beside else (ALARM, "")
    elif verdict == "pass":
        standing = MISSED if code == SEES_SOMETHING_ELSE else PASS if code == SEES_THE_SAME and not beside else UNKNOWN
    return Outcome(
        number=planned.number,
        seed=planned.seed,
        server=planned.server,
        planned=str(planned),
        standing=standing,
        verdict=verdict,
        exit_code=run.exit_code,
        reason=" ".join([str(told.get("reason", "")), *beside]).strip(),
        kinds=kinds,
        warnings=tuple(sorted({warning["kind"] for warning in told.get("warnings", ())})),
        edits=int(told.get("counts", {}).get("edits", 0)),
        seconds=round(run.seconds, 1),
        second_opinion=said,
        issue=issue,
        folder="" if standing == PASS else str(results.parent),
    )


def oddities(planned: PlannedRun, run: Run) -> list[str]:
    """What no run may show, whatever its verdict; a sentence each."""
    told = run.result
    if told is None:
        return [f"It ended with {run.exit_code} and left no result.json."]
    found = []
    expected = {"pass": PASSED, "fail": 3, "inconclusive": INCONCLUSIVE}[told["verdict"]]
    if run.exit_code != expected:
        found.append(f"It ended with {run.exit_code} instead of {expected}.")
    failures = {name: timing["failure_sentences"] for name, timing in told["timings"].items() if timing["failures"]}
    if failures:
        found.append(f"Requests failed: {failures}.")
    if run.left_running:
        found.append(f"Still running: {run.left_running}.")
    if run.documents_left and "--rtc-keep" not in planned.options:
        found.append(f"Left on the server: {[path.name for path in run.documents_left]}.")
    if any(line.startswith("Traceback (most recent call last)") for line in run.output.splitlines()):
        found.append("A traceback stands in its output.")
    return found


def overloaded(run: Run) -> bool:
    """Whether the machine was too busy: the load generator says so, or Locust's workers were silent for seconds."""
    sound = run.result is None or run.result["generator"]["sound"]
    return not sound or "failed to send heartbeat" in run.output


def broken(planned: PlannedRun, why: str, seconds: float, folder: Path) -> Outcome:
    """The outcome of a run that did not end, or could not begin."""
    return Outcome(
        number=planned.number,
        seed=planned.seed,
        server=planned.server,
        planned=str(planned),
        standing=UNKNOWN,
        verdict="none",
        exit_code=None,
        reason=why,
        kinds=(),
        warnings=(),
        edits=0,
        seconds=round(seconds, 1),
        folder=str(folder),
    )


def second_opinion(results: Path) -> tuple[int, str]:
    """How the small script that shares no code with the project ends, and what it says."""
    done = subprocess.run(
        ["node", str(SECOND_OPINION), str(results)],
        capture_output=True,
        text=True,
        timeout=SECOND_OPINION_DEADLINE_S,
        check=False,
    )
    return done.returncode, (done.stdout[:SECOND_OPINION_CHARACTERS] + done.stderr[-2000:]).strip()
