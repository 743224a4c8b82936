"""
Edits as data: seeded choices, dealt from a deck, resolved against a document's present state.

The way of an edit: `choose` (a pure function of seed, user and edit number) gives a `Choice`; `make_edit` resolves it
against a replica and gives an `Edit`; its `apply` writes it. Where to look: what kinds there are, kinds.py; how often
each occurs, weights.py; what is typed, texts.py; when edits are due, rhythm.py; where in a document people work,
places.py; how each is made, text_edits.py, cell_edits.py, metadata_edits.py, output_edits.py and attachment_edits.py;
how large documents may grow, limits.py.
"""

from jupyter_rtc_locust.editing.choices import Choice, choose
from jupyter_rtc_locust.editing.edit import Edit
from jupyter_rtc_locust.editing.edits import make_edit
from jupyter_rtc_locust.editing.kinds import TEXT_KINDS, EditKind
from jupyter_rtc_locust.editing.limits import DEFAULT_LIMITS, Limits
from jupyter_rtc_locust.editing.places import OWN_CELLS, PRESENTER, SAME_CELL, TURNS, Places, person_choice
from jupyter_rtc_locust.editing.recent_edits import RecentEdits
from jupyter_rtc_locust.editing.weights import (
    CELL_SOURCE_SET,
    CELLS_INSERT_DELETE,
    DEFAULT_WEIGHTS,
    TEXT_INSERT_DELETE,
    TEXT_WEIGHTS,
    Weights,
)

__all__ = [
    "CELLS_INSERT_DELETE",
    "CELL_SOURCE_SET",
    "DEFAULT_LIMITS",
    "DEFAULT_WEIGHTS",
    "OWN_CELLS",
    "PRESENTER",
    "SAME_CELL",
    "TEXT_INSERT_DELETE",
    "TEXT_KINDS",
    "TEXT_WEIGHTS",
    "TURNS",
    "Choice",
    "Edit",
    "EditKind",
    "Limits",
    "Places",
    "RecentEdits",
    "Weights",
    "choose",
    "make_edit",
    "person_choice",
]
