"""A payload in pieces: whole again whatever the order, and never larger than a heartbeat can wait for."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.coordination import pieces
from jupyter_rtc_locust.coordination.pieces import PIECE_BYTES, Assembly, split

MEGABYTE = 1_000_000


@given(payload=st.binary(max_size=100), size=st.integers(1, 20), data=st.data())
@settings(deadline=None, max_examples=80)
def test_pieces_in_any_order_some_of_them_twice_make_the_payload_again(payload, size, data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "PIECE_BYTES", size)
        parts = split(payload)
    assert all(len(part) <= size for part in parts)
    assembly = Assembly(len(parts))
    order = data.draw(st.permutations(range(len(parts))))
    again = data.draw(st.lists(st.sampled_from(order), max_size=5))
    for index in again:
        assembly.add(index, parts[index])
    for count, index in enumerate(order):
        assert assembly.complete is (len({*again, *order[:count]}) == len(parts))
        assembly.add(index, parts[index])
    assert assembly.complete
    assert assembly.take() == payload


@pytest.mark.parametrize(
    ("length", "count"), [(0, 1), (1, 1), (PIECE_BYTES, 1), (PIECE_BYTES + 1, 2), (3 * PIECE_BYTES, 3)]
)
def test_there_are_as_few_pieces_as_possible_and_none_is_beyond_a_megabyte(length, count):
    parts = split(b"a" * length)
    assert len(parts) == count
    assert all(len(part) <= PIECE_BYTES <= MEGABYTE for part in parts)


def test_nothing_to_send_is_one_empty_piece_so_that_an_answer_is_sent_at_all():
    assembly = Assembly(len(split(b"")))
    assert not assembly.complete
    assembly.add(0, b"")
    assert assembly.complete
    assert assembly.take() == b""


@pytest.mark.parametrize("index", [-1, 2, 100])
def test_a_piece_that_cannot_be_one_is_refused_with_its_number(index):
    assembly = Assembly(2)
    with pytest.raises(ValueError, match=str(index)):
        assembly.add(index, b"x")
    assert not assembly.complete
