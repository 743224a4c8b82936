"""For times below half a millisecond Locust shows the smallest as the median.

Its buckets are whole milliseconds; the one that holds them all is 0, which is then raised to the smallest sample.
"""

import sys

import locust.stats
from small_tab import verdict

SAMPLES = [0.03, 0.40, 0.41, 0.42, 0.43]


def main() -> int:
    """Give Locust five times, of which the middle one is 0.41 ms."""
    statistics = locust.stats.RequestStats()
    for sample in SAMPLES:
        statistics.log_request("RTC", "update echo", sample, 0)
    median = statistics.get("update echo", "RTC").median_response_time
    return verdict(median == min(SAMPLES), f"samples: {SAMPLES} ms; Locust's median: {median} ms")


if __name__ == "__main__":
    sys.exit(main())
