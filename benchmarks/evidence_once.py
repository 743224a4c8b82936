"""What workers send to their master at the end of a run: all of it whole, and with digests first. Without a server.

The rooms of a run are made one after the other: their people take turns at editing, the server writes now and then, and
each worker plays every so-many-th of them. What each worker saw is gathered as at the end of a run and encoded both
ways; with digests, contents are asked for as the coordinator does. Run as `python -m benchmarks.evidence_once`.
"""

# Locust patches the standard library and wants to be first.
import locust  # noqa: F401, I001

import argparse
import time
from dataclasses import dataclass, field

import msgpack  # type: ignore[import-untyped]
from pycrdt import Doc, Map

from benchmarks.children.final_checker import Pattern, client_of, swarm_for
from jupyter_rtc_locust.coordination.answers import ONCE, documents_told, read_answer
from jupyter_rtc_locust.coordination.gathering import gather
from jupyter_rtc_locust.coordination.told_once import Contents, Merging
from jupyter_rtc_locust.coordination.turns import Turns
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.users.collaborator import Collaborator
from jupyter_rtc_locust.users.seat import Seat
from jupyter_rtc_locust.users.stage import Stage
from jupyter_rtc_locust.verdict.evidence import RoomEvidence
from jupyter_rtc_locust.verdict.evidence_form import encode_evidence


@dataclass
class Sent:
    """Bytes to the master, and seconds of CPU."""

    whole: int = 0
    digests: int = 0
    """With digests, before anything was asked for."""
    contents: int = 0
    """Given when it was asked for."""
    asked: int = 0
    told_cpu: float = 0.0
    whole_cpu: float = 0.0
    merging_cpu: float = 0.0
    edits: int = 0
    seen: int = 0
    """Edits of others that processes saw, each in each of them."""
    states: int = 0
    """States of replicas that were different ones, by their digests."""


@dataclass
class Worker:
    """One that tells its rooms."""

    contents: Contents = field(default_factory=Contents)
    told: list[bytes] = field(default_factory=list)


def measure(rooms: int, users: int, workers: int, edits: int) -> Sent:
    """For so many rooms of so many users each, who make so many edits each."""
    sent, playing = Sent(), [Worker() for _ in range(workers)]
    for number in range(rooms):
        for worker, room in zip(playing, _seen(number, users, workers, edits), strict=True):
            if room is None:
                continue
            began = time.process_time()
            sent.whole += len(encode_evidence(room))
            encoded = time.process_time()
            worker.told += documents_told([room], worker.contents)[ONCE]
            sent.told_cpu += time.process_time() - encoded
            sent.whole_cpu += encoded - began
            sent.edits += len(room.authored)
            sent.seen += len(room.foreign)
    _merge(sent, playing)
    return sent


def _merge(sent: Sent, playing: list[Worker]) -> None:
    answers = {}
    for number, worker in enumerate(playing):
        payload = msgpack.packb({"process": str(number), ONCE: worker.told})
        sent.digests += len(payload)
        answers[number] = read_answer(payload)[ONCE]
    sent.states = len({state.digest for rooms in answers.values() for room in rooms for state in room.states})
    began = time.process_time()
    merging = Merging({str(number): told for number, told in answers.items()}, (), Turns())
    for number, digests in merging.whom_to_ask({str(number) for number in answers}).items():
        given = msgpack.packb(list(playing[int(number)].contents.give(b"".join(digests))))
        sent.contents += len(given)
        sent.asked += sum(map(len, digests))
        merging.take(digests, msgpack.unpackb(given))
    for number in answers:
        assert merging.rooms(str(number)) is not None
    sent.merging_cpu = time.process_time() - began


def _seen(number: int, users: int, workers: int, edits: int) -> list[RoomEvidence | None]:
    """What each worker saw of the room of this number; nothing where it plays nobody there."""
    pattern = Pattern(number, users, edits)
    servers = _written_by_server(number, edits)
    seen: list[RoomEvidence | None] = []
    for worker in range(workers):
        swarm = swarm_for()
        document = Document(f"run/{number}.ipynb", "notebook")
        round_trips = swarm.room(document).round_trips
        own = [user for user in range(users) if (number * users + user) % workers == worker]
        for user in own:
            seat = Seat(number * users + user, 0, client_of(number, user), document, number, user, users)
            one = Collaborator(seat, swarm, lambda _: None)
            one.replica.apply_updates([*pattern.had[user], *servers])
            one.receiving.received.extend(range(1, len(pattern.had[user])))
            one.stage = Stage.CONNECTED
            one.probe_answer = b"\x00\x00"
        now = time.monotonic()
        for count, (user, edit, update) in enumerate(pattern.authored):
            author = number * users + user
            if user in own:
                client = client_of(number, user)
                round_trips.author(author, client, count, edit.description, edit.cell_id, now, bytes(bytearray(update)))
            for other in own:
                round_trips.arrive(number * users + other, update, now)
        for update in servers:
            for other in own:
                round_trips.arrive(number * users + other, update, now)
        (room,) = gather(swarm, {}) if own else (None,)
        seen.append(room)
    return seen


def _written_by_server(number: int, times: int) -> list[bytes]:
    """A mark of the server's, once for each round of edits."""
    doc: Doc[Map[bool]] = Doc(client_id=1_000 + number)
    state = doc.get("state", type=Map)
    written = []
    for at in range(times):
        before = doc.get_state()
        state["dirty"] = at % 2 == 0
        written.append(doc.get_update(before))
    return written


def main() -> None:
    """Measure what was asked for, and print it."""
    parser = argparse.ArgumentParser(description="what workers send to their master at the end of a run")
    parser.add_argument("--rooms", type=int, default=200)
    parser.add_argument("--users", type=int, default=5, help="in each room")
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--edits", type=int, default=60, help="of each user")
    options = parser.parse_args()
    sent = measure(options.rooms, options.users, options.workers, options.edits)
    total = sent.digests + sent.contents
    print(f"{sent.edits:,} edits; others' and the server's updates in all workers: {sent.seen:,}")
    print(f"whole: {sent.whole / 1e6:.1f} MB, {sent.whole_cpu:.2f} s of CPU to encode")
    print(f"digests first: {total / 1e6:.1f} MB ({sent.digests / 1e6:.1f} told, {sent.contents / 1e6:.1f} asked for by")
    print(f"{sent.asked / 1e6:.2f} MB of digests; {sent.states:,} states), {sent.told_cpu:.2f} s of CPU to encode,")
    print(f"{sent.merging_cpu:.2f} s to put together")


if __name__ == "__main__":
    main()
