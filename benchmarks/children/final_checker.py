"""The end of a run with many documents, without a server: its evidence gathered, told, and decided on.

Run as `python -m benchmarks.children.final_checker`. Commands: `gather` (documents, users, edits: of each user, path:
where the evidence is left), `decide` (path). Each is a process of its own, as in a run.

Some documents are edited by users who take turns, each receiving what the others wrote; the others are copies of them,
made from the same updates in the order in which each user had them.
"""

# Locust patches the standard library and wants to be first.
import locust  # noqa: F401, I001

import gc
import sys
import time
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import gevent
import gevent.socket

from benchmarks.children.commands import Lines, reply
from benchmarks.children.locust_process import StreamServerAddress
from benchmarks.recording import notebook
from jupyter_rtc_locust.coordination.answers import encoded_rooms
from jupyter_rtc_locust.coordination.gathering import gather
from jupyter_rtc_locust.documents.canonical import read_whole_content
from jupyter_rtc_locust.documents.file_form import as_saved
from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.documents.seeding import fill
from jupyter_rtc_locust.editing import RecentEdits, choose, make_edit
from jupyter_rtc_locust.editing.edit import Edit
from jupyter_rtc_locust.editing.weights import DEFAULT_WEIGHTS
from jupyter_rtc_locust.protocol.state_vectors import decode_state_vector
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.servers.http import HttpClient
from jupyter_rtc_locust.settings import Settings
from jupyter_rtc_locust.timing.recorder import Recorder
from jupyter_rtc_locust.users.collaborator import Collaborator
from jupyter_rtc_locust.users.seat import Seat
from jupyter_rtc_locust.users.stage import Stage
from jupyter_rtc_locust.users.swarm import Swarm
from jupyter_rtc_locust.verdict.decision import decide
from jupyter_rtc_locust.verdict.evidence import DocumentEvidence, RoomEvidence, RunEvidence, SavedFile, Snapshot
from jupyter_rtc_locust.verdict.evidence_form import decode_evidence, encode_evidence

_PATTERNS = 10
_LOADER = 2**31


class Pattern:
    """A document that was edited: what each user wrote, and what each had, in the order in which it had it."""

    def __init__(self, number: int, users: int, edits: int) -> None:
        dice = Random(number)
        loader = Replica("notebook", _LOADER)
        loaded = fill(loader, notebook())
        assert loaded is not None
        self.first = loader
        self.authored: list[tuple[int, Edit, bytes]] = []
        self.had: list[list[bytes]] = [[loaded] for _ in range(users)]
        recent = RecentEdits()
        replicas = [Replica("notebook", client_of(number, user)) for user in range(users)]
        for replica in replicas:
            replica.apply_updates([loaded])
        for round_ in range(edits):
            written = []
            for user in dice.sample(range(users), users):
                made: list[Edit] = []
                choice = choose(1, user, round_, seat=user, seats=users, document=number, weights=DEFAULT_WEIGHTS)

                def change(replica: Replica, choice: Any = choice, user: int = user, made: list[Edit] = made) -> bool:
                    made.append(make_edit(choice, replica, user_index=user, recent=recent, now=float(len(made))))
                    return made[0].apply(replica)

                update = replicas[user].edit(change)
                if update is not None:
                    self.authored.append((user, made[0], update))
                    written.append((user, update))
            for user, replica in enumerate(replicas):
                others = [update for author, update in written if author != user]
                replica.apply_updates(others)
                self.had[user] += [update for author, update in written if author == user] + others


def client_of(pattern: int, user: int) -> int:
    """The client id of this user of a pattern."""
    return 1_000_000 + pattern * 100 + user


def swarm_for() -> Swarm:
    """A process that plays nobody yet."""
    return Swarm(
        run_id="benchmark",
        seed=1,
        settings=Settings(edit_rate=0.0, awareness="none"),
        server=StreamServerAddress(HttpClient("http://127.0.0.1:1")),
        recorder=Recorder(),
        elapsed=0.0,
        user_failed=lambda _owner, error: print(error, file=sys.stderr),
    )


def _swarm(documents: int, users: int, edits: int) -> tuple[Swarm, list[Pattern]]:
    patterns = [Pattern(number, users, edits) for number in range(min(_PATTERNS, documents))]
    swarm = swarm_for()
    for index in range(documents):
        pattern = patterns[index % len(patterns)]
        document = Document(f"final/{index}.ipynb", "notebook")
        round_trips = swarm.room(document).round_trips
        for user in range(users):
            client = client_of(index % len(patterns), user)
            seat = Seat(index * users + user, 0, client, document, index, user, users)
            one = Collaborator(seat, swarm, lambda _: None)
            for update in pattern.had[user]:
                one.replica.apply_updates([update])
            one.receiving.received.extend(range(1, len(pattern.had[user])))
            one.stage = Stage.CONNECTED
            one.probe_answer = b"\x00\x00"
        now = time.monotonic()
        for number, (user, edit, update) in enumerate(pattern.authored):
            author = index * users + user
            client = client_of(index % len(patterns), user)
            round_trips.author(author, client, number, edit.description, edit.cell_id, now, bytes(bytearray(update)))
            round_trips.arrive(author, update, now)
    return swarm, patterns


def _gather(documents: int, users: int, edits: int, path: str) -> dict[str, Any]:
    swarm, patterns = _swarm(documents, users, edits)
    gc.collect()
    stops: list[float] = []
    last = [time.thread_time()]

    def turn() -> None:
        now = time.thread_time()
        stops.append(now - last[0])
        last[0] = now

    watcher = gevent.get_hub().loop.check()
    watcher.start(turn)
    gevent.sleep(0.001)
    stops.clear()
    computed = time.process_time()
    rooms = []
    for room in gather(swarm, {}):
        rooms.append(room)
    cpu = time.process_time() - computed
    gevent.sleep(0.001)
    longest = max(stops)
    watcher.stop()
    watcher.close()
    swarm_ends = time.process_time()
    size = sum(len(part) for part in encoded_rooms(iter(rooms)))
    encoding = time.process_time() - swarm_ends
    evidence = RunEvidence(documents=tuple(_whole(room, patterns[n % len(patterns)]) for n, room in enumerate(rooms)))
    Path(path).write_bytes(encode_evidence(evidence))
    return {"cpu": cpu, "encoding": encoding, "longest_stop": longest, "bytes": size}


def _whole(room: RoomEvidence, pattern: Pattern) -> DocumentEvidence:
    update = room.replicas[0].update
    doc = Replica("notebook", _LOADER - 1)
    doc.apply_updates([update])
    authors = {user.client_id: user.user for user in room.users}
    vector = doc.state_vector()
    initial = pattern.first
    return DocumentEvidence(
        path=room.path,
        kind="notebook",
        initial=Snapshot(decode_state_vector(initial.encoded_state()), initial.full_update()),
        template=notebook().content,
        authors=authors,
        seated=dict.fromkeys(authors, room.path),
        authored=room.authored,
        foreign=room.foreign,
        replicas=room.replicas,
        users=tuple(replace(user, presence=None) for user in room.users),
        presences=frozenset(authors),
        joiner=Snapshot(vector, update),
        saved=SavedFile(content=as_saved(read_whole_content(doc, "notebook"), "notebook"), waited=1.0),
    )


def _decide(path: str) -> dict[str, Any]:
    told = Path(path).read_bytes()
    computed = time.process_time()
    evidence = decode_evidence(told, RunEvidence)
    read = time.process_time()
    verdict = decide(evidence)
    findings = [finding.detail for finding in verdict.opinion.findings][:3]
    return {
        "reading": read - computed,
        "cpu": time.process_time() - read,
        "verdict": verdict.value.value,
        "reason": verdict.reason,
        "findings": findings,
    }


def main() -> None:
    """Do what is asked until the parent is gone."""
    lines = Lines()
    while not lines.ended:
        gevent.socket.wait_read(sys.stdin.fileno())
        for command in lines.read():
            reply(**(_gather(**command) if command.pop("do") == "gather" else _decide(**command)))


if __name__ == "__main__":
    main()
