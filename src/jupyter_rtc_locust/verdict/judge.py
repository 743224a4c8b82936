"""The process that judges: evidence in at standard input, a verdict out at standard output.

A process of its own, because reading and comparing takes as long as it takes, and the event loop of the one that plays
users, or leads those that do, must not stand still meanwhile. It is started as

    python -P -m jupyter_rtc_locust.verdict.judge [--keep FOLDER --limit BYTES [--everything]]

and imports neither Locust nor gevent. The same evidence gives the same verdict here, in another process and on another
machine. It lives no longer than whoever started it: before everything was told, it ends with the pipe; after that,
Linux ends it.

Asked to keep the evidence, it tells the verdict first, then writes the evidence folder, and tells what it wrote.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from jupyter_rtc_locust.verdict.decision import decide
from jupyter_rtc_locust.verdict.evidence_form import EvidenceError, run_of_parts
from jupyter_rtc_locust.verdict.folder.contents import Witness, items_of
from jupyter_rtc_locust.verdict.folder.stored import evidence_of_findings
from jupyter_rtc_locust.verdict.folder.writing import write_items
from jupyter_rtc_locust.verdict.judge_talk import TalkError, heard, kept_line, verdict_line

_PR_SET_PDEATHSIG = 1
_GRAMMARS = "rfc3987_syntax"
"""jsonschema imports it where it is there (it comes with a Jupyter server), to check international addresses, of which
no notebook schema has any. It compiles grammars for 1.3 s (measured), longer than most verdicts take."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Hear, decide, answer. Return the exit code: 0 where a verdict was told."""
    order = _order(arguments)
    _end_with_the_parent()
    _be_the_first_to_go()
    compile_no_grammars()
    answers = _answers()
    try:
        run = run_of_parts(heard(sys.stdin.buffer.read))
    except (TalkError, EvidenceError) as error:
        print(error, file=sys.stderr)
        return 1
    witness = Witness()
    verdict = decide(run, witness if order.keep is not None else None)
    answers.write(verdict_line(verdict))
    answers.flush()
    if order.keep is not None:
        kept = write_items(order.keep, items_of(run, verdict, witness, everything=order.everything), order.limit)
        paths = [document.path for document in run.documents]
        where = evidence_of_findings(verdict.opinion.findings, order.keep, paths)
        answers.write(kept_line(replace(kept, findings=where, problem=kept.problem or witness.problem)))
        answers.flush()
    return 0


def compile_no_grammars() -> None:
    """For a process that checks notebooks and has nothing else to do with jsonschema, which is not yet imported."""
    sys.modules.setdefault(_GRAMMARS, None)  # type: ignore[arg-type]  # says that it is not there


def _order(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="judge", allow_abbrev=False)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="results folder to write the evidence into")
    parser.add_argument("--limit", type=int, default=0, metavar="BYTES", help="how much of it at most")
    parser.add_argument("--everything", action="store_true", help="of a pass, too")
    return parser.parse_args(arguments)


def _answers() -> BinaryIO:
    """Standard output, for answers alone: what anything else prints goes to standard error."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


def _end_with_the_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def _be_the_first_to_go() -> None:
    """Where memory runs out, a run without a verdict is better than a run without its master."""
    try:
        Path("/proc/self/oom_score_adj").write_text("1000")
    except OSError:
        pass  # not Linux, or not allowed to say so


if __name__ == "__main__":
    sys.exit(main())
