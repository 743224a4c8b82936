"""All of it at once: people in tabs, a machine, lost lines, sleepers, visitors, and somebody who saves by hand.

locust -f locustfiles/everything.py --headless
"""

from locust import between, task

from jupyter_rtc_locust import NotebookUser, Offline, TabUser


class Person(TabUser):
    """At work all the time; one is asleep for a while."""

    default_users = 4
    faults = (Offline(users=(0,), since=8.0, until=20.0, asleep=True),)


class Commuter(TabUser):
    """Loses the line now and then."""

    default_users = 2
    wait_time = between(5, 12)

    @task(1000)
    def lose_the_line(self) -> None:
        """Without a word."""
        self.lose_line()


class Visitor(TabUser):
    """Comes and goes."""

    default_users = 2
    wait_time = between(4, 9)

    @task(1000)
    def come_and_go(self) -> None:
        """One who is there goes, and one who is away comes."""
        if self.away:
            self.come_back()
        else:
            self.go_away()


class Saver(TabUser):
    """Presses Ctrl+S now and then, in a pause."""

    default_users = 1
    wait_time = between(8, 14)

    @task(1000)
    def save_by_hand(self) -> None:
        """And waits for the answer."""
        self.save()


class Machine(NotebookUser):
    """Writes steadily, every kind of edit there is."""

    default_users = 1
    default_spawn_rate = 10.0
    default_run_time = "45s"
    edit_rate = 4.0
    rhythm = "steady"
