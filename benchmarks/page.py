"""Puts the table of the last run of `make bench` into docs/performance.md: `python -m benchmarks.page [FILE.json …]`.

The table stands between two marks, and nothing else of the page is touched. Several files are taken together: of a
line that stands in more than one, the last counts, so that a part that was measured again replaces its lines only.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.measurement import Measurement, figure

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
RESULTS = Path(__file__).parent / "results"
BEGIN, END = "<!-- table of make bench: begin -->", "<!-- table of make bench: end -->"


def with_table(page: str, contents: Sequence[dict[str, Any]]) -> str:
    """The page with the table of these results. ValueError where a mark is missing."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no place for the table: it lacks {BEGIN} or {END}")
    return f"{before}{BEGIN}\n\n{markdown(contents)}\n\n{END}{after}"


def markdown(contents: Sequence[dict[str, Any]]) -> str:
    """What was measured where, and its lines."""
    lines: dict[tuple[str, str], Measurement] = {}
    for content in contents:
        above = ""
        for one in map(Measurement.from_dict, content["measurements"]):
            above = above if one.name.startswith(" ") else one.name
            lines[above, one.name] = one
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
    return (
        f"`{content['command']}`, {content['measured'][:10]}: {runs}{where['processor']}, {where['cores']} cores, "
        f"{where['system']}, load before {where['load_before']}; {versions}; {content['seconds']:.0f} s.\n"
    )


def main() -> int:
    """Renew the page."""
    paths = [Path(name) for name in sys.argv[1:]] or sorted(RESULTS.glob("*.json"))[-1:]
    if not paths:
        print("There are no results yet: run `make bench` first.", file=sys.stderr)
        return 1
    contents = [json.loads(path.read_text()) for path in paths]
    PAGE.write_text(with_table(PAGE.read_text("utf-8"), contents), "utf-8")
    print(f"Renewed {PAGE.name} from {', '.join(path.name for path in paths)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
