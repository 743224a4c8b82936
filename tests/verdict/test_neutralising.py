"""Words of others are shown as text: nothing in them acts on a terminal, and no script suffers from it."""

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.verdict.neutralising import neutralised, neutralised_lines


def test_scripts_and_emoji_are_shown_as_they_are():
    text = "größer 日本語 नमस्ते שלום 👩‍🔬 é می\u200cخواهم"
    assert neutralised(text) == text


def test_of_several_lines_the_ends_stay():
    assert neutralised_lines("one\r\n\x1b[2Jtwo\n") == "one\\r\n\\x1b[2Jtwo\n"


@settings(deadline=None, max_examples=200)
@given(st.text(st.characters(), max_size=50))
def test_nothing_that_controls_is_left_of_any_text(text):
    shown = neutralised(text)
    assert {unicodedata.category(character) for character in shown} & {"Cc", "Cs", "Zl", "Zp"} == set()
    assert not any(unicodedata.category(character) == "Cf" for character in shown if character not in "\u200c\u200d")
    shown.encode("utf-8")
