"""Two people whose lines hold, and others who lose theirs every second: a promise of kept lines breaks at three."""

from locust import task

from jupyter_rtc_locust import CapacityShape, NotebookUser


class Person(NotebookUser):
    """Whoever comes third has a bad network."""

    edit_rate = 4.0

    @task
    def lose_the_line(self):
        if self.collaborator is not None and self.collaborator.seat.user >= 2:
            self.lose_line()


class Capacity(CapacityShape):
    """As many as keep their lines."""
