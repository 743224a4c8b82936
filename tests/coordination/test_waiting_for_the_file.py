"""The end of a run waits for the saved file: as long as it should, not longer, and what it reads the watch is told."""

import time

import gevent
import pytest
from pycrdt import Doc, Text

from jupyter_rtc_locust.coordination import waiting_for_file
from jupyter_rtc_locust.coordination.preparation import Prepared, PreparedDocument
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.save_watch import SaveWatch
from jupyter_rtc_locust.errors import ConnectionBroken, FileGone
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.settings import Settings
from jupyter_rtc_locust.verdict.evidence import AuthoredUpdate, DocumentEvidence, Snapshot

DOCUMENT = Document("run/text-0.txt", "text")


class Disk:
    """A server with one file, which is what `readings` say, one after the other; the last one stays."""

    stores_files = True

    def __init__(self, *readings):
        self.readings = list(readings)

    def read_saved(self, _document):
        gevent.sleep(0.001)
        reading = self.readings.pop(0) if len(self.readings) > 1 else self.readings[0]
        if isinstance(reading, Exception):
            raise reading
        return reading


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(waiting_for_file, "POLL_S", 0.01)
    monkeypatch.setattr(waiting_for_file, "SHORTEST_PAUSE_S", 0.1)


def state_of(disk, *, save_timeout=0.0):
    state = RunState("run", 1, Settings(save_timeout=save_timeout), "http://test", None)
    state.prepared = Prepared(disk, "run", [PreparedDocument(DOCUMENT, None)], None)
    state.saves = SaveWatch(state, lambda *_, **__: None)
    return state


def evidence(text, *acknowledged):
    doc = Doc()
    doc.get("source", type=Text).insert(0, text)
    edits = tuple(AuthoredUpdate(0, 1, 0, "typed", None, 0.0, moment, b"") for moment in acknowledged)
    return DocumentEvidence(
        DOCUMENT.path, "text", Snapshot({}, b"\x00\x00"), authored=edits, joiner=Snapshot({}, doc.get_update())
    )


def waited_for(state, held, ended=None):
    ended = time.monotonic() if ended is None else ended
    return waiting_for_file.wait_for_file(state, held, DOCUMENT, ended)


def test_the_first_reading_that_is_right_is_taken_and_the_watch_knows_all_of_them(quick):
    state = state_of(Disk("old", "old", "right"), save_timeout=30.0)
    saved = waited_for(state, evidence("right"))
    assert (saved.content, saved.problem) == ("right", "")
    assert len(state.saves.seen(DOCUMENT.path)) == 2


def test_a_file_that_stays_wrong_is_given_up_at_the_deadline(quick):
    state = state_of(Disk("old"))
    saved = waited_for(state, evidence("right"))
    assert saved.content == "old"
    assert saved.waited >= 0.1


def test_a_file_that_there_is_no_time_to_wait_for_is_not_known(quick):
    """It may be right before the deadline."""
    state, now = state_of(Disk("old"), save_timeout=30.0), time.monotonic()
    with gevent.Timeout(10):
        saved = waiting_for_file.wait_for_file(state, evidence("right"), DOCUMENT, now, now + 0.05)
    assert (saved.content, saved.problem) == (None, waiting_for_file.NO_TIME)
    right = waiting_for_file.wait_for_file(state_of(Disk("right")), evidence("right"), DOCUMENT, now, now)
    assert right.content == "right"


def test_trouble_that_passes_is_none(quick):
    state = state_of(Disk(ConnectionBroken("status 503."), ConnectionBroken("status 503."), "right"), save_timeout=30.0)
    assert waited_for(state, evidence("right")).problem == ""


@pytest.mark.parametrize(("error", "gone"), [(ConnectionBroken("status 503."), False), (FileGone("404"), True)])
def test_a_file_that_cannot_be_read_to_the_end_is_told_with_the_reason(quick, error, gone):
    saved = waited_for(state_of(Disk(error)), evidence("right"))
    assert (saved.problem, saved.gone) == (str(error), gone)


def test_the_wait_counts_from_the_last_edit_that_came_back_and_is_bounded():
    state = state_of(Disk("old"), save_timeout=30.0)
    ended = state.started + 100.0
    deadline = waiting_for_file.file_deadline
    assert deadline(state, evidence(""), ended) == pytest.approx(ended + 30.0)
    assert deadline(state, evidence("", 50.0, 99.0), ended) == pytest.approx(ended + 30.0)
    assert deadline(state, evidence("", 50.0, 112.0), ended) == pytest.approx(ended + 42.0)
    assert deadline(state, evidence("", 500.0), ended) == pytest.approx(ended + 60.0)
    assert deadline(state, evidence(""), time.monotonic() - 1000.0) >= time.monotonic() + 4.0
