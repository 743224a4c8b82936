"""What Locust's own option --otel needs of us, so that what it sends to a receiver of OTLP is right.

Locust records every request event in one histogram, in seconds, and leaves the bounds of its buckets to the exporter,
whose own (0, 5, 10, 25 … up to 10,000) are meant for milliseconds: every echo would fall into the first. Exponential
buckets fit whatever comes, within some percent. They are asked for in the environment, by a variable of OpenTelemetry's
specification (`OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION`), which somebody whose receiver takes only
other ones may set otherwise.

And Locust's default transport, gRPC, waits for a receiver below gevent: while one does not answer, nothing else of the
process goes on, ten seconds at a time, and the run becomes inconclusive. gRPC can wait as gevent does, when it is told.

It knows nothing of samples: `Settings` has them fired as request events where --otel is given.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Mapping, MutableMapping, Sequence

AGGREGATION = "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION"
EXPONENTIAL = "base2_exponential_bucket_histogram"
ASKED_FOR = "LOCUST_ENABLE_OPENTELEMETRY"
"""The environment variable of Locust's --otel."""
HANDLER = "opentelemetry"
"""What Locust calls the handler that sends log lines."""


def ask_for_fitting_buckets(environment: MutableMapping[str, str] = os.environ) -> None:
    """Unless somebody chose others. To be called before Locust reads its options, which is when exporters are made."""
    environment.setdefault(AGGREGATION, EXPONENTIAL)


def let_others_go_on(arguments: Sequence[str] = tuple(sys.argv), environment: Mapping[str, str] = os.environ) -> None:
    """Where --otel was given: gRPC, where it is installed, waits as gevent does.

    To be called before Locust makes its exporters, because gRPC has to be told before its first use.
    """
    if "--otel" not in arguments and not environment.get(ASKED_FOR):
        return
    try:
        from grpc.experimental.gevent import init_gevent
    except ImportError:
        return
    init_gevent()


def send_lines_only(handler: logging.Handler) -> None:
    """Let Locust's handler send each record as the line that its formatter makes, and nothing of it beside that.

    It would send an error's message and stack trace as attributes, past the formatter that keeps secrets out.
    """
    if handler.name != HANDLER or getattr(handler, "sends_lines_only", False):
        return
    emit: Callable[[logging.LogRecord], None] = handler.emit

    def emit_line(record: logging.LogRecord) -> None:
        line = logging.makeLogRecord(record.__dict__)
        line.msg, line.args = handler.format(record), ()
        line.exc_info = line.exc_text = line.stack_info = None
        emit(line)

    handler.emit = emit_line  # type: ignore[method-assign]
    handler.sends_lines_only = True  # type: ignore[attr-defined]
