"""One user is offline and another one away, both for longer than any run of the tests."""

from jupyter_rtc_locust import Away, NotebookUser, Offline


class Gone(NotebookUser):
    edit_rate = 2.0
    faults = (Offline(users=(1,), since=1.0, until=600.0), Away(users=(2,), since=1.5, until=600.0))
