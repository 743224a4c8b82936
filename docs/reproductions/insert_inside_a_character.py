"""pycrdt counts positions in UTF-8 bytes; at one inside a character it neither refuses nor inserts there.

The text goes to the end, without an error. Whoever takes Python's positions for pycrdt's writes into
other people's words as soon as somebody uses an accent.
"""

import sys

from pycrdt import Doc, Text
from small_tab import verdict


def main() -> int:
    """Insert behind the first letter of a word by Python's count."""
    doc: Doc = Doc()
    text = doc.get("text", type=Text)
    text.insert(0, "été!")
    text.insert(1, "|")
    return verdict(str(text) != "é|té!", f"'|' inserted at 1 into 'été!': {str(text)!r}")


if __name__ == "__main__":
    sys.exit(main())
