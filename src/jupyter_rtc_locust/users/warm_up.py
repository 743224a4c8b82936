"""Closes the seconds of a run's beginning in the recorder, so that they can be left out at the end ."""

from __future__ import annotations

import time

import gevent

from jupyter_rtc_locust.timing.recorder import LONGEST_WARM_UP_S, Recorder


def close_seconds(recorder: Recorder, run_started: float, asked: float | None) -> None:
    """Close what was measured at each moment at which the warm-up may end; returns behind the last of them.

    `run_started` is of `time.monotonic`, `asked` in seconds: a warm-up of that length, 0 for none; None: how long it is
    follows from how long the run will have been, so that each second may be its last.
    """
    for end in range(1, LONGEST_WARM_UP_S + 1) if asked is None else [asked] if asked else []:
        left = run_started + end - time.monotonic()
        if left > 0:  # who joins a run later has missed this one
            gevent.sleep(left)
            recorder.close(float(end))
