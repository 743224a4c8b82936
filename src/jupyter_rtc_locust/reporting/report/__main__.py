"""The process that makes the reports of a run which has just ended.

A process of its own, because plotting imports much and takes a second or two, and because whatever becomes of it must
neither change a verdict nor delay an exit. It is started as

    python -P -m jupyter_rtc_locust.reporting.report FOLDER

with the secrets of the run as a JSON list at standard input, and says on standard output, line by line, what could not
be made. On Linux it ends with the process that started it.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from pathlib import Path

from jupyter_rtc_locust.reporting.report.making import job_summary, make_reports
from jupyter_rtc_locust.verdict.folder.stored import StoredError

_PR_SET_PDEATHSIG = 1


def main() -> int:
    """Make them. Return the exit code: 0 where all were made."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    secrets = json.load(sys.stdin)
    try:
        made = make_reports(Path(sys.argv[1]), secrets=secrets, add_summary_to=job_summary(os.environ))
    except StoredError as error:
        print(error)
        return 1
    for problem in made.problems:
        print(problem)
    return 1 if made.problems else 0


if __name__ == "__main__":
    sys.exit(main())
