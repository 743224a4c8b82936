"""What the coordinator knows of one run, from its start to its verdict."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gevent.event import Event

from jupyter_rtc_locust.coordination.preparation import Prepared
from jupyter_rtc_locust.coordination.rounds import AT_THE_END, Collection
from jupyter_rtc_locust.coordination.shortfall import Shortfall
from jupyter_rtc_locust.coordination.silences import Silences
from jupyter_rtc_locust.coordination.stumbles import Stumbled
from jupyter_rtc_locust.faults.executor import FaultExecutor
from jupyter_rtc_locust.settings import JUDGE_S, SILENT_SERVER_S, Settings, end_budget
from jupyter_rtc_locust.verdict.evidence import Checkpoint, LogEvent, ServerMemory, WrittenOutside
from jupyter_rtc_locust.verdict.findings import Verdict
from jupyter_rtc_locust.verdict.folder.writing import Kept

if TYPE_CHECKING:
    from jupyter_rtc_locust.coordination.capacity_run import CapacityRun
    from jupyter_rtc_locust.coordination.hearing import Hearing
    from jupyter_rtc_locust.coordination.hubs import BringingUp
    from jupyter_rtc_locust.coordination.plans import RunPlan
    from jupyter_rtc_locust.coordination.replays import Replay
    from jupyter_rtc_locust.coordination.save_watch import SaveWatch
    from jupyter_rtc_locust.coordination.served_later import ServedLater
    from jupyter_rtc_locust.coordination.server_watch import ServerWatch


@dataclass(slots=True)
class Pause:
    """A person let nobody edit for a while. Seconds since the start of the run; `ended` None: it goes on."""

    began: float
    ended: float | None = None


@dataclass(slots=True, eq=False)
class RunState:
    """One run. Times are of `time.monotonic`."""

    run_id: str
    seed: int
    settings: Settings
    base: str
    embedded_token: str | None
    started: float = field(default_factory=time.monotonic)
    prepared: Prepared | None = None
    replay: Replay | None = None
    """The trace that is replayed, where one is."""
    problems: list[str] = field(default_factory=list)
    """Why the run cannot be judged: sentences."""
    processes: set[str] = field(default_factory=set)
    """Node ids of the processes that asked for seats and got some, or get them when a server has started."""
    playing: set[str] = field(default_factory=set)
    """Those of them that were told of a seat, and so may open its document."""
    end: Collection = field(default_factory=lambda: Collection(AT_THE_END))
    """What processes told, or tell, of the end."""
    checkpoint: Collection | None = None
    """The checkpoint under way."""
    checkpoints: list[Checkpoint] = field(default_factory=list)
    capacity: CapacityRun | None = None
    """The search for how many people the server holds, where the run is one."""
    pauses: list[Pause] = field(default_factory=list)
    """When a person let nobody edit."""
    watch: ServerWatch | None = None
    saves: SaveWatch | None = None
    memory: ServerMemory | None = None
    """The server's, at the end."""
    log_events: tuple[LogEvent, ...] = ()
    hearing: Hearing | None = None
    """When each worker was last heard of; None: nobody listens."""
    left: set[str] = field(default_factory=set)
    leaving: set[str] = field(default_factory=set)
    """Processes that were told to end, by whomever."""
    changed: Event = field(default_factory=Event)
    stumbled: Stumbled = field(default_factory=Stumbled)
    """What users met that was an error."""
    most_users: int = 0
    users_seated: int = 0
    shortfall: Shortfall = field(default_factory=Shortfall)
    """Whether people are gone whom nobody sent away."""
    seats_on_the_way: set[int] = field(default_factory=set)
    """Users whose document is being brought up; no process knows of their seats."""
    never_opened: set[int] = field(default_factory=set)
    """Client ids of seats whose users opened no document: they were stopped before, or it could not be brought up."""
    bringing_up: BringingUp | None = None
    """Who brings documents up when their first user comes, where that is so."""
    silences: Silences = field(default_factory=Silences)
    """Of the server, or of each of a hub's."""
    served_later: ServedLater | None = None
    """Who asks the users once more when a server falls silent."""
    faults: FaultExecutor | None = None
    outside: dict[str, list[WrittenOutside]] = field(default_factory=dict)
    """By the path of a document, what a fault wrote into its file from outside."""
    verdict: Verdict | None = None
    kept: Kept | None = None
    """What was kept of the evidence; None: nothing, because there was no verdict on it."""
    plan: RunPlan | None = None
    """What the users did, when the processes have told; None: they have not."""
    plan_problem: str = ""
    """Why it could not be saved: a sentence."""
    between_workers: dict[str, Any] | None = None
    """How long edits took from one process to another, for the result; None: there was one, or nobody told."""
    result: dict[str, Any] | None = None
    result_path: str | None = None
    told_of_reports: tuple[str, ...] = ()
    """Which reports were made, or why not: lines for the terminal."""
    concluded: Event = field(default_factory=Event)
    concluding: bool = False
    end_budget_s: float = field(init=False)
    """How long the end may take, or a checkpoint; more where there is much to be judged, or a line is slow."""
    judge_s: float = JUDGE_S
    """How much of that is kept for the judge."""
    late_evidence_s: float = 0.0
    """How much of that is for evidence that comes over a slow line."""
    put_off_s: float = 0.0
    """How much of that is because a server was silent."""
    given_up: str = ""
    """Why nobody waits for a verdict any more: a sentence."""
    out_of_time: bool = False
    """Whether that is because it took too long."""
    printed: bool = False
    """Whether the terminal was told of the verdict."""
    parted: bool = False
    """Whether everybody was told to close the documents."""

    def __post_init__(self) -> None:
        self.end_budget_s = end_budget(0, self.settings.drain_timeout)

    def how_it_ends(self) -> dict[str, Any]:
        """What processes are told when they are to stop editing, and again when the end may take longer."""
        told = {"run": self.run_id, "drain_timeout": self.settings.drain_timeout}
        return {**told, "budget": self.end_budget_s + self.left_to_put_off_s}

    @property
    def left_to_put_off_s(self) -> float:
        """By how much the end can still be put off for a silent server."""
        return SILENT_SERVER_S - self.put_off_s

    def put_off(self, seconds: float) -> None:
        """The end may take so much longer, as far as that goes."""
        more = min(max(seconds, 0.0), self.left_to_put_off_s)
        self.put_off_s += more
        self.end_budget_s += more

    def collection(self, number: int) -> Collection | None:
        """What is being collected in this round; None for a checkpoint that is over."""
        return next((one for one in (self.end, self.checkpoint) if one is not None and one.number == number), None)

    @property
    def paused(self) -> bool:
        """Whether editing pauses because a person said so."""
        return bool(self.pauses) and self.pauses[-1].ended is None

    @property
    def paused_by_checkpoint(self) -> int:
        """The checkpoint for which editing pauses just now, by its number; 0: for none."""
        return self.checkpoint.number if self.checkpoint is not None and self.checkpoint.pauses else 0

    def end_pause(self, moment: float) -> None:
        """A pause that goes on, if any, ends at this moment."""
        if self.paused:
            self.pauses[-1].ended = round(self.since_start(moment), 3)

    def pending(self, collection: Collection) -> set[str]:
        """Processes that were asked, and have neither answered in this collection nor been lost."""
        asked = self.processes if collection.asked is None else self.processes & collection.asked
        return asked - collection.answers.keys() - collection.lost

    def since_start(self, moment: float) -> float:
        """Seconds since the start of the run."""
        return moment - self.started

    def silence_is_ours(self, since: float) -> bool:
        """Whether the server was down on purpose (a fault of the scenario), or overloaded on purpose (a search for its
        capacity), at any time since this moment."""
        if self.faults is not None and self.faults.server_was_away_since(since):
            return True
        return self.capacity is not None and self.capacity.overloaded_since(self.since_start(since))
