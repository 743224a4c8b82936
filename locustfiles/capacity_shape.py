"""How many people does the server hold? They come in steps until the promise breaks, go back, and narrow it down.

A load shape, to be named beside any locustfile. `-u` says how many people are tried at most, `--rtc-promise` what is
to be kept; how a step is held, and what is said at the end, stands in docs/capacity.md.

    locust -f locustfiles/lab_class.py,locustfiles/capacity_shape.py --headless -u 200 --rtc-promise "save p99 < 9s"
"""

from jupyter_rtc_locust import CapacityShape


class Capacity(CapacityShape):
    """As many people as the search wants."""
