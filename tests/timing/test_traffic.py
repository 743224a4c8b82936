"""Bytes by kind: what is counted one by one, and updates as what is left."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.protocol.websocket_frames import Opcode, encode_frame, frame_bytes
from jupyter_rtc_locust.timing.traffic import KINDS, Traffic, kind_of, summed

PREFIXES = {"update": b"\x00\x02", "sync_step_1": b"\x00\x00", "sync_step_2": b"\x00\x01", "awareness": b"\x01"}

messages = st.lists(
    st.tuples(st.sampled_from([*PREFIXES, "other"]), st.one_of(st.integers(2, 300), st.sampled_from([65_535, 70_000]))),
    max_size=12,
)


def message(kind, length):
    return (PREFIXES.get(kind, b"\x02") + bytes(length))[:length]


@given(messages, messages)
@settings(deadline=None, max_examples=40)
def test_every_byte_of_a_frame_is_counted_once_under_its_kind(received, sent):
    traffic, expected = Traffic(), {"received": dict.fromkeys(KINDS, 0), "sent": dict.fromkeys(KINDS, 0)}
    for kind, length in sent:
        frame = encode_frame(Opcode.BINARY, message(kind, length), 7)
        traffic.sent += len(frame)
        expected["sent"][kind] += len(frame)
        if kind != "update":
            traffic.note_sent(kind_of(message(kind, length)), length)
    for kind, length in received:
        size = len(encode_frame(Opcode.BINARY, message(kind, length), 7)) - 4  # a server's frames have no mask
        traffic.received += size
        expected["received"][kind] += size
        if kind != "update":
            traffic.note_received(kind_of(message(kind, length)), length)
    told = summed([json.loads(json.dumps(traffic.as_evidence()))], edits=4)
    for direction, kinds in expected.items():
        assert told[direction] == {"total": sum(kinds.values()), **kinds}
        assert told["per_edit"][direction] == pytest.approx(kinds["update"] / 4, abs=0.051)


def test_processes_add_up_and_without_edits_there_is_nothing_for_each_of_them():
    one, two = Traffic(), Traffic()
    one.sent, two.sent, two.received = 100, 50, 7
    two.note_sent("awareness", 20)
    told = summed([one.as_evidence(), two.as_evidence()], edits=0)
    assert (told["sent"]["total"], told["sent"]["awareness"], told["sent"]["update"]) == (150, 26, 124)
    assert told["received"]["update"] == 7
    assert told["per_edit"] is None


@pytest.mark.parametrize(("length", "head"), [(0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)])
def test_a_frame_is_its_message_and_a_head_and_a_clients_a_mask_as_well(length, head):
    assert frame_bytes(length, masked=False) == length + head
    assert frame_bytes(length, masked=True) == length + head + 4
