"""Pictures of pages for the documents: taken in Chromium, and kept without loss as WebP, which is small."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from PIL import Image


def take(page: Any, folder: Path, name: str, **options: Any) -> Path:
    """A picture of what a page shows at this moment."""
    taken = page.screenshot(animations="disabled", caret="hide", **options)
    with Image.open(io.BytesIO(taken)) as picture:
        picture.convert("RGB").save(folder / f"{name}.webp", lossless=True, quality=75, method=4)
    return folder / f"{name}.webp"
