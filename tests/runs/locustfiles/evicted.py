"""The room is dropped while everybody types."""

from __future__ import annotations

from jupyter_rtc_locust import Evict, TextUser


class Author(TextUser):
    edit_rate = 4.0
    faults = (Evict(at=5.0),)
