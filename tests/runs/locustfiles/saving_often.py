"""People who type, and save by hand every three seconds."""

from locust import constant, task

from jupyter_rtc_locust import NotebookUser


class SavingOften(NotebookUser):
    wait_time = constant(3)

    @task(1000)
    def save_by_hand(self) -> None:
        self.save()
