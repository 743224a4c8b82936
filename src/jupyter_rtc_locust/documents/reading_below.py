"""A few entries of a shared document, read in the transaction that is open, without the Python that pycrdt puts around.

Each look at `cells[i]["id"]` by the documented way opens and closes four transactions within the one that is open, and
makes an object for the cell: 5 µs, against 0.5 here. An edit looks at cells ten times and more before it is made.

It uses private names of pycrdt, as `transactions_below.py` does. It is tried once, when this module is imported;
elsewhere, and where no transaction is open, the documented way is taken.
"""

from typing import Any

from pycrdt import Array, Doc, Map, Text

try:
    from pycrdt._base import base_types
except ImportError:  # pragma: no cover
    base_types = {}


def entry_as_documented(holder: Map[Any], key: str) -> Any:
    """Return an entry of a shared map, or None. Measured: `Map.get` looks twice and takes twice as long."""
    try:
        return holder[key]
    except KeyError:
        return None


def entry_at_as_documented(holders: Array[Any], index: int, key: str) -> Any:
    """Return an entry of the shared map that has this index (from 0) in a shared array, or None.

    Raises IndexError where there is nothing of this index.
    """
    return entry_as_documented(holders[index], key)


def entry_below(holder: Map[Any], key: str) -> Any:
    """As `entry_as_documented`."""
    doc: Any = holder._doc
    transaction = None if doc is None else doc._txn
    if transaction is None:
        return entry_as_documented(holder, key)
    return _entry(holder._integrated, transaction._txn, doc, key)


def entry_at_below(holders: Array[Any], index: int, key: str) -> Any:
    """As `entry_at_as_documented`."""
    doc: Any = holders._doc
    transaction = None if doc is None else doc._txn
    if transaction is None:
        return entry_at_as_documented(holders, index, key)
    try:
        core: Any = holders._integrated
        holder = core.get(transaction._txn, index)
    except (ValueError, OverflowError):
        raise IndexError(f"there is nothing at {index}") from None
    return _entry(holder, transaction._txn, doc, key)


def _entry(core: Any, transaction: Any, doc: Any, key: str) -> Any:
    try:
        value = core.get(transaction, key)
    except ValueError:
        return None
    shared: Any = base_types.get(type(value))
    # A document within the document, which no notebook has, is made in another way.
    return value if shared is None or shared is Doc else shared(_doc=doc, _integrated=value)


def is_usable() -> bool:
    """Whether this pycrdt can be read so."""
    try:
        doc: Doc[Any] = Doc({"cells": Array([Map({"id": "a", "source": Text("ok")})])})
        cells = doc.get("cells", type=Array)
        with doc.transaction():
            source, cell = entry_at_below(cells, 0, "source"), cells[0]
            return (
                isinstance(source, Text)
                and str(source) == "ok"
                and [entry_below(cell, "id"), entry_below(cell, "none")] == ["a", None]
                and entry_at_below(cells, 0, "id") == "a"
            )
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # a panic of the Rust core is one
        return False


entry_of = entry_below if is_usable() else entry_as_documented
entry_at = entry_at_below if is_usable() else entry_at_as_documented
