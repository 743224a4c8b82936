"""People whose line is lost again and again, while they go on typing.

locust -f locustfiles/flaky_wifi.py --headless
"""

from locust import between, task

from jupyter_rtc_locust import TabUser


class Commuter(TabUser):
    """Loses the line every few seconds, and comes back by itself, as a tab does."""

    default_users = 8
    default_spawn_rate = 8.0
    default_run_time = "40s"
    users_per_document = 4
    wait_time = between(3, 10)

    @task(1000)
    def lose_the_line(self) -> None:
        """Without a word, as in a tunnel."""
        self.lose_line()
