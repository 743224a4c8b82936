"""People who open a notebook and never find anything to do."""

from jupyter_rtc_locust import Choice, NotebookUser


class Silent(NotebookUser):
    """Is asked for edits, and makes none."""

    def choose_edit(self, number: int) -> Choice | None:  # noqa: ARG002
        """Nothing."""
        return None
