"""The judge as a process of its own: it hears evidence, tells a verdict, and ends with whoever started it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pycrdt import Map, Text

from jupyter_rtc_locust.verdict.decision import decide
from jupyter_rtc_locust.verdict.evidence import RunEvidence, SavedFile
from jupyter_rtc_locust.verdict.evidence_form import parts_of_run, run_of_parts
from jupyter_rtc_locust.verdict.findings import Finding, Opinion, Value, Verdict
from jupyter_rtc_locust.verdict.judge_talk import TalkError, heard, read_verdict, told, verdict_line
from jupyter_rtc_locust.verdict.rebuilt import forget_contents
from verdict.model_server import cells_of, text_of
from verdict.swarm_model import SwarmModel, random_run
from verdict.templates import plain_notebook

JUDGE = [sys.executable, "-P", "-m", "jupyter_rtc_locust.verdict.judge"]
DEADLINE_S = 60


def asked(data: bytes, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        JUDGE, check=False, input=data, capture_output=True, timeout=DEADLINE_S, env={**os.environ, **environment}
    )


@pytest.fixture
def damaged() -> RunEvidence:
    """A run in which words were invented, lost and doubled, and several people never came to agree."""
    swarm = SwarmModel(plain_notebook("a = 1", "b = 2"), users=4, seed=11)
    for user in range(4):
        swarm[user].type(f"words of {user}. ")
    swarm.settle()
    text_of(swarm.server.doc).insert(0, "invented ")
    with swarm.server.silently():
        del text_of(swarm.server.doc)[12:20]
    swarm.finish()
    return swarm.run_evidence()


def test_it_tells_what_deciding_here_tells(damaged):
    answer = asked(b"".join(told(parts_of_run(damaged))))
    assert answer.returncode == 0, answer.stderr
    assert read_verdict(answer.stdout) == decide(damaged)
    assert read_verdict(answer.stdout).value is Value.FAIL


def test_the_same_evidence_gives_the_same_bytes_whatever_the_seed_of_hashes(damaged):
    data = b"".join(told(parts_of_run(damaged)))
    answers = {asked(data, PYTHONHASHSEED=str(seed)).stdout for seed in range(3)}
    assert len(answers) == 1
    assert json.loads(answers.pop())["opinion"]["findings"]


def _invent_cell(swarm: SwarmModel) -> None:
    cells = cells_of(swarm.server.doc)
    metadata = {f"key {number}": {"a": 1.0, "b": [number], "c": True} for number in range(6)}
    cells.append(
        Map({"id": "x", "cell_type": "bogus", "source": Text("a\nb"), "metadata": Map(metadata), "y": metadata})
    )


def _lose_words(swarm: SwarmModel) -> None:
    with swarm.server.silently():
        text = text_of(swarm.server.doc)
        del text[0 : len(str(text).encode()) // 2]


def _forget_an_edit(swarm: SwarmModel) -> None:
    authored = [edit.update for process in swarm.processes for edit in process.round_trips.authored()]
    swarm.server.forget(*authored[-3:])


def _spoil_the_file(swarm: SwarmModel) -> None:
    swarm.server.written = lambda saved: {**saved, "metadata": {f"spoilt {number}": number for number in range(5)}}


def _tell_one_user_less(swarm: SwarmModel) -> None:
    swarm.server.relay = lambda user, update: [] if user.user == 1 else [update]


DAMAGES = (_invent_cell, _lose_words, _forget_an_edit, _spoil_the_file, _tell_one_user_less)


@given(seed=st.integers(0, 10**6), damages=st.lists(st.sampled_from(DAMAGES), min_size=1, max_size=3, unique=True))
@settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.too_slow])
def test_the_same_evidence_gives_the_same_bytes_whatever_pycrdt_does_at_random(seed, damages):
    """pycrdt orders maps and delete sets at random, anew in each document; nothing of it may show in a verdict."""
    swarm = random_run(SwarmModel(plain_notebook("alpha beta", "b = 2"), users=3, processes=2, seed=seed), 30)
    for damage in damages:
        damage(swarm)
    for user in (0, 2):
        if swarm[user].stage == "connected":
            swarm[user].type("afterwards ")
    swarm.finish()
    parts = list(parts_of_run(swarm.run_evidence()))
    forget_contents()
    first = verdict_line(decide(run_of_parts(parts)))
    for _ in range(3):
        forget_contents()
        assert verdict_line(decide(run_of_parts(parts))) == first


def test_it_imports_neither_locust_nor_gevent():
    code = (
        "import sys; import jupyter_rtc_locust.verdict.judge; "
        "print(sorted({'locust', 'gevent', 'requests', 'websocket'} & set(sys.modules)))"
    )
    shown = subprocess.run(
        [sys.executable, "-P", "-c", code], check=False, capture_output=True, text=True, timeout=DEADLINE_S
    )
    assert shown.stdout.strip() == "[]", shown.stderr


def test_it_compiles_no_grammars_to_check_a_notebook(damaged):
    told_with_imports = asked(b"".join(told(parts_of_run(damaged))), PYTHONPROFILEIMPORTTIME="1")
    assert told_with_imports.returncode == 0
    assert b"nbformat.validator" in told_with_imports.stderr
    assert b"lark" not in told_with_imports.stderr


@pytest.mark.parametrize("cut", [1, 9, 200])
def test_evidence_that_was_cut_is_no_evidence(damaged, cut):
    answer = asked(b"".join(told(parts_of_run(damaged)))[:-cut])
    assert (answer.returncode, answer.stdout) == (1, b"")
    assert b"the evidence ended after" in answer.stderr


def test_what_is_no_evidence_is_refused_with_a_sentence():
    answer = asked(b"".join(told([b"\x01noise"])))
    assert (answer.returncode, answer.stdout) == (1, b"")
    assert b"no RunEvidence" in answer.stderr


PARENT = """
import subprocess, sys
judge = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
print(judge.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("stopped", [False, True])
def test_it_ends_with_its_parent(stopped):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, *JUDGE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        judge = psutil.Process(int(parent.stdout.readline()))
        until = time.monotonic() + DEADLINE_S
        while not _hears(judge):
            assert time.monotonic() < until
            time.sleep(0.02)
        if stopped:
            judge.send_signal(signal.SIGSTOP)
    finally:
        parent.kill()
        parent.communicate()
    try:
        judge.wait(10)
    except psutil.NoSuchProcess:
        pass
    assert not judge.is_running() or judge.status() == psutil.STATUS_ZOMBIE


def _hears(judge: psutil.Process) -> bool:
    """Whether it has set itself up: then it says how dispensable it is."""
    return Path(f"/proc/{judge.pid}/oom_score_adj").read_text().strip() == "1000"


@given(parts=st.lists(st.binary(min_size=1, max_size=50), max_size=5), rest=st.binary(max_size=5))
@settings(deadline=None, max_examples=50)
def test_parts_are_heard_as_they_were_told(parts, rest):
    data = bytearray(b"".join(told(parts)) + rest)

    def read(count: int) -> bytes:
        taken = bytes(data[:count])
        del data[:count]
        return taken

    assert list(heard(read)) == parts
    assert data == rest


def test_a_run_in_parts_is_the_run(damaged):
    assert run_of_parts(parts_of_run(damaged)) == damaged


def test_what_no_form_has_a_place_for_is_carried_all_the_same(damaged):
    content = {"half": "a\ud800", "large": 10**400, "wide": 10**30, "deep": [{"\udfff": -(10**400)}]}
    document = replace(damaged.documents[0], saved=SavedFile(content=content))
    back = run_of_parts(parts_of_run(replace(damaged, documents=(document,)))).documents[0]
    assert back.saved is not None
    assert back.saved.content == {
        "half": "a\\ud800",
        "large": float("inf"),
        "wide": 1e30,
        "deep": [{"\\udfff": float("-inf")}],
    }
    assert back.authored == document.authored


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict(Value.PASS, "well", Opinion((Finding("lost-edit", "a", "gone"),))),
        Verdict(Value.PASS, "well", Opinion(unknown=("what became of it",))),
        Verdict(Value.FAIL, "badly", Opinion()),
    ],
)
def test_a_verdict_that_contradicts_itself_is_none(verdict):
    with pytest.raises(TalkError, match="it says"):
        read_verdict(verdict_line(verdict))


@pytest.mark.parametrize("line", [b"", b"pass\n", b"{}\n", b'{"value": "pass"', b"\xff\n"])
def test_nonsense_is_no_verdict(line):
    with pytest.raises(TalkError):
        read_verdict(line)
