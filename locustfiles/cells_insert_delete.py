"""Cells come and go (a scenario of jupyter-rtc-test).

locust -f locustfiles/cells_insert_delete.py --headless -u 6 -r 5 -t 20s
"""

from jupyter_rtc_locust import NotebookUser
from jupyter_rtc_locust.editing import CELLS_INSERT_DELETE


class CellInserter(NotebookUser):
    """Inserts and deletes cells."""

    weights = CELLS_INSERT_DELETE
