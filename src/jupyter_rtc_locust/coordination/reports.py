"""The reports of a run, made by a process of their own when the result file is written, while documents are closed.

Nothing depends on it: one that fails, hangs or is killed becomes a sentence, and neither verdict nor exit code change.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gevent
from gevent.subprocess import PIPE, Popen, TimeoutExpired

from jupyter_rtc_locust.reporting.report.making import PAGE
from jupyter_rtc_locust.settings import SECRETS_OF_THE_ENVIRONMENT

DEADLINE_S = 30.0
"""A second or two are usual; a machine on which matplotlib has never run makes its list of fonts first."""
LEAST_S = 5.0
"""What it gets in any case."""

MAKER = (sys.executable, "-P", "-m", "jupyter_rtc_locust.reporting.report")
"""-P: a file in the current folder that is called like one of ours must not be imported in its place."""


class Reports:
    """The reports of one run under way."""

    def __init__(self, results: Path, secrets: Sequence[str], deadline_s: float = DEADLINE_S) -> None:
        self._results = results
        self._deadline_s = deadline_s
        self._maker: Any = None
        self._given_up = False
        self._making = gevent.spawn(self._made, json.dumps(list(secrets)).encode())

    def finished(self) -> tuple[str, ...]:
        """Wait for them, and say in lines for the terminal what was made. Never raises for what went wrong."""
        self._making.join()
        told: tuple[str, ...] | None = self._making.value
        return told if told is not None else (f"The reports could not be made: {self._making.exception!r}.",)

    def give_up(self) -> None:
        """Wait no longer."""
        self._given_up = True
        if self._maker is not None and self._maker.poll() is None:
            self._maker.kill()

    def _made(self, secrets: bytes) -> tuple[str, ...]:
        try:
            self._maker = Popen(
                [*MAKER, str(self._results)],
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                env={name: value for name, value in os.environ.items() if name not in SECRETS_OF_THE_ENVIRONMENT},
                # A session of its own: Ctrl-C in a terminal must reach the run, which ends this itself.
                start_new_session=True,
            )
        except OSError as error:
            return (f"The process that makes the reports could not be started: {error}.",)
        if self._given_up:  # while it was being started, which takes a turn of the loop
            self._maker.kill()
        try:
            said, complaints = self._maker.communicate(secrets, timeout=self._deadline_s)
        except TimeoutExpired:
            self._maker.kill()
            self._maker.communicate()
            return self._later(f"The reports were not made within {self._deadline_s:.0f} s.")
        if self._given_up:
            return self._later("The reports were given up.")
        if self._maker.returncode == 0:
            return (f"Report: {self._results / PAGE}",)
        problems = said.decode("utf-8", "replace").splitlines()
        if not problems:
            last = complaints.decode("utf-8", "replace").strip().splitlines()[-1:]
            problems = [f"It ended with {self._maker.returncode}{', saying: ' + last[0] if last else ''}."]
        return self._later(f"Not all reports could be made. {' '.join(problems)}")

    def _later(self, why: str) -> tuple[str, ...]:
        return (f"{why} They can be made later: jupyter rtc-locust report {self._results}",)
