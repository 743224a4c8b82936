import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.protocol.variable_length import (
    MalformedBytesError,
    read_bytes,
    read_string,
    read_variable_signed,
    read_variable_unsigned,
    write_bytes,
    write_string,
    write_variable_signed,
    write_variable_unsigned,
)


@settings(deadline=None)
@given(st.integers(0, 2**64 - 1), st.binary(max_size=3), st.binary(max_size=3))
def test_an_unsigned_number_is_read_as_it_was_written_wherever_it_stands(value, before, behind):
    written = write_variable_unsigned(value)
    assert read_variable_unsigned(before + written + behind, len(before)) == (value, len(before) + len(written))


@settings(deadline=None)
@given(st.integers(-(2**64) + 1, 2**64 - 1), st.binary(max_size=3))
def test_a_signed_number_is_read_as_it_was_written(value, behind):
    written = write_variable_signed(value)
    assert read_variable_signed(written + behind, 0) == (value, len(written))


@settings(deadline=None)
@given(st.text(), st.binary(), st.binary(max_size=3))
def test_strings_and_bytes_are_read_as_they_were_written(text, data, behind):
    written = write_string(text) + write_bytes(data)
    read, position = read_string(written + behind, 0)
    assert read == text
    assert read_bytes(written + behind, position) == (data, len(written))


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "00"), (127, "7f"), (128, "8001"), (300, "ac02"), (2**32, "8080808010"), (2**53 - 1, "ffffffffffffff0f")],
)
def test_unsigned_numbers_have_the_bytes_that_lib0_gives_them(value, written):
    assert write_variable_unsigned(value).hex() == written


@pytest.mark.parametrize(
    ("value", "written"), [(0, "00"), (63, "3f"), (-1, "41"), (64, "8001"), (-64, "c001"), (2**31, "8080808010")]
)
def test_signed_numbers_have_the_bytes_that_lib0_gives_them(value, written):
    assert write_variable_signed(value).hex() == written


def test_the_length_of_a_string_counts_bytes_of_utf8_not_characters():
    assert write_string("é🙂") == b"\x06" + "é🙂".encode()


def test_a_lone_surrogate_is_written_as_the_replacement_character():
    assert write_string("a\ud800b") == b"\x05" + "a\ufffdb".encode()


def test_two_surrogates_that_make_a_pair_are_written_as_the_character():
    assert write_string("\ud83d\ude42") == write_string("🙂")


@pytest.mark.parametrize(
    ("read", "damaged"),
    [
        (read_variable_unsigned, b""),
        (read_variable_unsigned, b"\x80"),
        (read_variable_unsigned, b"\xff" * 9 + b"\x02"),
        (read_variable_unsigned, b"\xff" * 1000),
        (read_variable_signed, b""),
        (read_variable_signed, b"\x80"),
        (read_string, b"\x05abc"),
        (read_string, b"\x01\xff"),
        (read_bytes, b"\xff\xff\xff\xff\xff\xff\xff\x0f"),
    ],
)
def test_damaged_bytes_are_refused(read, damaged):
    with pytest.raises(MalformedBytesError):
        read(damaged, 0)


@pytest.mark.parametrize("value", [-1, 2**64])
def test_a_number_outside_of_64_bits_is_not_written(value):
    with pytest.raises(ValueError, match="64 bits"):
        write_variable_unsigned(value)
