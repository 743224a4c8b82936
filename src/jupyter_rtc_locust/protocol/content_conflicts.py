"""One (client, clock) with two contents: the sign that a server replaced its history, or damaged what passed through.

Servers cut, join and delete structs and encode numbers anew, all of which is their right. So contents are compared by
range and by meaning, and what is deleted on either side says nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from jupyter_rtc_locust.protocol.any_values import same_value
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.contents import (
    AnyContent,
    Content,
    DeletedContent,
    DocumentContent,
    EmbedContent,
    FormatContent,
    JsonContent,
    StringContent,
)
from jupyter_rtc_locust.protocol.structs import Item, cut

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_rtc_locust.protocol.lineage import Lineage
    from jupyter_rtc_locust.protocol.updates import Update

_REPLACEMENT = 0xFFFD


def content_conflicts(known: Lineage, update: Update) -> ClockRanges:
    """Give the clocks that hold other content in the update than is known of them, as wide as the structs overlap."""
    return ClockRanges.of(_conflicts(known, update))


def _conflicts(known: Lineage, update: Update) -> Iterator[tuple[int, int, int]]:
    for struct in update:
        if not isinstance(struct, Item) or isinstance(struct.content, DeletedContent):
            continue
        for other in known.structs_in(struct.client, struct.clock, struct.end):
            if (
                other is struct
                or not isinstance(other, Item)
                or (other.content == struct.content and other.clock == struct.clock)
            ):
                continue
            start, end = max(struct.clock, other.clock), min(struct.end, other.end)
            ours, theirs = cut(other, start, end), cut(struct, start, end)
            assert isinstance(ours, Item) and isinstance(theirs, Item)
            if not same_content(ours.content, theirs.content):
                yield struct.client, start, end
                continue
            for pair in _replaced_pairs(ours.content, theirs.content):
                whole = (struct.client, start + pair, start + pair + 2)
                if not update.deletions.intersection(ClockRanges.of([whole])):
                    yield whole


def same_content(left: Content, right: Content) -> bool:
    """Say whether two contents of equal length mean the same, as far as both are there.

    Numbers are equal across encodings, JSON across spellings. A U+FFFD equals half a surrogate pair, since Yjs puts it
    there when it cuts through one. Of documents within documents only the guid counts: writers fill in their options.
    """
    if left == right or isinstance(left, DeletedContent) or isinstance(right, DeletedContent):
        return True
    if isinstance(left, StringContent) and isinstance(right, StringContent):
        return _same_text(left.text, right.text)
    if isinstance(left, AnyContent) and isinstance(right, AnyContent):
        return len(left.encoded) == len(right.encoded) and all(map(same_value, left.values, right.values))
    if isinstance(left, JsonContent) and isinstance(right, JsonContent):
        return len(left.texts) == len(right.texts) and all(map(_same_json, left.texts, right.texts))
    if isinstance(left, EmbedContent) and isinstance(right, EmbedContent):
        return _same_json(left.json_text, right.json_text)
    if isinstance(left, FormatContent) and isinstance(right, FormatContent):
        return left.key == right.key and _same_json(left.json_text, right.json_text)
    if isinstance(left, DocumentContent) and isinstance(right, DocumentContent):
        return left.guid == right.guid
    return False


def _replaced_pairs(known: Content, found: Content) -> Iterator[int]:
    """Say where both halves of a surrogate pair are U+FFFD in one struct.

    Yjs cannot have cut there: something stands between the halves of a pair that was cut through, or one is deleted.
    """
    if isinstance(known, StringContent) and isinstance(found, StringContent) and chr(_REPLACEMENT) * 2 in found.text:
        units = memoryview(known.text.encode("utf-16-le")).cast("H")
        others = memoryview(found.text.encode("utf-16-le")).cast("H")
        for at in range(len(units) - 1):
            if 0xD800 <= units[at] <= 0xDBFF and others[at] == others[at + 1] == _REPLACEMENT:
                yield at


def _same_text(left: str, right: str) -> bool:
    left_units = memoryview(left.encode("utf-16-le")).cast("H")
    right_units = memoryview(right.encode("utf-16-le")).cast("H")
    return len(left_units) == len(right_units) and all(
        one == other or (_REPLACEMENT in (one, other) and 0xD800 <= min(one, other) <= 0xDFFF)
        for one, other in zip(left_units, right_units, strict=True)
    )


def _same_json(left: str, right: str) -> bool:
    if left == right:
        return True
    try:
        return same_value(json.loads(left), json.loads(right))
    except (ValueError, RecursionError):
        # No JSON on one side (`undefined`), or hostile JSON: then only equal texts are equal.
        return False
