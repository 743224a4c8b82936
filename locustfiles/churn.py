"""People come, write a little, and go; rooms are left empty, dropped, and opened again.

In every quarter of a minute they do so for eight seconds, and stay for the rest. Ask for a multiple of 15 s (`-t`), so
that a run ends while people are there, who can be asked what they see.

    locust -f locustfiles/churn.py --headless
"""

from locust import between, task

from jupyter_rtc_locust import TabUser

QUARTER_S = 15.0
RESTLESS_S = 8.0


class Visitor(TabUser):
    """Stays for some seconds, closes the notebook, and comes back."""

    default_users = 12
    default_spawn_rate = 6.0
    default_run_time = "45s"
    users_per_document = 2
    server_drops_rooms_after = 1.0
    wait_time = between(1, 4)

    @task(1000)
    def come_and_go(self) -> None:
        """One who is there goes, and one who is away comes."""
        if self.away:
            self.come_back()
        elif self.elapsed % QUARTER_S < RESTLESS_S:
            self.go_away()
