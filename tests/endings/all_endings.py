"""Every ending there is, by name."""

from __future__ import annotations

from endings import alone, apart, in_the_web_ui, with_a_page
from endings.ending import Ending

ENDINGS: tuple[Ending, ...] = (
    *alone.ENDINGS,
    *in_the_web_ui.ENDINGS,
    *apart.ENDINGS,
    *with_a_page.ENDINGS,
)
