"""What goes to a receiver of OpenTelemetry's protocol (OTLP over HTTP), read with the protocol's own definitions."""

from __future__ import annotations

import gzip
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from jupyter_rtc_locust.options import OPTIONS
from jupyter_rtc_locust.reporting.telemetry import AGGREGATION, ask_for_fitting_buckets, send_lines_only
from jupyter_rtc_locust.settings import Settings

REQUESTS = {
    "/v1/metrics": ExportMetricsServiceRequest,
    "/v1/traces": ExportTraceServiceRequest,
    "/v1/logs": ExportLogsServiceRequest,
}
SECRET = "a-secret-of-the-tests"
ECHOES_MS = (0.4, 0.5, 3.0, 40.0, 2500.0)


@pytest.fixture(scope="module")
def received() -> Iterator[dict[str, list[Any]]]:
    """What telemetry_scenario.py sent, by path."""
    got: dict[str, list[Any]] = {path: [] for path in REQUESTS}

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            got[self.path].append(REQUESTS[self.path].FromString(body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL")}
    asked = {
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
    }
    try:
        done = subprocess.run(
            [sys.executable, Path(__file__).with_name("telemetry_scenario.py")],
            env=kept | asked,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        yield got
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def echoes(received: dict[str, list[Any]]) -> Any:
    last = received["/v1/metrics"][-1]
    (duration,) = (
        metric
        for resource in last.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name == "locust.client.duration"
    )
    assert duration.unit == "s"
    (point,) = duration.exponential_histogram.data_points
    return point


def test_timings_arrive_by_name_each_in_a_bucket_of_its_own_size(received: dict[str, list[Any]]) -> None:
    point = echoes(received)
    assert [attribute.value.string_value for attribute in point.attributes] == ["update echo"]
    assert point.count == len(ECHOES_MS)
    assert point.sum == pytest.approx(sum(ECHOES_MS) / 1000)
    base = 2 ** (2**-point.scale)
    counts = enumerate(point.positive.bucket_counts, start=point.positive.offset)
    middles = [base ** (index + 0.5) * 1000 for index, count in counts for _ in range(count)]
    assert middles == pytest.approx(ECHOES_MS, rel=0.1)


def test_spans_and_lines_arrive_and_no_secret_does(received: dict[str, list[Any]]) -> None:
    spans = str(received["/v1/traces"])
    lines = str(received["/v1/logs"])
    assert "a span" in spans
    assert "The server says [redacted]" in lines
    assert "refused [redacted]" in lines, "a stack trace is part of the line"
    assert SECRET not in spans + lines + str(received["/v1/metrics"])


def test_while_a_receiver_does_not_answer_over_grpc_the_others_go_on() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        asked = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "OTEL_EXPORTER_OTLP_TIMEOUT": "2",
            "OTEL_METRICS_EXPORTER": "none",
            "OTEL_LOGS_EXPORTER": "none",
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL")}
        script = Path(__file__).with_name("telemetry_scenario.py")
        done = subprocess.run(
            [sys.executable, script, "--otel", "--unanswered"],
            env=kept | asked,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) > 20


def test_whoever_chose_buckets_keeps_them() -> None:
    environment = {AGGREGATION: "explicit_bucket_histogram"}
    ask_for_fitting_buckets(environment)
    assert environment == {AGGREGATION: "explicit_bucket_histogram"}


def test_other_handlers_send_their_records_as_they_are() -> None:
    handler = logging.StreamHandler()
    emit = handler.emit
    send_lines_only(handler)
    assert handler.emit == emit


@pytest.mark.parametrize(("otel", "fired"), [(True, True), (False, False)])
def test_with_otel_request_events_are_fired_without_being_asked_for(otel: bool, fired: bool) -> None:
    options = {option.name.removeprefix("--").replace("-", "_"): option.default for option in OPTIONS}
    assert Settings.from_options(SimpleNamespace(**options, otel=otel, num_users=1)).request_events is fired
