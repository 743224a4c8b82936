"""WebSocket frames: the same messages from every split of the bytes, and every breach of RFC 6455 refused by name."""

import random
import tracemalloc

import pytest
import websocket
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.protocol import websocket_frames
from jupyter_rtc_locust.protocol.websocket_frames import (
    MESSAGE_LIMIT,
    Control,
    FrameError,
    FrameReader,
    Opcode,
    encode_close,
    encode_frame,
)

quick = settings(deadline=None, max_examples=80)
payloads = st.one_of(
    st.binary(max_size=200),
    # On both sides of the borders between the three ways to write a length.
    st.sampled_from([125, 126, 127, 65535, 65536]).map(lambda length: bytes(range(256)) * (length // 256 + 1)),
)
control_frames = st.tuples(st.sampled_from([Opcode.PING, Opcode.PONG, Opcode.CLOSE]), st.binary(max_size=125))


def server_frame(opcode, payload=b"", *, final=True, reserved=0, masked=False, length=None):
    """A frame as a server sends it, written down from RFC 6455, section 5.2."""
    declared = len(payload) if length is None else length
    first = (0x80 if final else 0) | reserved | opcode
    mask_bit = 0x80 if masked else 0
    if declared < 126:
        head = bytes((first, mask_bit | declared))
    elif declared < 65536:
        head = bytes((first, mask_bit | 126)) + declared.to_bytes(2, "big")
    else:
        head = bytes((first, mask_bit | 127)) + declared.to_bytes(8, "big")
    return head + (b"\0\0\0\0" if masked else b"") + payload


def everything_from(stream, reader=None):
    return (reader or FrameReader()).feed(stream)


@st.composite
def streams(draw):
    """A legal stream, with the events that it consists of: messages whole or in fragments, control frames anywhere."""
    stream, events = b"", []

    def controls():
        nonlocal stream
        for opcode, payload in draw(st.lists(control_frames, max_size=2)):
            stream += server_frame(opcode, payload)
            events.append(Control(opcode, payload))

    for payload in draw(st.lists(payloads, max_size=4)):
        controls()
        parts = draw(st.integers(1, 4))
        borders = sorted(draw(st.lists(st.integers(0, len(payload)), min_size=parts - 1, max_size=parts - 1)))
        pieces = [payload[start:end] for start, end in zip([0, *borders], [*borders, len(payload)], strict=True)]
        for index, piece in enumerate(pieces):
            if index:
                controls()
            opcode = Opcode.CONTINUATION if index else Opcode.BINARY
            stream += server_frame(opcode, piece, final=index == len(pieces) - 1)
        events.append(payload)
    controls()
    return stream, events


@given(stream_and_events=streams(), data=st.data())
@quick
def test_any_split_of_the_byte_stream_gives_the_same_messages_in_the_same_order(stream_and_events, data):
    stream, events = stream_and_events
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    reader, found = FrameReader(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += reader.feed(stream[start:end])
    assert found == events


@given(stream_and_events=streams().filter(lambda one: len(one[0]) < 2000))
@quick
def test_byte_by_byte_gives_the_same_messages(stream_and_events):
    stream, events = stream_and_events
    reader = FrameReader()
    assert [event for byte in stream for event in reader.feed(bytes((byte,)))] == events


def test_a_message_is_told_with_the_very_byte_that_completes_it():
    reader = FrameReader()
    frame = server_frame(Opcode.BINARY, b"x" * 300)
    assert reader.feed(frame[:-1]) == []
    assert reader.feed(frame[-1:]) == [b"x" * 300]


def test_empty_messages_and_empty_reads_are_taken_as_they_are():
    reader = FrameReader()
    assert reader.feed(b"") == []
    assert reader.feed(server_frame(Opcode.BINARY)) == [b""]
    assert reader.feed(server_frame(Opcode.BINARY, b"ab")[:3]) == []
    assert reader.feed(b"") == []
    assert reader.feed(b"b") == [b"ab"]


def test_a_control_frame_inside_a_fragmented_message_comes_first_and_breaks_nothing():
    stream = (
        server_frame(Opcode.BINARY, b"one ", final=False)
        + server_frame(Opcode.PING, b"are you there")
        + server_frame(Opcode.CONTINUATION, b"message")
    )
    assert everything_from(stream) == [Control(Opcode.PING, b"are you there"), b"one message"]


def test_a_text_message_is_not_taken_for_a_binary_one():
    assert everything_from(server_frame(Opcode.TEXT, b"hello")) == [Control(Opcode.TEXT, b"hello")]


def test_a_text_message_in_fragments_is_not_taken_for_a_binary_one():
    stream = server_frame(Opcode.TEXT, b"hel", final=False) + server_frame(Opcode.CONTINUATION, b"lo")
    assert everything_from(stream) == [Control(Opcode.TEXT, b"hello")]


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        (server_frame(Opcode.BINARY, b"abc", masked=True), "masked"),
        (server_frame(Opcode.BINARY, b"a" * 200, masked=True), "masked"),
        (server_frame(Opcode.BINARY, b"abc", reserved=0x40), "reserved"),
        (server_frame(Opcode.PING, b"abc", reserved=0x10), "reserved"),
        (server_frame(3, b"abc"), "unknown kind 3"),
        (server_frame(0xB, b"abc"), "unknown kind 11"),
        (server_frame(Opcode.PING, b"a" * 126), "control frame"),
        (server_frame(Opcode.CLOSE, b"a", final=False), "control frame"),
        (server_frame(Opcode.CONTINUATION, b"abc"), "never begun"),
        (server_frame(Opcode.BINARY, b"a", final=False) + server_frame(Opcode.BINARY, b"b"), "inside another"),
        (server_frame(Opcode.BINARY, b"a", final=False) + server_frame(Opcode.TEXT, b"b"), "inside another"),
        (server_frame(Opcode.BINARY, length=MESSAGE_LIMIT + 1), str(MESSAGE_LIMIT + 1)),
        (server_frame(Opcode.BINARY, length=2**63 + 5), str(2**63 + 5)),
    ],
)
def test_each_breach_of_the_protocol_is_refused_by_name(stream, words):
    with pytest.raises(FrameError, match=words):
        everything_from(stream)


def test_a_huge_declared_length_is_refused_before_its_payload_comes():
    head = server_frame(Opcode.BINARY, length=2**40)
    reader = FrameReader()
    with pytest.raises(FrameError):
        for byte in head:
            reader.feed(bytes((byte,)))


def test_fragments_that_grow_beyond_the_limit_together_are_refused(monkeypatch):
    monkeypatch.setattr("jupyter_rtc_locust.protocol.websocket_frames.MESSAGE_LIMIT", 1000)
    reader = FrameReader()
    reader.feed(server_frame(Opcode.BINARY, b"a" * 600, final=False))
    with pytest.raises(FrameError, match="1000"):
        reader.feed(server_frame(Opcode.CONTINUATION, b"a" * 600, final=False))


def test_the_size_of_one_message_does_not_count_against_the_next(monkeypatch):
    monkeypatch.setattr("jupyter_rtc_locust.protocol.websocket_frames.MESSAGE_LIMIT", 1000)
    reader = FrameReader()
    for _ in range(3):
        stream = server_frame(Opcode.BINARY, b"a" * 400, final=False) + server_frame(Opcode.CONTINUATION, b"b" * 400)
        assert reader.feed(stream) == [b"a" * 400 + b"b" * 400]


@given(stream=st.binary(max_size=400), data=st.data())
@settings(deadline=None, max_examples=400)
def test_random_bytes_end_in_events_or_in_a_frame_error(stream, data):
    cut = data.draw(st.integers(0, len(stream)))
    reader = FrameReader()
    try:
        events = reader.feed(stream[:cut]) + reader.feed(stream[cut:])
    except FrameError as error:
        assert str(error)
    else:
        assert all(isinstance(event, bytes | Control) for event in events)
        for event in events:
            if isinstance(event, Control):
                assert isinstance(event.close_code, int)
                assert isinstance(event.close_reason, str)


@pytest.mark.parametrize(
    ("payload", "code", "reason"),
    [
        (b"", 1005, ""),
        (b"\x03", 1005, ""),
        (b"\x03\xe8", 1000, ""),
        (b"\x11\x34" + "Datei fehlt: ä".encode(), 4404, "Datei fehlt: ä"),
        (b"\x03\xeb\xff\xfe", 1003, "\ufffd\ufffd"),
    ],
)
def test_a_close_frame_tells_its_code_and_its_reason_whatever_its_bytes(payload, code, reason):
    (close,) = everything_from(server_frame(Opcode.CLOSE, payload))
    assert (close.close_code, close.close_reason) == (code, reason)


def unmasked(frame):
    """A client's frame taken apart by hand: opcode, payload, and how many bytes its length took."""
    assert frame[0] & 0xF0 == 0x80, "not final, or reserved bits set"
    assert frame[1] & 0x80, "not masked"
    length, position = frame[1] & 0x7F, 2
    if length >= 126:
        wide = 2 if length == 126 else 8
        length, position = int.from_bytes(frame[2 : 2 + wide], "big"), 2 + wide
    key, body = frame[position : position + 4], frame[position + 4 :]
    assert len(body) == length
    return frame[0] & 0x0F, bytes(byte ^ key[index % 4] for index, byte in enumerate(body)), position


@given(opcode=st.sampled_from(Opcode), payload=payloads, mask=st.integers(0, 2**32 - 1))
@quick
def test_what_is_encoded_is_one_final_masked_frame_of_that_payload(opcode, payload, mask):
    assert unmasked(encode_frame(opcode, payload, mask))[:2] == (opcode, payload)


@pytest.mark.parametrize(
    ("length", "header"), [(0, 2), (125, 2), (126, 4), (127, 4), (65535, 4), (65536, 10), (70000, 10)]
)
def test_lengths_are_written_in_the_fewest_bytes(length, header):
    assert unmasked(encode_frame(Opcode.BINARY, b"a" * length, 1))[2] == header


@given(payload=st.binary(max_size=300), mask=st.integers(0, 2**32 - 1))
@quick
def test_a_frame_has_the_bytes_that_websocket_client_writes(payload, mask):
    theirs = websocket.ABNF(1, 0, 0, 0, Opcode.BINARY, 1, payload)
    theirs.get_mask_key = lambda _: mask.to_bytes(4, "big")
    assert encode_frame(Opcode.BINARY, payload, mask) == theirs.format()


@given(code=st.integers(1000, 4999), mask=st.integers(0, 2**32 - 1))
@quick
def test_a_close_frame_carries_its_code(code, mask):
    assert unmasked(encode_close(code, mask))[:2] == (Opcode.CLOSE, code.to_bytes(2, "big"))


# -- bounds -----------------------------------------------------------------------------------------------------------


def most_memory(pieces):
    """Give all pieces to a reader: what it told, and how much memory that took at most.

    The least of three times: what threads of other tests take meanwhile is counted, too, but is not there thrice.
    """
    pieces = list(pieces)
    return min((memory_taken(pieces) for _ in range(3)), key=lambda one: one[1])


def memory_taken(pieces):
    reader, told = FrameReader(), []
    tracemalloc.start()
    try:
        for piece in pieces:
            told += reader.feed(bytes(piece))
        return told, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("fragment", [16 * 1024 * 1024, 1024 * 1024, 64 * 1024])
def test_a_large_message_is_there_at_most_twice_at_once(fragment):
    size = 16 * 1024 * 1024
    message = random.Random(fragment).randbytes(size)
    stream = bytearray()
    for start in range(0, size, fragment):
        first = (0x80 if start + fragment >= size else 0) | (0 if start else 2)
        stream += bytes((first, 127)) + fragment.to_bytes(8, "big") + message[start : start + fragment]
    whole = memoryview(stream)
    told, memory = most_memory(whole[start : start + 16384] for start in range(0, len(stream), 16384))
    assert told == [message]
    assert memory < 2.1 * size


def test_for_a_length_that_is_only_declared_nothing_is_taken():
    told, memory = most_memory([b"\x82\x7f" + (200 * 1024 * 1024).to_bytes(8, "big") + b"no more"])
    assert told == []
    assert memory < 100_000


def test_a_message_that_is_drawn_out_by_fragments_of_nothing_is_given_up(monkeypatch):
    monkeypatch.setattr(websocket_frames, "MESSAGE_LIMIT", 100_000)
    reader = FrameReader()
    reader.feed(b"\x02\x00")
    with pytest.raises(FrameError, match="beyond 100000 bytes"):
        for _ in range(10_000):
            reader.feed(b"\x00\x00")


def test_a_message_that_comes_byte_by_byte_takes_little_more_memory_than_its_bytes():
    size = 150_000
    stream = b"\x82\x7f" + size.to_bytes(8, "big") + b"ab" * (size // 2)
    told, memory = most_memory(stream[start : start + 2] for start in range(0, len(stream), 2))
    assert told == [b"ab" * (size // 2)]
    assert memory < 2.1 * size + 3_000_000


@pytest.mark.parametrize("length", [65535, 65536, 65537, 131072, 200_001])
def test_a_long_frame_is_masked_as_a_short_one_is(length):
    payload = random.Random(length).randbytes(length)
    sent = bytes(encode_frame(Opcode.BINARY, payload, 0x01020304))
    assert sent[-length:] == bytes(byte ^ (index % 4 + 1) for index, byte in enumerate(payload))


@pytest.mark.parametrize("size", [32 * 1024, 32 * 1024 + 1, 100_000])
@pytest.mark.parametrize("piece", [1000, 4096, 16384, 32768 + 10, 200_000])
def test_long_frames_come_whole_among_short_ones_wherever_the_stream_is_cut(size, piece):
    long = random.Random(size).randbytes(size)
    heads = [(0x82, b"before"), (0x82, long), (0x89, b"ping"), (0x02, long), (0x80, long), (0x82, b"after")]
    stream = b"".join(
        bytes((first, 127)) + len(payload).to_bytes(8, "big") + payload
        if len(payload) > 125
        else bytes((first, len(payload))) + payload
        for first, payload in heads
    )
    for offset in (0, 1, 2, 7, 11):
        assert reader_events(stream, piece, offset) == [
            b"before",
            long,
            Control(Opcode.PING, b"ping"),
            long + long,
            b"after",
        ]


def reader_events(stream, piece, offset):
    reader = FrameReader()
    told = reader.feed(stream[:offset]) if offset else []
    for start in range(offset, len(stream), piece):
        told += reader.feed(stream[start : start + piece])
    return told


def test_of_a_long_frame_no_byte_is_copied_a_second_time_before_its_last_has_come():
    size = 8 * 1024 * 1024
    stream = memoryview(b"\x82\x7f" + size.to_bytes(8, "big") + bytes(size))
    pieces = [bytes(stream[start : start + 16384]) for start in range(0, len(stream), 16384)]
    told, memory = most_memory(pieces)
    assert len(told[0]) == size
    assert memory < 1.1 * size, "the pieces are the caller's; of one's own there is the whole message alone"
