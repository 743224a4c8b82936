"""Documents made again from updates, and what stands in them.

Merged before they are applied (rule 1): pycrdt leaves updates pending that arrive out of order, also when nothing is
missing any more.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable
from typing import Any

from pycrdt import Doc

from jupyter_rtc_locust.documents.canonical import Content, read_whole_content
from jupyter_rtc_locust.documents.kinds import DocumentKind
from jupyter_rtc_locust.protocol.merging import merge_updates

_REBUILDER = 0xFFFF_FFFF
"""Client id of documents that nobody writes into; fixed, so that nothing in here is random."""


def document_of(updates: Iterable[bytes]) -> Doc[Any]:
    """A document of all these updates, in any order."""
    doc: Doc[Any] = Doc(client_id=_REBUILDER)
    doc.apply_update(merge_updates(updates))
    return doc


_REMEMBERED = 32
_contents: OrderedDict[tuple[bytes, DocumentKind], Content] = OrderedDict()


def content_of(update: bytes, kind: DocumentKind) -> Content:
    """The content of a whole document given as one update. Remembered, so nobody may change it.

    The checks ask for the same few documents again and again, and the coordinator does so twice a second while it
    waits for the file.
    """
    content = _contents.get((update, kind))
    if content is None:
        content = read_whole_content(document_of([update]), kind)
        remember_content(update, kind, content)
    return content


def remember_content(update: bytes, kind: DocumentKind, content: Content) -> None:
    """What `content_of` says from now on of this document, for whoever read it with turns of an event loop between."""
    _contents[update, kind] = content
    while len(_contents) > _REMEMBERED:
        _contents.popitem(last=False)


def forget_contents() -> None:
    """Remember nothing."""
    _contents.clear()


def copied_ids(content: Content) -> frozenset[str]:
    """Ids that more than one cell has."""
    ids = Counter(cell.get("id") for cell in content.get("cells", ()) if isinstance(cell, dict))
    return frozenset(one for one, count in ids.items() if count > 1 and isinstance(one, str))
