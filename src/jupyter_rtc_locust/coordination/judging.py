"""The judge, asked: started, told the evidence, heard, and ended, while the event loop goes on.

Whatever goes wrong with it is an error with a sentence, and becomes an inconclusive verdict: a judge that dies, that
runs out of time or memory, or that says what is no verdict. Once the verdict was told it stands; what becomes of the
evidence folder after that is told beside it.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import gevent
from gevent.subprocess import PIPE, Popen

from jupyter_rtc_locust.coordination.turns import Turns
from jupyter_rtc_locust.errors import RtcLocustError
from jupyter_rtc_locust.settings import SECRETS_OF_THE_ENVIRONMENT
from jupyter_rtc_locust.verdict.findings import Verdict
from jupyter_rtc_locust.verdict.folder.stored import with_evidence_named
from jupyter_rtc_locust.verdict.folder.writing import Kept
from jupyter_rtc_locust.verdict.judge_talk import TalkError, read_kept, read_verdict, told

logger = logging.getLogger(__name__)

JUDGE = (sys.executable, "-P", "-m", "jupyter_rtc_locust.verdict.judge")
"""-P: a file in the current folder that is called like one of ours must not be imported in its place."""

_BYTES_A_TURN = 1_000_000
_KEPT_OF_ERRORS = 2_000


class JudgeError(RtcLocustError):
    """The judge told no verdict; why, in a sentence."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is to be kept of the evidence: below which results folder, how many bytes, and of a pass, too?"""

    results: Path
    limit: int
    everything: bool


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, and what was kept of the evidence; None: nothing was to be kept."""

    verdict: Verdict
    kept: Kept | None = None


def judged(parts: Iterable[bytes], deadline_s: float, keeping: Keeping | None = None) -> Judgement:
    """The verdict of the judge on this evidence (`evidence_form.parts_of_run`), within so many seconds.

    Raises:
        JudgeError: there is none.
    """
    try:
        judge = _start(keeping)
    except OSError as error:
        raise JudgeError(f"The process that judges the evidence could not be started: {error}.") from error
    complaints = gevent.spawn(_end_of, judge.stderr)
    deadline = gevent.Timeout.start_new(deadline_s)
    try:
        verdict = _verdict(judge, parts, complaints, deadline)
        if keeping is None:
            return Judgement(verdict)
        kept = _kept(judge, complaints, deadline)
        where = kept.findings or (None,) * len(verdict.opinion.findings)
        return Judgement(with_evidence_named(verdict, where), kept)
    finally:
        deadline.close()
        _end(judge, complaints)


def _verdict(judge: Any, parts: Iterable[bytes], complaints: gevent.Greenlet[..., Any], deadline: Any) -> Verdict:
    try:
        _tell(judge, parts)
        line = judge.stdout.readline()
        if not line.endswith(b"\n"):
            how = _died(judge.wait(), complaints.get())
            raise JudgeError(f"The process that judges the evidence ended {how} before it told a verdict.")
        return read_verdict(line)
    except gevent.Timeout as late:
        if late is not deadline:
            raise
        raise JudgeError(
            f"The process that judges the evidence told no verdict within {deadline.seconds:.0f} s, which is what was "
            f"left of the time from the end of editing to the exit. Use fewer users, edits or documents."
        ) from None
    except TalkError as error:
        raise JudgeError(f"The process that judges the evidence told what is no verdict: {error}.") from error


def _kept(judge: Any, complaints: gevent.Greenlet[..., Any], deadline: Any) -> Kept:
    """What it kept; where it does not get to say so, why, and the verdict stands."""
    try:
        line = judge.stdout.readline()
        if not line.endswith(b"\n"):
            how = _died(judge.wait(), complaints.get())
            return Kept(problem=f"The evidence was not kept as a whole: the process that writes it ended {how}.")
        return read_kept(line)
    except gevent.Timeout as late:
        if late is not deadline:
            raise
        return Kept(problem="The evidence was not kept as a whole: there was no time left to write it.")
    except TalkError as error:
        return Kept(problem=f"What was kept of the evidence is not known: {error}.")


def _start(keeping: Keeping | None) -> Any:
    order = []
    if keeping is not None:
        order = [f"--keep={keeping.results}", f"--limit={keeping.limit}"]
        order += ["--everything"] if keeping.everything else []
    return Popen(
        [*JUDGE, *order],
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env={name: value for name, value in os.environ.items() if name not in SECRETS_OF_THE_ENVIRONMENT},
        # A session of its own: Ctrl-C in a terminal must reach the run, which ends its judge itself.
        start_new_session=True,
    )


def _tell(judge: Any, parts: Iterable[bytes]) -> None:
    """Write everything, with a turn of the loop between. A judge that hears no more has died, which is seen later."""
    turns = Turns()
    try:
        for piece in told(parts):
            for start in range(0, len(piece), _BYTES_A_TURN):
                judge.stdin.write(piece[start : start + _BYTES_A_TURN])
                turns()
        judge.stdin.flush()
    except BrokenPipeError:
        pass


def _end_of(stream: IO[bytes]) -> str:
    """The end of what a stream says until it closes."""
    kept = b""
    while piece := stream.read(4096):
        kept = (kept + piece)[-_KEPT_OF_ERRORS:]
    return kept.decode("utf-8", "replace").strip()


def _end(judge: Any, complaints: gevent.Greenlet[..., Any]) -> None:
    if judge.poll() is None:
        judge.kill()
    judge.wait()
    for stream in (judge.stdin, judge.stdout):
        try:
            stream.close()
        except BrokenPipeError:
            pass
    complaints.join(1.0)
    if complaints.ready() and complaints.value:
        logger.warning("The process that judges the evidence said beside its verdict: %s", complaints.value)
    complaints.kill()


def _died(code: int, complaints: str) -> str:
    how = f"with exit code {code}"
    if code < 0:
        how = f"by signal {-code}"
        if -code == signal.SIGKILL:
            how += " (somebody killed it, or the machine ran out of memory)"
    return f"{how}, saying: {complaints.splitlines()[-1]}," if complaints else how
