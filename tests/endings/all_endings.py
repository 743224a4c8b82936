"""Every ending there is, by name."""

from __future__ import annotations

from endings import alone, apart, in_the_web_ui
from endings.ending import Ending

ENDINGS: tuple[Ending, ...] = (*alone.ENDINGS, *in_the_web_ui.ENDINGS, *apart.ENDINGS)
