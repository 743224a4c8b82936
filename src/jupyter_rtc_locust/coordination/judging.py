"""The judge, asked: started, told the evidence, heard, and ended, while the event loop goes on.

Whatever goes wrong with it is an error with a sentence, and becomes an inconclusive verdict: a judge that dies, that
runs out of time or memory, or that says what is no verdict.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Iterable
from typing import IO, Any

import gevent
from gevent.subprocess import PIPE, Popen

from jupyter_rtc_locust.errors import RtcLocustError
from jupyter_rtc_locust.verdict.findings import Verdict
from jupyter_rtc_locust.verdict.judge_talk import TalkError, read_verdict, told

logger = logging.getLogger(__name__)

JUDGE = (sys.executable, "-P", "-m", "jupyter_rtc_locust.verdict.judge")
"""-P: a file in the current folder that is called like one of ours must not be imported in its place."""

_TURN_S = 0.0001
_BYTES_A_TURN = 1_000_000
_KEPT_OF_ERRORS = 2_000


class JudgeError(RtcLocustError):
    """The judge told no verdict; why, in a sentence."""


def judged(parts: Iterable[bytes], deadline_s: float) -> Verdict:
    """The verdict of the judge on this evidence (`evidence_form.parts_of_run`), within so many seconds.

    Raises:
        JudgeError: there is none.
    """
    try:
        judge = _start()
    except OSError as error:
        raise JudgeError(f"The process that judges the evidence could not be started: {error}.") from error
    complaints = gevent.spawn(_end_of, judge.stderr)
    try:
        with gevent.Timeout(deadline_s, JudgeError(_too_late(deadline_s))):
            _tell(judge, parts)
            line = judge.stdout.readline()
            if not line.endswith(b"\n"):
                raise JudgeError(_died(judge.wait(), complaints.get()))
        return read_verdict(line)
    except TalkError as error:
        raise JudgeError(f"The process that judges the evidence told what is no verdict: {error}.") from error
    finally:
        _end(judge, complaints)


def _start() -> Any:
    environment = {name: value for name, value in os.environ.items() if name != "JUPYTER_TOKEN"}
    return Popen(
        JUDGE,
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env=environment,
        # A session of its own: Ctrl-C in a terminal must reach the run, which ends its judge itself.
        start_new_session=True,
    )


def _tell(judge: Any, parts: Iterable[bytes]) -> None:
    """Write everything, with a turn of the loop between. A judge that hears no more has died, which is seen later."""
    try:
        for piece in told(parts):
            for start in range(0, len(piece), _BYTES_A_TURN):
                judge.stdin.write(piece[start : start + _BYTES_A_TURN])
                gevent.sleep(_TURN_S)
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


def _too_late(deadline_s: float) -> str:
    return (
        f"The process that judges the evidence told no verdict within {deadline_s:.0f} s, which is what was left of "
        f"the time from the end of editing to the exit. Use fewer users, edits or documents."
    )


def _died(code: int, complaints: str) -> str:
    how = f"with exit code {code}"
    if code < 0:
        how = f"by signal {-code}"
        if -code == signal.SIGKILL:
            how += " (somebody killed it, or the machine ran out of memory)"
    last = f": {complaints.splitlines()[-1]}" if complaints else ""
    return f"The process that judges the evidence ended {how} before it told a verdict{last}."
