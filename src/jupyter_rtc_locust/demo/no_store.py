"""A store of updates that keeps nothing, as some administrators configure it: rooms are always made from the file.

Imported by the embedded server's process, by the name in its settings, when a scenario asks for it. So it imports
nothing of the package.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from logging import Logger

from pycrdt.store import BaseYStore, YDocNotFound


class NoStore(BaseYStore):
    """Every document is unknown to it, whatever was written."""

    def __init__(
        self,
        path: str,
        metadata_callback: Callable[[], Awaitable[bytes] | bytes] | None = None,
        log: Logger | None = None,
        **_: object,
    ) -> None:
        self.path = path
        self.metadata_callback = metadata_callback
        self.log = log

    async def write(self, data: bytes) -> None:
        """Forget the update."""

    async def read(self) -> AsyncIterator[tuple[bytes, bytes, float]]:
        """Find no document.

        Raises:
            YDocNotFound: always.
        """
        raise YDocNotFound
        yield  # an asynchronous generator, as the server expects
