"""People who are dealt edits beside people in tabs, and one who only looks on: what a plan has to hold is all of it."""

from jupyter_rtc_locust import Activities, NotebookUser, TabUser
from jupyter_rtc_locust.editing.activities import Activity

DONE_ELSEWHERE = {Activity.STREAM_FOR_MINUTES, Activity.DISPLAY_LARGE}


class Dealt(NotebookUser):
    """Every kind of edit in turn."""

    edit_rate = 4.0


class InATab(TabUser):
    """Everything that a person does in a tab in turn, key by key."""

    edit_rate = 12.0
    activities = Activities.of({activity: 1 for activity in Activity if activity not in DONE_ELSEWHERE})
