"""People who do whatever people do in a tab, quickly, and whose cells run whatever they typed.

Nobody starts the kernel again: of two who do so at the same moment Jupyter Server 2.21 answers one with 500.
"""

from jupyter_rtc_locust import Activities, TabUser
from jupyter_rtc_locust.editing.activities import Activity

DONE_ELSEWHERE = {Activity.STREAM_FOR_MINUTES, Activity.RESTART_KERNEL}


class WordsInAKernel(TabUser):
    """Everything in turn, and running cells more often than the rest."""

    edit_rate = 20.0
    activities = Activities.of(
        {activity: 1 for activity in Activity if activity not in DONE_ELSEWHERE} | {"run_cell": 5}
    )
