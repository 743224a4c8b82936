"""jupyter-ydoc's `YNotebook.get()` writes into the document that it reads.

Where two cells have one id and differ (two people moved the cell at once), reading gives one of them a new id, in the
shared document. A saving server does that for everybody; a checker would do it to its own evidence.
"""

import sys
import warnings

from jupyter_ydoc import YNotebook
from pycrdt import Map, Text
from small_tab import NOTEBOOK, verdict


def main() -> int:
    """Read a notebook with two cells of one id, and compare the document before and after."""
    warnings.simplefilter("ignore")
    notebook = YNotebook()
    notebook.set(NOTEBOOK)
    notebook.ycells.append(Map({"id": "two", "cell_type": "raw", "source": Text("another"), "metadata": Map({})}))
    before = [str(cell["id"]) for cell in notebook.ycells]
    notebook.get()
    after = [str(cell["id"]) for cell in notebook.ycells]
    return verdict(before != after, f"ids before reading: {before}; after: {after}")


if __name__ == "__main__":
    sys.exit(main())
