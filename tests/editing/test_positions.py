import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.editing.positions import byte_range, line_end_at, place_at, stretch_at
from jupyter_rtc_locust.editing.texts import COMBINING, EMOJI

FRACTIONS = st.floats(0, 1, exclude_max=True)
TEXTS = st.lists(st.sampled_from((*EMOJI, *COMBINING, "a", "ß", "\n", "字"))).map("".join)


@given(content=TEXTS, fraction=FRACTIONS)
@settings(deadline=None)
def test_a_place_is_from_before_the_first_to_after_the_last_character(content, fraction):
    assert 0 <= place_at(content, fraction) <= len(content)


def test_both_ends_of_a_text_are_places():
    assert place_at("abc", 0.0) == 0
    assert place_at("abc", 0.999) == 3
    assert place_at("", 0.999) == 0


@given(content=TEXTS, fraction=FRACTIONS)
@settings(deadline=None)
def test_a_line_ends_before_a_newline_or_at_the_end(content, fraction):
    place = line_end_at(content, fraction)
    assert place == len(content) or content[place] == "\n"


@given(content=TEXTS.filter(bool), fraction=FRACTIONS, wanted=st.integers(-3, 500))
@settings(deadline=None)
def test_a_stretch_is_never_empty_and_never_goes_past_the_end(content, fraction, wanted):
    start, length = stretch_at(content, fraction, wanted)
    assert start >= 0
    assert length >= 1
    assert start + length <= len(content)


def test_an_empty_text_has_no_stretch():
    with pytest.raises(ValueError, match="empty text"):
        stretch_at("", 0.5, 3)


@given(content=TEXTS, data=st.data())
@settings(deadline=None)
def test_bytes_say_the_same_stretch_as_code_points(content, data):
    start = data.draw(st.integers(0, len(content)))
    length = data.draw(st.integers(0, len(content) - start))
    first, count = byte_range(content, start, length)
    assert content.encode()[first : first + count].decode() == content[start : start + length]


@pytest.mark.parametrize(("start", "length"), [(2, 2), (4, 0), (-1, 1), (1, -1)])
def test_a_stretch_outside_of_the_text_is_refused(start, length):
    with pytest.raises(ValueError, match="not within a text of 3"):
        byte_range("a字b", start, length)
