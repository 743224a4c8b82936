"""The content of a document as plain Python data, and the one meaning of "equal" that all checks share.

Content is read from the raw shared types. jupyter-ydoc's own `YNotebook.get()` is not used: it leaves out identical
copies of a cell and gives others a new id in the document it reads, so that a checker would repair what it should
report.

Equality is JSON's, not Python's: `True` and `1` are different, which Python denies. `1` and `1.0` are equal, and so
are `0.0` and `-0.0`, because pycrdt writes Python's ints as floats and nobody can tell them apart afterwards. NaN
equals NaN. Bytes differ from every text.

Knows nothing about files, leniency or servers.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from json.encoder import encode_basestring_ascii
from math import isfinite
from typing import Any

from pycrdt import Array, Doc, Map, Text
from pycrdt import XmlElement as _XmlElement
from pycrdt import XmlFragment as _XmlFragment
from pycrdt import XmlText as _XmlText

from jupyter_rtc_locust.documents.kinds import CONTENT_ROOTS, DocumentKind, known_roots
from jupyter_rtc_locust.documents.replica import Replica

Content = dict[str, Any]
"""A notebook's `{"cells": [...], "meta": {...}}` or a text file's `{"source": "..."}`, all of it plain data."""

_ITEMS_A_TURN = 10

OTHER_ROOTS = "other roots"
"""The key under which `read_whole_content` lists roots that no document of the kind should have."""


def read_content(replica: Replica | Doc[Any], kind: DocumentKind) -> Content:
    """
    Return everything in the document but its `state` as plain data; the document is not modified.

    A root that is missing reads as an empty one. Formats on texts are not content; Jupyter writes none. A nested
    document reads as `{"document": guid}` and XML as its markup, so that intruders are seen.
    """
    doc = replica.doc if isinstance(replica, Replica) else replica
    with doc.transaction():
        return {name: plain_data(doc.get(name, type=shared_type)) for name, shared_type in CONTENT_ROOTS[kind].items()}


def read_whole_content(replica: Replica | Doc[Any], kind: DocumentKind) -> Content:
    """
    Return what `read_content` does, and under the key "other roots" what stands in roots that should not be there.

    The key is missing where there are none. A root that only was opened for reading, or was emptied, is not listed.
    """
    content = read_content(replica, kind)
    others = read_other_roots(replica, kind)
    return {**content, OTHER_ROOTS: others} if others else content


def read_in_turns(doc: Doc[Any], kind: DocumentKind, turn: Callable[[], None]) -> Content:
    """
    Return what `read_whole_content` does, calling `turn` every now and then, outside of any transaction.

    For processes whose event loop may not stand still: a large notebook takes long to read (measured: 70 ms for 1,000
    cells). Nobody may write into the document meanwhile.
    """
    content: Content = {}
    for name, shared_type in CONTENT_ROOTS[kind].items():
        root = doc.get(name, type=shared_type)
        if not isinstance(root, Array):
            content[name] = plain_data(root)
            continue
        content[name] = items = []
        for start in range(0, len(root), _ITEMS_A_TURN):
            turn()
            with doc.transaction():
                items += [plain_data(root[index]) for index in range(start, min(start + _ITEMS_A_TURN, len(root)))]
    turn()
    others = read_other_roots(doc, kind)
    return {**content, OTHER_ROOTS: others} if others else content


def read_other_roots(replica: Replica | Doc[Any], kind: DocumentKind) -> dict[str, Any]:
    """
    Return the content of unknown roots by name: `{"entries": {...}, "sequence": [...]}`.

    What type a foreign root was meant to have is written nowhere, so both sides of it are read; a text reads as a
    sequence of characters. This happens in a copy, because looking at a root through a type gives it that type.
    """
    doc = replica.doc if isinstance(replica, Replica) else replica
    copy: Doc[Any] = Doc()
    copy.apply_update(doc.get_update())
    found = {}
    for name in sorted(set(copy.keys()) - known_roots(kind)):
        entries = plain_data(copy.get(name, type=Map))
        sequence = plain_data(copy.get(name, type=Array))
        if entries or sequence:
            found[name] = {"entries": entries, "sequence": sequence}
    return found


def content_digest(content: Any) -> str:
    """Return the SHA-256 of the canonical form, in hexadecimal: equal exactly where `same` says so."""
    return sha256(canonical_text(content).encode("ascii")).hexdigest()


def same(one: Any, other: Any) -> bool:
    """Tell whether two pieces of plain data are equal by the rules of this module."""
    return one is other or canonical_text(one) == canonical_text(other)


def canonical_text(value: Any) -> str:
    """
    Return the canonical form: JSON in ASCII with sorted keys and without blanks, whole numbers without a fraction.

    What JSON has no word for is written in a way that no JSON value is: `NaN`, `Infinity`, and bytes as `b"..."` in
    hexadecimal. Tuples are lists.

    Raises TypeError for what is no plain data.
    """
    parts: list[str] = []
    _write(value, parts)
    return "".join(parts)


def _write(value: Any, parts: list[str]) -> None:
    if isinstance(value, str):
        parts.append(encode_basestring_ascii(value))
    elif value is None:
        parts.append("null")
    elif isinstance(value, bool):
        parts.append("true" if value else "false")
    elif isinstance(value, int | float):
        parts.append(_canonical_number(value))
    elif isinstance(value, Mapping):
        _write_mapping(value, parts)
    elif isinstance(value, list | tuple):
        separator = "["
        for item in value:
            parts.append(separator)
            _write(item, parts)
            separator = ","
        parts.append("]" if separator == "," else "[]")
    elif isinstance(value, bytes | bytearray | memoryview):
        parts.append(f'b"{bytes(value).hex()}"')
    else:
        raise TypeError(f"a {type(value).__name__} is no plain data and cannot be compared: read the document first")


def _write_mapping(mapping: Mapping[str, Any], parts: list[str]) -> None:
    separator = "{"
    for key in sorted(mapping):
        parts.append(separator)
        parts.append(encode_basestring_ascii(key))
        parts.append(":")
        _write(mapping[key], parts)
        separator = ","
    parts.append("}" if separator == "," else "{}")


def _canonical_number(number: float) -> str:
    if isinstance(number, int):
        return int.__repr__(number)
    if not isfinite(number):
        return {True: "Infinity", False: "-Infinity"}[number > 0] if number == number else "NaN"
    return int.__repr__(int(number)) if number == int(number) else float.__repr__(number)


def plain_data(value: Any) -> Any:
    """
    Return shared types, at any depth, as plain data, with sorted keys: pycrdt's maps come in another order each time.
    """
    if isinstance(value, Text):
        return str(value)
    if isinstance(value, Map):
        return {key: plain_data(item) for key, item in sorted(value.items())}
    if isinstance(value, Array):
        return [plain_data(item) for item in value]
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    if isinstance(value, dict):
        return {key: plain_data(item) for key, item in sorted(value.items())}
    if isinstance(value, list | tuple):
        return [plain_data(item) for item in value]
    if isinstance(value, Doc):
        return {"document": value.guid}
    if isinstance(value, _XmlElement | _XmlFragment | _XmlText):
        return {"xml": str(value)}
    return value
