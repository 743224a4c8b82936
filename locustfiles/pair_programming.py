"""Two people write one notebook together, often in the same cell, and run it.

locust -f locustfiles/pair_programming.py --headless
"""

from jupyter_rtc_locust import Places, TabUser


class Programmer(TabUser):
    """One keyboard each, and one train of thought."""

    default_users = 2
    default_run_time = "40s"
    places = Places(shared=0.4, with_others=0.3, own=0.3)
