"""A Locust user that does in a notebook what people do in a JupyterLab tab, key by key."""

from __future__ import annotations

import time

from jupyter_rtc_locust.editing.activities import (
    DEFAULT_ACTIVITIES,
    TEXT_FILE_ACTIVITIES,
    Activities,
    next_gesture,
)
from jupyter_rtc_locust.editing.choices import Choice
from jupyter_rtc_locust.editing.gestures import Gesture, OpenNotebook
from jupyter_rtc_locust.editing.places import OWN_CELLS, Places, place_of_burst
from jupyter_rtc_locust.editing.situation import cell_id_of, index_of_cell
from jupyter_rtc_locust.users.collaboration_user import CollaborationUser, NotebookUser, TextUser

GESTURES_AT_A_PLACE = 3
"""So many gestures a person makes before it chooses its place anew."""


class _InATab(CollaborationUser):
    """What both have in common. A slot of the schedule is a key, a click, or whatever is done in one go.

    The rate is that of the keys, pauses included: at 1 they come as people's do, three to four a second in a burst.
    """

    abstract = True

    places: Places | None = OWN_CELLS
    activities: Activities = DEFAULT_ACTIVITIES
    """What is done, and how often (`editing/activities.py`)."""
    writes_at_opening = True
    """Whether the tab notes its room and its kernel's language in the notebook, as JupyterLab does."""

    gestures_begun = 0
    """How many gestures this user has begun, which numbers them."""

    def do_next(self, number: int) -> Choice | Gesture | None:  # noqa: ARG002
        """The next gesture; `choose_gesture` says which."""
        gesture = self.choose_gesture(self.gestures_begun)
        self.gestures_begun += 1
        return gesture

    def choose_gesture(self, number: int) -> Gesture | None:
        """What to do as the gesture of this number; None for nothing. Called from the event loop: do not wait."""
        here = self.collaborator
        assert here is not None
        seed = f"{here.swarm.seed}|{here.seat.incarnation}"
        if self.places is not None and not self._has_a_turn(self.places):
            return None
        cell_id = None if self.places is None else self._cell_of(self.places, seed, number)
        tab = here.writing.gestures.tab
        return next_gesture(seed, here.seat.user, number, here.replica, tab, self.activities, cell_id=cell_id)

    def _has_a_turn(self, places: Places) -> bool:
        here = self.collaborator
        assert here is not None
        seat, now = here.seat, here.swarm.since_start(time.monotonic())
        return places.works(
            seed=here.swarm.seed,
            document=seat.document_index,
            seat=seat.place % seat.places,
            seats=seat.places,
            now=now,
        )

    def _cell_of(self, places: Places, seed: str, number: int) -> str | None:
        """The cell of this gesture; None in a text file, and where there is no cell."""
        here = self.collaborator
        assert here is not None
        if here.replica.kind == "text" or not len(here.replica.cells):
            return None
        seat, cells = here.seat, here.replica.cells
        # A person stays for a few gestures, as in a burst of typing.
        stay = number // GESTURES_AT_A_PLACE
        place = place_of_burst(
            seed,
            seat.user,
            stay,
            places=places,
            seat=seat.place % seat.places,
            seats=seat.places,
            document=seat.document_index,
        )
        if place.meets_others:
            for other in here.room.recent.others(seat.user, time.monotonic()):
                if index_of_cell(cells, other.cell_id, near=other.index) is not None:
                    return other.cell_id
        return cell_id_of(cells[int(place.cell * len(cells))]) or None

    def _open(self) -> bool:
        opened = super()._open()
        here = self.collaborator
        if opened and here is not None and self.writes_at_opening and self.document_kind == "notebook":
            here.writing.play(OpenNotebook(here.room_name))
        return opened


class TabUser(_InATab, NotebookUser):
    """A person with a notebook open in a tab."""

    abstract = True


class TextTabUser(_InATab, TextUser):
    """A person with a text file open in a tab."""

    abstract = True
    activities = TEXT_FILE_ACTIVITIES
