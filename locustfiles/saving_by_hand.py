"""People who type without a pause, and one in each document presses Ctrl+S now and then: is it on disk afterwards?

Released versions of jupyter-collaboration answer "success" to a save that somebody's next letter cancels, so a run with
this file can end in a fail, `save-not-done`, on a server where all is well otherwise (docs/issues.md).

    locust -f locustfiles/saving_by_hand.py --headless -u 12 -r 12 -t 48s --rtc-documents 6 --rtc-edit-rate 20
"""

from locust import constant, task

from jupyter_rtc_locust import NotebookUser


class SavingByHand(NotebookUser):
    """Edits like everybody; the first in each document saves by hand.

    So seldom that no later save hides one that was not done.
    """

    rhythm = "steady"
    wait_time = constant(12)

    @task(1000)
    def save_by_hand(self) -> None:
        """Ctrl+S, and wait for the answer."""
        if self.collaborator is not None and self.collaborator.seat.place == 0:
            self.save()
