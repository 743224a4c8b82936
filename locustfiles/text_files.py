"""Six people write text files together, in pairs, key by key.

locust -f locustfiles/text_files.py --headless
"""

from jupyter_rtc_locust import TextTabUser


class Writer(TextTabUser):
    """Types, corrects, selects, pastes, and takes back."""

    default_users = 6
    default_spawn_rate = 6.0
    default_run_time = "40s"
    users_per_document = 2
