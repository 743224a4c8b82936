"""CPU for recording a timing as the hot path does: into the histograms that feed Locust's statistics and the result.

Where somebody listens to `events.request`, each timing is also told there, which costs what the listeners cost; that is
the switch's price (`docs/metrics.md`), and is not measured here.
"""

from __future__ import annotations

import time
from random import Random

from benchmarks.measurement import Measurement
from benchmarks.sizes import Sizes
from jupyter_rtc_locust.timing.recorder import Recorder

GOAL_US = 1.0


def measure(sizes: Sizes) -> list[Measurement]:
    """Microseconds for each timing, the taking over into the run's histograms included, once for each thousand."""
    recorder = Recorder()
    record = recorder.timer("update delivery")
    draw = Random(1)
    times = [draw.lognormvariate(0.0, 1.0) for _ in range(1000)]
    rounds = []
    for _ in range(sizes.rounds):
        used = time.process_time()
        for _ in range(sizes.thousands_of_timings):
            for milliseconds in times:
                record(milliseconds)
            recorder.take_unreported()
        rounds.append((time.process_time() - used) / sizes.thousands_of_timings / len(times) * 1e6)
    return [Measurement("a timing recorded", "us", tuple(rounds), GOAL_US, "and taken over once for each thousand")]
