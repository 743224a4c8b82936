"""A notebook that stays open overnight: nobody types, and some laptops are asleep and come back.

locust -f locustfiles/overnight_room.py --headless
"""

from jupyter_rtc_locust import Offline, TabUser


class Sleeper(TabUser):
    """Has two tabs open, on one laptop or on two. Some laptops are closed, and wake after the others gave them up."""

    tabs_per_person = 2
    default_users = 10
    default_spawn_rate = 10.0
    default_run_time = "50s"
    edit_rate = 0.0
    faults = (
        Offline(users=(1, 2), since=4.0, until=44.0, asleep=True),
        Offline(users=(3,), since=10.0, until=20.0, asleep=True),
    )
