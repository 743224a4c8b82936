"""The stream of updates that every client of a comparison receives: recorded once, read by the server and the clients.

The author is the package's own replica, so that the bytes are those of a run: one character typed into a cell, and
`state.dirty` set in the same transaction.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pycrdt import Text

    from jupyter_rtc_locust.documents.replica import Replica

CELLS = 20
AUTHOR_CLIENT_ID = 4_000_000_001


@dataclass(frozen=True, slots=True)
class Recording:
    """A notebook, and what somebody then typed into it."""

    document: bytes
    """The notebook as one update: what a step 2 carries."""
    state_vector: bytes
    """Of the notebook before the first of `updates`."""
    updates: tuple[bytes, ...]

    def save(self, path: Path) -> None:
        plain = [b64encode(each).decode() for each in (self.document, self.state_vector, *self.updates)]
        path.write_text(json.dumps(plain))

    @staticmethod
    def load(path: Path) -> Recording:
        document, state_vector, *updates = (b64decode(each) for each in json.loads(path.read_text()))
        return Recording(document, state_vector, tuple(updates))


def record(updates: int, seed: int = 1, cells: int = CELLS) -> Recording:
    """Make a notebook of so many cells, and type `updates` characters, a few dozen into a cell before the next."""
    # Imported here, so that reading a recording needs nothing but the standard library.
    from jupyter_rtc_locust.documents.replica import Replica
    from jupyter_rtc_locust.documents.seeding import fill

    replica = Replica("notebook", AUTHOR_CLIENT_ID)
    document = fill(replica, notebook(cells))
    assert document is not None
    state_vector = replica.encoded_state()
    random = Random(seed)
    sources = [cell["source"] for cell in replica.cells]
    typed = []
    source, position = sources[0], 0
    for number in range(updates):
        if number % 30 == 0:
            source = random.choice(sources)
            position = random.randrange(len(str(source)))
        letter = random.choice("abcdefghijklmnopqrstuvwxyz ")
        update = replica.edit(partial(_typed, source, position, letter))
        assert update is not None
        typed.append(update)
        position += 1
    return Recording(document, state_vector, tuple(typed))


def _typed(source: Text, position: int, letter: str, _: Replica) -> bool:
    source.insert(position, letter)
    return True


def notebook(number: int = CELLS) -> Any:
    """A template of so many cells: half of them code with an output, half of them prose."""
    from jupyter_rtc_locust.documents.templates import notebook_template

    cells: list[dict[str, Any]] = []
    for index in range(0, number, 2):
        prose = f"## Step {index}\n\nWhat is measured here stands in the next cell, and why in this one."
        cells.append({"cell_type": "markdown", "id": f"prose-{index}", "metadata": {}, "source": prose})
        output = {"name": "stdout", "output_type": "stream", "text": "".join(f"line {n}\n" for n in range(5))}
        cells.append(
            {
                "cell_type": "code",
                "execution_count": index,
                "id": f"code-{index}",
                "metadata": {},
                "outputs": [output],
                "source": "values = [measure(n) for n in range(10)]\nprint(*values, sep='\\n')",
            }
        )
    return notebook_template(
        "benchmark.ipynb", {"cells": cells[:number], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    )
