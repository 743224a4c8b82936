"""The server is killed and started again while people type, with its store of updates intact.

On jupyter-collaboration 5.0.4 this ends in a fail: what was typed since the last save is taken back. Only a server that
was started for the run is ever harmed, so there is no --host.

    locust -f locustfiles/restart.py --headless -u 4 -r 4 -t 25s
"""

from jupyter_rtc_locust import NotebookUser, Restart


class Collaborator(NotebookUser):
    """Deals its edits from the default deck."""

    rhythm = "steady"
    faults = (Restart(at=10.0),)
