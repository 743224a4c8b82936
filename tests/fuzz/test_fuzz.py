"""A quick part of `make fuzz`, and that it would see what escapes: a crash, a hang, an error, a deaf user."""

import os
import random

import pytest

from fuzz import corpus, runner
from fuzz.__main__ import as_markdown, main
from fuzz.child import generator_of, target_named
from fuzz.mutations import LONGEST, mutated
from fuzz.runner import TARGETS, Told, fuzzed, given

SEED = 20261126


@pytest.fixture(scope="module")
def real():
    return corpus.made()


def test_of_some_thousand_hostile_inputs_none_escapes():
    told = fuzzed(SEED, 8_000)
    assert [one.escaped for one in told] == [[]] * len(TARGETS)
    assert sum(one.inputs for one in told) == 8_000
    assert {"messages", "refused", "waits for more"} <= told[0].outcomes.keys()
    assert {"presence", "refused", "update or step 2"} <= told[1].outcomes.keys()
    assert {"applied", "refused", "withheld"} <= told[3].outcomes.keys()
    assert told[4].outcomes["served on"] > 100
    assert all(one.target in as_markdown(told) for one in told)


def test_the_corpus_is_the_same_each_time_and_readable(real):
    assert corpus.made() == real
    for name in ("message decoder", "update reader", "replica (pycrdt)"):
        target = target_named(name)(real)
        target.begin()
    assert target_named("update reader")(real).take((real.whole, real.state_vectors[0])) == "an update"
    assert len(real.updates) > 150


@pytest.mark.parametrize("name", TARGETS)
def test_an_input_follows_from_seed_target_and_number(real, name):
    target = target_named(name)(real)
    assert target.made(generator_of(1, name, 5)) == target.made(generator_of(1, name, 5))
    assert target.made(generator_of(1, name, 5)) != target.made(generator_of(2, name, 5))


def test_mutations_change_most_of_what_they_are_given_and_keep_to_a_length(real):
    changed = [mutated(random.Random(seed), real.messages[3], real.messages) for seed in range(300)]
    assert sum(one != real.messages[3] for one in changed) > 280
    assert max(map(len, changed)) <= LONGEST


class TestWhatEscapes:
    """Children in which something was broken on purpose, by a module that is imported in them first."""

    @pytest.fixture
    def broken(self, monkeypatch, tmp_path):
        def make(code):
            (tmp_path / "sitecustomize.py").write_text(code)
            monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{runner.TESTS}")

        return make

    def test_an_error_is_told_with_the_number_of_its_input(self, broken):
        broken(
            "from jupyter_rtc_locust.protocol import messages\n"
            "def nothing(frame): raise KeyError('escaped')\n"
            "messages.decode_message = nothing\n"
        )
        told = given(SEED, "message decoder", 40, 2)
        assert [(number, what[:8]) for number, what in told.escaped] == [(40, "KeyError"), (41, "KeyError")]

    def test_what_ends_the_process_is_told_and_the_others_are_given_all_the_same(self, broken):
        broken(
            "import os, signal\n"
            "from jupyter_rtc_locust.protocol import websocket_frames\n"
            "def crash(self, data, feed=websocket_frames.FrameReader.feed):\n"
            "    if len(data) > 3000: os.kill(os.getpid(), signal.SIGSEGV)\n"
            "    return feed(self, data)\n"
            "websocket_frames.FrameReader.feed = crash\n"
        )
        told = given(SEED, "frame reader", 0, 60)
        assert told.escaped, "no input is so long"
        assert all("ended the process with -11" in what for _, what in told.escaped)
        assert told.inputs == 60

    def test_what_does_not_come_back_is_ended_and_told(self, broken, monkeypatch):
        monkeypatch.setattr(runner, "HANGING_S", 1.0)
        broken(
            "from jupyter_rtc_locust.protocol import hostile_updates\n"
            "def hang(update):\n"
            "    while True: pass\n"
            "hostile_updates.reason_to_refuse = hang\n"
        )
        told = given(SEED, "replica (pycrdt)", 0, 1)
        assert told.escaped == [(0, "hung for 1 s")]

    def test_what_pycrdt_cannot_bear_is_seen_where_nothing_keeps_it_away(self, broken):
        broken(
            "from jupyter_rtc_locust.protocol import hostile_updates\n"
            "hostile_updates.reason_to_refuse = lambda update: ''\n"
            "from fuzz import targets\n"
            "deep = b'\\x01\\x01\\x07\\x00\\x28\\x01\\x05state\\x01a\\x01' + b'\\x75\\x01' * 100_000 + b'\\x7e\\x00'\n"
            "targets.hostile_update = lambda chance, corpus: deep\n"
        )
        told = given(SEED, "replica (pycrdt)", 0, 1)
        assert [(number, what[:28]) for number, what in told.escaped] == [(0, "ended the process with -11: ")]

    def test_the_command_ends_with_1_and_tells_how_to_give_the_input_again(self, monkeypatch, capsys):
        one = Told("frame reader")
        one.escaped.append((7, "KeyError: escaped"))
        monkeypatch.setattr("fuzz.__main__.fuzzed", lambda *_arguments, **_options: [one])
        assert main(["--seed", "3", "--frames", "10"]) == 1
        assert '--seed 3 --input "frame reader" 7' in capsys.readouterr().out


def test_one_input_can_be_shown_and_given_again(capsys):
    assert main(["--seed", "3", "--input", "frame reader", "7"]) == 0
    assert "frame reader 7 of seed 3: [b" in capsys.readouterr().out
