"""Some mistakes make pycrdt's Rust core panic, and a panic passes every `except Exception`.

It ends the thread, task or greenlet that meets it. Here: deleting past the end, a lone surrogate, a large integer.
"""

import sys

from pycrdt import Doc, Map, Text
from small_tab import verdict


def main() -> int:
    """Make each of the mistakes, and say what was raised."""
    doc: Doc = Doc()
    text, entries = doc.get("text", type=Text), doc.get("map", type=Map)
    text.insert(0, "abc")
    mistakes = {
        "deleting past the end": lambda: text.__delitem__(slice(0, 10)),
        "a lone surrogate": lambda: entries.__setitem__("key", "\ud800"),
        "an integer beyond 64 bits": lambda: entries.__setitem__("key", 10**19),
    }
    raised = {}
    for mistake, make in mistakes.items():
        try:
            make()
        except Exception as error:
            raised[mistake] = f"{type(error).__name__}, an Exception"
        except BaseException as error:
            raised[mistake] = f"{type(error).__name__}, no Exception"
        else:
            raised[mistake] = "nothing"
    return verdict(any(what.endswith("no Exception") for what in raised.values()), f"raised: {raised}")


if __name__ == "__main__":
    sys.exit(main())
