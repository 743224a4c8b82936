"""What a verdict is decided from: plain data, gathered while users worked and when they had stopped.

Times are seconds since the start of the run. Nothing in here knows how the evidence travelled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from msgspec import Struct

from jupyter_rtc_locust.documents.kinds import DocumentKind
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.verdict.findings import Finding
from jupyter_rtc_locust.verdict.service_evidence import ServedEvidence, ServerSilence


class AuthoredUpdate(Struct, frozen=True, gc=False):
    """One edit: who made it, what a person did, when it was due and acknowledged (None: never), and its bytes.

    Made in a tenth of the time that a frozen dataclass takes, and out of sight of Python's search for cycles, because
    a run has hundreds of thousands.
    """

    user: int
    client_id: int
    number: int
    description: str
    cell: str | None
    due: float
    acknowledged: float | None
    update: bytes
    arrived: float | None = None
    """When its broadcast first reached anybody in its author's process, later than what came before it there."""

    @property
    def key(self) -> tuple[int, int]:
        """Client id and number: what names an edit in its document."""
        return self.client_id, self.number


class ForeignUpdate(Struct, frozen=True, gc=False):
    """One update that came from the server and is, byte for byte, nobody's; when a process saw it first."""

    received: float
    update: bytes


@dataclass(frozen=True, slots=True)
class ReplicaEvidence:
    """One state that replicas were in at the end, and the users whose replicas were in it."""

    users: tuple[int, ...]
    update: bytes
    """The whole document as one update; what waits for missing updates is not in it."""
    deletions: ClockRanges
    covered: ClockRanges
    """The clocks the replica holds, as its state vector tells."""


class ToldPresence(NamedTuple):
    """What a user told of itself: the clock, when, and the digest of the state (None: that it left)."""

    clock: int
    at: float
    state: int | None
    heard: float | None = None
    """When the own words came back, so that the server has passed them on. None: they did not, or not yet."""


class SeenPresence(NamedTuple):
    """What one user saw of one client, with the clocks taken as y-protocols does (`users/presence_record.py`).

    A named tuple, because there is one for each two users of a room, and a tuple travels without its fields' names.
    """

    client_id: int
    clock: int
    """The highest that was accepted, of a state or of the client's leaving."""
    state: int
    """The digest of the state that was accepted last."""
    person: bool
    """Whether that state has a `user`."""
    first: float
    last: float
    """When the first state was accepted, and the last one."""
    until: float | None
    """When it ceased to be shown: the client was said to have left, or the viewer's line was lost. None: neither."""
    states: tuple[int, ...] = ()
    """The digests of all states that were accepted, or of the first few."""


@dataclass(frozen=True, slots=True)
class PresenceEvidence:
    """What one user told of its presence, and whom it saw."""

    process: str
    """Whose clock these times are of."""
    taken: float
    """When this was put down."""
    connected: float | None = None
    """When the latest line was there; what was told on an earlier one may have been lost with it."""
    synced: float | None = None
    """When the first sync on that line was complete; from then on this user is passed on what others tell."""
    asked: float | None = None
    """When, at the end, the user asked what its replica lacks; None where the server did not answer."""
    gone: float | None = None
    """When the latest line ended, or the user closed the document. None: it is there."""
    gone_in_overload: bool = False
    """Whether more people were there just then, on purpose, than the server holds."""
    told: tuple[ToldPresence, ...] = ()
    """The latest announcements, oldest first."""
    states: tuple[int, ...] = ()
    """The digests of all states that were ever told."""
    seen: tuple[SeenPresence, ...] = ()


@dataclass(frozen=True, slots=True)
class UserEvidence:
    """What is known of one user's tab at the end."""

    user: int
    client_id: int
    stage: str
    """connected; lost its connection; was refused; left; failed; never opened, was still opening its document."""
    trouble: str
    probed: bool
    """Whether the server answered, at the end, what this replica lacks."""
    lacks: ClockRanges
    """What the server's answer held beyond the replica."""
    gaps: ClockRanges
    """What this user received and its replica still does not hold, everything applied once more."""
    presence: PresenceEvidence | None = None
    """None: presence was not told (`--rtc-awareness none`)."""
    wrote: int | None = None
    """How many clocks of its client id this tab used. None: not known; it may have failed amid an edit."""
    served: ServedEvidence | None = None
    """None: not told."""
    served_later: ServedEvidence | None = None
    """What it told when it was asked once more. None: it was not, or said nothing."""


@dataclass(frozen=True, slots=True)
class StallEvidence:
    """A user who waited too long while others did not."""

    user: int
    seconds: float
    what: str
    at: float = 0.0
    """When it was noted, in seconds since the start of the run."""
    overload: bool = False
    """Whether more people were there on purpose than the server holds, as a search for a capacity has it."""


@dataclass(frozen=True, slots=True)
class ManualSave:
    """A save that a user asked for by hand (Ctrl+S)."""

    user: int
    asked: float
    answered: float | None = None
    """None: nobody answered it in time."""
    status: str = ""
    """The server's word for it: `success`, `skipped` or `failed`."""


@dataclass(frozen=True, slots=True)
class SaveSeen:
    """One version of the file, and between which two looks at it: it was there at both, and all the time between."""

    since: float
    until: float
    digest: str
    """Of its form on disk (`documents.saved_digest`)."""
    problem: str = ""
    """Why it could not be read; the digest is then empty."""


@dataclass(frozen=True, slots=True)
class RoomEvidence:
    """What one process tells of one document."""

    path: str
    kind: DocumentKind
    quiet: bool
    authored: tuple[AuthoredUpdate, ...] = ()
    foreign: tuple[ForeignUpdate, ...] = ()
    replicas: tuple[ReplicaEvidence, ...] = ()
    users: tuple[UserEvidence, ...] = ()
    stalls: tuple[StallEvidence, ...] = ()
    presences: frozenset[int] = frozenset()
    """Client ids of people that showed themselves in awareness to users of this process."""
    manual_saves: tuple[ManualSave, ...] = ()
    outside: tuple[WrittenOutside, ...] = ()
    """What was written into the file from outside on purpose, in that order."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What somebody who never wrote anything was given: the server's state vector and its whole document."""

    state_vector: Mapping[int, int]
    update: bytes
    problem: str = ""
    """Why there is none; state vector and update are then empty."""


@dataclass(frozen=True, slots=True)
class SavedFile:
    """The file as it stood when it was last read; `problem` says why nothing could be read."""

    content: Any = None
    problem: str = ""
    gone: bool = False
    """Whether the server says that there is no such file any more."""
    waited: float = 0.0
    """Seconds from the end of editing to the reading that counts."""


@dataclass(frozen=True, slots=True)
class WrittenOutside:
    """What a fault of the scenario wrote into the file behind the server's back."""

    at: float
    """Seconds since the start of the run."""
    words: str
    """One line, which stands nowhere else: the source of a cell, or a line of a text without its end."""


@dataclass(frozen=True, slots=True)
class ReplayEvidence:
    """What an editing trace that was replayed into a document says."""

    name: str
    end: str
    """The text that has to stand there at the end (`endContent`)."""
    steps: int
    """How many transactions change anything, and so are edits."""
    cell: str | None = None
    """The id of the cell that it went into; None: a text file."""


@dataclass(frozen=True, slots=True)
class DocumentEvidence:
    """Everything about one document."""

    path: str
    kind: DocumentKind
    initial: Snapshot
    """What an observer was given before any user came."""
    template: Any = None
    """What the document was made from: parsed notebook, text, or None when it existed before."""
    authors: Mapping[int, int] = field(default_factory=dict)
    """Client id to user, of everybody the run gave an identity in any document, from before the first edit."""
    seated: Mapping[int, str] = field(default_factory=dict)
    """Client id to the path of the one document in which the run seated it; whoever is not named may write anywhere."""
    authored: tuple[AuthoredUpdate, ...] = ()
    foreign: tuple[ForeignUpdate, ...] = ()
    replicas: tuple[ReplicaEvidence, ...] = ()
    users: tuple[UserEvidence, ...] = ()
    stalls: tuple[StallEvidence, ...] = ()
    presences: frozenset[int] = frozenset()
    """Client ids that showed themselves in awareness."""
    quiet: bool = True
    """False: messages still came at the drain deadline."""
    guests_expected: bool = False
    """Whether people other than the run's users may edit it (`--rtc-notebook`)."""
    joiner: Snapshot | None = None
    saved: SavedFile | None = None
    """None: this kind of server stores no files."""
    reopened: Snapshot | None = None
    """What somebody was given who opened the document again after everybody had left, and the server had dropped its
    room; None: not tried."""
    saves: tuple[SaveSeen, ...] = ()
    """The versions of the file that were seen while people typed and at the end, in that order."""
    manual_saves: tuple[ManualSave, ...] = ()
    outside: tuple[WrittenOutside, ...] = ()
    """What was written into the file from outside on purpose, in that order."""
    replay: ReplayEvidence | None = None
    """None: no trace was replayed, or it is not at its end yet (a checkpoint)."""
    emptied: bool = False
    """Whether everybody had left it because fewer people were asked for, as a search for a capacity does."""
    server: str = ""
    """The owner of the server in which it lies, behind a hub; "": there is one server."""


@dataclass(frozen=True, slots=True)
class ServerMemory:
    """Resident memory of the server's process, in bytes: before the first user, at its peak, and at the end."""

    start: int
    peak: int
    end: int


@dataclass(frozen=True, slots=True)
class LogEvent:
    """Something the server wrote into its log during the run: what, how often, and the first and last line of it."""

    what: str
    count: int
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What was found when editing paused in the middle of the run. Times in seconds since its start."""

    number: int
    at: float
    """When editing paused."""
    paused: float
    """For how long, in seconds."""
    verdict: str
    reason: str
    findings: tuple[Finding, ...] = ()
    newcomers: int = 0
    """Newcomers that opened a document then."""


DONE = "done"
UNDER_WAY = "under way"


@dataclass(frozen=True, slots=True)
class FaultEvidence:
    """One thing that went wrong on purpose: when it was planned, and when it really began and ended (None: never)."""

    what: str
    planned: float
    began: float | None
    ended: float | None
    outcome: str
    """done; under way; or why it did not happen as planned."""
    users: tuple[int, ...] = ()
    """Whom it concerned; empty: everybody."""

    @property
    def as_planned(self) -> bool:
        """Whether it took place, or is taking place (at a checkpoint), as it was planned."""
        return self.outcome in (DONE, UNDER_WAY)


@dataclass(frozen=True, slots=True)
class PlayedPlan:
    """How much of a plan a run has done."""

    planned: int
    """Edits that stand in it."""
    taken: int
    """Edits whose turn came."""
    skipped: int
    """Those of them that could not be applied."""
    same: bool
    """Whether the digest of what was done, or skipped, is that of the plan."""


@dataclass(frozen=True, slots=True)
class LostProcess:
    """What is known of a worker that played users and told nothing of them."""

    name: str
    users: tuple[int, ...]
    """Whom it played at any time: what they wrote there is not told by who plays them afterwards."""
    last_heard: float | None
    """Seconds since the start of the run; None: it was there when it was given up, and had not told in time."""
    left: bool = False
    """Whether it left the run in order while a checkpoint was held, and told everything for the end."""
    unreadable: bool = False
    """Whether it told something that cannot be its evidence."""


@dataclass(frozen=True, slots=True)
class RunEvidence:
    """What concerns the run as a whole."""

    documents: tuple[DocumentEvidence, ...] = ()
    silent_processes: tuple[str, ...] = ()
    """Processes that played users and did not answer at the end, or not any more."""
    silent_later: tuple[str, ...] = ()
    """Those of them that had told everything, and did not say whether a server that had fallen silent served them."""
    lost_processes: tuple[LostProcess, ...] = ()
    """Those of them of which more is known than the name."""
    at_checkpoint: bool = False
    """Whether this was gathered at a checkpoint, and not at the end."""
    server_silences: tuple[ServerSilence, ...] = ()
    """When a server did not answer the coordinator for longer than the deadline."""
    sound: bool = True
    unsound_reasons: tuple[str, ...] = ()
    edits_asked: bool = True
    """Whether the run asked for edits at all (`--rtc-edit-rate` above 0)."""
    reconnects: int = 0
    """How often a user lost the line and was back in step."""
    checkpoints: tuple[Checkpoint, ...] = ()
    server_memory: ServerMemory | None = None
    """None: it could not be read."""
    server_memory_limit: float = 0.0
    """Megabytes (1,000,000 bytes) the server may need at its peak; 0: any."""
    server_log: tuple[LogEvent, ...] = ()
    faults: tuple[FaultEvidence, ...] = ()
    """What was done to the server and to users' lines on purpose, in the order of the scenario."""
    save_timeout: float = 30.0
    """Seconds without an edit after which everything has to be on disk (`--rtc-save-timeout`)."""
    max_save_age: float = 0.0
    """Seconds that an acknowledged edit may wait for the disk while people type (`--rtc-max-save-age`); 0: any time."""
    problems: tuple[str, ...] = ()
    """Sentences about what kept the run from being judged (the server could not be used, nobody could be seated)."""
    users_asked: int = 0
    """How many users the run was asked for (`-u`)."""
    plan: bytes = b""
    """What the users did, as a gzip file of lines; b"": not known. Kept beside the evidence, and decides nothing."""
    played: PlayedPlan | None = None
    """How much was done of the plan that the run played (`--rtc-plan`); None: it played none."""
    users_at_once: int = 0
    """The most users that had seats at the same time."""
    users_gone: int = 0
    """Users that had come and were not there any more at the end, though nobody had asked for fewer."""
    users_before: int = 0
    """Where there are such: how many there were before."""
    gone_since: float = 0.0
    """And when the first of them was gone, in seconds since the start of the run."""
    users_failed: int = 0
    """How many users are out because of what the code of the locustfile did."""
    mistakes: tuple[str, ...] = ()
    """What it did to them: a sentence for each kind. What a `@task` raised is none, because its user goes on."""

    @property
    def untold(self) -> tuple[str, ...]:
        """Processes that played users and told nothing of them."""
        return tuple(one for one in self.silent_processes if one not in self.silent_later)
