"""People in pairs, each pair with a document of its own."""

from jupyter_rtc_locust import NotebookUser


class OneOfTwo(NotebookUser):
    """Somebody with one other person."""

    users_per_document = 2
