"""The server is started again, and its store of updates is lost, while people keep their notebooks open.

A canary: on jupyter-collaboration 5.0.4 this ends in a fail, because cells that they had added stand twice
(jupyter-collaboration#594), and `make canaries` fails when it does not. Only a server that was started for the run is
ever harmed, so there is no --host.

    locust -f locustfiles/canary_store_lost.py --headless -u 4 -r 4 -t 35s \
        --rtc-template locustfiles/small_notebook.ipynb
"""

from jupyter_rtc_locust import NotebookUser, Restart, Weights


class Author(NotebookUser):
    """Adds a cell now and then, with pauses in which the server saves."""

    edit_rate = 0.125
    rhythm = "steady"
    weights = Weights.of({"insert_cell": 1})
    faults = (Restart(at=15.0, store="lost"),)
