"""People edit notebooks together: every part of a notebook, at the rate of `--rtc-edit-rate`.

locust -f locustfiles/notebook_editing.py --headless -u 10 -r 5 -t 30s --rtc-documents 2
"""

from jupyter_rtc_locust import NotebookUser


class Collaborator(NotebookUser):
    """Deals its edits from the default deck, in which every kind of edit occurs."""
