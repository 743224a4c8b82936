"""Words that several checks share: users, edits, and pieces of a document, as a person would name them."""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.contents import AnyContent, DeletedContent, Id, StringContent, TypeContent
from jupyter_rtc_locust.protocol.lineage import Lineage
from jupyter_rtc_locust.protocol.structs import Item, cut
from jupyter_rtc_locust.verdict.evidence import AuthoredUpdate

SEEDER = -1
"""The user index of whoever fills the empty rooms of servers without files."""

_SHOWN_CHARACTERS = 120
_SHOWN_USERS = 8
_SHOWN_CELLS = 4
_REACH_OF_A_CELL = 10_000
"""Clocks behind a cell in which what was written together with it is looked for."""


def counted(number: int, what: str) -> str:
    """`1 edit`, `3 edits`, `2 copies`."""
    if number == 1:
        return f"1 {what}"
    return f"{number} {what[:-1]}ies" if what.endswith(("py", "ry")) else f"{number} {what}s"


def capitalised(text: str) -> str:
    """The sentence with a capital at its start; `str.capitalize` would take away all others."""
    return text[:1].upper() + text[1:]


def named_users(users: Iterable[int]) -> str:
    """`user 3`, or `users 1, 2, 5 and 14 more`."""
    people = [user for user in users if user != SEEDER]
    shown = ", ".join(str(user) for user in people[:_SHOWN_USERS])
    more = f" and {len(people) - _SHOWN_USERS} more" if len(people) > _SHOWN_USERS else ""
    return f"user{'' if len(people) == 1 else 's'} {shown}{more}" if people else "whoever filled the empty room"


def described(edit: AuthoredUpdate) -> str:
    """`edit 12 of user 3 ("typed 'abc' into cell 3f2a at 17"; due at 12.30 s, acknowledged at 12.31 s)`.

    The cell is added where the description does not name it.
    """
    who = "the edit that filled the empty room" if edit.user == SEEDER else f"edit {edit.number} of user {edit.user}"
    when = "never acknowledged" if edit.acknowledged is None else f"acknowledged at {edit.acknowledged:.2f} s"
    where = f" in cell {edit.cell}" if edit.cell is not None and edit.cell not in edit.description else ""
    return f'{who} ("{edit.description}"{where}; due at {edit.due:.2f} s, {when})'


def shortened(text: str) -> str:
    """The text in quotes, cut where it is long."""
    return repr(text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 3]}...")


def pieces_of(lineage: Lineage, ranges: ClockRanges) -> str:
    """What stands at these clocks: cells first, then texts and values; pieces inside a named cell are not repeated."""
    cells: list[str] = []
    within: set[Id] = set()
    texts: list[str] = []
    values: list[str] = []
    others = 0
    for item in items_in(lineage, ranges):
        identity = Id(item.client, item.clock)
        place = lineage.place_of(identity)
        if place is not None and place.parent == "cells" and isinstance(item.content, TypeContent):
            within.add(identity)
            cell_type, source = cell_as_written(lineage, identity)
            cells.append(f"a {cell_type or 'notebook'} cell with the source {shortened(source)}")
        elif within.isdisjoint(lineage.ancestors(identity)):
            if isinstance(item.content, StringContent):
                texts.append(item.content.text)
            elif isinstance(item.content, AnyContent):
                key = f"{place.key} = " if place is not None and place.key is not None else ""
                values.append(key + ", ".join(map(repr, item.content.values)))
            else:
                others += 1
    shown = [*cells[:3], *([shortened("".join(texts))] if texts else []), *(value[:100] for value in values[:3])]
    if not shown:
        return "a list or a map" if others else "something of which nothing is left"
    left = len(cells[3:]) + len(values[3:])
    more = f" and {counted(left, 'other piece')}" if left else ""
    return "; ".join(shown) + more


def items_in(lineage: Lineage, ranges: ClockRanges) -> Iterable[Item]:
    """The items at these clocks that say something, cut to them."""
    for client, start, end in ranges:
        for struct in lineage.structs_in(client, start, end):
            item = cut(struct, max(struct.clock, start), min(struct.end, end))
            if isinstance(item, Item) and not isinstance(item.content, DeletedContent):
                yield item


def cells_around(lineage: Lineage, ranges: ClockRanges) -> str:
    """` in cell 3f2a`, ` in the cells 3f2a and 77b1`; nothing where it is in no cell, or the cell has no id."""
    names: dict[str, None] = {}
    for item in items_in(lineage, ranges):
        identity = Id(item.client, item.clock)
        for one in (identity, *lineage.ancestors(identity)):
            place = lineage.place_of(one)
            if place is not None and place.parent == "cells" and (name := cell_id_as_written(lineage, one)):
                names[name] = None
    shown = list(names)
    if len(shown) <= 1:
        return f" in cell {shown[0]}" if shown else ""
    if len(shown) > _SHOWN_CELLS:
        shown = [*shown[: _SHOWN_CELLS - 1], f"{len(shown) - _SHOWN_CELLS + 1} more"]
    return f" in the cells {', '.join(shown[:-1])} and {shown[-1]}"


def cell_id_as_written(lineage: Lineage, cell: Id) -> str | None:
    """The id that a cell was written with: a cell arrives in one piece."""
    for struct in lineage.structs_in(cell.client, cell.clock, cell.clock + _REACH_OF_A_CELL):
        identity = Id(struct.client, struct.clock)
        place = lineage.place_of(identity)
        if place is None or not isinstance(struct, Item):
            continue
        if place.parent == cell and place.key == "id" and isinstance(struct.content, AnyContent):
            value = struct.content.values[0]
            return value if isinstance(value, str) else None
        if place.parent == "cells" and identity != cell:
            break
    return None


def cell_as_written(lineage: Lineage, cell: Id) -> tuple[str | None, str]:
    """Type and source that a cell was written with: a cell arrives in one piece."""
    cell_type: str | None = None
    source_type: Id | None = None
    pieces: list[str] = []
    for struct in lineage.structs_in(cell.client, cell.clock, cell.clock + _REACH_OF_A_CELL):
        identity = Id(struct.client, struct.clock)
        place = lineage.place_of(identity)
        if place is None or not isinstance(struct, Item):
            continue
        if place.parent == "cells" and identity != cell and source_type is not None:
            break
        if place.parent == cell and place.key == "cell_type" and isinstance(struct.content, AnyContent):
            value = struct.content.values[0]
            cell_type = value if isinstance(value, str) else None
        elif place.parent == cell and place.key == "source":
            source_type = identity
            if isinstance(struct.content, AnyContent):
                pieces.append(str(struct.content.values[0]))
        elif source_type is not None and place.parent == source_type and isinstance(struct.content, StringContent):
            pieces.append(struct.content.text)
    return cell_type, "".join(pieces)
