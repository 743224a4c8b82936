"""What a person in a tab does next: gestures dealt from a deck, as data, and made for the document as it stands.

Which gesture it is follows from seed, user and number alone; where it goes and how large it is, from those and from the
document, because a cell that is gone cannot be typed into. Every person has a deck of its own: each gesture in it is
met within any 2n - 1 gestures of that person, n being the number of cards.

Knows no rhythm: how long a person pauses is decided by whoever asks.
"""

import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from pycrdt import Map

from jupyter_rtc_locust.editing.gestures import (
    AddCellBelow,
    ChangeCellType,
    ClearOutputs,
    DeleteCell,
    Displayed,
    Gesture,
    MergeWithNextCell,
    MoveCaret,
    MoveCell,
    Paste,
    PressBackspace,
    Printed,
    Raised,
    Redo,
    ReplaceSelection,
    RestartKernel,
    RunCell,
    SplitCell,
    Tab,
    TypeText,
    Undo,
)
from jupyter_rtc_locust.editing.gestures.running import Output
from jupyter_rtc_locust.editing.gestures.tab import find_source
from jupyter_rtc_locust.editing.limits import DEFAULT_LIMITS, Limits
from jupyter_rtc_locust.editing.situation import CODE, MARKDOWN, cell_id_of, is_code
from jupyter_rtc_locust.editing.texts import EMOJI, PASTED_LINES, WORDS

if TYPE_CHECKING:
    from jupyter_rtc_locust.documents.replica import Replica


class Activity(StrEnum):
    """A thing that people do. The value is the name that stands in weights."""

    TYPE_WORDS = "type_words"
    TYPE_LINE = "type_line"
    BACKSPACE = "backspace"
    REPLACE_SELECTION = "replace_selection"
    PASTE = "paste"
    MOVE_CARET = "move_caret"
    UNDO = "undo"
    REDO = "redo"
    ADD_CELL = "add_cell"
    DELETE_CELL = "delete_cell"
    MOVE_CELL = "move_cell"
    CHANGE_CELL_TYPE = "change_cell_type"
    SPLIT_CELL = "split_cell"
    MERGE_CELLS = "merge_cells"
    RUN_CELL = "run_cell"
    STREAM_FOR_MINUTES = "stream_for_minutes"
    DISPLAY_LARGE = "display_large"
    INTERRUPT = "interrupt"
    RESTART_KERNEL = "restart_kernel"
    CLEAR_OUTPUTS = "clear_outputs"


TEXT_ACTIVITIES = frozenset(list(Activity)[:8])
"""What can be done in a text file; everything else needs a notebook."""


@dataclass(frozen=True, slots=True)
class Activities:
    """A deck of activities before it is shuffled. Make one with `Activities.of`."""

    cards: tuple[Activity, ...]

    @staticmethod
    def of(weights: Mapping[str, int]) -> "Activities":
        """
        Make a deck from how many cards each activity has in it; those with 0 cards, or not named, never occur.

        Raises ValueError for an unknown activity, a negative or fractional weight, or a deck without cards.
        """
        for name, count in weights.items():
            if name not in set(Activity):
                raise ValueError(f"there is no activity {name!r}: use one of {', '.join(Activity)}")
            if count < 0 or count % 1:
                raise ValueError(f"the weight of {name} is {count!r}: give a whole number of cards, 0 or more")
        cards = tuple(one for one in Activity for _ in range(weights.get(one, 0)))
        if not cards:
            raise ValueError(f"these weights hold no card, so nothing could be done: {dict(weights)!r}")
        return Activities(cards)

    @property
    def every_activity_within(self) -> int:
        """The number of consecutive gestures of one person in which each activity surely occurs."""
        return 2 * len(self.cards) - 1

    @property
    def suits_text_files(self) -> bool:
        """Whether a text file can take every activity in this deck."""
        return TEXT_ACTIVITIES.issuperset(self.cards)


DEFAULT_ACTIVITIES = Activities.of(
    {
        "type_words": 14,
        "type_line": 4,
        "backspace": 5,
        "replace_selection": 2,
        "paste": 1,
        "move_caret": 2,
        "undo": 2,
        "redo": 1,
        "add_cell": 2,
        "delete_cell": 1,
        "move_cell": 1,
        "change_cell_type": 1,
        "split_cell": 1,
        "merge_cells": 1,
        "run_cell": 5,
        "interrupt": 1,
        "clear_outputs": 1,
    }
)
"""People at work in a notebook: mostly they type. A guess, not a measurement; long streams, large outputs and restarts
of the kernel are for scenarios that ask for them."""

TEXT_FILE_ACTIVITIES = Activities.of(
    {"type_words": 14, "type_line": 4, "backspace": 5, "replace_selection": 2, "paste": 1, "move_caret": 2, "undo": 2,
     "redo": 1}
)  # fmt: skip
"""The same in a text file."""

STAYS = 0.7
"""How often a person goes on in the cell where the caret is."""
LARGE_DISPLAY_BYTES = 1_000_000
STREAM_MINUTES = 3
STREAM_LINES_A_SECOND = 20.0


@dataclass(frozen=True, slots=True)
class _Moment:
    """What a gesture is made from: dice, the document, the cell it goes to."""

    dice: random.Random
    replica: "Replica"
    cell_id: str | None
    content: str
    limits: Limits
    name: str
    """Names this gesture among all of one client: new cells get their ids from it."""

    def new_id(self, which: int = 0) -> str:
        """Return an id as a tab gives it to a new cell: a UUID, here from client id, seed, user and number."""
        name = f"{self.replica.client_id}|{self.name}|{which}"
        return str(uuid.UUID(bytes=blake2b(name.encode(), digest_size=16).digest(), version=4))

    @property
    def cell(self) -> str:
        """The cell's id, in a notebook."""
        assert self.cell_id is not None
        return self.cell_id

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return len(self.replica.cells)

    def words(self, most: int) -> str:
        """Return one to so many words, sometimes with an emoji behind them."""
        words = " ".join(self.dice.choice(WORDS) for _ in range(self.dice.randint(1, most)))
        return words + (" " + self.dice.choice(EMOJI) if self.dice.random() < 0.05 else "")


def next_gesture(
    seed: int | str,
    user: int,
    number: int,
    replica: "Replica",
    tab: Tab,
    activities: Activities = DEFAULT_ACTIVITIES,
    *,
    cell_id: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Gesture | None:
    """
    Return what a user does as the gesture of this number (from 0), for the document as it stands; None: nothing.

    `cell_id` names the cell it goes to; None: mostly the one where the caret is, else some cell. Nothing is done where
    the notebook has no cell, or none that the activity needs. At a limit an activity turns into one that makes room.
    Not within a transaction. Same arguments and same document, same gesture.
    """
    name = f"gesture|{seed}|{user}|{number}"
    dice = random.Random(name)
    activity = activity_at(seed, user, number, activities)
    if replica.kind == "text":
        if activity not in TEXT_ACTIVITIES:
            return None
    else:
        cell_id = _cell_for(activity, dice, replica, tab, cell_id)
        if cell_id is None:
            return None
    source = find_source(replica, cell_id, tab)
    if source is None:
        return None
    moment = _Moment(dice, replica, cell_id, source.content, limits, name)
    return _MAKERS[activity](moment)


def activity_at(seed: int | str, user: int, number: int, activities: Activities) -> Activity:
    """Return what the gesture of this number is: a card of the user's deck."""
    deck, card = divmod(number, len(activities.cards))
    return _shuffled(seed, user, deck, activities)[card]


@lru_cache(maxsize=4096)
def _shuffled(seed: int | str, user: int, deck: int, activities: Activities) -> tuple[Activity, ...]:
    cards = list(activities.cards)
    random.Random(f"activities|{seed}|{user}|{deck}").shuffle(cards)
    return tuple(cards)


_NEED_CODE = frozenset(
    {
        Activity.RUN_CELL,
        Activity.STREAM_FOR_MINUTES,
        Activity.DISPLAY_LARGE,
        Activity.INTERRUPT,
        Activity.CLEAR_OUTPUTS,
    }
)


def _cell_for(activity: Activity, dice: random.Random, replica: "Replica", tab: Tab, cell_id: str | None) -> str | None:
    """The cell that is meant, or the one where the caret is, or some other; a code cell where one is needed."""
    stays, first = dice.random() < STAYS, dice.random()
    cells = replica.cells
    if not len(cells):
        return None
    wanted = cell_id or (tab.caret.cell_id if tab.caret is not None and stays else None)
    index = None if wanted is None else tab.index_of(replica, wanted)
    if index is None:
        index = int(first * len(cells))
    if activity not in _NEED_CODE:
        return _known(tab, cells[index], index)
    for step in range(len(cells)):
        index = (index + 1) % len(cells) if step else index
        if is_code(cells[index]):
            return _known(tab, cells[index], index)
    return None


def _known(tab: Tab, cell: Map[Any], index: int) -> str | None:
    """The id of a cell, whose place the tab now knows; None where a foreign writer gave it none."""
    cell_id = cell_id_of(cell)
    if cell_id:
        tab.places[cell_id] = index
    return cell_id or None


def _type_words(moment: _Moment) -> Gesture:
    if len(moment.content) >= _longest(moment):
        return _start_over(moment)
    blank = " " if moment.content else ""
    at = 1.0 if moment.dice.random() < 0.6 else moment.dice.random()
    return TypeText(moment.cell_id, blank + moment.words(4), at)


def _type_line(moment: _Moment) -> Gesture:
    if len(moment.content) >= _longest(moment):
        return _start_over(moment)
    return TypeText(moment.cell_id, ("\n" if moment.content else "") + moment.words(7), 1.0)


def _paste(moment: _Moment) -> Gesture:
    if len(moment.content) >= _longest(moment):
        return _start_over(moment)
    lines = [moment.dice.choice(PASTED_LINES) for _ in range(moment.dice.randint(2, 20))]
    return Paste(moment.cell_id, "\n".join(lines) + "\n", moment.dice.random())


def _start_over(moment: _Moment) -> Gesture:
    """A source that has grown too long is replaced by a line."""
    return Paste(moment.cell_id, moment.words(7), over_everything=True)


def _longest(moment: _Moment) -> int:
    return moment.limits.longest_file if moment.cell_id is None else moment.limits.longest_cell


def _add_cell(moment: _Moment) -> Gesture:
    if moment.cells >= moment.limits.most_cells:
        return DeleteCell(moment.cell, moment.new_id())
    return AddCellBelow(moment.cell, moment.new_id(), CODE if moment.dice.random() < 0.7 else MARKDOWN)


def _delete_cell(moment: _Moment) -> Gesture:
    if moment.cells <= moment.limits.least_cells:
        return AddCellBelow(moment.cell, moment.new_id())
    return DeleteCell(moment.cell, moment.new_id())


def _split_cell(moment: _Moment) -> Gesture:
    if moment.cells >= moment.limits.most_cells:
        return MergeWithNextCell(moment.cell, moment.new_id())
    return SplitCell(moment.cell, moment.dice.random(), moment.new_id(1), moment.new_id(2))


def _merge_cells(moment: _Moment) -> Gesture:
    if moment.cells <= moment.limits.least_cells:
        return SplitCell(moment.cell, moment.dice.random(), moment.new_id(1), moment.new_id(2))
    return MergeWithNextCell(moment.cell, moment.new_id())


def _run_cell(moment: _Moment) -> Gesture:
    return RunCell(moment.cell, _outputs(moment.dice))


def _outputs(dice: random.Random) -> tuple[Output, ...]:
    """What cells of people print: a few lines mostly, sometimes a picture, sometimes an error, sometimes nothing."""
    printed = Printed(dice.randint(1, 12))
    kind = dice.random()
    if kind < 0.5:
        return (printed,)
    if kind < 0.7:
        return (printed, Displayed.picture(dice.randint(5_000, 60_000), dice.getrandbits(32)))
    if kind < 0.85:
        return (printed, Raised())
    return ()


_MAKERS: Mapping[Activity, Callable[[_Moment], Gesture]] = {
    Activity.TYPE_WORDS: _type_words,
    Activity.TYPE_LINE: _type_line,
    Activity.BACKSPACE: lambda moment: PressBackspace(moment.cell_id, moment.dice.randint(1, 6)),
    Activity.REPLACE_SELECTION: lambda moment: ReplaceSelection(
        moment.cell_id, moment.dice.random(), moment.dice.randint(1, 6), moment.words(1)
    ),
    Activity.PASTE: _paste,
    Activity.MOVE_CARET: lambda moment: MoveCaret(moment.cell_id, moment.dice.choice((-5, -3, -1, 1, 3))),
    Activity.UNDO: lambda _moment: Undo(),
    Activity.REDO: lambda _moment: Redo(),
    Activity.ADD_CELL: _add_cell,
    Activity.DELETE_CELL: _delete_cell,
    Activity.MOVE_CELL: lambda moment: MoveCell(moment.cell, moment.dice.choice((-1, 1))),
    Activity.CHANGE_CELL_TYPE: lambda moment: ChangeCellType(moment.cell, moment.dice.choice((CODE, MARKDOWN))),
    Activity.SPLIT_CELL: _split_cell,
    Activity.MERGE_CELLS: _merge_cells,
    Activity.RUN_CELL: _run_cell,
    Activity.STREAM_FOR_MINUTES: lambda moment: RunCell(
        moment.cell, (Printed(round(STREAM_MINUTES * 60 * STREAM_LINES_A_SECOND), STREAM_LINES_A_SECOND),)
    ),
    Activity.DISPLAY_LARGE: lambda moment: RunCell(
        moment.cell, (Displayed.picture(LARGE_DISPLAY_BYTES, moment.dice.getrandbits(32)),)
    ),
    Activity.INTERRUPT: lambda moment: RunCell(
        moment.cell, (Printed(100),), interrupted_after=moment.dice.randint(3, 20)
    ),
    Activity.RESTART_KERNEL: lambda _moment: RestartKernel(),
    Activity.CLEAR_OUTPUTS: lambda moment: ClearOutputs(moment.cell),
}
