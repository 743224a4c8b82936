"""The history: every event a line, readable at any moment, bounded, and never a danger to the run."""

import gzip
import json
import logging
import zlib

from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.reporting.history import History


def lines(path):
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


def readable_now(path):
    """What can be read of a file that is not closed."""
    return zlib.decompressobj(wbits=31).decompress(path.read_bytes()).decode().splitlines()


def test_events_come_in_order_with_their_time_and_fields(tmp_path):
    history = History(tmp_path / "results" / "history.jsonl.gz")
    history.note(0.5, "edit", user=1, number=0, what="typed 'é'")
    history.note(0.51, "echo", user=1, number=0, outcome="ok")
    history.close()
    assert lines(history.path) == [
        {"t": 0.5, "event": "edit", "user": 1, "number": 0, "what": "typed 'é'"},
        {"t": 0.51, "event": "echo", "user": 1, "number": 0, "outcome": "ok"},
    ]


def test_no_secret_is_in_a_reason(tmp_path):
    history = History(tmp_path / "h.gz", hide=lambda text: text.replace("s3cret", "[redacted]"))
    history.note(1.0, "connection lost", reason="the server said s3cret")
    history.close()
    assert lines(history.path) == [{"t": 1.0, "event": "connection lost", "reason": "the server said [redacted]"}]


def test_what_was_flushed_can_be_read_of_a_process_that_is_killed_then(tmp_path):
    history = History(tmp_path / "h.gz")
    for number in range(100):
        history.note(number, "edit", number=number)
        history.flush()
    assert len(readable_now(history.path)) == 100
    history.close()


def test_a_history_that_is_too_long_says_so_in_its_last_line_and_goes_no_further(tmp_path):
    history = History(tmp_path / "h.gz", limit_bytes=200)
    for number in range(50):
        history.note(number, "edit", number=number)
    history.close()
    history.note(99, "edit", number=99)
    history.close()
    told = lines(history.path)
    assert told[-1]["event"] == "history ends"
    assert 2 <= len(told) < 10


def test_a_disk_that_is_full_ends_the_history_and_nothing_else(tmp_path, caplog):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    history = History(blocked / "h.gz")
    history.note(1.0, "edit")
    with caplog.at_level(logging.WARNING):
        history.flush()
    assert "could not be written" in caplog.text
    history.note(2.0, "edit")
    history.close()


def test_without_events_there_is_no_file(tmp_path):
    history = History(tmp_path / "h.gz")
    history.close()
    assert not history.path.exists()


@given(texts=st.lists(st.text(), max_size=5))
@settings(deadline=None, max_examples=50)
def test_no_text_breaks_a_line(texts, tmp_path_factory):
    history = History(tmp_path_factory.mktemp("h") / "h.gz")
    for text in texts:
        history.note(1.0, "edit", what=text)
    history.close()
    if texts:
        assert len(lines(history.path)) == len(texts)
