"""People who type without a pause, and one of them presses Ctrl+S now and then: is on disk what was said to be saved?

Released versions of jupyter-collaboration answer "success" to a save that somebody's next letter cancels, so a run with
this file can end in a fail, `save-not-done`, on a server where all is well otherwise (docs/issues.md).

    locust -f locustfiles/saving_by_hand.py --headless -u 4 -r 4 -t 48s --rtc-edit-rate 20
"""

from locust import constant, task

from jupyter_rtc_locust import NotebookUser


class SavingByHand(NotebookUser):
    """Edits like everybody; user 0 saves by hand, seldom enough that no other save hides one that was not done."""

    wait_time = constant(12)

    @task(1000)
    def save_by_hand(self) -> None:
        """Ctrl+S, and wait for the answer."""
        if self.collaborator is not None and self.collaborator.seat.user == 0:
            self.save()
