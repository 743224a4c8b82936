"""Documents to start from, drawn from a seed: notebooks of every format, and texts, as people have them on disk.

Pure. What the tests of whole runs start from is in here, too, under the same names.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from runs.templates import EVERY_OUTPUT, FORMAT_3, KERNEL, PIXEL, TEXT, WITHOUT_CELLS, WITHOUT_IDS

WORDS = ("the", "room", "a", "server", "keeps", "while", "people", "type", "save", "what", "they", "wrote", "before")
BEYOND_16_BITS = "👩‍🔬 🏳️‍🌈 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝄞 😀😀 🇨🇿 a👍🏽b 𐍈 é ﷽"
RIGHT_TO_LEFT = "שלום עולם, كيف حالك؟ \u202bmixed עם English\u202c ١٢٣ \u200fend"

Draw = Callable[[Random], Any]


def cell(kind: str, source: str | list[str], **more: Any) -> dict[str, Any]:
    """A cell without an id."""
    made: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": source}
    if kind == "code":
        made |= {"execution_count": None, "outputs": []}
    return made | more


def notebook(minor: int, cells: list[dict[str, Any]], *, ids: bool = False, **metadata: Any) -> dict[str, Any]:
    """A notebook of format 4; `ids` names its cells."""
    named = [{**one, "id": f"cell-{number}"} for number, one in enumerate(cells)] if ids else cells
    return {"cells": named, "metadata": {**KERNEL, **metadata}, "nbformat": 4, "nbformat_minor": minor}


def words(draw: Random, lines: int) -> list[str]:
    """Lines as nbformat splits them: each but the last ends in a newline."""
    made = [" ".join(draw.choices(WORDS, k=draw.randint(0, 9))) + "\n" for _ in range(lines)]
    return [*made[:-1], made[-1].rstrip("\n")] if made else []


def cells(draw: Random, count: int) -> list[dict[str, Any]]:
    """Cells of all types; sources as one text or as lines."""
    made = []
    for _ in range(count):
        kind = draw.choice(("code", "code", "markdown", "raw"))
        lines = words(draw, draw.randint(0, 5))
        one = cell(kind, lines if draw.random() < 0.5 else "".join(lines))
        if kind == "code" and draw.random() < 0.5:
            one["execution_count"] = draw.randint(1, 99)
            one["outputs"] = [
                {"name": "stdout", "output_type": "stream", "text": words(draw, draw.randint(1, 4)) or [""]},
                {
                    "data": {"text/plain": ["1"], "image/png": PIXEL},
                    "execution_count": one["execution_count"],
                    "metadata": {},
                    "output_type": "execute_result",
                },
            ][: draw.randint(0, 2)]
        made.append(one)
    return made


def odd_metadata(draw: Random) -> dict[str, Any]:
    """Metadata that is allowed and seldom seen: empty containers, deep ones, numbers at the edges, odd keys."""
    odd = {
        "": "an empty key",
        "žluť.with.dots/and~slashes": [[], {}, [[]], [{"": None}]],
        "numbers": [0, -1, 2**31, 2**53, -(2**53), 0.1, 1e-7, 0.5, 123456789.123],
        "flags": [True, False, None],
        "deep": {"a": {"b": {"c": {"d": [1, [2, [3, [4]]]]}}}},
        "text": BEYOND_16_BITS,
    }
    collapsed = cell("code", "1", metadata={"collapsed": True, "scrolled": "auto", "name": "n", "tags": ["x y", "ž"]})
    more = [cell("markdown", "m", metadata=odd), collapsed, cell("raw", "r", metadata={"format": "text/x-rst"})]
    return notebook(5, [*cells(draw, 3), *more], ids=True, odd=odd, widgets={}, title="", authors=[{"name": "Ł"}])


def every_output(draw: Random) -> dict[str, Any]:
    """All outputs and attachments, among other cells."""
    whole: dict[str, Any] = json.loads(json.dumps(EVERY_OUTPUT))
    whole["cells"] += notebook(5, cells(draw, draw.randint(0, 6)), ids=True)["cells"]
    return whole


def foreign_scripts(line: str) -> Draw:
    """A notebook in which this line is everywhere, as source, output, tag and metadata."""

    def drawn(draw: Random) -> dict[str, Any]:
        output = {"name": "stdout", "output_type": "stream", "text": [f"{line}\n", line]}
        said = [
            cell("markdown", f"# {line}\n\n{line * draw.randint(1, 5)}"),
            cell("code", [f"'{line}'\n", line], outputs=[output], execution_count=1),
            cell("raw", line, metadata={"tags": [line.replace(",", "")]}),
        ]
        return notebook(5, [*said, *cells(draw, 2)], ids=True, title=line, **{line: line})

    return drawn


DOCUMENTS: dict[str, Draw] = {
    "format 4.5": lambda draw: notebook(5, cells(draw, draw.randint(2, 12)), ids=True),
    "format 4.5 without ids": lambda draw: notebook(5, cells(draw, draw.randint(2, 12))),
    "format 4.4": lambda draw: notebook(4, cells(draw, draw.randint(2, 12))),
    "format 4.2": lambda draw: notebook(2, cells(draw, draw.randint(2, 12))),
    "format 4.0": lambda draw: notebook(0, cells(draw, draw.randint(2, 12))),
    "format 3": lambda _: FORMAT_3,
    "without cells": lambda _: WITHOUT_CELLS,
    "without ids": lambda _: WITHOUT_IDS,
    "one cell": lambda draw: notebook(draw.choice((0, 4, 5)), cells(draw, 1)),
    "one empty cell": lambda draw: notebook(5, [cell(draw.choice(("code", "markdown", "raw")), "")], ids=True),
    "200 cells": lambda draw: notebook(5, cells(draw, 200), ids=True),
    "200 cells without ids": lambda draw: notebook(4, cells(draw, 200)),
    "every output": every_output,
    "beyond 16 bits": foreign_scripts(BEYOND_16_BITS),
    "right to left": foreign_scripts(RIGHT_TO_LEFT),
    "raw cells": lambda draw: notebook(5, [cell("raw", "".join(words(draw, 3))) for _ in range(5)], ids=True),
    "odd metadata": odd_metadata,
    "bare": lambda draw: {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": draw.choice((0, 4, 5))},
    "duplicate ids": lambda draw: notebook(5, [{**one, "id": "same"} for one in cells(draw, 3)]),
}
"""Notebooks by name; "duplicate ids" is repaired by whoever loads it."""

WITH_IDS = (
    "format 4.5",
    "one empty cell",
    "200 cells",
    "every output",
    "beyond 16 bits",
    "right to left",
    "odd metadata",
)
"""Those that a server makes a room of again as it was."""

TEXTS: dict[str, Draw] = {
    "text": lambda _: TEXT,
    "empty text": lambda _: "",
    "text of words": lambda draw: "".join(words(draw, draw.randint(1, 60))) + draw.choice(("", "\n", "\n\n", " ")),
    "text with CRLF": lambda draw: "first\r\n\r\nthird \r\n" + "\r\n".join(WORDS) + draw.choice(("", "\r\n")),
    "text beyond 16 bits": lambda draw: f"{BEYOND_16_BITS}\n{RIGHT_TO_LEFT}\n" * draw.randint(1, 4),
}
"""Text files by name."""


def write_document(name: str, seed: int, folder: Path) -> Path:
    """Draw the document of this name and write it; where it is. The same seed writes the same bytes."""
    draw = Random(f"{name}|{seed}")
    folder.mkdir(parents=True, exist_ok=True)
    if name in TEXTS:
        path = folder / f"{name.replace(' ', '-')}.txt"
        path.write_bytes(TEXTS[name](draw).encode())
    else:
        path = folder / f"{name.replace(' ', '-').replace('.', '-')}.ipynb"
        path.write_text(json.dumps(DOCUMENTS[name](draw), ensure_ascii=False), encoding="utf-8")
    return path
