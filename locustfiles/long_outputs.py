"""Cells that print twenty lines a second for minutes, and show pictures of a megabyte, while others type.

locust -f locustfiles/long_outputs.py --headless
"""

from jupyter_rtc_locust import Activities, TabUser


class Trainer(TabUser):
    """Starts what takes long, and looks on."""

    default_users = 4
    default_spawn_rate = 4.0
    default_run_time = "45s"
    edit_rate = 0.5
    activities = Activities.of({"stream_for_minutes": 2, "display_large": 1, "type_words": 2})
