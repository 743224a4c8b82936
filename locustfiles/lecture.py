"""A lecture: one person types and runs cells, a hundred watch.

locust -f locustfiles/lecture.py --headless
"""

from jupyter_rtc_locust import Activities, TabUser
from jupyter_rtc_locust.editing.places import PRESENTER


class Listener(TabUser):
    """The first of each notebook presents; all others have it open."""

    default_users = 101
    default_spawn_rate = 20.0
    default_run_time = "40s"
    places = PRESENTER
    activities = Activities.of({"type_line": 4, "backspace": 1, "run_cell": 2, "add_cell": 1})
