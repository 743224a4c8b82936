"""Text from elsewhere in a terminal: nothing in it acts on the terminal, and none is endless. Pure."""

from __future__ import annotations

from typing import Any, Final

from jupyter_rtc_locust.verdict.neutralising import neutralised

TEXT_SHOWN: Final = 500
"""How many characters of one sentence are shown."""


def shown(value: Any, longest: int = TEXT_SHOWN) -> str:
    """Anything as text in one line: what would move the cursor, colour the line or turn its direction is an escape."""
    text = neutralised(str(value))
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text) - longest} characters more)"
