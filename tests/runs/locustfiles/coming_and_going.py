"""One user is offline for a while and goes on typing, another one closes the document and opens it again."""

from jupyter_rtc_locust import Away, NotebookUser, Offline


class Restless(NotebookUser):
    edit_rate = 2.0
    faults = (Offline(users=(1,), since=2.0, until=6.0), Away(users=(2,), since=3.0, until=5.0))
