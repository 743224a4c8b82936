"""The Locust user that replays its part of an editing trace (`--rtc-trace`), and nothing else."""

from __future__ import annotations

from typing import Any

from gevent import GreenletExit
from locust import task

from jupyter_rtc_locust.documents.kinds import DocumentKind
from jupyter_rtc_locust.errors import RtcLocustError
from jupyter_rtc_locust.users.collaboration_user import CollaborationUser
from jupyter_rtc_locust.users.replaying import Replaying


class TraceUser(CollaborationUser):
    """One of the people of a recorded session, or several of them. The end of the trace ends the run."""

    abstract = True

    edit_rate = 0.0
    replaying: Replaying | None = None
    """This user's part, once it is ready to play it."""

    @classmethod
    def opens(cls, options: Any) -> DocumentKind:
        """A text file, or a notebook where the trace goes into a cell."""
        return "notebook" if getattr(options, "rtc_trace_into", "text") == "cell" else "text"

    def on_start(self) -> None:
        """Open the document, prepare the part, and say so."""
        agent = self._agent()
        try:
            super().on_start()
        except GreenletExit:
            agent.replay.ended(None, "a user could not open the document")
            raise
        assert self.collaborator is not None
        try:
            self.replaying = agent.replay.prepare(self.collaborator)
        except RtcLocustError as error:
            agent.user_failed(self, error)
            agent.replay.ended(self.collaborator.seat.user, str(error))
        else:
            agent.replay.ready(self.collaborator.seat.user)

    def begin_replay(self) -> None:
        """Everybody is ready."""
        if self.replaying is not None:
            self.replaying.begin()

    def on_stop(self) -> None:
        """Close the document."""
        if self.replaying is not None:
            self.replaying.stop()
        super().on_stop()

    @task
    def work(self) -> None:
        """Look whether the replay goes on: edits leave when something arrives, or from timers."""
        if self.replaying is not None:
            self.replaying.look()
