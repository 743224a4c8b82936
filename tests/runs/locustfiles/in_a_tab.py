"""People who do in a notebook whatever people do in a tab, each thing as often as any other, and quickly.

A slot of the schedule is a key, so that a rate of 20 is a hurry.
"""

from jupyter_rtc_locust import Activities, TabUser
from jupyter_rtc_locust.editing.activities import Activity

DONE_ELSEWHERE = {Activity.STREAM_FOR_MINUTES}


class InATab(TabUser):
    """Everything in turn; what takes minutes is left out."""

    edit_rate = 20.0
    activities = Activities.of({activity: 1 for activity in Activity if activity not in DONE_ELSEWHERE})
