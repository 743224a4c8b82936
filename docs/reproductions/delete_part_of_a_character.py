"""Deleting one byte of a character that has four deletes the character and what stands behind it.

No error, and everybody gets the deletion.
"""

import sys

from pycrdt import Doc, Text
from small_tab import verdict


def main() -> int:
    """Delete the first byte of an emoji that is followed by a sign."""
    doc: Doc = Doc()
    text = doc.get("text", type=Text)
    text.insert(0, "🙂!")
    del text[0:1]
    return verdict("!" not in str(text), f"what is left of '🙂!' without its first byte: {str(text)!r}")


if __name__ == "__main__":
    sys.exit(main())
