"""A day of a course on a JupyterHub: 30 people arrive within a minute, work in groups of three, and leave.

Each group shares the server of one of its people, which the hub starts when the first of them comes. -u, -r, -t and
--rtc-documents say otherwise; docs/hubs.md says what the hub needs, and how people log in.

    locust -f locustfiles/course_day.py --headless --rtc-hub http://127.0.0.1:8000
"""

from jupyter_rtc_locust import NotebookUser


class CoursePerson(NotebookUser):
    """Somebody in a group of three."""

    default_users = 30
    default_spawn_rate = 0.5
    default_run_time = "2m"
    users_per_document = 3
