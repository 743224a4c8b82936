"""What foreign content repeats or brings back: the text or the cell that people had written, and whose it is.

A server that doubles a cell may give the copy another id, so the original is known by type and source: by those that
stand there, or stood there when the copy came. A cell that somebody deleted is known by its id.
"""

from __future__ import annotations

from functools import cached_property

from jupyter_rtc_locust.documents.canonical import Content, read_whole_content
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.contents import Id, StringContent, TypeContent
from jupyter_rtc_locust.protocol.structs import Item
from jupyter_rtc_locust.protocol.updates import encode_update
from jupyter_rtc_locust.verdict.evidence import AuthoredUpdate
from jupyter_rtc_locust.verdict.neighbouring_text import text_behind
from jupyter_rtc_locust.verdict.oracle import Oracle
from jupyter_rtc_locust.verdict.reading import Reading
from jupyter_rtc_locust.verdict.rebuilt import document_of
from jupyter_rtc_locust.verdict.wording import cell_id_as_written, described

_MOST_LOOKS_BACK = 5
"""Foreign cells for which the document is made again as it stood when they came: each costs a document."""


class Original:
    """A cell that people had made, and that a foreign one repeats."""

    def __init__(self, name: str | None, edit: AuthoredUpdate | None, users: tuple[int, ...]) -> None:
        self._name = name
        self._edit = edit
        self.users = users
        """Whoever made it, or typed into it."""

    def sentence(self) -> str:
        """`The original is cell 3f2a, which edit 12 of user 3 (…) made.`"""
        name = "without an id" if self._name is None else self._name
        made = "stood there from the start" if self._edit is None else f"{described(self._edit)} made"
        typed = f" Users {', '.join(map(str, self.users))} wrote in it." if len(self.users) > 1 else ""
        return f"The original is cell {name}, which {made}.{typed}"


class Originals:
    """The cells there were, as people had written them, at the end and when a foreign one came."""

    def __init__(self, reading: Reading, oracle: Oracle) -> None:
        self._reading = reading
        self._foreign = oracle.foreign.union(oracle.strange)
        self._at_the_end = oracle.content
        self._looks_left = _MOST_LOOKS_BACK

    def text_at_the_place_of(self, foreign: Item) -> Id | None:
        """A unit of the same text, written between the same neighbours: an edit that was taken in twice."""
        assert isinstance(foreign.content, StringContent)
        text = foreign.content.text
        for one in self._texts.get((foreign.origin, foreign.right_origin, foreign.parent), ()):
            first = Id(one.client, one.clock)
            if one.client != foreign.client and text_behind(self._reading.lineage, first, len(text)).startswith(text):
                return first
        return None

    def repeated_by(self, foreign: Id, cell_type: str | None, source: str) -> Original | None:
        """The other cell of this type and source that there is, or was when the foreign one came.

        Cells without text are alike without being copies, so a blank source is no sign of doubling.
        """
        if not source.strip():
            return None
        found = _cell_in(self._at_the_end, cell_type, source)
        if found is None and self._looks_left:
            self._looks_left -= 1
            found = _cell_in(self._before(foreign), cell_type, source)
        return None if found is None else self._original(found.get("id"))

    def deleter_of(self, name: str | None) -> AuthoredUpdate | None:
        """Who deleted the cell of this id, where none of this id should be there any more."""
        if name is None or any(isinstance(cell, dict) and cell.get("id") == name for cell in self._cells_at_the_end()):
            return None
        units = ClockRanges.of((cell.client, cell.clock, cell.clock + 1) for cell in self._cells.get(name, ()))
        deleters = self._reading.rightly_deleted_by(units) if units else []
        return deleters[-1].edit if deleters else None

    def _cells_at_the_end(self) -> list[object]:
        cells = self._at_the_end.get("cells", [])
        return cells if isinstance(cells, list) else []

    def _original(self, name: object) -> Original:
        """The last cell that was made under this id: who moves a cell makes it anew."""
        if not isinstance(name, str) or name not in self._cells:
            return Original(None, None, ())
        cell = self._cells[name][-1]
        maker = self._reading.author_of(cell.client, cell.clock)
        users = {*self._writers.get(cell, ()), *(() if maker is None else (maker.edit.user,))}
        return Original(name, None if maker is None else maker.edit, tuple(sorted(users)))

    @cached_property
    def _texts(self) -> dict[tuple[object, object, object], list[Item]]:
        """Texts by where they were written."""
        found: dict[tuple[object, object, object], list[Item]] = {}
        for one in self._reading.lineage:
            if isinstance(one, Item) and isinstance(one.content, StringContent):
                found.setdefault((one.origin, one.right_origin, one.parent), []).append(one)
        return found

    @cached_property
    def _cells(self) -> dict[str, list[Id]]:
        """Every cell that is not foreign by the id it was written with, those of the start first."""
        lineage = self._reading.lineage
        found: dict[str, list[tuple[float, Id]]] = {}
        for struct in lineage:
            if not isinstance(struct, Item) or not isinstance(struct.content, TypeContent):
                continue
            identity = Id(struct.client, struct.clock)
            place = lineage.place_of(identity)
            if place is None or place.parent != "cells" or identity in self._foreign:
                continue
            name = cell_id_as_written(lineage, identity)
            if name is not None:
                maker = self._reading.author_of(struct.client, struct.clock)
                found.setdefault(name, []).append((-1.0 if maker is None else maker.edit.due, identity))
        return {name: [identity for _, identity in sorted(cells)] for name, cells in found.items()}

    @cached_property
    def _writers(self) -> dict[Id, set[int]]:
        """For each cell, who typed into it."""
        lineage = self._reading.lineage
        found: dict[Id, set[int]] = {}
        for struct in lineage:
            if isinstance(struct, Item) and isinstance(struct.content, StringContent):
                author = self._reading.author_of(struct.client, struct.clock)
                for cell in lineage.ancestors((struct.client, struct.clock)) if author is not None else ():
                    if author is not None:
                        found.setdefault(cell, set()).add(author.edit.user)
        return found

    def _before(self, foreign: Id) -> Content:
        """What people had written when the foreign cell came, as far as it was acknowledged then."""
        reading = self._reading
        arrivals = (moment for moment, update in reading.received if foreign in update.clock_ranges())
        moment = next(arrivals, float("inf"))
        edits = (
            one.edit.update
            for one in reading.authored
            if one.edit.acknowledged is not None and one.edit.acknowledged <= moment
        )
        earlier = (encode_update(update) for received, update in reading.received if received < moment)
        doc = document_of([reading.evidence.initial.update, *edits, *earlier])
        return read_whole_content(doc, reading.evidence.kind)


def _cell_in(content: Content, cell_type: str | None, source: str) -> dict[str, object] | None:
    for cell in content.get("cells", ()):
        if isinstance(cell, dict) and (cell.get("cell_type"), cell.get("source")) == (cell_type, source):
            return cell
    return None
