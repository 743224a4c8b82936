"""Reads `capacity.json`, which may be an older version's or somebody else's.

Pure but for the file that is read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from jupyter_rtc_locust.capacity.result import FILE

_NEEDED: Final = ("outcome", "sentence", "capacity", "promise", "steps", "run")


class CapacityError(ValueError):
    """What lies there is no capacity that could be read. The sentence says which file, and why."""


def read_capacity(folder: Path) -> dict[str, Any] | None:
    """The content of the folder's `capacity.json`; None where there is none.

    Raises:
        CapacityError: there is one, and it cannot be read.
    """
    path = folder / FILE
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise CapacityError(f"{path} could not be read: {error}.") from None
    if not isinstance(content, dict) or any(name not in content for name in _NEEDED):
        raise CapacityError(f"{path} is no capacity: it lacks one of {', '.join(_NEEDED)}.")
    return content
