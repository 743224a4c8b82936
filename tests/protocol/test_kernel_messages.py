"""Messages of a kernel on the wire: as Jupyter Server reads and writes them, and what is none is refused."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1, serialize_msg_to_ws_v1

from jupyter_rtc_locust.protocol.kernel_messages import (
    LARGEST_MESSAGE_BYTES,
    Envelope,
    KernelMessageError,
    decode_message,
    encode_execute_request,
    encode_kernel_info_request,
    read_envelope,
)

quick = settings(deadline=None, max_examples=200)

DATE = "2026-11-26T15:00:00Z"
ASKED = {"message_id": "tab_1", "session": "tab", "date": DATE}
RECORDED_CODE = "import time\nfor i in range(20):\n    print('line', i, flush=True); time.sleep(0.05)"
texts = st.text(st.characters(exclude_categories=["Cs"]))
contents = st.dictionaries(texts, st.recursive(texts | st.integers(-9, 9) | st.none(), st.lists))


def from_kernel(kind, content, *, parent="tab_1", channel="iopub", buffers=()):
    """As the server puts together what a kernel sent."""
    parts = [{"msg_type": kind, "msg_id": "k_1"}, {"msg_id": parent} if parent else {}, {}, content]
    packed = [json.dumps(part).encode() if not isinstance(part, bytes) else part for part in parts]
    return serialize_msg_to_ws_v1([*packed, *buffers], channel)


def parts_for_server(message):
    channel, parts = deserialize_msg_from_ws_v1(message)
    return channel, [json.loads(part) for part in parts]


@quick
@given(code=texts)
def test_the_server_reads_what_a_tab_asks_to_be_run(code):
    channel, (header, parent, metadata, content) = parts_for_server(encode_execute_request(code, "cell", **ASKED))
    assert (channel, parent, metadata["cellId"]) == ("shell", {}, "cell")
    assert (header["msg_type"], header["msg_id"], header["session"]) == ("execute_request", "tab_1", "tab")
    assert content["code"] == code
    assert content["allow_stdin"] is False


def test_the_server_reads_who_a_kernel_is_asked_to_be():
    channel, (header, _, _, content) = parts_for_server(encode_kernel_info_request(**ASKED))
    assert (channel, header["msg_type"], content) == ("shell", "kernel_info_request", {})


def test_a_request_has_about_as_many_bytes_as_that_of_a_tab():
    # Recorded: 580 for this code, with a user's name of 32 characters, where ours has none.
    ids = {"message_id": "m" * 36, "session": "s" * 36}
    assert abs(len(encode_execute_request(RECORDED_CODE, "c" * 36, **ids, date=DATE)) - 580) <= 58


@settings(deadline=None, max_examples=50)  # drawing whole messages takes most of the time
@given(kind=texts, content=contents, parent=texts, buffers=st.lists(st.binary(max_size=20), max_size=3))
def test_what_the_server_passes_on_is_read(kind, content, parent, buffers):
    message = from_kernel(kind, content, parent=parent, buffers=buffers)
    assert read_envelope(message) == Envelope("iopub", kind, parent)
    decoded = decode_message(message)
    assert (decoded.envelope, decoded.content) == (Envelope("iopub", kind, parent), content)


@quick
@given(message=st.binary(max_size=120))
@example(b"")
@example((6).to_bytes(8, "little"))
@example(b"{}")
@example(b"\xff" * 64)
def test_foreign_bytes_are_refused_and_break_nothing(message):
    with pytest.raises(KernelMessageError):
        decode_message(message)


@quick
@given(at=st.integers(0), value=st.integers(0, 255))
def test_a_message_with_a_wrong_byte_is_read_or_refused(at, value):
    message = bytearray(from_kernel("stream", {"name": "stdout", "text": "line\n"}))
    message[at % len(message)] = value
    try:
        decode_message(bytes(message))
    except KernelMessageError as error:
        assert str(error)


@pytest.mark.parametrize("content", [b'{"data": NaN}', b'{"text": "\\ud83d"}', b"[1]", b'{"data": ', b"[" * 100_000])
def test_what_no_notebook_can_keep_is_refused(content):
    with pytest.raises(KernelMessageError):
        decode_message(from_kernel("display_data", content))


def test_a_message_beyond_the_limit_is_refused_unread():
    message = from_kernel("stream", {}) + bytes(LARGEST_MESSAGE_BYTES)
    with pytest.raises(KernelMessageError, match="limit"):
        read_envelope(message)
