"""A load test of your own. Change the two parts below, delete what you do not need, and run

    locust -f locustfile.py --headless -u 10 -r 5 -t 30s

Without --host a Jupyter server is started for the run. To load another, add --host http://NAME:PORT, with its token
in the environment variable JUPYTER_TOKEN. Our own options begin with --rtc-: jupyter rtc-locust demo --help
"""

from jupyter_rtc_locust import Choice, NotebookUser


class Student(NotebookUser):
    """Someone who types, and pastes a solution now and then."""

    # How often each of them edits, per second. 0: they only watch.
    edit_rate = 1.0

    def choose_edit(self, number: int) -> Choice | None:
        """Return what to do as edit `number` (0, 1, 2, ...). The document of that moment decides where it happens."""
        if number % 10 == 9:
            # Number and seed say where: without the seed of each user, all of them would paste at one place.
            return Choice.of("paste", text="def answer():\n    return 42\n", number=number, seed=self.seed)
        # Everything else as people do it: typing, deleting, new cells, outputs, and every other part of a notebook.
        return super().choose_edit(number)
