import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Array, Doc

from jupyter_rtc_locust.protocol.any_values import DEEPEST, Undefined, read_value, same_value, write_value
from jupyter_rtc_locust.protocol.variable_length import MalformedBytesError

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=5)
    | st.just(Undefined.UNDEFINED)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(VALUES, st.binary(max_size=2))
def test_a_value_is_read_as_it_was_written(value, behind):
    written = write_value(value)
    read, position = read_value(written + behind, 0)
    assert position == len(written)
    assert same_value(read, value)
    assert type(read) is type(value)


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_value_or_refused(hostile):
    try:
        read_value(hostile, 0)
    except MalformedBytesError:
        pass


def test_values_within_each_other_are_read_to_a_bounded_depth_and_no_further():
    value, _ = read_value(b"\x75\x01" * DEEPEST + b"\x7e", 0)
    assert isinstance(value, list)
    with pytest.raises(MalformedBytesError, match="levels deep"):
        read_value(b"\x75\x01" * 100_000 + b"\x7e", 0)


@pytest.mark.parametrize(
    ("encoded", "value"),
    [
        ("7d01", 1),
        ("7d41", -1),
        ("7c3f800000", 1.0),
        ("7b3fb999999999999a", 0.1),
        ("7a0000000000000001", 1),
        ("7f", Undefined.UNDEFINED),
        ("7e", None),
        ("78", True),
        ("79", False),
        ("770161", "a"),
        ("7601016175027d017d02", {"a": [1, 2]}),
        ("740201ff", b"\x01\xff"),
    ],
)
def test_each_tag_of_lib0_has_its_meaning(encoded, value):
    assert read_value(bytes.fromhex(encoded), 0) == (value, len(encoded) // 2)


@pytest.mark.parametrize(
    ("left", "right"),
    [(1, 1.0), (0.0, -0.0), (math.nan, math.nan), ({"a": [1]}, {"a": [1.0]}), ({"a": 1, "b": 2}, {"b": 2, "a": 1})],
)
def test_values_that_mean_the_same_are_the_same(left, right):
    assert same_value(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (True, 1),
        (0, False),
        ([True], [1]),
        (None, Undefined.UNDEFINED),
        ("1", 1),
        (b"a", "a"),
        ([1, 2], [2, 1]),
        ({"a": 1}, {"a": 1, "b": None}),
        (1, 1.5),
    ],
)
def test_values_that_differ_are_not_the_same(left, right):
    assert not same_value(left, right)


@pytest.mark.parametrize("value", [object(), (1,), {1, 2}])
def test_what_has_no_encoding_is_refused(value):
    with pytest.raises(TypeError, match="no lib0 encoding"):
        write_value(value)


def test_values_written_by_us_mean_the_same_to_pycrdt():
    values = [None, True, False, 1, -70, 2**31, 2**53, 0.5, 0.1, -0.0, "é🙂", [1, {"a": None}], {"k": [True]}]
    encoded = b"".join(map(write_value, values))
    # One client, one item of plain values in the root array "a", nothing deleted.
    update = b"\x01\x01\x07\x00\x08\x01\x01a" + bytes([len(values)]) + encoded + b"\x00"
    document = Doc()
    document.apply_update(update)
    shown = document.get("a", type=Array).to_py()
    assert same_value(shown, values)
