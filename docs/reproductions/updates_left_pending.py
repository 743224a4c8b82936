"""pycrdt leaves updates pending that arrive out of order, although nothing is missing any more.

The document shows less than it was given, and no error. Merged first, or applied a second time, it is complete.
"""

import random
import sys

from pycrdt import Doc, Text, merge_updates
from small_tab import verdict

TRIALS = 200


def main() -> int:
    """Apply forty inserts in random orders, one by one and merged, and count the incomplete documents."""
    random.seed(3)
    author: Doc = Doc(client_id=5)
    text = author.get("text", type=Text)
    updates: list[bytes] = []
    subscription = author.observe(lambda event: updates.append(event.update))
    for number in range(40):
        text.insert(random.randrange(len(text) + 1), f"{number},")
    author.unobserve(subscription)
    incomplete = merged_incomplete = 0
    for _ in range(TRIALS):
        shuffled = random.sample(updates, len(updates))
        incomplete += shown_after(shuffled) != str(text)
        merged_incomplete += shown_after([merge_updates(*shuffled)]) != str(text)
    seen = f"incomplete of {TRIALS}: {incomplete} applied one by one, {merged_incomplete} merged before"
    return verdict(incomplete > 0 and merged_incomplete == 0, seen)


def shown_after(updates: list[bytes]) -> str:
    """The text of a new document that was given these updates."""
    doc: Doc = Doc()
    for update in updates:
        doc.apply_update(update)
    return str(doc.get("text", type=Text))


if __name__ == "__main__":
    sys.exit(main())
