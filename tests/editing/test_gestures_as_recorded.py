"""A session of a real JupyterLab tab, played again: the same updates and caret messages, of nearly the same bytes.

The figures are those of the recording (JupyterLab 4.6.6, jupyter-collaboration 5.0.4): one row for each thing that its
person did, in its order, on a notebook of two code cells with 13 characters in the first. A second after each, the
server says that the document is saved, as it did then: what a tab sends depends on who wrote `state.dirty` before.
"""

from dataclasses import dataclass
from typing import Any

import pytest
from pycrdt import Doc, Map

from editing.playing import Sent
from jupyter_rtc_locust.documents.cells import make_cell
from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.editing.gestures import (
    AddCellBelow,
    ChangeCellType,
    Click,
    DeleteCell,
    Gesture,
    MoveCaret,
    MoveCell,
    Paste,
    PressBackspace,
    Redo,
    RunCell,
    TypeText,
    Undo,
)
from jupyter_rtc_locust.editing.gestures.opening import OpenNotebook

CLIENT_ID = 3_300_325_288
SERVER_ID = 6_373_240_396_185_370
FIRST, SECOND = "cell-1", "cell-2"
NEW_CELL = "9d1c3e35-8b1f-4b52-a3ce-6a5b1d7f0c11"
LINES = "".join(f"# pasted line {number}\n" for number in range(20)).rstrip("\n")
CODE = "import time\nfor i in range(20):\n    print('line', i, flush=True); time.sleep(0.05)"
LANGUAGE = {
    "codemirror_mode": {"version": 3, "name": "ipython"},
    "mimetype": "text/x-python",
    "name": "python",
    "file_extension": ".py",
    "pygments_lexer": "ipython3",
    "version": "3.11.7",
    "nbconvert_exporter": "python",
}
ROOM = "json:notebook:a3397a9c-1d1f-4fb4-a275-be73514c9763"

SENTENCE = "The quick brown fox jumps over the lazy dog."


@dataclass(frozen=True)
class Row:
    """One thing that was done, and what the tab sent: bytes of each update in order, and how often its caret."""

    phase: str
    gesture: Gesture
    updates: tuple[int, ...]
    carets: int = 0
    nested: int | None = None
    """Which update holds, in a tab, what the next one says again (see `gestures/running.py`): 12 B less of ours."""


RUN = (29,) * 9 + (30,) * 10
RECORDED = (
    Row("open", OpenNotebook(ROOM, LANGUAGE), (85, 190, 28)),
    Row("click-cell0", Click(FIRST), (), 1),
    Row("type-sentence", TypeText(FIRST, SENTENCE), (40, *(38,) * 43)),
    Row("backspace5", PressBackspace(FIRST, 5), (43, 31, 31, 31, 31)),
    Row("cursor-left5", MoveCaret(FIRST, -5), (), 5),
    Row("select5", MoveCaret(FIRST, -5, selecting=True), (), 5),
    Row("arrow", MoveCaret(FIRST, -1), (), 1),
    Row("type-middle", TypeText(FIRST, "hello"), (50, 44, 44, 44, 44)),
    Row("paste20lines", Paste(FIRST, LINES), (381,)),
    Row("undo", Undo(), (14, 36)),
    Row("redo", Redo(), (359, 36), 2),
    Row("undo2", Undo(), (15, 36)),
    Row("add-cell-b", AddCellBelow(FIRST, NEW_CELL), (36, 197)),
    Row("delete-cell-dd", DeleteCell(NEW_CELL, "none"), (45,)),
    Row("move-cell", MoveCell(FIRST, 1), (357,)),
    Row("move-back", MoveCell(FIRST, -1), (266,)),
    Row("to-markdown", ChangeCellType(FIRST, "markdown"), (211,)),
    Row("to-code", ChangeCellType(FIRST, "code"), (271,)),
    Row("click-cell1", Click(SECOND), (), 1),
    Row("type-code", Paste(SECOND, CODE), (123,)),
    Row("run-20lines", RunCell(SECOND), (45, 30, 103, *RUN, 38, 37), nested=22),
    Row("rerun-20lines", RunCell(SECOND), (56, 40, 107, *RUN, 48, 37), nested=22),
)


class Server:
    """Who saves after each gesture, and says so in `state`."""

    def __init__(self, replica: Replica) -> None:
        self.doc: Doc[Any] = Doc(client_id=SERVER_ID)
        self.state = self.doc.get("state", type=Map)
        self.saves = 0
        self.doc.apply_update(replica.full_update())

    def save(self, replica: Replica) -> None:
        self.doc.apply_update(replica.full_update())
        if self.state.get("dirty"):
            self.saves += 1
            for key, value in (("dirty", False), ("hash", f"{self.saves:064x}")):
                self.state[key] = value
            replica.apply_updates([self.doc.get_update(replica.encoded_state())])


def recorded_notebook() -> Replica:
    replica = Replica("notebook", CLIENT_ID)
    seed = Replica("notebook", 0)

    def fill(seed: Replica) -> bool:
        seed.meta["nbformat"], seed.meta["nbformat_minor"] = 4, 5
        seed.meta["metadata"] = Map({"language_info": {"name": "python"}})
        for cell_id, source in ((FIRST, "print('abc')\n"), (SECOND, "")):
            metadata = {"trusted": False}
            cell = {"id": cell_id, "cell_type": "code", "source": source, "metadata": metadata, "outputs": []}
            seed.cells.append(make_cell(cell))
        return True

    seed.edit(fill, marks_dirty=lambda: False)
    replica.apply_updates([seed.full_update()])
    return replica


@pytest.fixture(scope="module")
def session() -> dict[str, Sent]:
    replica = recorded_notebook()
    server, sent = Server(replica), Sent(replica)
    played = {}
    for row in RECORDED:
        played[row.phase] = sent.play(row.gesture)
        server.save(replica)
    return played


@pytest.mark.parametrize("row", RECORDED, ids=lambda row: row.phase)
def test_a_gesture_sends_what_the_tab_sent(session: dict[str, Sent], row: Row) -> None:
    sent = session[row.phase]

    assert len(sent.updates) == len(row.updates), sent.sizes
    assert len(sent.carets) == row.carets
    apart = {row.nested}
    for number, (size, recorded) in enumerate(zip(sent.sizes, row.updates, strict=True)):
        assert size == pytest.approx(recorded, rel=0.1) or number in apart, (sent.sizes, row.updates)
    assert sum(sent.sizes) == pytest.approx(sum(row.updates), rel=0.1), (sent.sizes, row.updates)
