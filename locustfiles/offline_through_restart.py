"""User 1 closes the laptop; the others work on, close the notebook, and open it again after the server was restarted.

The server keeps no store of updates, as some administrators have it, so the notebook is made from its file. On
jupyter-collaboration 5.0.4 this ends in a fail: when user 1 comes back, the document is not the one that the others
have, and never will be (jupyter-collaboration#597). Only a server that was started for the run is ever harmed.

    locust -f locustfiles/offline_through_restart.py --headless -u 4 -r 4 -t 40s
"""

from jupyter_rtc_locust import Away, NotebookUser, Offline, Restart


class Colleague(NotebookUser):
    """Edits now and then, with pauses in which the server saves."""

    edit_rate = 0.2
    rhythm = "steady"
    faults = (
        Offline(users=(1,), since=4.0, until=22.0, asleep=True),
        Away(users=(0, 2, 3), since=14.0, until=20.0),
        Restart(at=17.0, store="none"),
    )
