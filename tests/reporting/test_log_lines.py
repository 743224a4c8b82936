"""The last step before a log line is written: no secret is in it, and nothing that acts on a terminal."""

import logging
import sys

from jupyter_rtc_locust.reporting.log_lines import WithoutSecrets


def line(message, *arguments, trace=None):
    record = logging.LogRecord("locust", logging.ERROR, "file", 1, message, arguments, trace)
    return WithoutSecrets(logging.Formatter("%(levelname)s %(message)s"), ["s3cret"]).format(record)


def test_a_secret_in_a_servers_words_is_not_written():
    assert line("It said: %s", "no s3cret here") == "ERROR It said: no [redacted] here"


def test_a_servers_words_cannot_act_on_the_terminal():
    assert line("It said: %s", "\x1b[2J\x9b\u202e\rPASS") == "ERROR It said: \\x1b[2J\\x9b\\u202e\\rPASS"


def test_a_stack_trace_keeps_its_lines():
    try:
        raise ValueError("s3cret\x07")
    except ValueError:
        told = line("It failed", trace=sys.exc_info())
    assert told.startswith("ERROR It failed\nTraceback")
    assert told.endswith("ValueError: [redacted]\\x07")
