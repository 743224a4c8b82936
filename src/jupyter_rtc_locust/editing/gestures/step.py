"""What gestures are made of: steps, each an edit, a move of the caret, or the beginning of what goes on by itself.

A step holds functions and no results: what it does is found when it is due, in the document as it stands then.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from jupyter_rtc_locust.editing.caret import Caret
from jupyter_rtc_locust.editing.edit import Edit
from jupyter_rtc_locust.editing.gestures.tab import Tab

if TYPE_CHECKING:
    from jupyter_rtc_locust.documents.replica import Replica


@dataclass(frozen=True, slots=True)
class EditStep:
    """One transaction, and so one update."""

    make: "Callable[[Replica, Tab], Edit | None]"
    """Called within the transaction. None: the cell is gone, or is no longer what the gesture is about; the rest of the
    gesture is dropped. An edit without operations: there is nothing to do, and the gesture goes on."""

    wait: float = 0.0
    """Seconds after the step before."""


@dataclass(frozen=True, slots=True)
class CaretStep:
    """The caret goes somewhere else, and other tabs are told."""

    place: "Callable[[Replica, Tab], Caret | None]"
    """Where it is then; None: the cell is gone, and the rest of the gesture is dropped."""

    wait: float = 0.0
    """Seconds after the step before."""


@dataclass(frozen=True, slots=True)
class BeginStep:
    """A gesture that goes on by itself begins: a cell is run that was just typed."""

    gesture: "Gesture"

    wait: float = 0.0
    """Seconds after the step before."""


Step = EditStep | CaretStep | BeginStep


class Gesture(Protocol):
    """What a person does in one go."""

    @property
    def in_background(self) -> bool:
        """Whether it goes on by itself, with its own timing, while the person does other things: a cell that runs."""

    @property
    def ends_runs(self) -> bool:
        """Whether whatever runs in this tab's kernel ends with it."""

    def steps(self) -> Iterator[Step]:
        """Give the steps, one after the other. The same ones each time it is called."""


class ByHand:
    """A gesture that keeps the person busy until it is done."""

    __slots__ = ()

    in_background = False
    ends_runs = False
