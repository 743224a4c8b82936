"""A payload in pieces: whole again whatever the order, however many come at once, up to what a message may hold."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.coordination import pieces
from jupyter_rtc_locust.coordination.pieces import MOST_AT_ONCE, MOST_PIECES, PIECE_BYTES, Assembly, split


@given(payload=st.binary(max_size=100), size=st.integers(1, 20), data=st.data())
@settings(deadline=None, max_examples=80)
def test_pieces_in_any_order_some_at_once_and_some_twice_make_the_payload_again(payload, size, data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "PIECE_BYTES", size)
        parts = split(payload)
        assert all(len(part) <= size for part in parts)
        assembly = Assembly(len(parts))
        order = data.draw(st.permutations(range(len(parts))))
        again = data.draw(st.lists(st.sampled_from(order), max_size=5))
        came = set()
        for index in [*again, *order]:
            assert assembly.complete is (len(came) == len(parts))
            some = parts[index : index + data.draw(st.integers(1, min(4, MOST_AT_ONCE)))]
            assembly.add(index, b"".join(some))
            came |= set(range(index, index + len(some)))
        assert assembly.complete
        assert assembly.take() == payload


@pytest.mark.parametrize(
    ("length", "count"), [(0, 1), (1, 1), (PIECE_BYTES, 1), (PIECE_BYTES + 1, 2), (3 * PIECE_BYTES, 3)]
)
def test_there_are_as_few_pieces_as_possible(length, count):
    parts = split(b"a" * length)
    assert len(parts) == count
    assert all(len(part) <= PIECE_BYTES for part in parts)


def test_a_message_is_below_a_megabyte_and_a_payload_may_be_more_than_two_gigabytes():
    assert MOST_AT_ONCE * PIECE_BYTES < 1e6
    assert MOST_PIECES * PIECE_BYTES > 2e9
    with pytest.raises(ValueError, match="may be 896000 at most"):
        Assembly(MOST_PIECES).add(0, b"x" * (MOST_AT_ONCE * PIECE_BYTES + 1))
    with pytest.raises(ValueError, match="were announced"):
        Assembly(MOST_PIECES + 1)


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


def test_what_goes_on_behind_the_last_piece_is_refused():
    with pytest.raises(ValueError, match="piece 2 of 2"):
        Assembly(2).add(1, b"x" * (PIECE_BYTES + 1))
