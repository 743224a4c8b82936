"""The file is changed on disk while people have the notebook open, as by an editor or `git pull`.

While they type, this ends in a fail on jupyter-collaboration 5.0.4: the server takes the file in, and takes back
whatever was typed since it last saved. Only a server that was started for the run is ever harmed, so there is no
--host.

    locust -f locustfiles/outside_edits.py --headless -u 4 -r 4 -t 15s Typing

The control: while they rest, and all is saved, nothing is lost, and the run passes.

    locust -f locustfiles/outside_edits.py --headless -u 4 -r 4 -t 20s Resting
"""

from __future__ import annotations

from jupyter_rtc_locust import Choice, NotebookUser, OutsideEdit


class Typing(NotebookUser):
    """Edits all the time."""

    edit_rate = 2.0
    rhythm = "steady"
    faults = (OutsideEdit(at=8.0),)


class Resting(NotebookUser):
    """Edits, rests from the fourth second to the fourteenth, and edits again."""

    edit_rate = 2.0
    rhythm = "steady"
    faults = (OutsideEdit(at=8.0),)

    def choose_edit(self, number: int) -> Choice | None:
        """Two a second; the server saves one second after the last."""
        return None if 8 <= number < 28 else super().choose_edit(number)
