"""An exam begins: two hundred people open a notebook of their own within ten seconds.

locust -f locustfiles/exam_start.py --headless
"""

from jupyter_rtc_locust import Activities, TabUser


class Candidate(TabUser):
    """Reads first; hardly anybody has written anything yet."""

    default_users = 200
    default_spawn_rate = 20.0
    default_run_time = "25s"
    users_per_document = 1
    edit_rate = 0.2
    activities = Activities.of({"type_words": 3, "move_caret": 2})
