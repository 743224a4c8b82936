"""What a soak will do, as data: run N of a seed is a function of both, so that any of them can be repeated alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from random import Random

from soak.documents import DOCUMENTS, TEXTS, WITH_IDS

JUPYTER_5, JUPYTER_4 = "jupyter-collaboration 5", "jupyter-collaboration 4"
NODE, PYCRDT = "Node y-websocket", "pycrdt-websocket"
EMBEDDED = "embedded"
SERVERS = {JUPYTER_5: 6, JUPYTER_4: 4, NODE: 3, PYCRDT: 3, EMBEDDED: 1}
"""Each kind of server and how often it is drawn. "embedded": the run starts its own (no `--host`)."""
WITH_FILES = (JUPYTER_5, JUPYTER_4, EMBEDDED)

SHIPPED_SCRIPTS = ("notebook_editing", "cell_source_set", "cells_insert_delete", "text_insert_delete")
SCRIPTS = {
    **dict.fromkeys(SHIPPED_SCRIPTS, 2),
    "text_file_editing": 2,
    "typing_only": 1,
    "moving_one_cell": 1,
    "pausing": 2,
    "breaking": 2,
    "restless RestlessEditor": 4,
    "restless RestlessWriter": 2,
    "emptying": 1,
}
"""Each locustfile (and the user class in it) and how often it is drawn."""
SCRIPTS_OF_TEXTS = ("text_file_editing", "restless RestlessWriter")

MOST_EDITS_PER_SECOND = 40.0
MOST_DELIVERIES_PER_SECOND = 400.0
"""Two runs and their servers share two cores; what asks for more is an overload test, which has verdicts of its own."""


@dataclass(frozen=True)
class PlannedRun:
    """One run: on which server, with what load, from what document."""

    number: int
    """Its place in the plan, from 0."""
    seed: int
    """Of the run (`--rtc-seed`) and of its document."""
    server: str
    fresh: bool
    """Whether the server is started for this run alone; otherwise runs of this kind share one."""
    cleanup_delay: float | None
    """Seconds after which the server drops a room that everybody left; None: what it does by itself."""
    script: str
    """The locustfile's name without its ending; behind a blank the user class, where the file holds several."""
    users: int
    spawn_rate: int
    documents: int
    edit_rate: float
    """Edits per second and user."""
    seconds: int
    processes: int
    template: str | None
    """A name in `DOCUMENTS` or `TEXTS`, "demo", or None: the default."""
    options: tuple[str, ...]
    """What else is on the command line."""

    def __str__(self) -> str:
        """In one line, for people."""
        forgets = "" if self.cleanup_delay is None else f", rooms dropped after {self.cleanup_delay:g} s"
        processes = f" in {self.processes} processes" if self.processes > 1 else ""
        return (
            f"{self.server}{' (fresh)' if self.fresh else ''}{forgets}, {self.script}, {self.users} users{processes}, "
            f"{self.documents} documents, {self.edit_rate:g} edits/s, {self.seconds} s, "
            f"{self.template or 'default document'}{''.join(f' {option}' for option in self.options)}, seed {self.seed}"
        )


def planned_run(soak_seed: int, number: int) -> PlannedRun:
    """The run with this number."""
    draw = Random(f"soak|{soak_seed}|{number}")
    server = _weighted(draw, SERVERS)
    script = _weighted(draw, SCRIPTS)
    users = 2 + int(19 * draw.random() ** 2)
    documents = min(users, draw.choice((1, 1, 1, 2, 2, 3, 4, 5)))  # more than users are refused
    rate = round(draw.uniform(0.5, 6.0), 1)
    per_document = -(-users // documents)
    seconds = draw.randint(3, 12)
    if script in ("pausing", "moving_one_cell", "emptying"):
        seconds = max(seconds, 10)  # a round and its pause
    checkpoints: tuple[str, ...] = ()
    if draw.random() < 0.1:
        seconds, checkpoints = 14, ("--rtc-checkpoint-every", "10s")  # the shortest there is
    fresh = draw.random() < 0.25 and server != EMBEDDED
    cleanup_delay = 1.0 if server in WITH_FILES and (fresh or server == EMBEDDED) and draw.random() < 0.5 else None
    return PlannedRun(
        number=number,
        seed=draw.randint(1, 2**31 - 1),
        server=server,
        fresh=fresh,
        cleanup_delay=cleanup_delay,
        script=script,
        users=users,
        spawn_rate=draw.choice((2, 5, 20, 100)),
        documents=documents,
        edit_rate=round(min(rate, MOST_EDITS_PER_SECOND / users, MOST_DELIVERIES_PER_SECOND / users / per_document), 2),
        seconds=seconds,
        processes=draw.choice((1, 1, 1, 2)),
        template=_template(draw, script, emptied=script == "emptying" and cleanup_delay is not None),
        options=(
            *_options(draw, server),
            *checkpoints,
            *([] if cleanup_delay is None else ["--rtc-evict-after", f"{cleanup_delay:g}"]),
        ),
    )


def plan(soak_seed: int, runs: int, only: str = "") -> Iterator[PlannedRun]:
    """The first so many runs whose description contains `only`. A longer plan begins like a shorter one.

    ValueError where the first 20,000 runs hold too few of them.
    """
    found = 0
    for number in count():
        if found == runs:
            return
        if number > 20_000:
            raise ValueError(f"no run of this plan is described by {only!r}; a run reads like: {planned_run(1, 0)}")
        one = planned_run(soak_seed, number)
        if only in str(one):
            found += 1
            yield one


def _weighted(draw: Random, choices: dict[str, int]) -> str:
    return draw.choices(list(choices), weights=list(choices.values()))[0]


def _template(draw: Random, script: str, *, emptied: bool) -> str | None:
    if emptied:
        # A room that is made anew in the middle of a run: what released servers do then to notebooks whose cells have
        # no ids in the file, and to those of format 3, is told in docs/verdict.md ("Not forgiven").
        return draw.choice((None, *WITH_IDS))
    if script in SCRIPTS_OF_TEXTS:
        return draw.choice((None, *TEXTS))
    return draw.choice((None, None, "demo", "demo", *DOCUMENTS))


def _options(draw: Random, server: str) -> tuple[str, ...]:
    options: list[str] = []
    if draw.random() < 0.15:
        options += ["--rtc-awareness", "none"]
    if draw.random() < 0.15 and server in WITH_FILES:
        options += ["--rtc-keep"]
    if draw.random() < 0.1:
        options += ["--rtc-request-events"]
    if draw.random() < 0.15:
        options += ["--rtc-history"]
    options += draw.choice(((), ("--rtc-rhythm", "person"), ("--rtc-rhythm", "poisson")))
    return tuple(options)
