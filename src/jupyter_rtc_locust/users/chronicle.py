"""What one process's users tell the history (`--rtc-history`): their edits, where these arrived, and their lines.

An edit is named by its user, its number and its client id, as in the evidence.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from jupyter_rtc_locust.reporting.history import FAILED, OK, UNKNOWN, History
from jupyter_rtc_locust.timing.edits import AuthoredEdit


class Chronicle:
    """Writes of one document into the process's history. `run_started` and moments are of `time.monotonic`."""

    def __init__(self, history: History, document: str, run_started: float) -> None:
        self._note = history.note
        self._document = document
        self._run_started = run_started

    def authored(self, edit: AuthoredEdit) -> None:
        """An edit was made."""
        self._note(
            edit.due - self._run_started,
            "edit",
            document=self._document,
            user=edit.user,
            client=edit.client_id,
            number=edit.number,
            what=edit.description,
            cell=edit.cell,
        )

    def acknowledged(self, edit: AuthoredEdit, now: float, *, echoed: bool) -> None:
        """Its echo came, or a state vector of the server covered it."""
        event = "echo" if echoed else "covered"
        self._of(edit, now, event, OK)

    def delivered(self, edit: AuthoredEdit, user: int, now: float) -> None:
        """It reached another user."""
        self._note(
            now - self._run_started,
            "delivery",
            document=self._document,
            user=edit.user,
            client=edit.client_id,
            number=edit.number,
            to=user,
            outcome=OK,
        )

    def never_acknowledged(self, edits: Iterable[AuthoredEdit]) -> None:
        """At the end: these never came back, and may or may not be there."""
        now = time.monotonic()
        for edit in edits:
            self._of(edit, now, "echo", UNKNOWN)

    def line(self, user: int, event: str, outcome: str = OK, reason: str = "") -> None:
        """A user's line: `open`, `sync`, `connection lost`, `reconnect`, `leave`."""
        fields = {"reason": reason} if reason else {}
        moment = time.monotonic() - self._run_started
        self._note(moment, event, document=self._document, user=user, outcome=outcome, **fields)

    def _of(self, edit: AuthoredEdit, now: float, event: str, outcome: str) -> None:
        self._note(
            now - self._run_started,
            event,
            document=self._document,
            user=edit.user,
            client=edit.client_id,
            number=edit.number,
            outcome=outcome,
        )


__all__ = ["FAILED", "OK", "UNKNOWN", "Chronicle"]
