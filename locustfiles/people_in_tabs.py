"""People do in a notebook what they do in a tab of JupyterLab, key by key.

locust -f locustfiles/people_in_tabs.py --headless -u 10 -r 5 -t 30s
"""

from jupyter_rtc_locust import TabUser


class Person(TabUser):
    """Types and pauses as people do, and does everything that they do in turn."""
