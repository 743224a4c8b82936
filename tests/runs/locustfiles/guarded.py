"""The product's own users; what guards the buttons of the web UI is written beside the results, as no page tells it."""

from pathlib import Path

from locust import events

from jupyter_rtc_locust import NotebookUser


class Collaborator(NotebookUser):
    """Edits as everybody does."""


@events.init.add_listener
def tell_guard(environment, **_):
    coordinator = getattr(environment, "rtc_coordinator", None)
    if coordinator is not None:
        Path("guard.txt").write_text(coordinator.live.guard.token)
