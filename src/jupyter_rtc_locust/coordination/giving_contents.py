"""In a process that told its evidence with digests: give the contents that the coordinator asks for.

They are kept until the round is over, which they are part of. Of what one question asks for, so much is given as a part
may hold; the coordinator asks for the others again, so that neither end packs or reads much at once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any, Final

import gevent
import msgpack  # type: ignore[import-untyped]

from jupyter_rtc_locust.coordination.told_once import Contents
from jupyter_rtc_locust.coordination.turns import Turns

logger = logging.getLogger(__name__)

GIVEN_AT_ONCE: Final = 8_000_000
"""Bytes: with the content that reaches it, an answer ends. States of a large document are a megabyte each."""


class GivingContents:
    """`send_in_pieces` takes run, round, payload and part, and returns when all of it was taken, or given up."""

    def __init__(self, send_in_pieces: Callable[[str, int, bytes, int], None]) -> None:
        self._send_in_pieces = send_in_pieces
        self._contents: Contents | None = None
        self._round = ("", 0)
        self._under_way: set[tuple[str, int, int]] = set()

    def begin(self, run_id: str, number: int) -> Contents:
        """A round begins: what is told with digests is kept in there."""
        self._round = (run_id, number)
        self._contents = Contents(Turns())
        return self._contents

    def forget(self, run_id: str, number: int) -> None:
        """This round is over: nobody asks any more. What a later one has told already is kept."""
        if (run_id, number) == self._round:
            self._contents = None

    def on_wanted(self, msg: Any, **_: Any) -> None:
        """The coordinator asks, perhaps once more because it heard nothing for a while."""
        run_id, number, part = question = msg.data["run"], msg.data["round"], msg.data["part"]
        if (run_id, number) == self._round and question not in self._under_way and self._contents is not None:
            self._under_way.add(question)
            gevent.spawn(self._give, self._contents, run_id, number, part, msg.data["digests"])

    def _give(self, contents: Contents, run_id: str, number: int, part: int, digests: bytes) -> None:
        try:
            self._send_in_pieces(run_id, number, msgpack.packb(list(_first(contents.give(digests)))), part)
        except KeyError:
            logger.error("The coordinator asked for contents of which this process told nothing.")
        finally:
            self._under_way.discard((run_id, number, part))


def _first(contents: Iterator[bytes]) -> Iterator[bytes]:
    """The first of them, one at least where there is one, and no more when they are as much as is given at once."""
    given = 0
    for content in contents:
        yield content
        given += len(content)
        if given >= GIVEN_AT_ONCE:
            return
