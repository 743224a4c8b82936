"""The file is changed on disk while people have the notebook open, as by an editor or `git pull`.

While they type, this ends in a fail on jupyter-collaboration 5.0.4: the server takes the file in, and takes back
whatever was typed since it last saved. Only a server that was started for the run is ever harmed, so there is no
--host.

    locust -f locustfiles/outside_edits.py --headless Typing

The control: while they rest, and all is saved, nothing is lost, and the run passes.

    locust -f locustfiles/outside_edits.py --headless Resting
"""

from __future__ import annotations

from jupyter_rtc_locust import Choice, NotebookUser, OutsideEdit


class Typing(NotebookUser):
    """Edits all the time."""

    default_users = 4
    default_spawn_rate = 4.0
    default_run_time = "15s"
    edit_rate = 2.0
    rhythm = "steady"
    faults = (OutsideEdit(at=8.0),)


class Resting(NotebookUser):
    """Edits, rests from the fourth second to the fourteenth, and edits again."""

    default_users = 4
    default_spawn_rate = 4.0
    default_run_time = "20s"
    edit_rate = 2.0
    rhythm = "steady"
    faults = (OutsideEdit(at=8.0),)

    def choose_edit(self, number: int) -> Choice | None:
        """Two a second; the server saves one second after the last."""
        return None if 8 <= number < 28 else super().choose_edit(number)
