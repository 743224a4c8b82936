"""The text file that runs start from when nobody names one."""

from __future__ import annotations

from jupyter_rtc_locust.documents.templates import Template

_TEXT = """\
Minutes of the measurement meeting

1. The sensor in room 4 drifts by 0.3 °C a day.
2. Çağlar and 美咲 compare it with the reference, Οδυσσέας writes it down.
3. Next meeting on Thursday 🌡️

"""


def default_text() -> Template:
    """A small text with characters of one, two, three and four bytes, made by us."""
    return Template("minutes.txt", "text", _TEXT, _TEXT)
