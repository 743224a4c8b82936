"""A capacity as Markdown: the sentence, what was promised, a table of the steps in the order in which they were held.

Texts of servers are shown as text: nothing in them is markup.

Pure: the content of `capacity.json` in, a text out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from jupyter_rtc_locust.reporting.report.words import milliseconds, seconds
from jupyter_rtc_locust.verdict.neutralising import neutralised

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PICTURE: Final = "capacity.svg"


def in_markdown(capacity: Mapping[str, Any], *, picture: str = PICTURE) -> str:
    """The whole page; `picture` is the name of a file beside it, or nothing."""
    run = capacity["run"]
    lines = [
        "<!-- made by jupyter-rtc-locust -->",
        "# How many people this server holds",
        "",
        f"**{_text(capacity['sentence'])}**",
        "",
        f"Promised: {', '.join(f'`{_code(one)}`' for one in capacity['promise'])}.",
        "",
        *table(capacity),
        "",
    ]
    if picture:
        lines += [f"![What was promised, by the number of people; CPU; and the course of it]({picture})", ""]
    lines += [_text(f"{name}: {run[name]}") + "  " for name in _ABOUT if run.get(name) not in (None, "")]
    return "\n".join(lines) + "\n"


_ABOUT: Final = ("profile", "host", "server", "run_id", "seed", "processes", "began")


def table(capacity: Mapping[str, Any]) -> list[str]:
    """The steps: a line each."""
    figures = list(dict.fromkeys(one["figure"] for step in capacity["steps"] for one in step["figures"]))
    heads = ["people", "why", "outcome", *figures, "edits/s", "server's CPU", "generator's CPU", "documents", "at"]
    rows = [_row(step, figures) for step in capacity["steps"]]
    return [
        f"| {' | '.join(_text(head) for head in heads)} |",
        f"|---:|---|---|{'---:|' * (len(figures) + 3)}---|---:|",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def _row(step: Mapping[str, Any], figures: Sequence[str]) -> list[str]:
    values = {one["figure"]: one for one in step["figures"]}
    generator = step["generator"]
    checkpoint = step["checkpoint"]
    return [
        str(step["people"]),
        _text(step["purpose"]),
        f"**{_text(step['outcome'])}**" if step["outcome"] not in ("held",) else "held",
        *(_value(values.get(name)) for name in figures),
        "–" if step["edits_per_s"] is None else f"{step['edits_per_s']:,.1f}",
        _percent(step["server_cpu_percent"]),
        _percent(generator["cpu_percent"]),
        "–" if checkpoint is None else _text(checkpoint["verdict"]),
        seconds(step["at_s"]),
    ]


def _value(one: Mapping[str, Any] | None) -> str:
    if one is None or one["value"] is None:
        return "–"
    told = milliseconds(one["value"]) if one["unit"] else f"{one['value']:,.0f}"
    return f"**{told}**" if one["outcome"] == "missed" else told


def _percent(value: float | None) -> str:
    return "not known" if value is None else f"{value:.0f} %"


def _text(text: object) -> str:
    """As text in a cell or a line: nothing of it is Markdown or HTML."""
    shown = re.sub(r"([\\`*_{}\[\]()#!|~])", r"\\\1", neutralised(str(text)))
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _code(text: object) -> str:
    return neutralised(str(text)).replace("`", "'").replace("|", "\\|")
