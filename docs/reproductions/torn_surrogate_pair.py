"""Yjs and pycrdt show different texts for the same updates where somebody writes into the middle of a character.

A browser counts in UTF-16 units, and an emoji has two. Yjs replaces both halves by U+FFFD; pycrdt keeps the emoji whole
and puts the new text behind it. A tab and its server then disagree for good.
"""

import base64
import sys

from pycrdt import Doc, Text
from small_tab import verdict

# Written by Yjs 13.6: insert "a🙂b" at 0, then "|" at 2, both as client 7.
UPDATES = ["AQEHAAQBBHRleHQGYfCfmYJiAA==", "AQEHBMQHAQcCAXwA"]
SHOWN_BY_YJS = "a\ufffd|\ufffdb"


def main() -> int:
    """Apply the updates of Yjs and compare the text with the one that Yjs shows."""
    doc: Doc = Doc()
    for update in UPDATES:
        doc.apply_update(base64.b64decode(update))
    shown = str(doc.get("text", type=Text))
    return verdict(shown != SHOWN_BY_YJS, f"Yjs shows {SHOWN_BY_YJS!r}, pycrdt shows {shown!r}")


if __name__ == "__main__":
    sys.exit(main())
