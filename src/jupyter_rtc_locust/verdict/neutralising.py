"""Words of servers and of people, shown as text: nothing in them acts on the terminal that they are read in."""

from __future__ import annotations

import unicodedata
from typing import Final

_UNSAFE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS: Final = frozenset({"\u200c", "\u200d"})
"""Invisible too, but many scripts and emoji need them, and they move nothing."""


def neutralised(text: str) -> str:
    """The text in one line, in which nothing acts on a terminal.

    Control characters (line ends and tabs among them), ANSI sequences, marks of writing direction and lone surrogates
    are written out, for example as `\\x1b` or `\\u202e`. Letters of all scripts and emoji stay.
    """
    return "".join(
        character.encode("unicode_escape", "surrogatepass").decode("ascii")
        if unicodedata.category(character) in _UNSAFE_CATEGORIES and character not in _JOINERS
        else character
        for character in text
    )


def neutralised_lines(text: str) -> str:
    """The same for a text of several lines, whose line ends stay."""
    return "\n".join(map(neutralised, text.split("\n")))
