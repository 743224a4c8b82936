"""Puts what `make bench` and `make saturation` measured into docs/performance.md: `python -m benchmarks.page [FILE …]`.

Each table stands between two marks, and nothing else of the page is touched. Several files of `make bench` are taken
together: of a line that stands in more than one, the last counts, so that a part that was measured again replaces its
lines only. Without names, the last file of each kind. Run as `make performance`, which draws the pictures as well.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.measurement import Measurement, by_place, figure
from benchmarks.saturation import ends, load

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
RESULTS = Path(__file__).parent / "results"
MARKS = {
    kind: (f"<!-- begin of what make {kind} measured -->", f"<!-- end of what make {kind} measured -->")
    for kind in ("bench", "saturation")
}


def renewed(page: str, contents: Sequence[dict[str, Any]]) -> str:
    """The page with the tables of these results. ValueError where a mark is missing."""
    curves = [content for content in contents if "points" in content]
    measured = [content for content in contents if "points" not in content]
    if measured:
        page = _between(page, "bench", markdown(measured))
    if curves:
        page = _between(page, "saturation", "\n".join([_about(curves[-1]), *ends(load(curves[-1]))]))
    return page


def last_results(folder: Path) -> list[Path]:
    """The last file of each kind."""
    return [*sorted(folder.glob("[0-9]*.json"))[-1:], *sorted(folder.glob("saturation-*.json"))[-1:]]


def _between(page: str, kind: str, text: str) -> str:
    begin, end = MARKS[kind]
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"the page has no place for the table: it lacks {begin} or {end}")
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"


def markdown(contents: Sequence[dict[str, Any]]) -> str:
    """What was measured where, and its lines."""
    lines: dict[tuple[str, str], Measurement] = {}
    for content in contents:
        lines |= by_place([Measurement.from_dict(one) for one in content["measurements"]])
    over = "runs" if any(content.get("runs", 1) > 1 for content in contents) else "rounds"
    rows = [f"| what | value | goal | {over} from – to | |", "|---|---|---|---|---|"]
    rows += [_row(one) for one in lines.values()]
    return "\n".join([*(_about(content) for content in contents), "", *rows])


def _row(one: Measurement) -> str:
    name = f"**{one.name}**" if one.goal is not None else f"&nbsp;&nbsp;{one.name.strip()}"
    goal = one.limit.replace("<=", "≤").replace(">=", "≥")
    note = f"**missed**; {one.note}" if one.missed else one.note
    cells = (name, f"{figure(one.value)} {one.unit}", goal, one.spread.replace(" - ", " – "), note)
    return "| " + " | ".join(cells) + " |"


def _about(content: dict[str, Any]) -> str:
    where = content["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in content["versions"].items())
    runs = f"{content['runs']} runs. " if content.get("runs", 1) > 1 else ""
    # Where the results were put is of no interest to a reader, and a place on somebody's machine.
    command = re.sub(r" --results \S+", "", content["command"])
    return (
        f"`{command}`, {content['measured'][:10]}: {runs}{where['processor']}, {where['cores']} cores, "
        f"{where['system']}, load before {where['load_before']}; {versions}; {content['seconds']:.0f} s.\n"
    )


def main() -> int:
    """Renew the page."""
    paths = [Path(name) for name in sys.argv[1:]] or last_results(RESULTS)
    if not paths:
        print("There are no results yet: run `make bench` first.", file=sys.stderr)
        return 1
    contents = [json.loads(path.read_text()) for path in paths]
    PAGE.write_text(renewed(PAGE.read_text("utf-8"), contents), "utf-8")
    print(f"Renewed {PAGE.name} from {', '.join(path.name for path in paths)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
