"""A value of bytes can be written and read, but what was read cannot be written.

pycrdt takes `bytes` and gives `bytearray`, which it does not take. A program that moves an entry fails on it.
"""

import sys

from pycrdt import Doc, Map
from small_tab import verdict


def main() -> int:
    """Write bytes, read them, write them under another key."""
    doc: Doc = Doc()
    entries = doc.get("map", type=Map)
    entries["first"] = b"\x00\xff"
    try:
        entries["second"] = entries["first"]
    except TypeError as error:
        return verdict(True, f"read: {entries['first']!r}; written back: TypeError: {error}")
    return verdict(False, f"read and written back: {entries['second']!r}")


if __name__ == "__main__":
    sys.exit(main())
