"""Which updates are kept from pycrdt: such as would end the process or take much memory, none that can be read."""

import base64
import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.protocol import hostile_updates
from jupyter_rtc_locust.protocol.hostile_updates import reason_to_refuse
from jupyter_rtc_locust.protocol.updates import UpdateError, decode_update
from jupyter_rtc_locust.protocol.variable_length import write_string, write_variable_unsigned

CASES = json.loads((Path(__file__).parent / "data" / "yjs_updates.json").read_text())
VALID = [base64.b64decode(one) for case in CASES for one in [*case["updates"], case["full"], case["gaps"]]]


@pytest.fixture(autouse=True)
def forgotten():
    hostile_updates._gone_through.clear()


def value(encoded, kind=8):
    """An update that holds one value under a key of a map."""
    content = b"\x01" + encoded if kind == 8 else write_string("guid") + encoded
    return (
        b"\x01\x01\x07\x00"
        + bytes((0x20 | kind,))
        + b"\x01"
        + write_string("state")
        + write_string("a")
        + content
        + b"\x00"
    )


DEEP = {
    "lists": b"u\x01" * 5000 + b"~",
    "objects": b"v\x01\x00" * 5000 + b"~",
    "lists with members before": b"u\x03xx" * 5000 + b"~",
    "objects that announce much": b"v\xff\xff\x7f\x00" * 200 + b"~",
    "an object that announces 2**28": b"v\xff\xff\xff\x7f\x00~",
}


@pytest.mark.parametrize("kind", [8, 9], ids=["a value", "a document"])
@pytest.mark.parametrize("encoded", DEEP.values(), ids=DEEP)
def test_values_within_each_other_and_objects_that_announce_what_is_not_there_are_refused(encoded, kind):
    assert reason_to_refuse(value(encoded, kind))


@pytest.mark.parametrize("clients", [50, 2**14, 2**28, 2**53, 2**64 - 1])
def test_more_clients_than_there_are_bytes_for_are_refused(clients):
    announced = write_variable_unsigned(clients) + b"\x01\x07\x00"
    assert bool(reason_to_refuse(announced)) is (clients > 127)  # fewer cost nothing


def test_what_is_merely_damaged_is_left_to_pycrdt():
    assert [reason_to_refuse(one) for one in (b"", b"\x01", b"\x05\x05", b"no update at all")] == [""] * 4


def test_real_updates_pass_whether_or_not_they_are_looked_into(monkeypatch):
    assert {reason_to_refuse(update) for update in VALID} == {""}
    monkeypatch.setattr(hostile_updates, "_MANY_LEVELS", 0)
    assert {reason_to_refuse(update) for update in VALID} == {""}


def test_text_full_of_the_letters_that_open_lists_and_objects_passes():
    text = "uvuv" * 5000 + "v日本"
    update = b"\x01\x01\x07\x00\x04\x01" + write_string("source") + write_string(text) + b"\x00"
    assert reason_to_refuse(update) == ""


def test_two_hundred_levels_are_as_many_as_the_reader_of_updates_takes(monkeypatch):
    monkeypatch.setattr(hostile_updates, "_MANY_LEVELS", 0)
    for levels in (199, 200, 201, 202):
        update = value(b"u\x01" * levels + b"~")
        try:
            decode_update(update)
        except UpdateError:
            assert reason_to_refuse(update), levels
        else:
            assert not reason_to_refuse(update), levels


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 2**32), st.integers(1, 4))
def test_what_the_reader_of_updates_takes_is_never_refused(seed, changes):
    chance = random.Random(seed)
    update = bytearray(chance.choice(VALID))
    for _ in range(changes):
        place = chance.randrange(len(update))
        update[place : place + chance.randrange(3)] = chance.choice(
            (b"u\x01", b"v\x01", b"\xff\xff", chance.randbytes(2))
        )
    try:
        decode_update(bytes(update))
    except UpdateError:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hostile_updates, "_MANY_LEVELS", 0)
        assert reason_to_refuse(bytes(update)) == ""


def test_what_was_gone_through_once_is_not_again_and_little_is_kept_of_it(monkeypatch):
    monkeypatch.setattr(hostile_updates, "_MANY_LEVELS", 0)
    monkeypatch.setattr(hostile_updates, "_REMEMBERED", 3)
    times = []
    go_through = hostile_updates._go_through
    monkeypatch.setattr(hostile_updates, "_go_through", lambda update: (times.append(update), go_through(update)))
    for _ in range(5):
        reason_to_refuse(VALID[0])
        assert reason_to_refuse(value(DEEP["lists"]))
    assert times.count(VALID[0]) == 1
    assert times.count(value(DEEP["lists"])) == 5
    for update in VALID:
        reason_to_refuse(update)
    assert len(hostile_updates._gone_through) <= 3
