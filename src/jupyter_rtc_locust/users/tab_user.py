"""A Locust user that does in a notebook what people do in a JupyterLab tab, key by key."""

from __future__ import annotations

from jupyter_rtc_locust.editing.activities import (
    DEFAULT_ACTIVITIES,
    TEXT_FILE_ACTIVITIES,
    Activities,
    next_gesture,
)
from jupyter_rtc_locust.editing.choices import Choice
from jupyter_rtc_locust.editing.gestures import Gesture, OpenNotebook
from jupyter_rtc_locust.users.collaboration_user import CollaborationUser, NotebookUser, TextUser


class _InATab(CollaborationUser):
    """What both have in common. A slot of the schedule is a key, a click, or whatever is done in one go.

    The rate is that of the keys: people type three to four a second while they are at it.
    """

    abstract = True

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
        return next_gesture(seed, here.seat.user, number, here.replica, here.writing.gestures.tab, self.activities)

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
