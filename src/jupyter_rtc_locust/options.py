"""The options of a run, in Locust's argument parser: one table, from which the documentation is checked too.

Locust's web UI casts a form's value to the type of the present one and ignores `type` and `choices`, so no default
is None, and everything is checked again by `Settings.from_options`. Locust forwards these options to its workers.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any

from jupyter_rtc_locust.settings import (
    AWARENESS_KINDS,
    EVIDENCE_KINDS,
    GLOBAL_AWARENESS_KINDS,
    KERNEL_KINDS,
    REPORT_KINDS,
    REST_KINDS,
    RHYTHM_KINDS,
    SERVER_KINDS,
    SPREAD_KINDS,
    TRACE_TARGETS,
)


@dataclass(frozen=True, slots=True)
class Option:
    """One row of the table: the option, its environment variable, its default, and what it is for."""

    name: str
    default: str | int | float | bool
    help: str
    in_web_ui: bool = True
    choices: tuple[str, ...] | None = None
    joined_by: str | None = None
    """What stands between the values of an option that can be given several times; None: the last one counts."""

    @property
    def environment_variable(self) -> str:
        """`--rtc-edit-rate` is `LOCUST_RTC_EDIT_RATE` in the environment, by Locust's own convention."""
        return "LOCUST_" + self.name.removeprefix("--").replace("-", "_").upper()


OPTIONS = (
    Option("--rtc-server", "auto", "kind of server; auto finds it out", choices=SERVER_KINDS),
    Option(
        "--rtc-server-python",
        "",
        "the Python of another environment, for the server that a run without --host starts",
        in_web_ui=False,
    ),
    Option("--rtc-documents", 1, "how many documents the users are spread over"),
    Option("--rtc-spread", "workers", "over what the people of a document are spread", choices=SPREAD_KINDS),
    Option("--rtc-template", "", "a local notebook, text file or folder of notebooks to start from", in_web_ui=False),
    Option("--rtc-notebook", "", "path on the server of an existing document to work on; no other is touched"),
    Option("--rtc-seed", 0, "the seed of all choices; 0: drawn at random and printed"),
    Option("--rtc-edit-rate", 1.0, "edits per second and user, on average; 0: users only watch"),
    Option("--rtc-rhythm", "person", "when users edit: in bursts, by turns, at random", choices=RHYTHM_KINDS),
    Option("--rtc-awareness", "faithful", "what users tell of their presence", choices=AWARENESS_KINDS),
    Option(
        "--rtc-global-awareness",
        "none",
        "whether users enter the room of all tabs of a server, too",
        choices=GLOBAL_AWARENESS_KINDS,
    ),
    Option("--rtc-rest", "none", "whether users make a tab's requests beside the document", choices=REST_KINDS),
    Option("--rtc-kernels", "simulated", "where the cells run that people in tabs run", choices=KERNEL_KINDS),
    Option("--rtc-hub", "", "a JupyterHub, in which people log in and servers are started", in_web_ui=False),
    Option(
        "--rtc-hub-server",
        "",
        "in whose server of the hub all documents lie; else each in that of its first person",
        in_web_ui=False,
    ),
    Option("--rtc-hub-logins", "", "file with one NAME:PASSWORD per line, for the hub", in_web_ui=False),
    Option("--rtc-hub-spawn-timeout", 120.0, "seconds until the hub must have a server ready", in_web_ui=False),
    Option(
        "--rtc-results",
        "results",
        "folder that receives result.json and the evidence; those of an earlier run are removed",
        in_web_ui=False,
    ),
    Option("--rtc-evidence", "on-failure", "when all evidence is kept", in_web_ui=False, choices=EVIDENCE_KINDS),
    Option("--rtc-evidence-limit", 200.0, "megabytes of evidence that are kept at most", in_web_ui=False),
    Option("--rtc-report", "always", "report.html, summary.md and junit.xml", in_web_ui=False, choices=REPORT_KINDS),
    Option("--rtc-drain-timeout", 30.0, "seconds to wait for outstanding messages after the last edit (at most 60)"),
    Option("--rtc-save-timeout", 30.0, "seconds to wait for the saved file after the last edit (at most 60)"),
    Option("--rtc-max-save-age", 0.0, "seconds an acknowledged edit may wait for the disk, else a finding; 0: any"),
    Option(
        "--rtc-checkpoint-every", "0", "pause editing so often (60s, 2m) and compare everything; 0: only at the end"
    ),
    Option(
        "--rtc-evict-after",
        0.0,
        "seconds until the server drops a room that everybody left (at most 5); 0: unknown",
        in_web_ui=False,
    ),
    Option("--rtc-server-log", "", "the server's log file on this machine, as evidence", in_web_ui=False),
    Option("--rtc-server-memory-limit", 0.0, "megabytes the server may need, else a finding; 0: any"),
    Option("--rtc-history", False, "write history.jsonl.gz: what was done when, event by event"),
    Option("--rtc-plan-out", "", "file that receives what the users did, to be played again", in_web_ui=False),
    Option("--rtc-plan", "", "do again what stands in this file, by the same users in the same order", in_web_ui=False),
    Option("--rtc-keep", False, "keep the documents the run made on the server"),
    Option("--rtc-ca-file", "", "certificate authority (PEM) of an https server", in_web_ui=False),
    Option(
        "--rtc-token-file", "", "file with one token per line, one identity each; else JUPYTER_TOKEN", in_web_ui=False
    ),
    Option(
        "--rtc-request-events",
        False,
        "fire Locust's request event for each sample (for loggers; --otel does so itself); costs CPU",
    ),
    Option(
        "--rtc-warmup", "auto", "seconds at the beginning that percentiles leave out; 0: none; auto: a tenth, to 10 s"
    ),
    Option(
        "--rtc-trace",
        "",
        "an editing trace (.json, .json.gz) to replay, with locustfiles/replay_trace.py; each worker reads it",
        in_web_ui=False,
    ),
    Option(
        "--rtc-trace-speed",
        0.0,
        "how fast the trace is replayed: 1 as recorded, 2 twice as fast; 0: as fast as it goes",
    ),
    Option("--rtc-trace-into", "text", "what the trace is typed into: a text file, or a cell", choices=TRACE_TARGETS),
    Option(
        "--rtc-require",
        "",
        'upper limits of figures, "update echo p95 < 200ms; failures < 1"; missed: exit 1',
        joined_by="; ",
    ),
    Option(
        "--rtc-promise",
        "",
        'what is kept to how many people, "update echo p95 < 300ms, save p99 < 10s"; for capacity_shape.py',
        joined_by="; ",
    ),
    Option("--rtc-step", 0, "people by which capacity_shape.py narrows down; 0: a twentieth of -u"),
    Option(
        "--rtc-step-window", 5, "seconds of a window in which capacity_shape.py looks at a step; it takes two to four"
    ),
    Option("--rtc-save-every", 0.0, "seconds between two saves by hand of a person, on average; 0: never"),
    Option("--rtc-server-pid", 0, "the server's process on this machine, whose CPU is looked at", in_web_ui=False),
)


class _Joining(argparse.Action):
    """Several values of one option are one text, as a form of the web UI and an environment variable have it."""

    def __init__(self, *, joined_by: str, **keywords: Any) -> None:
        super().__init__(**keywords)
        self._joined_by = joined_by

    def __call__(
        self, _parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, _option: str | None = None
    ) -> None:
        """Add the value behind those that were there before it."""
        before = getattr(namespace, self.dest, "")
        setattr(namespace, self.dest, f"{before}{self._joined_by}{values}" if before else str(values))


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the table to Locust's parser, in a group of its own.

    Locust reads `include_in_web_ui` and its like from the actions; `add_argument_group` does not take them as
    keywords (measured on Locust 2.47), so they are set on what it returns.
    """
    group = parser.add_argument_group("Real-time collaboration options (jupyter-rtc-locust)")
    for option in OPTIONS:
        keywords: dict[str, Any] = {
            "default": option.default,
            "help": option.help,
            "env_var": option.environment_variable,
        }
        if isinstance(option.default, bool):
            keywords["action"] = "store_true"
        else:
            keywords["metavar"] = "|".join(option.choices) if option.choices else option.name.rsplit("-", 1)[-1].upper()
        if option.joined_by is not None:
            keywords |= {"action": _Joining, "joined_by": option.joined_by}
        action: Any = group.add_argument(option.name, **keywords)
        action.include_in_web_ui = option.in_web_ui
        action.is_secret = False
        action.is_required = False
        action.is_multiple = False
        if option.in_web_ui and option.choices:
            action.choices = None
