"""A process as `locust --otel` makes it, with some samples and log lines, and without users.

The order is Locust's: the locustfile is imported, options are read, exporters made, and then everything of ours.
"""

import logging
import os
import sys

import gevent
from locust import events

# The locustfile's import; as in a Locust process, it comes before the exporters are made.
from jupyter_rtc_locust import plugin

plugin.register()

from locust.env import Environment  # noqa: E402
from locust.opentelemetry import setup_opentelemetry  # noqa: E402
from opentelemetry import _logs, metrics, trace  # noqa: E402

from jupyter_rtc_locust.reporting.locust_statistics import LocustStatistics  # noqa: E402
from jupyter_rtc_locust.reporting.log_lines import keep_secrets_out  # noqa: E402
from jupyter_rtc_locust.timing.recorder import Recorder  # noqa: E402

SECRET = "a-secret-of-the-tests"
ECHOES_MS = (0.4, 0.5, 3.0, 40.0, 2500.0)


def turns_during_an_export() -> int:
    """How often another greenlet gets its turn while a span is sent to a receiver that does not answer."""
    turns = 0

    def take_turns() -> None:
        nonlocal turns
        while True:
            gevent.sleep(0.01)
            turns += 1

    assert setup_opentelemetry("locustfile.py", None)
    trace.get_tracer("test").start_span("a span").end()
    other = gevent.spawn(take_turns)
    gevent.sleep(0)
    trace.get_tracer_provider().force_flush(10_000)
    other.kill()
    return turns


def main() -> None:
    assert setup_opentelemetry("locustfile.py", None)
    keep_secrets_out([SECRET])
    environment = Environment(events=events)
    recorder = Recorder()
    statistics = LocustStatistics(environment, recorder, fire_events=True, secrets=[SECRET])
    for milliseconds in ECHOES_MS:
        recorder.record("update echo", milliseconds)
    statistics.flush()
    with trace.get_tracer("test").start_as_current_span("a span"):
        logging.getLogger("locust").warning("The server says %s.", SECRET)
        try:
            raise ValueError(f"refused {SECRET}")
        except ValueError:
            logging.getLogger("locust").exception("It failed.")
    for provider in (metrics.get_meter_provider(), trace.get_tracer_provider(), _logs.get_logger_provider()):
        provider.force_flush(20_000)


if __name__ == "__main__":
    if "--unanswered" in sys.argv:
        print(turns_during_an_export(), flush=True)
        os._exit(0)  # exporters would try once more
    main()
