"""The two kinds of document there are, and the shared types at the root of each.

Kept in one table because whoever creates a replica and whoever reads one must mean the same roots. Source:
jupyter-ydoc 4 (`YNotebook`, document version 2.0.0, and `YUnicode`, version 1.0.0).
"""

from types import MappingProxyType
from typing import Any, Literal

from pycrdt import Array, Map, Text

DocumentKind = Literal["notebook", "text"]
"""A Jupyter notebook, or a plain text file."""

SharedType = type[Array[Any]] | type[Map[Any]] | type[Text]

CONTENT_ROOTS: MappingProxyType[DocumentKind, MappingProxyType[str, SharedType]] = MappingProxyType(
    {
        "notebook": MappingProxyType({"cells": Array, "meta": Map}),
        "text": MappingProxyType({"source": Text}),
    }
)
"""The roots that hold what people write, with their types."""

STATE_ROOT = "state"
"""The Map in which server and clients keep `dirty`, `path`, `hash` and the like: never part of the content."""


def known_roots(kind: DocumentKind) -> frozenset[str]:
    """Return the names of all roots that a document of this kind has on a healthy stack."""
    return frozenset(CONTENT_ROOTS[kind]) | {STATE_ROOT}
