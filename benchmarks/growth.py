"""How costs grow: with the room, with the document, with the length of a run. Curves, and how steep their ends are.

Everything else is held: as many users and updates a second in rooms of two as in one of a hundred, so that what grows
is only what we do for each update because others are there. (Its number grows with the square of the room, which is
the work itself.) A bare loop beside shows what pycrdt's own work does on the same documents.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.measurement import Measurement, ratio
from benchmarks.processes import Child
from benchmarks.receiving import Variant, send_slice, wait_for
from benchmarks.recording import record
from benchmarks.sizes import Sizes

SHARING = 5
_ONE_BY_ONE = Variant("one by one", 1, True, None)
_WATCHERS = 20
_DOUBLINGS = (1, 2, 4, 8)


def measure(sizes: Sizes, server: Child, port: int, recording: Path) -> list[Measurement]:
    """A line that is judged for each kind of growth, and its curve below it."""
    with ExitStack() as stack:
        folder = recording.parent
        return [
            *_room_size(sizes, server, port, recording),
            *_document_size(sizes, folder, stack),
            *_run_length(sizes, folder, stack),
        ]


def slices_needed(sizes: Sizes) -> int:
    """How many slices of the stream are sent to each room."""
    return sizes.growth_rounds + 1


def _room_size(sizes: Sizes, server: Child, port: int, recording: Path) -> list[Measurement]:
    users = max(sizes.growth_rooms)
    cpu: dict[int, list[float]] = {}
    with ExitStack() as stack:
        children = {}
        for room in sizes.growth_rooms:
            children[room] = _watching(stack, port, f"rooms-of-{room}", room)
        for child in children.values():
            _come(child, users)
        for number in range(slices_needed(sizes)):
            for room in _turned(sizes.growth_rooms, number):
                used = _slice(server, children[room], f"rooms-of-{room}", recording, number, sizes, users)
                if number:
                    cpu.setdefault(room, []).append(used)
    small, large = sizes.growth_rooms[0], sizes.growth_rooms[-1]
    note = f"CPU an update received in a room of {large} / in rooms of {small}, {users} users each"
    return [
        ratio("growth with the room", cpu[large], cpu[small], goal=1.0, note=note),
        *(Measurement(f"  rooms of {room}", "us", tuple(cpu[room])) for room in sizes.growth_rooms),
    ]


def _document_size(sizes: Sizes, folder: Path, stack: ExitStack) -> list[Measurement]:
    ours: dict[int, list[float]] = {}
    bare: dict[int, list[float]] = {}
    edits: dict[int, list[float]] = {}
    joins: dict[int, list[float]] = {}
    applied: dict[int, list[float]] = {}
    hands = {}
    for cells in sizes.growth_cells:
        path = folder / f"{cells}-cells.json"
        record(slices_needed(sizes) * sizes.updates_a_slice, cells=cells).save(path)
        server = stack.enter_context(Child("stream_server", path))
        port = server.answer()["port"]
        watchers = _watching(stack, port, "ours", SHARING)
        loop = stack.enter_context(Child("bare_watchers", port, "bare", _WATCHERS))
        editors = _watching(stack, port, "editors", 1)
        documents = stack.enter_context(Child("bare_documents", path))
        hands[cells] = (path, server, watchers, loop, editors, documents)
    for _, _, watchers, loop, editors, documents in hands.values():
        _come(watchers, _WATCHERS)
        _have_come(loop)
        _come(editors, 1)
        documents.ask("make", documents=1)
    for number in range(slices_needed(sizes)):
        for cells in _turned(sizes.growth_cells, number):
            path, server, watchers, loop, editors, documents = hands[cells]
            received = _slice(server, watchers, "ours", path, number, sizes, _WATCHERS)
            alone = _slice(server, loop, "bare", path, number, sizes, _WATCHERS, authored=False)
            joined = _join(editors, "spawn", "users", 1 + SHARING * number, SHARING)
            made = _join(documents, "make", "documents", 1 + SHARING * number, SHARING)
            rate = sizes.edits_a_second / 2 / (1 + SHARING * (number + 1))
            edited = editors.ask("edit", rate=rate, seconds=sizes.edit_slice_s)
            if number:
                ours.setdefault(cells, []).append(received)
                bare.setdefault(cells, []).append(alone)
                joins.setdefault(cells, []).append(joined)
                applied.setdefault(cells, []).append(made)
                edits.setdefault(cells, []).append(edited["cpu"] / max(edited["count"], 1) * 1e6)
    return _lines_of_documents(sizes, ours, bare, edits, joins, applied)


def _lines_of_documents(
    sizes: Sizes,
    ours: dict[int, list[float]],
    bare: dict[int, list[float]],
    edits: dict[int, list[float]],
    joins: dict[int, list[float]],
    applied: dict[int, list[float]],
) -> list[Measurement]:
    usual, large = sizes.growth_cells[:2][-1], sizes.growth_cells[-1]
    before = sizes.growth_cells[-2:][0]
    factors = f"{large:,} cells / {usual}"
    steepness = tuple(
        math.log(one / other) / (math.log(large / before) or 1.0)
        for one, other in zip(joins[large], joins[before], strict=True)
    )

    def curve(costs: dict[int, list[float]], base: dict[int, list[float]] | None, what: str) -> list[Measurement]:
        return [
            Measurement(
                f"  {what}, {cells:,} cell{'s' * (cells > 1)}",
                "us",
                tuple(costs[cells]),
                note="" if base is None else f"pycrdt alone: {median(base[cells]):,.1f}",
            )
            for cells in sizes.growth_cells
        ]

    growing = [one / other for one, other in zip(bare[large], bare[usual], strict=True)]
    own = [one / other for one, other in zip(ours[large], ours[usual], strict=True)]
    return [
        ratio(
            "growth with the document", own, growing, goal=1.0, note=f"CPU an update, {factors}; over the bare loop's"
        ),
        *curve(ours, bare, "an update"),
        ratio("growth of an edit with it", edits[large], edits[usual], goal=2.0, note=f"CPU an edit, {factors}"),
        *curve(edits, None, "an edit"),
        Measurement(
            "growth of a join with it",
            "",
            steepness,
            1.0,
            f"exponent from {before} to {large:,} cells: 1 is once through the document",
        ),
        *curve(joins, applied, "a join"),
    ]


def _run_length(sizes: Sizes, folder: Path, stack: ExitStack) -> list[Measurement]:
    path = folder / "long.json"
    unit = sizes.growth_updates
    record(_DOUBLINGS[-1] * unit).save(path)
    server = stack.enter_context(Child("stream_server", path))
    port = server.answer()["port"]
    watchers = _watching(stack, port, "long", SHARING)
    loop = stack.enter_context(Child("bare_watchers", port, "bare", _WATCHERS))
    _come(watchers, _WATCHERS)
    _have_come(loop)
    ours: list[float] = []
    bare: list[float] = []
    weights = [watchers.ask("memory")["rss"]]
    # In pieces of one length: a longer one would let bursts of garbage collection count differently.
    for number in range(_DOUBLINGS[-1]):
        first = number * unit
        watchers.ask("author", recording=str(path), first=first, last=first + unit)
        # One, the other, the other, one: what a neighbour on the machine takes then, it takes from both.
        halves = (first, first + unit // 2), (first + unit // 2, first + unit)
        sides = (watchers, "long", ours), (loop, "bare", bare)
        used = [0.0, 0.0]
        for piece, order in zip(halves, ((0, 1), (1, 0)), strict=True):
            for side in order:
                child, group, _ = sides[side]
                rate = sizes.updates_a_second * 4
                used[side] += send_slice(
                    server, child, group, _ONE_BY_ONE, *piece, sizes, watchers=_WATCHERS, rate=rate
                )
        for (_, _, costs), spent in zip(sides, used, strict=True):
            costs.append(spent / (_WATCHERS * unit) * 1e6)
        weights.append(watchers.ask("memory")["rss"])
    return _lines_of_runs(unit, ours, bare, weights)


def _lines_of_runs(unit: int, ours: list[float], bare: list[float], weights: list[int]) -> list[Measurement]:
    half = len(ours) // 2
    halves = f"{half * unit:,} to {2 * half * unit:,} updates / the first {half * unit:,}"
    beside = [own / other for own, other in zip(ours, bare, strict=True)]
    grown = [(weights[number] - weights[0]) / 1e6 for number in _DOUBLINGS]
    late, early = weights[-1] - weights[half], weights[half] - weights[0]
    return [
        Measurement(
            "growth with the run",
            "x",
            (median(beside[half:]) / median(beside[:half]),),
            1.0,
            f"CPU an update beside the bare loop's, {halves}",
        ),
        *(
            Measurement(
                f"  after {doubling * unit:,} updates",
                "us",
                (ours[doubling - 1],),
                note=f"pycrdt alone: {bare[doubling - 1]:.1f}; {_WATCHERS} users weigh {size:.1f} MB more",
            )
            for doubling, size in zip(_DOUBLINGS, grown, strict=True)
        ),
        Measurement("growth of memory with it", "x", (late / max(early, 1),), 1.0, f"{halves}: 1 is a straight line"),
    ]


def _watching(stack: ExitStack, port: int, group: str, sharing: int) -> Child:
    """A process of ours without users yet; several of them start side by side."""
    return stack.enter_context(Child("locust_users", port, group, sharing, sharing))


def _come(child: Child, users: int) -> None:
    child.answer()
    child.ask("spawn", users=users)


def _have_come(loop: Child) -> None:
    wait_for(lambda: loop.ask("synced")["synced"] == _WATCHERS, "the bare watchers have their documents")


def _slice(
    server: Child,
    child: Child,
    group: str,
    recording: Path,
    number: int,
    sizes: Sizes,
    watchers: int,
    *,
    authored: bool = True,
) -> float:
    """Microseconds of CPU for each update of a slice."""
    first, last = number * sizes.updates_a_slice, (number + 1) * sizes.updates_a_slice
    if authored:
        child.ask("author", recording=str(recording), first=first, last=last)
    used = send_slice(server, child, group, _ONE_BY_ONE, first, last, sizes, watchers=watchers)
    return used / (watchers * sizes.updates_a_slice) * 1e6


def _join(child: Child, do: str, what: str, there: int, more: int) -> float:
    """Microseconds of CPU for each of so many that come."""
    before = child.ask(do, **{what: there})
    after = child.ask(do, **{what: there + more})
    return float(after["cpu"] - before["cpu"]) / more * 1e6


def _turned(items: Sequence[int], number: int) -> list[int]:
    """Another one begins in each round."""
    turn = number % len(items)
    return [*items[turn:], *items[:turn]]
