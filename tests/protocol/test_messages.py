"""Frames of the protocol: what is written, what is read, and that nothing else than a message or an error comes out."""

import pycrdt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.protocol.messages import (
    UPDATE_PREFIX,
    AwarenessMessage,
    MessageError,
    RawMessage,
    SaveAnswer,
    SyncStep1,
    SyncStep2,
    UnknownMessage,
    UpdateMessage,
    decode_message,
    encode_awareness,
    encode_save_request,
    encode_sync_step_1,
    encode_sync_step_2,
    encode_update,
    read_save_answer,
    read_update_body,
)
from jupyter_rtc_locust.protocol.variable_length import write_string, write_variable_unsigned

quick = settings(deadline=None, max_examples=80)
bodies = st.one_of(
    st.binary(max_size=300),
    # On both sides of the borders at which a length takes one byte more.
    st.sampled_from([126, 127, 128, 129, 16383, 16384]).map(lambda length: b"\x07" * length),
)

ENCODERS = [
    (encode_sync_step_1, SyncStep1),
    (encode_sync_step_2, SyncStep2),
    (encode_update, UpdateMessage),
    (encode_awareness, AwarenessMessage),
]


@pytest.mark.parametrize(("encode", "kind"), ENCODERS)
@given(body=bodies)
@quick
def test_what_is_written_is_read_back_as_the_same_kind_with_the_same_bytes(encode, kind, body):
    assert decode_message(encode(body)) == kind(body)


def test_the_four_messages_have_the_bytes_of_the_specification():
    assert encode_sync_step_1(b"ab") == b"\x00\x00\x02ab"
    assert encode_sync_step_2(b"ab") == b"\x00\x01\x02ab"
    assert encode_update(b"ab") == b"\x00\x02\x02ab"
    assert encode_awareness(b"ab") == b"\x01\x02ab"


@given(body=bodies.filter(bool))
@quick
def test_sync_messages_have_the_bytes_that_pycrdt_writes(body):
    assert encode_sync_step_1(body) == pycrdt.create_sync_message(_WithState(body))
    assert encode_update(body) == pycrdt.create_update_message(body)
    assert encode_awareness(body) == pycrdt.create_awareness_message(body)


class _WithState:
    """As much of a pycrdt document as its `create_sync_message` looks at."""

    def __init__(self, state):
        self.state = state

    def get_state(self):
        return self.state


def test_a_save_request_is_the_word_save_and_a_number():
    assert encode_save_request(5) == b"\x02\x04save\x05"
    assert encode_save_request(300) == b"\x02\x04save\xac\x02"


def test_the_answer_to_a_save_names_its_request_and_what_became_of_it():
    recorded = '{"type": "save", "responseTo": 5, "status": "success"}'
    assert read_save_answer(RawMessage(recorded)) == SaveAnswer(5, "success")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "save",
        "null",
        "[]",
        '{"type": "conflict"}',
        '{"responseTo": 1, "status": "success"}',
        '{"type": "save", "responseTo": "1", "status": "success"}',
        '{"type": "save", "responseTo": 1}',
    ],
)
def test_any_other_text_answers_no_save(text):
    assert read_save_answer(RawMessage(text)) is None


@given(text=st.text(max_size=200))
@quick
def test_a_raw_message_is_its_text_whatever_the_script(text):
    assert decode_message(b"\x02" + write_string(text)) == RawMessage(text)


@given(kind=st.integers(3, 2**40), rest=st.binary(max_size=20))
@quick
def test_a_message_of_a_type_unknown_to_the_protocol_is_named_and_not_an_error(kind, rest):
    assert decode_message(write_variable_unsigned(kind) + rest) == UnknownMessage(kind)


@given(kind=st.integers(3, 2**40), body=bodies)
@quick
def test_a_sync_message_of_an_unknown_kind_is_unknown_and_not_an_error(kind, body):
    frame = b"\x00" + write_variable_unsigned(kind) + write_variable_unsigned(len(body)) + body
    assert decode_message(frame) == UnknownMessage(0)


@given(frame=st.binary(max_size=40))
@settings(deadline=None, max_examples=400)
def test_random_bytes_end_in_a_message_or_in_a_message_error(frame):
    try:
        decoded = decode_message(frame)
    except MessageError as error:
        assert str(len(frame)) in str(error) or "bytes" in str(error)
    else:
        assert isinstance(
            decoded, SyncStep1 | SyncStep2 | UpdateMessage | AwarenessMessage | RawMessage | UnknownMessage
        )


@pytest.mark.parametrize(("encode", "kind"), ENCODERS)
@given(body=bodies, data=st.data())
@quick
def test_a_frame_cut_short_anywhere_is_refused(encode, kind, body, data):
    frame = encode(body)
    cut = data.draw(st.integers(0, len(frame) - 1))
    with pytest.raises(MessageError):
        decode_message(frame[:cut])


@pytest.mark.parametrize(("encode", "kind"), ENCODERS)
@given(body=bodies, more=st.binary(min_size=1, max_size=5))
@quick
def test_a_frame_longer_than_it_says_is_refused(encode, kind, body, more):
    with pytest.raises(MessageError):
        decode_message(encode(body) + more)


@pytest.mark.parametrize(
    "frame",
    [
        b"\x00\x02" + write_variable_unsigned(2**63) + b"abc",
        b"\x01" + write_variable_unsigned(2**63),
        b"\x02" + write_variable_unsigned(2**63) + b"{}",
        b"\x00\x02" + b"\xff" * 30,
        b"\xff" * 30,
        b"\x02\x02\xff\xfe",
    ],
)
def test_huge_declared_lengths_endless_numbers_and_text_that_is_none_are_refused(frame):
    with pytest.raises(MessageError):
        decode_message(frame)


@given(body=bodies)
@quick
def test_the_hot_path_reads_the_same_body_as_decoding_does(body):
    frame = encode_update(body)
    assert frame.startswith(UPDATE_PREFIX)
    assert read_update_body(frame) == decode_message(frame).update == body


@given(rest=st.binary(max_size=40))
@settings(deadline=None, max_examples=400)
def test_the_hot_path_accepts_and_refuses_exactly_what_decoding_does(rest):
    frame = UPDATE_PREFIX + rest
    try:
        expected = decode_message(frame).update
    except MessageError:
        with pytest.raises(MessageError):
            read_update_body(frame)
    else:
        assert read_update_body(frame) == expected


def test_a_length_written_in_more_bytes_than_needed_is_read_all_the_same():
    assert read_update_body(b"\x00\x02\x83\x00abc") == b"abc"
