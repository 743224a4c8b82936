"""The options of Locust's form in groups, each with a sentence.

Locust's form knows no groups, and sorts options by their names. Their order can be had from the page's template; what
shows the groups is a small script of ours (`assets/additions.js`). Without it the order is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_rtc_locust.options import OPTIONS


@dataclass(frozen=True, slots=True)
class Group:
    """Options that belong together, by the names that Locust's form has for them."""

    title: str
    explanation: str
    names: tuple[str, ...]


GROUPS = (
    Group(
        "Server and documents",
        "Which server, and which documents on it.",
        ("rtc_server", "rtc_documents", "rtc_notebook", "rtc_spread", "rtc_keep"),
    ),
    Group(
        "What people write",
        "How much, when, and with which choices.",
        ("rtc_edit_rate", "rtc_rhythm", "rtc_seed", "rtc_kernels", "rtc_save_every"),
    ),
    Group(
        "What a tab sends besides",
        "Presence and requests: often more work for a server than the edits.",
        ("rtc_awareness", "rtc_global_awareness", "rtc_rest"),
    ),
    Group(
        "How it is judged",
        "What is waited for, and what is a finding or a missed limit.",
        (
            "rtc_checkpoint_every",
            "rtc_drain_timeout",
            "rtc_save_timeout",
            "rtc_max_save_age",
            "rtc_server_memory_limit",
            "rtc_require",
        ),
    ),
    Group(
        "What is measured and kept",
        "Beside the verdict and the timings, which are always there.",
        ("rtc_warmup", "rtc_history", "rtc_request_events"),
    ),
    Group(
        "Looking for a capacity",
        "Only where the load shape of capacity_shape.py is named beside the locustfile.",
        ("rtc_promise", "rtc_step", "rtc_step_window"),
    ),
    Group(
        "Replaying a trace",
        "Only where the locustfile replays one.",
        ("rtc_trace_speed", "rtc_trace_into"),
    ),
)
"""All options of the form; a test compares them with the table of options."""


def grouped(extra_options: Mapping[str, Any]) -> dict[str, Any]:
    """Locust's `extra_options` in the order of the groups, then those of the locustfile; with our choices."""
    choices = {_form_name(option.name): list(option.choices) for option in OPTIONS if option.choices}
    names = [name for group in GROUPS for name in group.names if name in extra_options]
    names += [name for name in extra_options if name not in names]
    return {name: _with_choices(extra_options[name], choices.get(name)) for name in names}


def groups_for_script(extra_options: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The groups as the script of the page reads them, with the options that the form has."""
    known = [name for group in GROUPS for name in group.names]
    others = tuple(name for name in extra_options if name not in known)
    groups = [*GROUPS, Group("Of this locustfile", "Options that the locustfile adds.", others)]
    told = []
    for group in groups:
        names = [name for name in group.names if name in extra_options]
        if names:
            helps = [extra_options[name].get("help_text") or "" for name in names]
            told.append({"title": group.title, "explanation": group.explanation, "names": names, "helps": helps})
    return told


def _with_choices(field: Mapping[str, Any], choices: list[str] | None) -> dict[str, Any]:
    # A present value that is none of them was refused already, or will be; the form must not hide it behind another.
    if choices is None or field.get("default_value") not in choices:
        return dict(field)
    return {**field, "choices": choices}


def _form_name(option: str) -> str:
    return option.removeprefix("--").replace("-", "_")
