"""Random text comes and goes within the cells of shared notebooks (a scenario of jupyter-rtc-test).

locust -f locustfiles/text_insert_delete.py --headless -u 6 -r 5 -t 20s
"""

from jupyter_rtc_locust import NotebookUser
from jupyter_rtc_locust.editing import TEXT_INSERT_DELETE


class TextInserter(NotebookUser):
    """Types and deletes text, and nothing else."""

    weights = TEXT_INSERT_DELETE
