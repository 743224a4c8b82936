"""Makes of `capacity.json` what people read: `capacity.md`, and the picture in it, `capacity.svg`."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

from jupyter_rtc_locust.capacity.markdown import PICTURE, in_markdown
from jupyter_rtc_locust.capacity.reading import read_capacity
from jupyter_rtc_locust.capacity.result import FILE

PAGE: Final = "capacity.md"
MADE: Final = (PAGE, PICTURE)


def contents(folder: Path) -> dict[str, bytes]:
    """What is to be written, by the name of its file; nothing where the folder holds no capacity.

    Raises:
        CapacityError: it holds one that cannot be read.
    """
    capacity = read_capacity(folder)
    if capacity is None:
        return {}
    from jupyter_rtc_locust.capacity.drawing import as_svg  # takes most of a second

    return {PAGE: in_markdown(capacity).encode("utf-8", "backslashreplace"), PICTURE: as_svg([capacity])}


def forget(folder: Path) -> None:
    """Remove what an earlier search found, so that nobody takes it for what this run finds."""
    with contextlib.suppress(OSError):
        (folder / FILE).unlink(missing_ok=True)
