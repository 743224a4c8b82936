import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.editing.choices import choose
from jupyter_rtc_locust.editing.images import png_of
from jupyter_rtc_locust.editing.kinds import EditKind
from jupyter_rtc_locust.editing.texts import EMOJI, SCRIPT_WORDS, text_for

DICE = st.binary(min_size=24, max_size=24)
WITHOUT_TEXT = {
    EditKind.DELETE_TEXT,
    EditKind.DELETE_CELL,
    EditKind.MOVE_CELL,
    EditKind.DUPLICATE_CELL,
    EditKind.CHANGE_CELL_TYPE,
    EditKind.CLEAR_OUTPUTS,
    EditKind.SET_EXECUTION_COUNT,
}


@given(dice=DICE)
@settings(deadline=None, max_examples=200)
def test_no_text_holds_what_a_healthy_stack_cannot_keep(dice):
    for kind in EditKind:
        text = text_for(kind, dice)
        text.encode()
        assert not {character for character in text if unicodedata.category(character) == "Cc"} - {"\n", "\t"}


@given(dice=DICE)
@settings(deadline=None, max_examples=200)
def test_every_kind_that_writes_text_has_some(dice):
    for kind in EditKind:
        assert bool(text_for(kind, dice)) == (kind not in WITHOUT_TEXT)


@given(dice=DICE)
@settings(deadline=None, max_examples=200)
def test_each_kind_writes_what_its_name_says(dice):
    assert any(ord(c) >= 0x1F000 or c in "❤☕1" for c in text_for(EditKind.INSERT_EMOJI, dice))
    assert any(unicodedata.category(c) in {"Mn", "Mc", "Lo"} for c in text_for(EditKind.INSERT_COMBINING_MARKS, dice))
    assert not text_for(EditKind.INSERT_SCRIPTS, dice).isascii()
    assert set(text_for(EditKind.INSERT_TAB, dice)) == {"\t"}
    assert text_for(EditKind.INSERT_TRAILING_BLANK, dice).isspace()
    assert "\n" in text_for(EditKind.INSERT_NEWLINE, dice)
    assert text_for(EditKind.INSERT_LETTERS, dice).isascii()
    assert text_for(EditKind.PASTE, dice).count("\n") >= 4
    assert text_for(EditKind.OUTPUT_STREAM, dice).endswith("\n")


def test_the_emoji_are_of_every_make():
    everything = "".join(EMOJI)
    assert "\u200d" in everything
    assert "\U0001f3fd" in everything
    assert "🇩🇪" in EMOJI
    assert any("\U000e007f" in emoji for emoji in EMOJI)


@pytest.mark.parametrize("script", ["CJK", "HANGUL", "ARABIC", "HEBREW", "DEVANAGARI", "CYRILLIC", "THAI", "TAMIL"])
def test_the_scripts_of_the_world_are_typed(script):
    typed = "".join(word for words in SCRIPT_WORDS.values() for word in words)
    assert any(script in unicodedata.name(character, "") for character in typed)


def test_a_few_hundred_edits_type_words_of_every_script():
    typed = " ".join(choose(4, user, number).text for user in range(20) for number in range(200))
    for script, words in SCRIPT_WORDS.items():
        assert any(word in typed for word in words), script


@given(fraction=st.floats(0, 1, exclude_max=True))
@settings(deadline=None, max_examples=50)
def test_pictures_are_real_png_files(fraction):
    import base64
    import zlib

    picture = base64.b64decode(png_of(fraction), validate=True)
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    pixels = picture[picture.index(b"IDAT") + 4 : picture.index(b"IEND") - 8]
    assert len(zlib.decompress(pixels)) == 4
    assert len(picture) < 100
