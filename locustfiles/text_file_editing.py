"""People write one text file together.

locust -f locustfiles/text_file_editing.py --headless -u 6 -r 5 -t 20s
"""

from jupyter_rtc_locust import TextUser


class Writer(TextUser):
    """Deals its edits from the deck for text files."""
