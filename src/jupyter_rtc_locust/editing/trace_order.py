"""The order that all characters of a replayed trace have in the end, the deleted ones included, as Yjs arranges them.

From it follows where a text belongs in a copy that holds more than the text was written upon: behind everything that
comes before it. Characters are counted in UTF-16 units here, as the clocks of Yjs are.

The rule by which Yjs places an item is that of `Item.integrate` (yjs/src/structs/Item.js).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jupyter_rtc_locust.editing.trace_copies import Stretch, Written
from jupyter_rtc_locust.protocol.contents import Id, StringContent
from jupyter_rtc_locust.protocol.structs import Item

_HEAD = 0


class Order:
    """The places of all units of a text, from what was written into it, one transaction after the other.

    The text at the start is that of `base`, an item of one client from its clock 0 on.
    """

    def __init__(self, base: int, start: str, writes: Iterable[Written]) -> None:
        self._ids: dict[Id, int] = {}
        self._clients = [-1]
        self._origins = [-1]
        self._rights = [-1]
        self._next = [-1]
        texts = [""]
        left = _HEAD
        for clock, text in enumerate(_units(start)):
            left = self._put(left, left, -1, Id(base, clock))
            texts.append(text)
        for written in writes:
            for item in _items(written):
                self._integrate(item)
                texts += _units(item.content.text) if isinstance(item.content, StringContent) else [""] * item.length
        self._rank_of = [0] * len(self._next)
        self.texts = [""] * (len(self._next) - 1)
        """For each place, the character there; nothing for the second half of a surrogate pair."""
        place, node = 0, self._next[_HEAD]
        while node != -1:
            self._rank_of[node] = place
            self.texts[place] = texts[node]
            node = self._next[node]
            place += 1

    def place(self, identity: Id) -> int:
        """Where a unit stands."""
        return self._rank_of[self._ids[identity]]

    def _integrate(self, item: Item) -> None:
        origin = _HEAD if item.origin is None else self._ids[item.origin]
        right = -1 if item.right_origin is None else self._ids[item.right_origin]
        left = origin
        before: set[int] = set()
        conflicting: set[int] = set()
        other = self._next[left]
        while other != right:
            before.add(other)
            conflicting.add(other)
            if self._origins[other] == origin:
                if self._clients[other] < item.client:
                    left = other
                    conflicting.clear()
                elif self._rights[other] == right:
                    break
            elif self._origins[other] in before:
                if self._origins[other] not in conflicting:
                    left = other
                    conflicting.clear()
            else:
                break
            other = self._next[other]
        for clock in range(item.clock, item.end):
            left = self._put(left, origin, right, Id(item.client, clock))
            origin = left

    def _put(self, left: int, origin: int, right: int, identity: Id) -> int:
        node = len(self._next)
        self._next.append(self._next[left])
        self._next[left] = node
        self._clients.append(identity.client)
        self._origins.append(origin)
        self._rights.append(right)
        self._ids[identity] = node
        return node


class View:
    """Which units of an order one copy shows, and at which byte of its text each place lies."""

    def __init__(self, order: Order, base: int, start: str) -> None:
        self._order = order
        self._shown = bytearray(len(order.texts))
        self._gone = bytearray(len(order.texts))
        self._sums = [0] * (len(order.texts) + 1)
        for clock in range(len(start.encode("utf-16-le")) // 2):
            self._show(order.place(Id(base, clock)))

    def take(self, written: Written) -> None:
        """Show what somebody wrote."""
        for item in _items(written):
            for clock in range(item.clock, item.end):
                self._show(self._order.place(Id(item.client, clock)))
        for place in self._deleted(written):
            self._hide(place)

    def make(self, written: Written) -> list[Stretch]:
        """Show it as something of one's own: what has to be done to the copy's text."""
        stretches: list[Stretch] = []
        for item in _items(written):
            places = [self._order.place(Id(item.client, clock)) for clock in range(item.clock, item.end)]
            if isinstance(item.content, StringContent) and item.content.text:
                stretches.append(Stretch(self._bytes_before(places[0]), 0, item.content.text))
                for place in places:
                    self._show(place)
        for place in sorted(self._deleted(written)):
            text = self._order.texts[place] if self._shown[place] else ""
            self._hide(place)
            if not text:
                continue
            size = len(text.encode())
            start = self._bytes_before(place)
            last = stretches[-1] if stretches else None
            if last is not None and last.start == start and not last.inserted:
                stretches[-1] = Stretch(start, last.length + size, "", last.removed + text)
            else:
                stretches.append(Stretch(start, size, "", text))
        return stretches

    def _deleted(self, written: Written) -> Iterator[int]:
        for client, start, end in written.text.deletions:
            for clock in range(start, end):
                yield self._order.place(Id(client, clock))

    def _show(self, place: int) -> None:
        if not self._shown[place] and not self._gone[place]:
            self._shown[place] = 1
            self._add(place, len(self._order.texts[place].encode()))

    def _hide(self, place: int) -> None:
        self._gone[place] = 1
        if self._shown[place]:
            self._shown[place] = 0
            self._add(place, -len(self._order.texts[place].encode()))

    def _add(self, place: int, size: int) -> None:
        index = place + 1
        sums = self._sums
        while index < len(sums):
            sums[index] += size
            index += index & -index

    def _bytes_before(self, place: int) -> int:
        total, index, sums = 0, place, self._sums
        while index:
            total += sums[index]
            index &= index - 1
        return total


def _items(written: Written) -> Iterator[Item]:
    return (struct for struct in written.text if isinstance(struct, Item))


def _units(text: str) -> list[str]:
    """A character for each UTF-16 unit: that of a pair of surrogates stands in its first half."""
    if text.isascii():
        return list(text)
    units = []
    for character in text:
        units.append(character)
        if character > "\uffff":
            units.append("")
    return units
