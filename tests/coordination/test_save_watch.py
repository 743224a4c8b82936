"""The watch over the saved files: which versions it tells, how it asks, and that no trouble of a server ends it."""

import gevent
import pytest

from jupyter_rtc_locust.coordination import save_watch
from jupyter_rtc_locust.coordination.preparation import Prepared, PreparedDocument
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.save_watch import SaveWatch
from jupyter_rtc_locust.documents.saved_digest import file_digest
from jupyter_rtc_locust.errors import ConnectionBroken
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.settings import Settings
from users.fake_room import wait_until

DOCUMENT = Document("run/text-0.txt", "text")


class Disk:
    """A server's files, all alike, and what it was asked."""

    def __init__(self, *, stores_files=True, marks=True):
        self.stores_files = stores_files
        self.marks = marks
        self.content = "first"
        self.written = 0
        self.trouble = None
        self.asked, self.read = [], []

    def write(self, content):
        self.content = content
        self.written += 1

    def saved_mark(self, document):
        self.asked.append(document.path)
        self._fail()
        return str(self.written) if self.marks else None

    def read_saved(self, document):
        self.read.append(document.path)
        self._fail()
        return self.content

    def _fail(self):
        gevent.sleep(0.001)
        if self.trouble is not None:
            raise self.trouble


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(save_watch, "LOOK_EVERY_S", 0.02)


@pytest.fixture
def disk():
    return Disk()


@pytest.fixture
def watch(quick, disk):
    yield from watching(disk)


def watching(disk, documents=(DOCUMENT,)):
    state = RunState("run", 1, Settings(), "http://test", None)
    state.prepared = Prepared(disk, "run", [PreparedDocument(document, None) for document in documents], None)
    told = []
    made = SaveWatch(state, lambda event, **fields: told.append((event, fields)))
    made.told = told
    made.deaths = []
    made.start(made.deaths.append)
    yield made
    made.stop()
    assert made.deaths == []


def digests(watch):
    return [version.digest for version in watch.seen(DOCUMENT.path)]


def seen_for(watch, looks):
    """Let the watch look so often."""
    disk = watch._server
    before = len(disk.asked)
    wait_until(lambda: len(disk.asked) >= before + looks)


def test_the_first_version_is_there_before_the_watch_is_left_alone(watch):
    (first,) = watch.seen(DOCUMENT.path)
    assert first.digest == file_digest("first", "text")
    assert first.since <= first.until


def test_each_version_is_told_once_with_the_looks_between_which_it_was_there(watch, disk):
    seen_for(watch, 3)
    disk.write("second")
    wait_until(lambda: len(watch.seen(DOCUMENT.path)) == 2)
    seen_for(watch, 3)
    first, second = watch.seen(DOCUMENT.path)
    assert (first.digest, second.digest) == (file_digest("first", "text"), file_digest("second", "text"))
    assert first.since < first.until < second.since < second.until


def test_each_version_is_an_event_of_the_history_and_so_is_trouble(watch, disk):
    disk.write("second")
    wait_until(lambda: len(watch.told) == 2)
    disk.trouble = ConnectionBroken("out of order.")
    wait_until(lambda: len(watch.told) == 3)
    seen_for(watch, 3)
    digest = file_digest("second", "text")
    assert watch.told[1:] == [
        ("file", {"document": DOCUMENT.path, "outcome": "ok", "digest": digest[:12]}),
        ("file", {"document": DOCUMENT.path, "outcome": "failed", "reason": "out of order."}),
    ]


def test_a_file_is_read_only_when_it_changed(watch, disk):
    seen_for(watch, 5)
    assert len(disk.read) == 1
    disk.write("second")
    seen_for(watch, 5)
    assert len(disk.read) == 2


def test_a_file_that_was_written_anew_and_is_the_same_is_the_same_version(watch, disk):
    disk.write("first")
    wait_until(lambda: len(disk.read) == 2)
    seen_for(watch, 2)
    assert len(watch.seen(DOCUMENT.path)) == 1


def test_where_a_server_tells_nothing_cheap_the_file_is_read_each_time(quick):
    disk = Disk(marks=False)
    for watch in watching(disk):
        seen_for(watch, 3)
        assert len(disk.read) >= 3
        disk.write("second")
        wait_until(lambda watch=watch: len(watch.seen(DOCUMENT.path)) == 2)


def test_trouble_of_the_server_is_noted_and_asked_again(watch, disk):
    disk.trouble = ConnectionBroken("GET /api/contents: status 503.")
    wait_until(lambda: len(watch.seen(DOCUMENT.path)) == 2)
    seen_for(watch, 3)
    disk.trouble = None
    wait_until(lambda: len(watch.seen(DOCUMENT.path)) == 3)
    before, trouble, after = watch.seen(DOCUMENT.path)
    assert trouble.problem == "GET /api/contents: status 503."
    assert trouble.digest == ""
    assert before.digest == after.digest != ""


def test_a_file_that_is_no_document_is_noted(watch, disk):
    disk.write(None)
    wait_until(lambda: len(watch.seen(DOCUMENT.path)) == 2)
    assert DOCUMENT.path in watch.seen(DOCUMENT.path)[1].problem


def test_who_reads_the_file_anyway_tells_what_it_found_and_the_watch_asks_no_more(watch, disk):
    watch.leave_to_others(DOCUMENT, True)
    seen = len(disk.asked)
    watch.note(DOCUMENT, watch._state.started + 100.0, "told")
    watch.note(DOCUMENT, watch._state.started + 101.0, None, "not read")
    gevent.sleep(0.1)
    assert len(disk.asked) <= seen + 1  # one may have been under way
    told, unread = watch.seen(DOCUMENT.path)[-2:]
    assert (told.digest, told.since) == (file_digest("told", "text"), pytest.approx(100.0))
    assert unread.problem == "not read"
    watch.leave_to_others(DOCUMENT, False)
    seen_for(watch, 2)


def test_an_answer_that_is_overtaken_changes_nothing(watch, disk):
    watch.leave_to_others(DOCUMENT, True)
    watch.note(DOCUMENT, watch._state.started + 100.0, "later")
    watch.note(DOCUMENT, watch._state.started + 50.0, "earlier")
    assert digests(watch)[-1] == file_digest("later", "text")


def test_many_files_are_asked_for_in_turn(quick, monkeypatch):
    monkeypatch.setattr(save_watch, "MOST_LOOKS_A_SECOND", 200.0)
    documents = [Document(f"run/{number}.txt", "text") for number in range(20)]
    disk = Disk()
    for watch in watching(disk, documents):
        assert {len(watch.seen(one.path)) for one in documents} == {1}
        seen_for(watch, 40)
        counts = [disk.asked.count(one.path) for one in documents]
        assert max(counts) - min(counts) <= 1


def test_what_is_kept_is_bounded(watch, disk, monkeypatch):
    monkeypatch.setattr(save_watch, "MOST_VERSIONS", 3)
    watch.leave_to_others(DOCUMENT, True)
    for number in range(10):
        watch.note(DOCUMENT, watch._state.started + 100.0 + number, f"version {number}")
    versions = watch.seen(DOCUMENT.path)
    assert len(versions) == 3
    assert "more than 3 versions" in versions[-1].problem
    assert versions[-1].until == pytest.approx(109.0)


def test_a_server_without_files_is_asked_nothing(quick):
    disk = Disk(stores_files=False)
    for watch in watching(disk):
        gevent.sleep(0.05)
        assert watch.seen(DOCUMENT.path) == ()
        watch.note(DOCUMENT, 1.0, "nobody's")
        assert (disk.asked, disk.read) == ([], [])


def test_a_watch_that_dies_says_so(quick, monkeypatch, unseen_errors):
    disk = Disk()
    monkeypatch.setattr(disk, "saved_mark", lambda _: 1 / 0)
    generator = watching(disk)
    watch = next(generator)
    wait_until(lambda: watch.deaths)
    assert "watch over the saved files died" in watch.deaths[0]
    watch.deaths.clear()
    unseen_errors.clear()
    generator.close()
