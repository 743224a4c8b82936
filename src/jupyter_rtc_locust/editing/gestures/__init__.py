"""
What a person does in one go in a JupyterLab tab, in the tab's number and kind of Yjs updates.

A gesture is a frozen description; its `steps` say what happens when. Each step is resolved against the document as it
stands at its own moment, because others edit meanwhile, and finds its cell by id. Where to look: what a step is,
step.py; what a tab remembers between two steps, tab.py; keys and the caret, typing.py; undo and redo, undoing.py;
cells, cells.py; running a cell, running.py, and its edits, cell_runs.py; opening a document, opening.py.

Counts and bytes were recorded with JupyterLab 4.6.6 and jupyter-collaboration 5.0.4; what was not recorded says so.
"""

from jupyter_rtc_locust.editing.gestures.cells import (
    AddCellBelow,
    ChangeCellType,
    DeleteCell,
    MergeWithNextCell,
    MoveCell,
    SplitCell,
)
from jupyter_rtc_locust.editing.gestures.opening import OpenNotebook
from jupyter_rtc_locust.editing.gestures.running import (
    ClearOutputs,
    Displayed,
    Printed,
    Raised,
    RestartKernel,
    RunCell,
    RunCode,
)
from jupyter_rtc_locust.editing.gestures.step import BeginStep, CaretStep, EditStep, Gesture, Step
from jupyter_rtc_locust.editing.gestures.tab import Tab
from jupyter_rtc_locust.editing.gestures.typing import (
    Click,
    MoveCaret,
    Paste,
    PressBackspace,
    ReplaceSelection,
    TypeText,
)
from jupyter_rtc_locust.editing.gestures.undoing import Redo, Undo

__all__ = [
    "AddCellBelow",
    "BeginStep",
    "CaretStep",
    "ChangeCellType",
    "ClearOutputs",
    "Click",
    "DeleteCell",
    "Displayed",
    "EditStep",
    "Gesture",
    "MergeWithNextCell",
    "MoveCaret",
    "MoveCell",
    "OpenNotebook",
    "Paste",
    "PressBackspace",
    "Printed",
    "Raised",
    "Redo",
    "ReplaceSelection",
    "RestartKernel",
    "RunCell",
    "RunCode",
    "SplitCell",
    "Step",
    "Tab",
    "TypeText",
    "Undo",
]
