"""People who only type: what is lost of their words cannot have been deleted by anybody."""

from jupyter_rtc_locust import NotebookUser, Weights


class Typist(NotebookUser):
    """Types words, and deletes nothing."""

    weights = Weights.of({"insert_letters": 1})
