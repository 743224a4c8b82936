"""The table: each fault and each disturbance, where it sits, how it strikes, and what the verdict must be.

`must`: kinds of finding that all have to be named; `may`: others that are right, too; no more than these. Where `must`
is empty and the verdict is `fail`, one of `may` has to be named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faults import disturbances, harmless, on_the_way
from faults.disturbances import Disturbance
from faults.faulty_proxy import OnTheWay
from faults.on_the_way import EVER
from runs import test_findings
from runs.locust_run import LOCUSTFILES_OF_THE_TESTS

JUPYTER_5, JUPYTER_4, NODE, SICK = (
    "jupyter-collaboration 5",
    "jupyter-collaboration 4",
    "Node y-websocket",
    "sick server",
)
NOTEBOOKS = "notebook_editing.py"
TEXT_FILES = "text_file_editing.py"
TYPING = LOCUSTFILES_OF_THE_TESTS / "typing_only.py"
PAUSING = LOCUSTFILES_OF_THE_TESTS / "pausing.py"
SAVING_OFTEN = LOCUSTFILES_OF_THE_TESTS / "saving_often.py"
ONE_LEAVES = LOCUSTFILES_OF_THE_TESTS / "one_leaves.py"

SOON = ("--rtc-save-timeout", "5")
"""A file that is wrong for good need not be waited for as long as one that may only be late."""
IMPATIENT = ("--rtc-drain-timeout", "6")
"""An echo that never comes need not be waited for so long that its author counts as stalled, too."""
TWO = ("--rtc-documents", "2")
OF_THEMSELVES = ("--rtc-awareness", "own")
ONE_BY_ONE = test_findings.ONE_BY_ONE

PASS, FAIL, INCONCLUSIVE = "pass", "fail", "inconclusive"


@dataclass(frozen=True)
class Case:
    """One row of the table."""

    name: str
    where: str
    """relay, document, store, file, newcomer, awareness, session, service, network."""
    verdicts: frozenset[str]
    must: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    server: str = JUPYTER_5
    proxy: Callable[[], OnTheWay] | None = None
    fault: Mapping[str, Any] | None = None
    """Inside the server's process: `name`, and where it strikes."""
    disturbance: Disturbance | None = None
    """What is done to the server's process from outside."""
    locustfile: str | Path = NOTEBOOKS
    options: tuple[str, ...] = ()
    seconds: int = 6
    users: int = 4
    evicts: bool = False
    """The server drops a room one second after everybody has left it, and the run is told so."""

    @property
    def sits(self) -> str:
        """In the proxy, in the server, or done to it."""
        if self.proxy is not None:
            return "proxy"
        return (
            "in the server"
            if self.fault is not None and self.fault["name"] != "none"
            else "to the server"
            if self.disturbance
            else "nowhere"
        )


def sick(name: str, where: str, must: str, may: str = "", *, verdict: str = FAIL, to: Any = None, **more: Any) -> Case:
    """A row that has to be noticed. `to`: a proxy's fault, a disturbance, or how a fault in the server strikes."""
    return _case(name, where, frozenset(verdict.split()), must, may, to, more)


def healthy(name: str, where: str, *, to: Any = None, **more: Any) -> Case:
    """A row that must not raise an alarm."""
    return _case(name, where, frozenset({PASS}), "", "", to, more)


def _case(name: str, where: str, verdicts: frozenset[str], must: str, may: str, to: Any, more: dict[str, Any]) -> Case:
    if isinstance(to, Disturbance):
        more["disturbance"] = to
    elif isinstance(to, Mapping):
        more["fault"] = {"name": name.split()[0].rstrip(","), **to}
    elif to is not None:
        more["proxy"] = to
    return Case(name, where, verdicts, frozenset(must.split()), frozenset(may.split()), **more)


def proxy(kind: type[OnTheWay], **strikes: int) -> Callable[[], OnTheWay]:
    return lambda: kind(**strikes)


IN_A_PAUSE = {"at": 20, "quiet": 1.0}
"""After the last edit: what comes later covers no damage."""
AMID = {"at": 25}
"""While people type."""

# What else is right to say where one edit of a user never reached the server: later ones build on it.
WITHOUT_IT = "unacknowledged-edit diverged lost-edit pending-updates joiner-differs duplicated-content"
# Where a document changes under the hands of people: what else their next edits can make of it.
AMID_MAY = "lost-edit duplicated-content invented-edit diverged malformed-document"

RELAY = [
    sick(
        "drop-up", "relay", "unacknowledged-edit diverged", WITHOUT_IT, to=proxy(on_the_way.DropUp), options=IMPATIENT
    ),
    sick(
        "drop-up, Node",
        "relay",
        "unacknowledged-edit diverged",
        WITHOUT_IT + " malformed-document",  # where the edit was a whole cell, of which then only a part is there
        to=proxy(on_the_way.DropUp, user=2),  # the first to write there is who makes the document
        options=IMPATIENT,
        server=NODE,
    ),
    sick(
        "mute-up",
        "relay",
        "unacknowledged-edit diverged",
        WITHOUT_IT + " stalled awareness-differs",
        to=proxy(on_the_way.MuteUp, times=EVER),
        options=IMPATIENT,
    ),
    sick("drop-to-one", "relay", "diverged", "pending-updates", to=proxy(on_the_way.DropToOne)),
    sick("drop-to-one, 4", "relay", "diverged", "pending-updates", to=proxy(on_the_way.DropToOne), server=JUPYTER_4),
    sick(
        "drop-to-one, Node", "relay", "diverged", "pending-updates", to=proxy(on_the_way.DropToOne, user=2), server=NODE
    ),
    sick("drop-all-to-one", "relay", "diverged", "pending-updates", to=proxy(on_the_way.DropToOne, times=EVER)),
    sick("mute-one", "relay", "stalled diverged", "awareness-differs", to=proxy(on_the_way.MuteOne, times=EVER)),
    sick("hold-one", "relay", "stalled", "diverged", to=proxy(on_the_way.HoldOne, times=EVER), seconds=20),
    sick(
        "mute-all",
        "relay",
        "",
        "stalled unacknowledged-edit diverged server-lost awareness-differs",
        to=proxy(on_the_way.MuteAll),
        seconds=20,
    ),
    # Whoever comes now is given what three of four lack.
    sick("not-relayed", "relay", "diverged", "pending-updates joiner-differs", to=AMID),
    # All of them, because whoever deletes the cell around it later covers what was missed.
    sick(
        "drop-deletions-up",
        "relay",
        "diverged lost-edit",
        # A moved cell that stays where it was has one id with its copy, and the server gives one of them another.
        WITHOUT_IT + " invented-edit",
        to=proxy(on_the_way.DropDeletionsUp, times=EVER),
    ),
    sick("drop-deletions-to-one", "relay", "diverged", to=proxy(on_the_way.DropDeletionsToOne, times=EVER)),
    sick("alter-up", "relay", "diverged lost-edit", AMID_MAY, to=proxy(on_the_way.AlterUp), locustfile=TYPING),
    sick("alter-up, amid all edits", "relay", "", AMID_MAY, to=proxy(on_the_way.AlterUp)),
    sick("alter-value-up", "relay", "", AMID_MAY, to=proxy(on_the_way.AlterValueUp)),
    sick("alter-to-one", "relay", "diverged", to=proxy(on_the_way.AlterToOne)),
    sick("alter-to-all", "relay", "diverged", to=proxy(on_the_way.AlterToAll)),
    sick("alter-value-to-one", "relay", "diverged", to=proxy(on_the_way.AlterValueToOne)),
    sick("alter-echo", "relay", "diverged", to=proxy(on_the_way.AlterEcho)),
    sick(
        "twice-under-another-name",
        "relay",
        "duplicated-content",
        "invented-edit",
        to=proxy(on_the_way.TwiceUnderAnotherName),
        locustfile=TYPING,
    ),
    sick("truncate-up", "relay", "unacknowledged-edit", WITHOUT_IT, to=proxy(on_the_way.TruncateUp), options=IMPATIENT),
    sick("truncate-to-one", "relay", "diverged", "pending-updates", to=proxy(on_the_way.TruncateToOne)),
]

DOCUMENT = [
    sick("delete-text", "document", "lost-edit", to=IN_A_PAUSE),
    sick("delete-text amid", "document", "lost-edit", to=AMID),
    sick("delete-text of a file", "document", "lost-edit", to=IN_A_PAUSE, locustfile=TEXT_FILES),
    sick("delete-cell", "document", "lost-edit", to=IN_A_PAUSE),
    sick("outputs-cleared", "document", "lost-edit", to=IN_A_PAUSE),
    sick("double-text", "document", "duplicated-content", to=IN_A_PAUSE),
    sick("double-text amid", "document", "duplicated-content", to=AMID),
    sick("double-cell", "document", "duplicated-content", to=IN_A_PAUSE),
    sick("double-cell amid", "document", "duplicated-content", "invented-edit", to=AMID),
    sick("invent-edit", "document", "invented-edit", to=IN_A_PAUSE),
    sick("invent-and-delete", "document", "invented-edit", to=AMID),
    sick("invent-cell", "document", "invented-edit", to=IN_A_PAUSE),
    sick("forged", "document", "invented-edit", to=IN_A_PAUSE),
    sick("type-overwritten", "document", "", "invented-edit lost-edit malformed-document", to=IN_A_PAUSE),
    sick("count-overwritten", "document", "", "invented-edit lost-edit", to=IN_A_PAUSE),
    sick("metadata-overwritten", "document", "", "invented-edit lost-edit", to=IN_A_PAUSE),
    sick("cells-reordered", "document", "", "lost-edit duplicated-content invented-edit", to=IN_A_PAUSE),
    sick("malformed-cell", "document", "malformed-document", "invented-edit lost-edit", to=IN_A_PAUSE),
]

STORE = [
    sick(
        "killed while they type",
        "store",
        "",
        AMID_MAY + " joiner-differs",
        to=disturbances.killed_while_they_type(),
        seconds=14,
        users=3,
    ),
    sick(
        "file reverted while away",
        "store",
        "",
        AMID_MAY,
        to=disturbances.killed_in_a_pause(then=disturbances.revert_the_file),
        seconds=14,
        locustfile=PAUSING,
    ),
    sick(
        "store-forgets",
        "store",
        "",
        AMID_MAY,
        to={"at": 10},
        disturbance=disturbances.killed_in_a_pause(),
        seconds=14,
        locustfile=PAUSING,
    ),
    sick(
        # jupyter-collaboration 5.0.4 then refuses what tabs bring ("block parent"), and tells them of a conflict.
        "store lost while away",
        "store",
        "",
        AMID_MAY + " saved-file-differs save-stalled " + WITHOUT_IT,
        to=disturbances.killed_in_a_pause(then=disturbances.lose_the_store),
        seconds=14,
        locustfile=PAUSING,
    ),
    sick(
        "store reverted while away",
        "store",
        "",
        AMID_MAY,
        to=disturbances.killed_in_a_pause(then=disturbances.revert_the_store),
        seconds=14,
        locustfile=PAUSING,
    ),
]

BY_CHANCE = "save-stalled"
"""A file that was spoiled may be, to the last letter, what the document was before somebody's edit."""

FILE = [
    sick("blank-lost", "file", "saved-file-differs", BY_CHANCE, to=AMID, options=SOON),
    sick("blank-lost, 4", "file", "saved-file-differs", BY_CHANCE, to=AMID, options=SOON, server=JUPYTER_4),
    sick(
        "corrupt-file of a text", "file", "saved-file-differs", BY_CHANCE, to=AMID, options=SOON, locustfile=TEXT_FILES
    ),
    sick("cells-swapped", "file", "saved-file-differs", BY_CHANCE, to=AMID, options=SOON),
    sick("cell-doubled-in-file", "file", "saved-file-differs", BY_CHANCE, to=AMID, options=SOON),
    sick("drop-cell-in-file", "file", "saved-file-differs", BY_CHANCE, to=AMID, options=SOON),
    sick("output-lost", "file", "saved-file-differs", BY_CHANCE, to=AMID, options=SOON),
    sick("count-changed", "file", "saved-file-differs", BY_CHANCE, to=AMID, options=SOON),
    sick("emoji-lost", "file", "saved-file-differs", to=AMID, options=SOON),
    sick("id-changed", "file", "saved-file-differs", to=AMID, options=SOON),
    sick("type-changed", "file", "saved-file-differs", to=AMID, options=SOON),
    sick("file-behind", "file", "saved-file-differs", "save-stalled", to={}, options=SOON, locustfile=PAUSING),
    sick("other-file", "file", "saved-file-differs", to={}, options=(*TWO, *SOON)),
    sick("metadata-changed", "file", "saved-file-differs", BY_CHANCE, to=AMID, options=SOON),
    sick("notebook-metadata-changed", "file", "saved-file-differs", BY_CHANCE, to=AMID, options=SOON),
    sick("no-save", "file", "saved-file-differs save-stalled", to={"at": 1}, options=SOON),
    sick("no-save after a while", "file", "saved-file-differs save-stalled", to={"at": 30}, options=SOON),
    sick("save-lies", "file", "save-not-done", to={"at": 5}, seconds=16, locustfile=SAVING_OFTEN),
    sick("old-file", "file", "saved-file-differs save-stalled", to={"at": 30}, options=SOON, locustfile=PAUSING),
    sick("file-reverted", "file", "lost-edit", "invented-edit duplicated-content", to={"at": 20}, options=SOON),
]

NEWCOMER = [
    sick("spoiled-on-loading", "newcomer", "joiner-differs", "lost-edit", to={"user": 1}),
    sick("spoiled-on-loading again", "newcomer", "joiner-differs", "lost-edit", to={"user": 2}, evicts=True),
    sick("stale-joiner", "newcomer", "joiner-differs lost-edit", "duplicated-content", to={"at": 20}, options=SOON),
    sick("stale-newcomer", "newcomer", "joiner-differs lost-edit", to=proxy(on_the_way.StaleNewcomer), options=SOON),
    sick(
        "no-deletions-for-newcomer",
        "newcomer",
        "joiner-differs lost-edit",
        "duplicated-content malformed-document saved-file-differs",
        to=proxy(on_the_way.NoDeletionsForNewcomer),
        options=SOON,
    ),
]

AWARENESS = [
    sick("hide-presence", "awareness", "awareness-differs", to={}, options=ONE_BY_ONE),
    # Where users tell on what they hear, the others make good what the server keeps back.
    sick("stale-presence", "awareness", "awareness-differs", to={"at": 10}, seconds=9, options=OF_THEMSELVES),
    sick("alter-presence", "awareness", "awareness-differs", to={}),
    sick("ghost", "awareness", "awareness-differs", to={}, locustfile=ONE_LEAVES),
    sick("foreign-presence", "awareness", "awareness-differs", to={}, options=TWO),
    # The first line is an observer's.
    sick(
        "drop-presence-to-one",
        "awareness",
        "awareness-differs",
        to=proxy(on_the_way.DropPresenceToOne, user=2),
        options=ONE_BY_ONE,
    ),
    sick(
        "drop-presence-of-one",
        "awareness",
        "awareness-differs",
        to=proxy(on_the_way.DropPresenceOfOne, user=4),
        options=ONE_BY_ONE,
    ),
    sick(
        "alter-presence on the way",
        "awareness",
        "awareness-differs",
        to=proxy(on_the_way.AlterPresence, at=0, times=EVER),
        seconds=17,
    ),
]

SESSION = [
    sick("leak-edit", "session", "invented-edit", "diverged joiner-differs lost-edit", to={"at": 10}, options=TWO),
    sick("other-document", "session", "", AMID_MAY + " joiner-differs awareness-differs", to={"user": 8}, options=TWO),
    sick(
        "other-document-for-all",
        "session",
        "",
        AMID_MAY + " joiner-differs saved-file-differs awareness-differs save-stalled",
        to={},
        options=(*TWO, *SOON),
    ),
    sick("refuse-session", "session", "", verdict=INCONCLUSIVE, to={"user": 4}),
]

SERVICE = [
    sick(
        "killed for good",
        "service",
        "server-lost",
        "unacknowledged-edit",
        to=disturbances.killed_for_good(),
        options=IMPATIENT,
    ),
    sick("hungry", "service", "server-memory", to=AMID, options=("--rtc-server-memory-limit", "400")),
    sick(
        "frozen for good",
        "service",
        "server-lost",
        "unacknowledged-edit stalled",
        to=disturbances.frozen_for_good(),
        options=IMPATIENT,
    ),
]

CONTROLS = [
    healthy("nothing", "control"),
    healthy("nothing, 4", "control", server=JUPYTER_4),
    healthy("nothing, Node", "control", server=NODE),
    healthy("twice", "control", to=proxy(harmless.Twice)),
    healthy("twice, Node", "control", to=proxy(harmless.Twice), server=NODE),
    healthy("twice-much-later", "control", to=proxy(harmless.TwiceMuchLater)),
    healthy("late", "control", to=proxy(harmless.Late)),
    healthy("slow-network", "control", to=proxy(harmless.SlowNetwork)),
    healthy("overtaking", "control", to=proxy(harmless.Overtaking)),
    healthy("swapped", "control", to=proxy(harmless.Swapped)),
    healthy("merged", "control", to=proxy(harmless.Merged)),
    healthy("presence-late", "control", to=proxy(harmless.PresenceLate), seconds=12),
    healthy("cut-once", "control", to=proxy(harmless.CutOnce), seconds=9),
    healthy("cut-all", "control", to=proxy(harmless.CutAll), seconds=9),
    healthy("cut-once, 4", "control", to=proxy(harmless.CutOnce), seconds=9, server=JUPYTER_4),
    healthy("flaky", "control", to=proxy(harmless.Flaky)),
    healthy("slow-saves", "control", to={}, locustfile=PAUSING, seconds=10),
    healthy("blocked", "control", to={"at": 25, "quiet": 3.0}),
    healthy("blocked for long", "control", to={"at": 25, "quiet": 8.0}, seconds=12),
    healthy("frozen for a while", "control", to=disturbances.frozen(5.0), seconds=9),
    # Whoever was there brings everything back to a room made of the first file.
    healthy(
        "store and file lost while away",
        "control",
        to=disturbances.killed_in_a_pause(then=disturbances.lose_store_and_file),
        seconds=14,
        locustfile=PAUSING,
    ),
    healthy("evicted", "control", evicts=True),
    healthy("evicted, 4", "control", evicts=True, server=JUPYTER_4),
    healthy("restarted in a pause", "control", to=disturbances.killed_in_a_pause(), seconds=14, locustfile=PAUSING),
]


def _of_the_sick_server() -> list[Case]:
    """The cases of `tests/runs/test_findings.py`, as they are judged there."""
    rows = []
    for name, one in test_findings.CASES.items():
        rows.append(
            Case(
                f"{name}, sick server",
                "control" if name in test_findings.HARMLESS | test_findings.WITHOUT_ECHO else "sick server",
                frozenset({FAIL if name in test_findings.SICK else PASS}),
                one.must,
                one.may,
                server=SICK,
                fault={"name": one.fault, **one.strikes},
                locustfile=one.locustfile,
                options=("--rtc-edit-rate", "4", *one.options),
                seconds=one.seconds,
                users=3,
            )
        )
    return rows


CASES = [
    *RELAY,
    *DOCUMENT,
    *STORE,
    *FILE,
    *NEWCOMER,
    *AWARENESS,
    *SESSION,
    *SERVICE,
    *CONTROLS,
    *_of_the_sick_server(),
]
