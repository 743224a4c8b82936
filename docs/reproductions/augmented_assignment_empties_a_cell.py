"""`cell["source"] += "more"` empties the source of the cell, for everybody.

The text that stands there is assigned to its own place, where it is deleted before it is inserted.
"""

import sys

from pycrdt import Array, Doc, Map, Text
from small_tab import verdict


def main() -> int:
    """Append to a source in the way that a list or a string would allow."""
    doc: Doc = Doc()
    cells = doc.get("cells", type=Array)
    cells.append(Map({"source": Text("kept")}))
    cells[0]["source"] += " and more"
    return verdict(str(cells[0]["source"]) == "", f"'kept' += ' and more' is {str(cells[0]['source'])!r}")


if __name__ == "__main__":
    sys.exit(main())
