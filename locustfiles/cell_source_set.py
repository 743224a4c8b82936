"""Everybody replaces whole sources of cells (a scenario of jupyter-rtc-test, which said it "should not converge").

What people meant does collide here: of two who replace one source at once, both texts may stay. But all users must
still see the same, and the oracle must agree with it.

    locust -f locustfiles/cell_source_set.py --headless -u 6 -r 5 -t 20s
"""

from jupyter_rtc_locust import NotebookUser
from jupyter_rtc_locust.editing import CELL_SOURCE_SET


class SourceSetter(NotebookUser):
    """Replaces the source of a cell, again and again."""

    weights = CELL_SOURCE_SET
