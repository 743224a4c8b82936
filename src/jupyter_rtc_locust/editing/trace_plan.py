"""What each user of a replay writes: each transaction of a trace, as the update of a client that had seen its parents.

Positions of a transaction mean something only in the merge of its parents, and a user's replica may hold more by the
time it makes the edit. So the updates are made beforehand, in copies that hold exactly what a transaction was made
upon, and are written into the replica as they are: beside the same characters, whatever else has arrived. That makes
the final text a matter of the CRDT alone, and not of who was quicker.

Where a user plays several agents, it knows of all that it wrote itself; the places of a transaction are then looked up
in the order that all characters of the trace have in the end. Of two texts put into one place at once, Yjs puts that of
the lower client id first; which agent has the lower one is found out by trying.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, permutations
from typing import Any

from pycrdt import Doc, Text

from jupyter_rtc_locust.documents.replica import LARGEST_CLIENT_ID
from jupyter_rtc_locust.editing.trace_copies import Copy, NotThere, OutOfText, Written
from jupyter_rtc_locust.editing.trace_history import Knowledge, Lanes, joined, lanes_of
from jupyter_rtc_locust.editing.trace_order import Order, View
from jupyter_rtc_locust.editing.traces import Patch, Trace, TraceError

_ORDERS_TRIED = 120
_TRANSACTIONS_TRIED = 200_000
"""So many are rehearsed at most in search of an order of client ids; two orders in any case."""
_BASE, _READER = LARGEST_CLIENT_ID - 1, LARGEST_CLIENT_ID
_SHOWN = 20
"""Characters of a text that a description shows."""


def no_turn() -> None:
    """Whoever plans outside of an event loop gives nobody a turn."""


@dataclass(frozen=True, slots=True)
class Casting:
    """Who of a replay is who."""

    users: int
    ranks: tuple[int, ...]
    """For each agent, its place among the client ids: 0 has the lowest."""
    one_by_one: bool = False
    """Whether each transaction waits for all that stand before it: where Yjs would else end in another text."""
    steps: int = 0
    """How many transactions change anything."""

    def clients(self, ids: Iterable[int]) -> tuple[int, ...]:
        """These client ids, as many as there are users, in the order of the users."""
        # Who plays several agents counts as the first of them; who plays none comes last.
        ascending = sorted(range(self.users), key=lambda user: self.ranks[user] if user < len(self.ranks) else user)
        given = dict(zip(ascending, sorted(ids), strict=True))
        return tuple(given[user] for user in range(self.users))


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction as a user makes it."""

    number: int
    """Its index in the trace."""
    user: int
    update: bytes
    """The text of it; the clock behind is that of `state.dirty`."""
    clock: int
    """The first clock it uses of its user's client id."""
    needs: tuple[tuple[int, int], ...]
    """Client ids, and the clocks up to which they have to have been received."""
    time: float | None
    """Seconds since the first step of the replay; None: not known."""
    description: str


@dataclass(frozen=True, slots=True)
class Start:
    """The document that a replay begins with, as a server gives it."""

    update: bytes = b""
    cell: int | None = None
    """The index of the cell that is written into; None: a text file."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps of a replay, in the order of the trace, and the text that they end in."""

    steps: tuple[Step, ...]
    content: str


def cast(trace: Trace, users: int, turn: Callable[[], None] = no_turn) -> Casting:
    """Find out how so many users replay a trace so that it ends as it says.

    Raises:
        TraceError: they cannot, or the trace contradicts itself.
    """
    # Who takes turns makes no difference to where a sequential trace ends.
    played = _played(trace, 1)
    orders = [tuple(range(played.agents))]
    if not played.sequential and played.agents > 1:
        tried = max(2, min(_ORDERS_TRIED, _TRANSACTIONS_TRIED // max(1, len(trace.transactions))))
        orders = list(islice(_orders(played.agents), tried))
    first: TraceError | None = None
    for ranks in orders:
        for one_by_one in (False, True):
            casting = Casting(users, ranks, one_by_one)
            try:
                tried_with = replace(casting, users=1) if trace.sequential else casting
                clients = tried_with.clients(range(1, tried_with.users + 1))
                made = plan(trace, tried_with, clients, Start(_base_of(trace)), turn)
            except TraceError as error:
                first = first or error
                continue
            if made.content == trace.end:
                return Casting(users, ranks, one_by_one, len(made.steps))
            first = first or _ends_otherwise(trace, made.content)
    assert first is not None
    raise first


def plan(
    trace: Trace, casting: Casting, clients: Sequence[int], start: Start, turn: Callable[[], None] = no_turn
) -> Plan:
    """Everything that the users write, who have these client ids, into a document that starts so.

    `turn` is called now and then, for an event loop that may not stand still.

    Raises:
        TraceError: a transaction does not fit the text it was made upon.
    """
    played = _played(trace, casting.users)
    lanes = lanes_of(played)
    direct = not casting.one_by_one and len(lanes.agents) == len(set(lanes.agents)) and played.agents <= casting.users
    if direct:
        rehearsal = _Rehearsal(played, lanes, [clients[agent] for agent in lanes.agents], start, turn)
        rehearsal.play_lanes()
    else:
        offsets = [lane for _, lane in sorted((casting.ranks[agent], lane) for lane, agent in enumerate(lanes.agents))]
        by_lane = [offsets.index(lane) + 1 for lane in range(len(lanes.agents))]
        reference = _Rehearsal(played, lanes, by_lane, Start(_base_of(trace)), turn)
        reference.play_lanes()
        rehearsal = _Rehearsal(played, lanes, clients, start, turn)
        rehearsal.play_users(reference, casting)
    return Plan(rehearsal.steps(), rehearsal.content())


def _played(trace: Trace, users: int) -> Trace:
    return trace.taken_in_turns(users) if trace.sequential else trace


def _orders(agents: int) -> Iterator[tuple[int, ...]]:
    """Orders of client ids: as agents are numbered, the other way round, all others."""
    ascending = tuple(range(agents))
    yield from (ascending, ascending[::-1])
    yield from (one for one in permutations(ascending) if one not in (ascending, ascending[::-1]))


def _base_of(trace: Trace) -> bytes:
    """The text at the start as one update, for rehearsals without a server."""
    doc: Doc[Any] = Doc(client_id=_BASE)
    text = doc.get("source", type=Text)
    text += trace.start
    return doc.get_update()


def _order_kept_otherwise(trace: Trace, index: int) -> TraceError:
    return TraceError(
        f"--rtc-trace {trace.name} cannot be replayed by so few users: what transaction {index} replaces stands at "
        f"another place when one user plays several agents. Leave -u out, so that there is one user for each."
    )


def _ends_otherwise(trace: Trace, content: str) -> TraceError:
    shorter = min(len(content), len(trace.end))
    at = next((index for index in range(shorter) if content[index] != trace.end[index]), shorter)
    return TraceError(
        f"--rtc-trace {trace.name} cannot be replayed: put together by Yjs, its transactions end in a text of "
        f"{len(content)} characters, and its `endContent` has {len(trace.end)}; they part at {at}. Either it is "
        f"damaged, or it rests on an order of texts put into one place at the same time that no client ids give."
    )


class _Rehearsal:
    """A trace, played in copies. Each player has one: a lane of the trace, or a user."""

    def __init__(
        self, trace: Trace, lanes: Lanes, clients: Sequence[int], start: Start, turn: Callable[[], None]
    ) -> None:
        self._trace = trace
        self._lanes = lanes
        self._clients = clients
        self._start = start
        self._turn = turn
        self._copies: dict[int, Copy] = {}
        self._knowledge: dict[int, Knowledge] = {}
        self.writes: list[Written | None] = []
        self._needs: list[tuple[tuple[int, int], ...]] = []
        self._players: list[int] = []
        """For each transaction, whose copy it was made in."""
        self._users: list[int] = []
        self._latest: tuple[Knowledge, str] | None = None
        """The text of the copy that was edited last, and what it holds: reading a copy costs more than to edit it."""

    def play_lanes(self) -> None:
        """Each transaction in a copy that holds what it was made upon, and nothing else."""
        for index, one in enumerate(self._trace.transactions):
            self._turn()
            lane = self._lanes.lane_of[index]
            copy, _ = self._informed(lane, self._lanes.known[index])
            try:
                self._note(index, lane, one.agent, copy.edit(one.patches))
                self._latest = self._knowledge[lane], copy.content
            except OutOfText as error:
                raise TraceError(
                    f"--rtc-trace {self._trace.name}: transaction {index} {error}. The trace is damaged."
                ) from None

    def play_users(self, reference: _Rehearsal, casting: Casting) -> None:
        """Each transaction in its user's copy, which holds what the user wrote as another agent, too."""
        trace = self._trace
        order = Order(_BASE, trace.start, (one for one in reference.writes if one is not None))
        views: dict[int, View] = {}
        everything: Knowledge = ()
        for index, one in enumerate(trace.transactions):
            self._turn()
            user = one.agent % casting.users
            wanted = everything if casting.one_by_one else self._lanes.known[index]
            copy, taken = self._informed(user, wanted)
            if user not in views:
                views[user] = View(order, _BASE, trace.start)
            view = views[user]
            for other in taken:
                if (written := reference.writes[other]) is not None:
                    view.take(written)
            own = reference.writes[index]
            try:
                self._note(index, user, user, None if own is None else copy.replace_checked(view.make(own)))
            except NotThere:
                raise _order_kept_otherwise(trace, index) from None
            everything = joined(everything, self._after(index))

    def _informed(self, player: int, wanted: Knowledge) -> tuple[Copy, list[int]]:
        """The player's copy when it has received what it lacked; which transactions that were."""
        have = self._knowledge.get(player, ())
        copy = self._copies.get(player)
        if copy is None:
            copy = self._copies[player] = Copy(self._clients[player], self._start.update, self._start.cell)
        missing = self._lanes.missing(have, wanted)
        self._knowledge[player] = joined(have, wanted)
        needs: dict[int, int] = {}
        updates = []
        for index in missing:
            written = self.writes[index]
            if written is not None:
                needs[self._clients[self._players[index]]] = written.end
                updates.append(written.whole)
        latest = self._latest
        copy.take(updates, latest[1] if latest is not None and latest[0] == wanted else None)
        self._needs.append(tuple(needs.items()))
        return copy, missing

    def _note(self, index: int, player: int, user: int, written: Written | None) -> None:
        self.writes.append(written)
        self._users.append(user)
        self._players.append(player)
        self._knowledge[player] = joined(self._knowledge[player], self._after(index))

    def _after(self, index: int) -> Knowledge:
        """What a transaction adds to what one knows: itself, and so all before it in its lane."""
        lane = self._lanes.lane_of[index]
        count = self._lanes.place_in_lane[index] + 1
        return (0,) * lane + (count,)

    def content(self) -> str:
        """The text when everybody has received everything."""
        reader = Copy(_READER, self._start.update, self._start.cell)
        reader.take([one.whole for one in self.writes if one is not None])
        return reader.content

    def steps(self) -> tuple[Step, ...]:
        """What changes anything, as its users make it."""
        found = []
        began: float | None = None
        awaited: dict[int, dict[int, int]] = {}
        for index, written in enumerate(self.writes):
            one, user = self._trace.transactions[index], self._users[index]
            needs = awaited.setdefault(user, {})
            needs.update(self._needs[index])
            if written is None:
                continue  # what it waited for, the user's next one does
            began = one.time if began is None else began
            time = None if one.time is None or began is None else one.time - began
            update, described = written.text_update(), _described(one.patches)
            found.append(Step(index, user, update, written.start, tuple(needs.items()), time, described))
            needs.clear()
        return tuple(found)


def _described(patches: Sequence[Patch]) -> str:
    shown = [one for one in patches if one.deleted or one.inserted]
    position, deleted, inserted = shown[0]
    parts = []
    if deleted:
        parts.append(f"deleted {deleted}")
    if inserted:
        parts.append(f"typed {inserted if len(inserted) <= _SHOWN else inserted[:_SHOWN] + '…'!r}")
    more = f" and {len(shown) - 1} more" if len(shown) > 1 else ""
    return f"{', '.join(parts)} at {position}{more}"
