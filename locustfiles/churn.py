"""People come, write a little, and go; rooms are left empty, dropped, and opened again.

locust -f locustfiles/churn.py --headless
"""

from locust import between, task

from jupyter_rtc_locust import TabUser


class Visitor(TabUser):
    """Stays for some seconds, closes the notebook or the whole tab, and comes back."""

    default_users = 12
    default_spawn_rate = 6.0
    default_run_time = "45s"
    users_per_document = 2
    server_drops_rooms_after = 1.0
    wait_time = between(3, 8)
    edit_rate = 2.0

    @task(1000)
    def come_and_go(self) -> None:
        """One who is there goes, and one who is away comes."""
        if self.away:
            self.come_back()
        else:
            self.go_away()
