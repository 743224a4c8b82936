"""User 1 closes the laptop; the others work on, close the notebook, and open it again after the server was restarted.

A canary: the server keeps no store of updates, as some administrators have it, so the notebook is made from its file.
On jupyter-collaboration 5.0.4 this ends in a fail, because the document of user 1, who comes back, is not the one that
the others have, and never will be (jupyter-collaboration#597); `make canaries` fails when it does not. Only a server
that was started for the run is ever harmed.

    locust -f locustfiles/canary_stale_client.py --headless -u 4 -r 4 -t 40s
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
