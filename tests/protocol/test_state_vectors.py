import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Doc, Text

from jupyter_rtc_locust.protocol.state_vectors import decode_state_vector, encode_state_vector
from jupyter_rtc_locust.protocol.variable_length import MalformedBytesError

TRACES = Path(__file__).parents[2].parent / "shared" / "traces"


@settings(deadline=None)
@given(st.dictionaries(st.integers(0, 2**53 - 1), st.integers(0, 2**53 - 1), max_size=5))
def test_a_state_vector_is_read_as_it_was_written(clocks):
    assert decode_state_vector(encode_state_vector(clocks)) == clocks


def test_the_state_of_a_document_counts_utf16_units():
    document = Doc(client_id=2**40)
    document.get("text", type=Text).insert(0, "a🙂")
    assert decode_state_vector(document.get_state()) == {2**40: 3}
    assert encode_state_vector({2**40: 3}) == document.get_state()


def test_a_document_answers_a_state_vector_of_ours_with_what_is_missing():
    document = Doc(client_id=5)
    text = document.get("text", type=Text)
    text += "hello"
    missing = document.get_update(encode_state_vector({5: 3}))
    other = Doc()
    other.apply_update(missing)
    assert decode_state_vector(other.get_state()).get(5, 0) == 0  # what comes before is missing, so it waits
    other.apply_update(document.get_update(encode_state_vector({})))
    assert str(other.get("text", type=Text)) == "hello"


@settings(deadline=None)
@given(st.binary(max_size=40))
def test_any_bytes_are_a_state_vector_or_refused(hostile):
    try:
        decode_state_vector(hostile)
    except MalformedBytesError:
        pass


@pytest.mark.parametrize("hostile", [b"", b"\x01", b"\x01\x05", b"\xff\xff\xff\xff\xff\xff\xff\x0f\x01\x01"])
def test_a_state_vector_that_ends_too_early_is_refused(hostile):
    with pytest.raises(MalformedBytesError):
        decode_state_vector(hostile)


@pytest.mark.parametrize("name", ["jupyterlab-tab", "jupyterlab-tab-reconnect", "jupyterlab-tab-close"])
def test_the_state_vectors_that_a_real_tab_and_server_sent_are_read_and_written_again(name):
    recording = TRACES / f"{name}.jsonl.gz"
    if not recording.exists():
        pytest.skip("the recordings of a real JupyterLab tab are not beside the repository")
    with gzip.open(recording, "rt") as lines:
        vectors = [bytes.fromhex(event["sv"]) for event in map(json.loads, lines) if "sv" in event]
    assert vectors
    for vector in vectors:
        clocks = decode_state_vector(vector)
        assert decode_state_vector(encode_state_vector(clocks)) == clocks
        assert len(encode_state_vector(clocks)) == len(vector)
