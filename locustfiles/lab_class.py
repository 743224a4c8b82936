"""A class in a computer lab: forty people in groups of four, each group with a notebook of its own.

locust -f locustfiles/lab_class.py --headless
"""

from jupyter_rtc_locust import TabUser


class Student(TabUser):
    """Mostly in cells of its own, sometimes where another of the group is at work."""

    default_users = 40
    default_spawn_rate = 10.0
    default_run_time = "40s"
    users_per_document = 4
