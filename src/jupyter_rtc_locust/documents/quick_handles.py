"""Handles on shared types that use the transaction that is open, without the Python that pycrdt puts around.

They are pycrdt's own `Text`, `Map` and `Array`, do what those do, and find such handles in themselves. Each look at an
entry by pycrdt's way opens and closes a transaction or two within the one that is open, and makes a handle with eight
containers for listeners. Measured: `cells[5].get("cell_type")` takes 4.7 µs by pycrdt's way and 0.6 here,
`state["dirty"] = True` 1.2 and 0.5; an edit looks twenty times and more before it is made.

Where no transaction is open, and for whatever is rare, the documented way is taken. The names below it are private, so
they are tried once, when this module is imported; where they are not as they were, handles are made by the documented
way. What cannot be done with these is to listen to `events()`, which an AttributeError tells; `observe` can.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pycrdt import Array, Doc, Map, Text, Transaction

try:
    from pycrdt._base import BaseType, base_types
except ImportError:  # pragma: no cover
    BaseType, base_types = (), {}  # type: ignore[assignment, misc]


class QuickText(Text):
    """A shared text."""

    _type_name = "text"
    _prelim = None

    def __init__(self, doc: Doc[Any], core: Any) -> None:
        self._doc: Any = doc
        self._integrated: Any = core
        self._subscriptions = []

    def __str__(self) -> str:
        now = self._doc._txn
        return super().__str__() if now is None else self._integrated.get_string(now._txn)

    def __len__(self) -> int:
        now = self._doc._txn
        return super().__len__() if now is None else self._integrated.len(now._txn)

    def insert(self, index: int, value: str, attrs: dict[str, Any] | None = None) -> None:
        """Insert a string before this byte."""
        now = self._doc._txn
        if type(now) is not Transaction or attrs is not None:
            super().insert(index, value, attrs)
        else:
            self._integrated.insert(now._txn, index, value)

    def __delitem__(self, key: int | slice) -> None:
        now = self._doc._txn
        if type(now) is Transaction and type(key) is slice and key.step is None:
            start, stop = key.start, key.stop
            if type(start) is type(stop) is int and 0 <= start < stop:
                self._integrated.remove_range(now._txn, start, stop - start)
                return
        super().__delitem__(key)


class QuickMap(Map[Any]):
    """A shared map."""

    _type_name = "map"
    _prelim = None

    def __init__(self, doc: Doc[Any], core: Any) -> None:
        self._doc: Any = doc
        self._integrated: Any = core
        self._subscriptions = []

    def __getitem__(self, key: str) -> Any:
        doc = self._doc
        now = doc._txn
        if now is None:
            return super().__getitem__(key)
        try:
            return found(doc, self._integrated.get(now._txn, key))
        except ValueError:
            raise KeyError(key) from None

    def get(self, key: str, default_value: Any = None) -> Any:
        """Return an entry, or what is given for one that is not there."""
        doc = self._doc
        now = doc._txn
        if now is None:
            return super().get(key, default_value)
        try:
            return found(doc, self._integrated.get(now._txn, key))
        except ValueError:
            return default_value

    def __setitem__(self, key: str, value: Any) -> None:
        doc = self._doc
        now = doc._txn
        if type(now) is not Transaction:
            super().__setitem__(key, value)
        else:
            _put(self._integrated, now._txn, doc, key, value)

    def to_py(self) -> dict[str, Any]:
        """Return all of it as plain data."""
        with self._doc.transaction() as now:
            plain: dict[str, Any] = _plain(self._doc, now._txn, self._integrated)
            return plain


class QuickArray(Array[Any]):
    """A shared array."""

    _type_name = "array"
    _prelim = None

    def __init__(self, doc: Doc[Any], core: Any) -> None:
        self._doc: Any = doc
        self._integrated: Any = core
        self._subscriptions = []

    def __len__(self) -> int:
        now = self._doc._txn
        return super().__len__() if now is None else self._integrated.len(now._txn)

    def __getitem__(self, key: Any) -> Any:
        doc = self._doc
        now = doc._txn
        if now is None or type(key) is not int or key < 0:
            return super().__getitem__(key)
        try:
            return found(doc, self._integrated.get(now._txn, key))
        except (ValueError, OverflowError):
            raise IndexError(f"there is nothing at {key}") from None

    def insert(self, index: int, object: Any) -> None:
        """Put something in, so that it has this index afterwards."""
        doc = self._doc
        now = doc._txn
        if type(now) is not Transaction or not 0 <= index <= self._integrated.len(now._txn):
            super().insert(index, object)
        else:
            _put(self._integrated, now._txn, doc, index, object)

    def append(self, value: Any) -> None:
        """Put something in behind everything else."""
        self.insert(len(self), value)


_HANDLES: dict[type, Callable[[Doc[Any], Any], Any]] = {}
"""What makes a handle on a shared type, by the type of what pycrdt's core knows it by."""


def found(doc: Doc[Any], value: Any) -> Any:
    """Return what an entry of a document holds: a handle on a shared type, or the value itself."""
    handle = _HANDLES.get(type(value))
    return value if handle is None else handle(doc, value)


def entry_at(holders: Array[Any], index: int, key: str) -> Any:
    """Return an entry of the map that has this index (from 0) in an array, or None: without a handle on the map.

    Raises IndexError where there is nothing of this index.
    """
    doc: Any = holders._doc
    now = doc._txn
    if now is None or type(holders) is not QuickArray:
        return holders[index].get(key)
    try:
        core = holders._integrated.get(now._txn, index)
    except (ValueError, OverflowError):
        raise IndexError(f"there is nothing at {index}") from None
    try:
        return found(doc, core.get(now._txn, key))
    except ValueError:
        return None


def entries_at(holders: Array[Any], key: str) -> list[Any]:
    """Return this entry of each of the maps in an array, None for those that have none."""
    doc: Any = holders._doc
    now = doc._txn
    if now is None or type(holders) is not QuickArray:
        return [holder.get(key) for holder in holders]
    core, transaction = holders._integrated, now._txn
    entries = []
    for index in range(core.len(transaction)):
        try:
            entries.append(found(doc, core.get(transaction, index).get(transaction, key)))
        except ValueError:
            entries.append(None)
    return entries


_PLAIN = frozenset({str, float, int, bool, type(None), dict, list, tuple, bytes})
"""What is surely no shared type; to ask `isinstance` takes longer than to write it."""


def _put(core: Any, transaction: Any, doc: Doc[Any], key: Any, value: Any) -> None:
    """Put a value into a map or an array; a new shared type with all it was made with, as pycrdt does it."""
    if type(value) in _PLAIN or not isinstance(value, BaseType):
        core.insert(transaction, key, value)
        return
    made = getattr(core, f"insert_{value.type_name}_prelim")(transaction, key)
    content: Any = value._integrate(doc, made)
    if isinstance(content, str):
        made.insert(transaction, 0, content)
    elif content is not None:
        for inner, one in content.items() if isinstance(content, Mapping) else enumerate(content):
            _put(made, transaction, doc, inner, one)


def _plain(doc: Doc[Any], transaction: Any, core: Any) -> Any:
    """Return all that an entry holds as plain data."""
    handle = _HANDLES.get(type(core))
    if handle is None:
        return core
    if handle is QuickMap:
        return {key: _plain(doc, transaction, core.get(transaction, key)) for key in core.keys(transaction)}
    if handle is QuickArray:
        return [_plain(doc, transaction, core.get(transaction, index)) for index in range(core.len(transaction))]
    if handle is QuickText:
        return core.get_string(transaction)
    value = handle(doc, core)
    return value.to_py() if isinstance(value, BaseType) else value


def is_usable() -> bool:
    """Whether this pycrdt can be used so."""
    doc: Doc[Any] = Doc({"cells": Array(), "meta": Map()})
    try:
        cells = quick(doc.get("cells", type=Array))
        with doc.transaction():
            cells.append(Map({"id": "a", "source": Text("ok"), "outputs": Array([1.0])}))
            cell = cells[0]
            source = cell["source"]
            source.insert(2, "!")
            del source[0:1]
            cell["count"] = 1.0
            seen = cell.to_py() == {"id": "a", "source": "k!", "outputs": [1.0], "count": 1.0}
            return seen and (str(source), len(source), len(cells), cell.get("none")) == ("k!", 2, 1, None)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # a panic of the Rust core is one
        return False


def quick(handle: Any) -> Any:
    """Return a quick handle on the same shared type, which is part of a document; where that cannot be, the same."""
    made = _HANDLES.get(type(handle._integrated))
    return handle if made is None else made(handle._doc, handle._integrated)


def _documented(handle: Any) -> Callable[[Doc[Any], Any], Any]:
    # A document within the document, which no notebook has, is made in another way.
    return lambda doc, core: handle(doc=core) if issubclass(handle, Doc) else handle(_doc=doc, _integrated=core)


def _handles() -> dict[type, Callable[[Doc[Any], Any], Any]]:
    ours: dict[Any, Any] = {Text: QuickText, Map: QuickMap, Array: QuickArray}
    return {core: ours.get(handle) or _documented(handle) for core, handle in base_types.items()}


_HANDLES.update(_handles())
if not is_usable():
    _HANDLES.clear()
