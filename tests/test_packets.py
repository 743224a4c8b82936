"""What a capture of packets says of echoes: packets made here, of messages whose times are known."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.protocol.messages import encode_update
from jupyter_rtc_locust.protocol.websocket_frames import Opcode, encode_frame

ROOT = Path(__file__).resolve().parent.parent
CLIENT, SERVER = 40_001, 8888
UPGRADE = b"GET /room HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"
UPGRADED = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"


@pytest.fixture(scope="module")
def packets() -> ModuleType:
    sys.path.insert(0, str(ROOT))
    try:
        import benchmarks.packets
    finally:
        sys.path.remove(str(ROOT))
    return benchmarks.packets


class Line:
    """One TCP connection, as packets of an Ethernet frame each."""

    def __init__(self, client: int = CLIENT) -> None:
        self.client = client
        self.sent = {client: 2**32 - 100, SERVER: 77}  # one of them comes round to 0 again

    def packet(self, source: int, payload: bytes, *, at: int | None = None) -> bytes:
        sequence = self.sent[source] if at is None else at
        self.sent[source] = (sequence + len(payload)) % 2**32
        destination = SERVER if source == self.client else self.client
        head = source.to_bytes(2, "big") + destination.to_bytes(2, "big") + sequence.to_bytes(4, "big") + bytes(4)
        segment = head + bytes((8 << 4, 0x18)) + bytes(6) + bytes(12) + payload
        packet = bytes((0x45, 0)) + (20 + len(segment)).to_bytes(2, "big") + bytes(5) + bytes((6,)) + bytes(10)
        return bytes(12) + b"\x08\x00" + packet + segment


def from_server(message: bytes) -> bytes:
    frame = encode_frame(Opcode.BINARY, message, 0)
    length = 2 if len(message) < 126 else 4
    return bytes((frame[0], frame[1] & 0x7F)) + frame[2:length] + message


def opened(echoes, line: Line) -> None:
    echoes.packet(line.packet(line.client, UPGRADE), 0.0)
    echoes.packet(line.packet(SERVER, UPGRADED), 0.1)


@given(
    sizes=st.lists(st.integers(1, 400), min_size=1, max_size=6),
    cuts=st.lists(st.integers(1, 300), min_size=1, max_size=8),
)
@settings(deadline=None, max_examples=30)
def test_an_update_has_the_times_of_the_packets_that_complete_it_however_they_are_cut(packets, sizes, cuts):
    echoes, line = packets.Echoes(SERVER), Line()
    opened(echoes, line)
    updates = [bytes((1, number)) + b"u" * size for number, size in enumerate(sizes)]
    ends, moment = {}, 1.0
    for source, frames in (
        (line.client, [encode_frame(Opcode.BINARY, encode_update(update), 0x01020304) for update in updates]),
        (SERVER, [from_server(encode_update(update)) for update in updates]),
    ):
        whole, position, turn = b"".join(frames), 0, 0
        borders = [sum(map(len, frames[: number + 1])) for number in range(len(frames))]
        while position < len(whole):
            piece = whole[position : position + cuts[turn % len(cuts)]]
            moment += 1.0
            echoes.packet(line.packet(source, piece), moment)
            position += len(piece)
            turn += 1
            for number, border in enumerate(borders):
                if border <= position:
                    ends.setdefault((source, number), moment)
    assert echoes.times == {
        update: (ends[line.client, number], ends[SERVER, number]) for number, update in enumerate(updates)
    }


def test_what_others_are_sent_is_no_echo_and_what_comes_twice_counts_once(packets):
    echoes, ada, bob = packets.Echoes(SERVER), Line(), Line(40_002)
    for line in (ada, bob):
        opened(echoes, line)
    echoes.packet(ada.packet(ada.client, encode_frame(Opcode.BINARY, encode_update(b"\x01one"), 5)), 1.0)
    echoes.packet(bob.packet(SERVER, from_server(encode_update(b"\x01one"))), 2.0)
    assert echoes.times == {}
    echo = from_server(encode_update(b"\x01one"))
    start = ada.sent[SERVER]
    echoes.packet(ada.packet(SERVER, echo), 3.0)
    echoes.packet(ada.packet(SERVER, echo, at=start), 4.0)  # sent again by TCP
    assert echoes.times == {b"\x01one": (1.0, 3.0)}


def test_a_gap_is_an_error_and_no_time(packets):
    echoes, line = packets.Echoes(SERVER), Line()
    opened(echoes, line)
    with pytest.raises(packets.CaptureError, match="lost 10 bytes"):
        echoes.packet(line.packet(SERVER, b"\x82\x00", at=line.sent[SERVER] + 10), 1.0)


def test_a_line_is_a_websocket_from_its_upgrade_on_whatever_was_asked_for_on_it_before(packets):
    echoes, line = packets.Echoes(SERVER), Line()
    asked = b"PUT /session HTTP/1.1\r\nContent-Length: 4\r\n\r\n{ }\n"
    answered = b"HTTP/1.1 201 Created\r\ncontent-length: 9\r\n\r\n{room: 1}"
    for source, words in ((line.client, asked), (SERVER, answered[:30]), (SERVER, answered[30:])):
        echoes.packet(line.packet(source, words), 0.0)
    opened(echoes, line)
    echoes.packet(line.packet(line.client, encode_frame(Opcode.BINARY, encode_update(b"\x01x"), 5)), 1.0)
    echoes.packet(line.packet(SERVER, from_server(encode_update(b"\x01x"))), 2.0)
    assert echoes.times == {b"\x01x": (1.0, 2.0)}


def test_plain_requests_and_other_ports_are_left_alone(packets):
    echoes, line = packets.Echoes(SERVER), Line()
    echoes.packet(line.packet(line.client, b"GET / HTTP/1.1\r\n\r\n"), 1.0)
    echoes.packet(line.packet(SERVER, b"HTTP/1.1 200 OK\r\n\r\n" + from_server(encode_update(b"\x01x"))), 1.0)
    packets.Echoes(80).packet(line.packet(line.client, b"anything"), 1.0)
    echoes.packet(bytes(60), 1.0)
    assert echoes.times == {}
