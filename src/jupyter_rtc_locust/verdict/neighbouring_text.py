"""The text that stands directly before or behind a unit, as it was written; what was deleted since is among it."""

from __future__ import annotations

from jupyter_rtc_locust.protocol.contents import Id, StringContent
from jupyter_rtc_locust.protocol.lineage import Lineage
from jupyter_rtc_locust.protocol.structs import Item, cut

_LONGEST_LOOK = 10_000
"""UTF-16 units of text beside a foreign one that are looked at."""


def text_beside(lineage: Lineage, item: Item) -> Id | None:
    """A unit of the equal text that stood directly before, or behind, this one when it was written."""
    assert isinstance(item.content, StringContent)
    text = item.content.text
    if item.origin is not None and text_before(lineage, item.origin, len(text)).endswith(text):
        return item.origin
    if item.right_origin is not None and text_behind(lineage, item.right_origin, len(text)).startswith(text):
        return item.right_origin
    return None


def text_before(lineage: Lineage, unit: Id, wanted: int) -> str:
    """The text up to and with this unit, as far as one origin leads to the next."""
    pieces: list[str] = []
    length = 0
    origin: Id | None = unit
    while origin is not None and length < min(wanted, _LONGEST_LOOK):
        struct = lineage.struct_at(origin)
        if not isinstance(struct, Item) or not isinstance(struct.content, StringContent):
            break
        part = cut(struct, struct.clock, origin.clock + 1)
        assert isinstance(part, Item) and isinstance(part.content, StringContent)
        pieces.append(part.content.text)
        length += len(part.content.text)
        origin = struct.origin
    return "".join(reversed(pieces))


def text_behind(lineage: Lineage, unit: Id, wanted: int) -> str:
    """The text from this unit on, as far as it was written in one go, or by one client in one go after the other."""
    pieces: list[str] = []
    length = 0
    right_origin: Id | None = unit
    while right_origin is not None and length < min(wanted, _LONGEST_LOOK):
        struct = lineage.struct_at(right_origin)
        if not isinstance(struct, Item) or not isinstance(struct.content, StringContent):
            break
        part = cut(struct, right_origin.clock, struct.end)
        assert isinstance(part, Item) and isinstance(part.content, StringContent)
        pieces.append(part.content.text)
        length += len(part.content.text)
        following = lineage.struct_at((struct.client, struct.end))
        typed_on = isinstance(following, Item) and following.origin == (struct.client, struct.end - 1)
        right_origin = Id(struct.client, struct.end) if typed_on else None
    return "".join(pieces)
