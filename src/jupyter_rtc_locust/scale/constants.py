"""What was measured, and what the formulas of docs/scale.md rest on. Each names where it was measured.

They are those of one machine (two cores of an AMD EPYC that others share, Python 3.11): on another one cores count
differently, and the shape of the table stays. Lines of docs/performance.md are those of its table of 2026-11-27; they
move by a fifth with the machine's day, and some by more. A test tells where that page has gone further away.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Constants:
    """CPU in seconds of one core, memory and sizes in bytes."""

    edit_cpu: float = 176e-6
    """Choosing, making and sending an edit, and its echo: `an edit, sent and echoed` in docs/performance.md."""
    update_cpu: float = 11e-6
    """Receiving an edit of somebody else: `growth with the room`, rooms of 2; 9 in larger ones."""
    presence_cpu: float = 5e-6
    """Receiving a message of presence: 4 to read it where many come at once (`received, 20 in one read`), and 1 beyond
    that (`presence received`)."""
    user_cpu: float = 55e-6
    """A second of a user, whatever it does: what `users a core, steady` leaves over edits, updates and presence (61, 56
    and 41 for 1,000, 2,000 and 3,000 users)."""
    bursts: float = 1.25
    """How many times as much CPU edits of people in bursts take: `users a core`, person over steady, 1,000 users (36 %
    and 29 % of a core). Nearly all of it is more edits: 1.23 times, in 15 s in which all have just begun."""
    busiest_core: float = 0.5
    """Of a core may be used, so that timings stay those of the server: `users a core, steady`, 2,000 users (57 %) have
    an echo p99 of 3 ms and a lag of 3.5; 3,000 (81 %) have a lag that is above the limit of 5."""

    person_edits: float = 1.25
    """Edits of people in bursts for one that is asked for, which there must be room for. The rhythm makes 1.11 in half
    a minute, 1.12 in a minute, because all have just begun, 1.03 in two, 1.00 in five; the rest is for chance, by which
    50 people make 0.09 more or fewer in a minute (standard deviation of 60 seeds)."""

    process_memory: float = 73e6
    """A worker that plays nobody: resident, as `ps` and psutil have it 15 s after the start, 16 workers beside a master
    (72.9 to 73.4 MB, of which 51 are shared with nobody)."""
    master_memory: float = 198e6
    """A master without evidence (104 to 106 MB when documents are made, 74 before; 8 masters) and beside it the process
    that makes the reports (92 MB, 3 runs of two people, psutil, twenty looks a second)."""
    user_memory: float = 108_500
    """`memory, a user`, 20 cells each."""
    update_memory: float = 500
    """By which an update makes each replica of its room larger: `growth with the run`, 20 users, 3,200 updates, 31.8
    MB."""
    kept_memory: float = 490
    """Bookkeeping of an edit in a process, for a minute: `timing/round_trips.py`."""
    kept_s: float = 60

    update_bytes: float = 141
    """`bytes an edit`, in the default deck."""
    presence_bytes: float = 190
    """A presence with a name, a colour and a caret, framed."""

    heartbeat_s: float = 15
    """So often a tab tells of itself: docs/fidelity.md."""

    server_edit_cpu: float = 0.7e-3
    """jupyter-collaboration 5 takes this for an edit, whoever it goes to, and"""
    server_message_cpu: float = 75e-6
    """this for each message it sends: fitted to the curve to saturation in docs/performance.md (rooms of 2 to 50) and
    to idle rooms in docs/fidelity.md (8,503 messages a second: 65 % of a core)."""
    busiest_server: float = 0.7
    """Of its one core a server may use, so that echoes do not wait in line."""

    master_worker_cpu: float = 0.5e-3
    """What a worker costs the master each second: heartbeat, look, statistics, a question for the time
    (`benchmarks/many_workers.py`: 100 to 500 workers, 0.61 to 0.39 ms)."""
    busiest_master: float = 0.5
    """Of its core the master may use, because at the end it takes evidence, too."""

    told_bytes: float = 412
    """Evidence of an edit in its author's process: `evidence of 1,000` (41.2 MB for 100,000 edits)."""
    seen_bytes: float = 30
    """and in every other one that saw it, which tells a digest (`benchmarks/evidence_once.py`)."""
    evidence_copies: float = 2.5
    """A master holds what it is told less than so many times: `tests/coordination`, 64 workers."""
    judge_cpu: float = 0.185e-3
    """The judge takes this for an edit: `verdict on 1,000` (18.5 s for 100,000 edits)."""
    judge_memory: float = 8_700
    """and needs this: `deciding` (871 MB for 100,000 edits in one document)."""

    host_lines: int = 28_000
    """Lines from one address to one server: Linux has ports 32768 to 60999 for them."""


MEASURED = Constants()
