"""The judge, asked by a process with an event loop: whatever it does, there is a verdict or a sentence, and no stop."""

import contextlib
import sys

import gevent
import psutil
import pytest
from gevent.event import Event

from jupyter_rtc_locust.coordination import judging
from jupyter_rtc_locust.coordination.judging import JudgeError, judged
from jupyter_rtc_locust.verdict.evidence import DocumentEvidence, RunEvidence, Snapshot
from jupyter_rtc_locust.verdict.evidence_form import parts_of_run
from jupyter_rtc_locust.verdict.findings import Value

pytestmark = pytest.mark.alone

LONG_S = 60.0
RUN = RunEvidence(
    documents=(DocumentEvidence("a", "text", Snapshot({}, b"\x00\x00")),),
    problems=("Nobody came.",),
)
HEARS = "import sys; sys.stdin.buffer.read(8); "


@pytest.fixture
def judge_is(monkeypatch):
    """Another program takes the place of the judge."""

    def replace(code: str) -> None:
        monkeypatch.setattr(judging, "JUDGE", (sys.executable, "-c", code))

    return replace


def children() -> list[psutil.Process]:
    """Judges, or who stands in for them: whole runs of other tests are under way beside these, too."""
    words, found = list(judging.JUDGE[1:]), []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            if child.cmdline()[1 : len(words) + 1] == words:
                found.append(child)
    return found


def test_its_verdict_is_the_one_on_the_evidence():
    verdict = judged(parts_of_run(RUN), LONG_S).verdict
    assert verdict.value is Value.INCONCLUSIVE
    assert verdict.reason.startswith("Nobody came.")
    assert not children()


@pytest.mark.parametrize("variable", ["JUPYTER_TOKEN", "LOCUST_RTC_SECRET"])
def test_no_secret_is_in_its_environment(judge_is, monkeypatch, variable):
    monkeypatch.setenv(variable, "a-secret-of-the-tests")
    judge_is(f"import os, sys; sys.exit('token ' + str(os.environ.get('{variable}')))")
    with pytest.raises(JudgeError, match="token None"):
        judged(parts_of_run(RUN), LONG_S)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("import sys; sys.exit('no room')", "ended with exit code 1, saying: no room, before it told a verdict"),
        ("import os; os.kill(os.getpid(), 9)", r"ended by signal 9 \(somebody killed it, or the machine ran out of"),
        ("print('pass')", "told what is no verdict"),
        ("print('{}')", "told what is no verdict"),
        ('import sys; sys.stdout.write(\'{"value": "pass"\')', "ended with exit code 0 before it told a verdict"),
        (HEARS + "sys.stdin.close(); sys.exit(3)", "ended with exit code 3"),
        ("import sys\ntry: bytearray(10**18)\nexcept MemoryError: sys.exit('no memory')", "no memory"),
    ],
)
def test_a_judge_that_dies_or_talks_nonsense_is_told_in_a_sentence(judge_is, code, sentence):
    judge_is(code)
    with pytest.raises(JudgeError, match=sentence):
        judged(parts_of_run(RUN), LONG_S)
    assert not children()


@pytest.mark.parametrize(
    "code",
    [
        "import time; time.sleep(1000)",  # hears nothing, not even what fills the pipe
        "import sys, time; sys.stdin.buffer.read(8); print('{', flush=True, end=''); time.sleep(1000)",
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(1000)",
    ],
)
def test_a_judge_that_takes_too_long_is_ended(judge_is, code):
    judge_is(code)
    with pytest.raises(JudgeError, match="told no verdict within 0 s"):
        judged([*parts_of_run(RUN), b"x" * 5_000_000], 0.4)
    assert not children()


def test_a_judge_that_was_stopped_is_ended_too(judge_is):
    judge_is("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)")
    with pytest.raises(JudgeError, match="told no verdict"):
        judged(parts_of_run(RUN), 0.5)
    assert not children()


def test_a_judge_that_cannot_be_started_is_told_in_a_sentence(monkeypatch):
    monkeypatch.setattr(judging, "JUDGE", ("/nowhere/python",))
    with pytest.raises(JudgeError, match="could not be started"):
        judged(parts_of_run(RUN), LONG_S)


def test_evidence_that_cannot_be_told_ends_the_judge(judge_is):
    def parts():
        yield b"first"
        raise ValueError("no such evidence")

    with pytest.raises(ValueError, match="no such evidence"):
        judged(parts(), LONG_S)
    assert not children()


def test_who_stops_asking_leaves_no_judge_behind(judge_is):
    judge_is("import time; time.sleep(1000)")
    started = Event()

    def parts():
        started.set()
        yield b"first"

    asking = gevent.spawn(judged, parts(), LONG_S)
    assert started.wait(LONG_S)
    assert children()
    asking.kill()
    assert not children()


def test_the_event_loop_turns_while_it_is_told_and_while_it_thinks(judge_is):
    """By turns and not by seconds: a loop that stood still would have had none."""
    judge_is("import sys, time\nfor _ in range(90): sys.stdin.buffer.read(100_000); time.sleep(0.002)\nprint('{}')")
    turns = []
    ticking = gevent.spawn(lambda: [gevent.sleep(0.002) or turns.append(None) for _ in range(100_000)])
    with pytest.raises(JudgeError):
        judged([b"x" * 3_000_000] * 3, LONG_S)
    ticking.kill()
    assert len(turns) > 20
