"""One WebSocket on the loop, against a server's end in the test's hands."""

import random
import socket
import time
import tracemalloc

import gevent
import pytest

from jupyter_rtc_locust.errors import ConnectionBroken, RoomRefused
from jupyter_rtc_locust.protocol.websocket_frames import FrameError
from jupyter_rtc_locust.users import connection as connection_module
from jupyter_rtc_locust.users import packet_time
from jupyter_rtc_locust.users.connection import (
    MESSAGES_A_TURN,
    READ_BYTES,
    REFUSING_CLOSE_CODES,
    SHARED_READ_BYTES,
    STAMPED_S,
    Connection,
    LatestRead,
)
from users.fake_room import BINARY, CLOSE, PING, PONG, TEXT, frame, frames_of_client, line, settle, wait_until

MUCH = 8 * 1024 * 1024
"""More than the kernel keeps for a line."""


# -- receiving --------------------------------------------------------------------------------------------------------


def test_the_messages_of_one_read_come_in_one_call_and_in_order(connect):
    one = connect()
    one.end.send(b"first", b"", b"third")
    wait_until(lambda: one.messages)
    assert one.reads == [[b"first", b"", b"third"]]
    assert one.errors == []


def test_a_message_that_comes_byte_by_byte_is_told_once_and_whole(connect):
    one = connect()
    for byte in frame(b"slowly but surely"):
        one.end.send_raw(bytes((byte,)))
        gevent.sleep(0)
    wait_until(lambda: one.messages)
    assert one.messages == [b"slowly but surely"]


def test_a_message_larger_than_many_reads_comes_whole_and_lets_others_be_read_in_between(connect):
    large, small, order = connect(), connect(), []
    large.on_receive = lambda _: order.append("large")
    small.on_receive = lambda _: order.append("small")
    payload = bytes(range(256)) * 4096
    assert len(payload) > 30 * READ_BYTES
    sending = gevent.spawn(large.end.send, payload)
    gevent.sleep(0)
    small.end.send(b"me too")
    wait_until(lambda: large.messages)
    sending.join()
    assert large.messages == [payload]
    assert order == ["small", "large"]


def test_what_the_lines_of_a_room_are_sent_alike_is_taken_apart_once(connect):
    latest = LatestRead()
    first, second, other = connect(latest=latest), connect(latest=latest), connect()
    for one in (first, second, other):
        one.end.send(b"to everybody", b"alike")
    wait_until(lambda: first.messages and second.messages and other.messages)
    assert first.reads == second.reads == other.reads == [[b"to everybody", b"alike"]]
    assert first.reads[0] is second.reads[0] is latest.messages
    assert other.reads[0] is not latest.messages


def test_the_same_bytes_within_a_message_are_part_of_it(connect):
    latest = LatestRead()
    first, second = connect(latest=latest), connect(latest=latest)
    same = frame(b"to everybody")
    first.end.send_raw(same)
    wait_until(lambda: first.messages)
    whole = frame(same)
    second.end.send_raw(whole[: -len(same)])
    settle()
    second.end.send_raw(same)
    wait_until(lambda: second.messages)
    second.end.send_raw(frame(b"half, ", final=False))
    settle()
    second.end.send_raw(same)
    wait_until(lambda: second.errors)  # a message begun inside another
    assert second.messages == [same]
    assert isinstance(second.errors[0], FrameError)


@pytest.mark.parametrize("opcode", [PING, TEXT])
def test_a_read_with_more_than_messages_is_taken_apart_by_each_line(connect, opcode):
    latest = LatestRead()
    line = connect(latest=latest)
    line.end.send_raw(frame(b"alive?", opcode) + frame(b"a message"))
    wait_until(lambda: line.messages or line.errors)
    assert latest.messages == []


def test_a_long_read_is_not_kept_for_others(connect):
    latest = LatestRead()
    line = connect(latest=latest)
    line.end.send(bytes(SHARED_READ_BYTES))
    wait_until(lambda: line.messages)
    assert latest.data == b""


def test_a_fragmented_message_with_a_ping_inside_comes_whole_and_the_ping_is_answered(connect):
    one = connect()
    one.end.send_raw(frame(b"half ", final=False) + frame(b"alive?", PING) + frame(b"and half", 0))
    wait_until(lambda: one.messages and one.end.heard)
    assert one.messages == [b"half and half"]
    assert one.end.heard == [(PONG, b"alive?")]


@pytest.mark.parametrize("payload", [b"", b"alive?", b"x" * 125])
def test_a_ping_is_answered_with_its_own_payload(connect, payload):
    one = connect()
    one.end.send(payload, opcode=PING)
    wait_until(lambda: one.end.heard)
    assert one.end.heard == [(PONG, payload)]
    assert one.reads == []


def test_control_frames_among_messages_neither_hide_nor_reorder_them(connect):
    one = connect()
    one.end.send_raw(frame(b"a") + frame(b"1", PING) + frame(b"b") + frame(b"", PONG) + frame(b"2", PING) + frame(b"c"))
    wait_until(lambda: len(one.messages) == 3 and len(one.end.heard) == 2)
    assert one.messages == [b"a", b"b", b"c"]
    assert one.end.heard == [(PONG, b"1"), (PONG, b"2")]


# -- sending ----------------------------------------------------------------------------------------------------------


def test_messages_leave_as_masked_binary_frames_in_order(connect):
    one = connect()
    sent = [b"", b"a", b"b" * 126, b"c" * 70000]
    for message in sent:
        one.connection.send(message)
    wait_until(lambda: len(one.end.messages) == 4)
    assert one.end.messages == sent
    assert len({one.end.raw[2:6].hex(), one.end.raw[8:12].hex()}) == 2, "two frames have the same mask"


def test_what_the_kernel_does_not_take_waits_and_leaves_in_order_with_what_comes_after_it(connect):
    one = connect(listening=False)
    sent = [bytes((number,)) * (MUCH // 8) for number in range(16)] + [b"small", b"smaller"]
    for message in sent:
        one.connection.send(message)
    settle()
    assert one.errors == []
    one.end.listen()
    wait_until(lambda: len(one.end.messages) == len(sent), deadline=30)
    assert one.end.messages == sent
    assert frames_of_client(bytes(one.end.raw))[1] == b""


def test_after_the_queue_was_emptied_sending_is_direct_again(connect):
    one = connect(listening=False)
    one.connection.send(b"a" * MUCH)
    one.end.listen()
    wait_until(lambda: one.end.messages)
    for number in range(5):
        one.connection.send(bytes((number,)))
    wait_until(lambda: len(one.end.messages) == 6)
    assert one.end.messages[1:] == [bytes((number,)) for number in range(5)]


def test_messages_are_received_while_others_wait_to_be_sent(connect):
    one = connect(listening=False)
    one.connection.send(b"a" * MUCH)
    one.end.send(b"hello")
    wait_until(lambda: one.messages)
    assert one.messages == [b"hello"]


def test_a_ping_is_answered_behind_what_waits_to_be_sent_and_not_in_the_middle_of_it(connect):
    one = connect(listening=False)
    one.connection.send(b"a" * MUCH)
    one.end.send(b"alive?", opcode=PING)
    settle()
    one.end.listen()
    wait_until(lambda: len(one.end.heard) == 2)
    assert one.end.heard[1] == (PONG, b"alive?")


def test_a_server_that_reads_nothing_for_too_long_is_given_up_once_and_with_a_sentence(connect, monkeypatch):
    monkeypatch.setattr(connection_module, "SEND_QUEUE_LIMIT", MUCH)
    one = connect(listening=False)
    for _ in range(40):
        one.connection.send(b"a" * (MUCH // 8))
    assert len(one.errors) == 1
    assert isinstance(one.errors[0], ConnectionBroken)
    assert "unread" in str(one.errors[0])
    assert not one.connection.open


# -- the end, from this side ------------------------------------------------------------------------------------------


def test_closing_says_goodbye_and_tells_nobody_here(connect):
    one = connect()
    one.connection.send(b"last words")
    one.connection.close()
    wait_until(lambda: one.end.gone)
    assert one.end.heard[-1] == (CLOSE, (1000).to_bytes(2, "big"))
    assert one.end.messages == [b"last words"]
    assert one.errors == []


def test_aborting_says_nothing_and_tells_nobody_here(connect):
    one = connect(tcp=True)
    one.connection.abort()
    wait_until(lambda: one.end.gone)
    assert one.end.reset
    assert one.end.heard == []
    assert one.errors == []


@pytest.mark.parametrize("end_it", ["close", "abort"])
def test_a_closed_connection_drops_what_is_sent_and_can_be_closed_again(connect, end_it):
    one = connect()
    getattr(one.connection, end_it)()
    one.connection.send(b"too late")
    one.connection.close()
    one.connection.abort()
    wait_until(lambda: one.end.gone)
    assert one.end.messages == []
    assert one.errors == []


def test_closing_with_a_full_queue_does_not_wait_and_breaks_no_frame(connect):
    one = connect(listening=False)
    one.connection.send(b"a" * MUCH)
    one.connection.close()
    one.end.listen()
    wait_until(lambda: one.end.gone)
    assert one.end.heard == []


def test_a_callback_that_closes_the_connection_hears_nothing_more(connect):
    one = connect()
    one.on_receive = lambda _: one.connection.close()
    one.end.send(b"a")
    one.end.send(b"b")
    wait_until(lambda: one.end.gone)
    one.end.send(b"c")
    settle()
    assert len(one.reads) == 1
    assert one.errors == []


def test_a_new_line_with_the_descriptor_of_a_closed_one_is_read_by_its_own_connection_only(connect):
    old = connect()
    gevent.sleep(0)
    old.connection.close()
    new = connect()
    assert new.descriptor == old.descriptor
    new.end.send(b"for the new one")
    wait_until(lambda: new.messages)
    assert old.messages == []


# -- the end, from the other side -------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [1000, 1001, 1006, 1011, 1012, 4000, 4001, *REFUSING_CLOSE_CODES])
def test_a_close_frame_is_answered_and_told_once_with_its_code_and_reason(connect, code):
    one = connect()
    one.end.send_close(code, "Datei ist weg")
    one.end.send(b"nobody reads this")
    wait_until(lambda: one.errors)
    wait_until(lambda: one.end.gone)
    (error,) = one.errors
    assert type(error) is (RoomRefused if code in (1003, 1008, 4400, 4404) else ConnectionBroken)
    assert str(code) in str(error)
    assert "Datei ist weg" in str(error)
    assert one.end.closes == [code.to_bytes(2, "big")]
    assert one.messages == []


def test_a_close_frame_without_a_code_is_a_broken_line(connect):
    one = connect()
    one.end.send(b"", opcode=CLOSE)
    wait_until(lambda: one.errors)
    assert isinstance(one.errors[0], ConnectionBroken)


def test_messages_before_a_close_frame_of_the_same_read_are_told_first_and_those_behind_it_never(connect):
    one = connect()
    one.end.send_raw(frame(b"a") + frame(b"x", PING) + frame(b"b") + frame(b"\x03\xe8", CLOSE) + frame(b"c"))
    wait_until(lambda: one.errors)
    assert one.messages == [b"a", b"b"]
    assert len(one.errors) == 1


def test_a_line_that_ends_without_a_word_is_broken(connect):
    one = connect()
    one.end.hang_up()
    wait_until(lambda: one.errors)
    settle()
    assert [type(error) for error in one.errors] == [ConnectionBroken]
    assert not one.connection.open


def test_messages_that_came_before_the_end_of_the_line_are_told(connect):
    one = connect()
    one.end.send(b"a", b"b")
    one.end.hang_up()
    wait_until(lambda: one.errors)
    assert one.messages == [b"a", b"b"]


def test_a_line_that_is_reset_is_told_once(connect):
    one = connect(tcp=True, listening=False)
    one.connection.send(b"unread, so that closing resets")
    settle()
    one.end.hang_up()
    wait_until(lambda: one.errors)
    settle()
    assert len(one.errors) == 1
    assert isinstance(one.errors[0], OSError | ConnectionBroken)


def test_sending_into_a_line_that_is_gone_is_told_once_and_never_raised(connect):
    one = connect()
    one.end.hang_up()
    for _ in range(5):
        one.connection.send(b"hello?")
    settle()
    assert len(one.errors) == 1
    assert not one.connection.open


def test_nothing_is_told_after_the_end_though_it_came_in_the_same_read(connect):
    """The answer to the ping finds the line gone."""
    one = connect()
    one.end.send_raw(frame(b"alive?", PING) + frame(b"a"))
    one.end.hang_up()
    wait_until(lambda: one.errors)
    settle()
    assert len(one.errors) == 1
    assert one.reads == []


def test_a_goodbye_is_never_written_into_the_middle_of_a_message(connect):
    """Half a message waits to be sent; the server makes room, and its goodbye is read before the rest is written."""
    one = connect(listening=False)
    one.connection.send(b"a" * MUCH)
    one.end.send_close(1001)
    taken = one.end.take_what_is_there()
    one.connection._readable()  # as the loop would: which of two events it handles first is its own choice
    taken += one.end.take_what_is_there()
    assert isinstance(one.errors[0], ConnectionBroken)
    frames, beginning = frames_of_client(taken)
    assert frames == []
    key, body = beginning[10:14], beginning[14:]
    assert bytes(byte ^ key[index % 4] for index, byte in enumerate(body)) == b"a" * len(body)


# -- breaches and errors ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "stream",
    [
        frame(b"hello", TEXT),
        frame(b"a", 3),
        b"\x82\x83mask123",
        b"\xc2\x01a",
        b"\x82\xff" + b"\xff" * 8,
        b"HTTP/1.1 400 Bad Request\r\n" + b"Header: value\r\n" * 10,
    ],
)
def test_a_breach_of_the_protocol_ends_the_connection_and_is_told_once(connect, stream):
    one = connect()
    one.end.send_raw(stream)
    wait_until(lambda: one.errors)
    wait_until(lambda: one.end.gone)
    settle()
    assert [type(error) for error in one.errors] == [FrameError]
    assert one.messages == []


class Panic(BaseException):
    """Such as pycrdt's Rust core throws: `except Exception` does not catch it."""


@pytest.mark.parametrize("error", [ValueError("of the callback"), Panic("of the core"), OSError(5, "of the callback")])
def test_a_callback_that_raises_ends_the_connection_and_its_error_is_told_once(connect, error, unseen_errors):
    one = connect()

    def fail(_):
        raise error

    one.on_receive = fail
    one.end.send(b"a")
    wait_until(lambda: one.errors)
    one.end.send(b"b")
    wait_until(lambda: one.end.gone)
    settle()
    assert one.errors == [error]
    assert len(one.reads) == 1
    assert unseen_errors == []


def test_a_callback_that_would_block_is_told_as_an_error_and_does_not_stop_the_loop(connect):
    one, other = connect(), connect()
    one.on_receive = lambda _: gevent.sleep(1)
    one.end.send(b"a")
    wait_until(lambda: one.errors)
    assert len(one.errors) == 1
    other.end.send(b"still here")
    wait_until(lambda: other.messages)


def test_an_error_while_what_waited_is_written_is_told_once(connect):
    one = connect(tcp=True, listening=False)
    one.connection.send(b"a" * MUCH)
    settle()
    one.end.hang_up()
    wait_until(lambda: one.errors)
    settle()
    assert len(one.errors) == 1


# -- nobody starves ---------------------------------------------------------------------------------------------------


def test_beside_a_line_with_ten_thousand_messages_a_quiet_one_is_served_after_a_bounded_number_of_them(connect):
    flooded, quiet, at_that_time = connect(), connect(), []
    quiet.on_receive = lambda _: at_that_time.append(len(flooded.messages))
    flood = gevent.spawn(flooded.end.send, *[b"tiny %d" % number for number in range(10_000)])
    wait_until(lambda: flooded.messages)
    already = len(flooded.messages)
    quiet.end.send(b"me too")
    wait_until(lambda: len(flooded.messages) == 10_000)
    flood.join()
    assert flooded.messages == [b"tiny %d" % number for number in range(10_000)]
    assert at_that_time[0] - already <= 4 * MESSAGES_A_TURN
    assert max(map(len, flooded.reads)) == MESSAGES_A_TURN


def test_between_two_portions_of_one_read_timers_and_other_lines_have_their_turn(connect):
    flooded, quiet, order = connect(), connect(), []
    flooded.on_receive = lambda messages: order.append(len(messages))
    quiet.on_receive = lambda _: order.append("quiet")

    def at_first(messages):
        flooded.on_receive = lambda messages: order.append(len(messages))
        order.append(len(messages))
        quiet.end.send(b"me too")
        timers.append(gevent.get_hub().loop.timer(0))
        timers[0].start(order.append, "timer")

    timers = []
    flooded.on_receive = at_first
    flooded.end.send_raw(frame(b"") * 8 * MESSAGES_A_TURN)
    wait_until(lambda: sum(one for one in order if isinstance(one, int)) == 8 * MESSAGES_A_TURN)
    timers[0].close()
    assert {"quiet", "timer"} <= set(order[:5]), order


def test_what_is_handed_on_at_later_turns_is_complete_and_in_order_with_pings_between_and_a_close_at_the_end(connect):
    one = connect()
    sent = [b"%d" % number for number in range(3 * MESSAGES_A_TURN)]
    stream = b"".join(
        frame(message) + (frame(message, PING) if number % 50 == 0 else b"") for number, message in enumerate(sent)
    )
    one.end.send_raw(stream + frame((1001).to_bytes(2, "big"), CLOSE) + frame(b"never"))
    wait_until(lambda: one.errors)
    assert one.messages == sent
    assert "1001" in str(one.errors[0])
    wait_until(lambda: one.end.gone)
    assert [payload for opcode, payload in one.end.heard if opcode == PONG] == sent[::50]


def test_the_end_of_a_line_is_told_after_everything_that_came_before_it(connect):
    one = connect()
    one.end.send_raw(frame(b"x") * 1000)
    one.end.hang_up()
    wait_until(lambda: one.errors)
    assert len(one.messages) == 1000


def test_a_connection_that_is_closed_amid_what_was_read_hands_on_nothing_more(connect):
    one = connect()
    one.on_receive = lambda _: one.connection.close()
    one.end.send_raw(frame(b"x") * 1000)
    wait_until(lambda: one.end.gone)
    settle()
    assert len(one.messages) == MESSAGES_A_TURN
    assert one.errors == []


def test_a_flood_of_pings_is_answered_by_portions(connect):
    flooded, quiet, at_that_time = connect(), connect(), []
    quiet.on_receive = lambda _: at_that_time.append(len(flooded.end.heard))
    flooded.end.send_raw(frame(b"", PING) * 8000)
    quiet.end.send(b"me too")
    wait_until(lambda: len(flooded.end.heard) == 8000)
    assert at_that_time[0] <= 4 * MESSAGES_A_TURN


class Decrypting:
    """A socket that, as TLS may, holds more than one read gives, of which the kernel tells nothing."""

    def __init__(self, inner):
        self.inner, self.held = inner, b""

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def recv(self, _size):
        if not self.held:
            self.held = self.inner.recv(1 << 20)
        taken, self.held = self.held[:100], self.held[100:]
        return taken

    def pending(self):
        return len(self.held)


def test_what_tls_holds_is_taken_in_turns_too(connect):
    quiet, (opened, end) = connect(), line()
    order, failed = [], []
    quiet.on_receive = lambda _: order.append("quiet")
    tls = Connection(opened, order.extend, failed.append)
    held = Decrypting(tls._socket)
    tls._recv, tls._pending = held.recv, held.pending
    end.send_raw(frame(b"12345678") * 500)
    quiet.end.send(b"me too")
    wait_until(lambda: len(order) == 501)
    assert order.index("quiet") <= 4 * 10
    tls.close()
    end.hang_up()
    assert failed == []


# -- peers that do not read, and peers that do not answer --------------------------------------------------------------


def test_how_much_a_peer_leaves_unread_and_for_how_long_is_known(connect):
    one = connect(listening=False)
    assert one.connection.unread(time.monotonic()) == (0, 0.0)
    one.connection.send(b"a" * MUCH)
    waiting, seconds = one.connection.unread(time.monotonic() + 20)
    assert 0 < waiting <= MUCH + 14
    assert 20 <= seconds < 30
    one.end.listen()
    wait_until(lambda: one.end.messages)
    assert one.connection.unread(time.monotonic() + 20) == (0, 0.0)


def test_where_nothing_is_said_and_nothing_is_answered_the_loop_does_not_turn(connect):
    lines = [connect(listening=False) for _ in range(20)]
    for one in lines:
        one.connection.send(b"does anybody hear me?")
    settle()
    turns = []
    watcher = gevent.get_hub().loop.check()
    watcher.start(lambda: turns.append(1))
    settle(0.1)
    watcher.stop()
    watcher.close()
    assert len(turns) < 10
    assert all(one.connection.unread(time.monotonic()) == (0, 0.0) for one in lines)


# -- large messages ---------------------------------------------------------------------------------------------------


LARGE = 2 * MUCH


def test_a_large_message_waits_to_be_sent_in_one_copy_and_leaves_whole(connect):
    one = connect(listening=False)
    message = random.Random(1).randbytes(LARGE)
    tracemalloc.start()
    try:
        one.connection.send(message)
        assert tracemalloc.get_traced_memory()[1] < 1.1 * LARGE
    finally:
        tracemalloc.stop()
    came = bytearray()
    while len(came) < LARGE + 14:
        came += one.end.socket.recv(1024 * 1024)
    assert frames_of_client(bytes(came)) == ([(BINARY, message)], b"")


# -- when packets came ------------------------------------------------------------------------------------------------


@pytest.fixture
def stamping():
    """The kernel stamps packets, which it begins to do a moment after the first socket has asked for it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        assert packet_time.ask_for_times(one)

        def stamps():
            one.sendto(b"now?", one.getsockname())
            sent = time.time()
            time.sleep(0.02)
            return packet_time.receive(one, 100)[1] < sent + 0.015

        wait_until(stamps)
        yield


def test_where_an_answer_is_expected_a_read_has_the_kernels_time_of_its_packet(connect, stamping):
    one = connect(tcp=True)
    one.end.send(b"unasked")
    wait_until(lambda: one.messages)
    assert one.connection.arrived == 0.0
    one.connection.expect_answer(time.monotonic())
    before = time.time()
    one.end.send(b"answer")
    sent = time.time()
    time.sleep(0.02)  # the loop stands still, and the packet has come
    wait_until(lambda: len(one.messages) == 2)
    assert before - 0.001 <= one.connection.arrived <= sent + 0.015
    assert one.messages == [b"unasked", b"answer"]


def test_what_comes_long_after_the_question_is_read_without_the_kernels_time(connect):
    one = connect(tcp=True)
    one.connection.expect_answer(time.monotonic())
    one.end.send(b"answer")
    wait_until(lambda: one.connection.arrived > 0)
    one.connection.expect_answer(time.monotonic() - 2 * STAMPED_S)
    one.end.send(b"much later")
    wait_until(lambda: len(one.messages) == 2)
    assert one.connection.arrived == 0.0


def test_a_line_that_is_closed_expects_nothing(connect):
    one = connect(tcp=True)
    one.connection.close()
    one.connection.expect_answer(time.monotonic())
