"""Who plays whom: seats are handed out by the coordinator, so that no identity is played twice, on any worker.

Pure. A seat is a function of the run, the seed and the user's index; a user told to reload, or one whose greenlet
was replaced, takes the seat's next incarnation and with it a new client id (its document is new, too).

Which of the free indices a process is given is chosen so that people of one document sit in different processes
(`spreading.py`): what they agree on has then been agreed on between machines.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b

from jupyter_rtc_locust.coordination.spreading import LOOKED_AT, choose
from jupyter_rtc_locust.servers.base import Document, DocumentKind
from jupyter_rtc_locust.users.seat import Seat

__all__ = ["Seat", "Seats"]


class Seats:
    """Hands seats out, and remembers every client id it ever gave to whom.

    Documents are filled evenly: a round of one user for each is over before the next one begins, and within it whoever
    comes is given what suits its process; on one process that is the lowest free index. Where a run has documents of
    two kinds, the user indices of one kind are the even ones.
    """

    def __init__(
        self,
        run_id: str,
        seed: int,
        documents: list[Document],
        users: int,
        arranged: Callable[[Iterable[int]], Sequence[int]] | None = None,
        together: int = 0,
        spread: str = "workers",
    ) -> None:
        """`arranged` deals the client ids of the users' first seats out anew, where their order matters.

        `together`: so many of a kind fill a document before anybody opens the next one, and the last document takes
        whoever is left; 0: they are dealt out to all documents. `spread`: one of `settings.SPREAD_KINDS`.
        """
        self._run_id = run_id
        self._seed = seed
        self._documents = documents
        self._kinds = sorted({document.kind for document in documents})
        self._users = max(users // max(len(self._kinds), 1), 1)
        self._together = together
        self._spread = spread
        self._indices = {
            kind: [index for index, document in enumerate(documents) if document.kind == kind] for kind in self._kinds
        }
        self._free: dict[DocumentKind, list[int]] = {kind: [] for kind in self._kinds}
        """Positions below the next one that nobody has, ascending."""
        self._next: dict[DocumentKind, int] = dict.fromkeys(self._kinds, 0)
        self._incarnations: dict[int, int] = {}
        self._holders: dict[int, str] = {}
        self._seats_of: Counter[str] = Counter()
        """How many users each process plays now."""
        self._present: dict[int, Counter[str]] = {}
        """For each document, by its index, how many of its users each process plays now."""
        self._paths: dict[int, str] = {}
        """By user, the document of its latest seat."""
        self.authors: dict[int, int] = {}
        """Client id to user index, of every incarnation."""
        self.seated: dict[int, str] = {}
        """Client id to the path of the document in which it may write."""
        self.played_in: dict[int, str] = {}
        """Client id to the process that was given it, also when its user has left."""
        self.planned: tuple[int, ...] = ()
        """For each user, the client id of its first seat, where that was arranged."""
        if arranged is not None:
            self.planned = tuple(arranged(self._different_ids(users)))

    def take(self, holder: str, kind: DocumentKind, tabs_per_person: int = 1) -> Seat:
        """A seat at a document of this kind for a user that runs in the process `holder`.

        Of every so many neighbours in a document all are one person, with so many tabs.

        Raises KeyError when the run has no document of this kind.
        """
        position = self._position_for(holder, kind)
        user = position * len(self._kinds) + self._kinds.index(kind)
        incarnation = self._incarnations.get(user, -1) + 1
        self._incarnations[user] = incarnation
        self._holders[user] = holder
        self._seats_of[holder] += 1
        indices = self._indices[kind]
        turn, place, apart = self._where(position, len(indices))
        self._present.setdefault(indices[turn], Counter())[holder] += 1
        document = self._documents[indices[turn]]
        self._paths[user] = document.path
        client_id = self._given(user, incarnation, document.path)
        self.played_in[client_id] = holder
        first = position - place % tabs_per_person * apart
        return Seat(
            user=user,
            incarnation=incarnation,
            client_id=client_id,
            document=document,
            document_index=indices[turn],
            place=place,
            places=self._together or max(1, (self._users - turn + len(indices) - 1) // len(indices)),
            of_person=None if first == position else first * len(self._kinds) + self._kinds.index(kind),
        )

    def _where(self, position: int, documents: int) -> tuple[int, int, int]:
        """Which document somebody at this position opens, in which place, and how far neighbours there are apart."""
        if not self._together:
            return position % documents, position // documents, documents
        turn = min(position // self._together, documents - 1)
        return turn, position - turn * self._together, 1

    def leave(self, user: int, incarnation: int | None = None) -> None:
        """The user is gone; somebody else may take its index.

        What is said, late or twice, of an `incarnation` that is not the present one changes nothing; None: whichever.
        """
        if incarnation is not None and self._incarnations.get(user) != incarnation:
            return
        holder = self._holders.pop(user, None)
        if holder is not None:
            position, number = divmod(user, len(self._kinds))
            kind = self._kinds[number]
            insort(self._free[kind], position)
            turn, _, _ = self._where(position, len(self._indices[kind]))
            for played in (self._seats_of, self._present[self._indices[kind][turn]]):
                played[holder] -= 1
                if not played[holder]:
                    del played[holder]

    def held(self) -> dict[int, str]:
        """User index to the process that plays it now."""
        return dict(self._holders)

    def scattered(self) -> list[int]:
        """Who sits further back than they would if all had come one after the other: their seats' numbers are not below
        how many of their kind are there. Where processes are given what suits them, a round may have gaps."""
        positions = {user: divmod(user, len(self._kinds)) for user in self._holders}
        there = Counter(kind for _, kind in positions.values())
        gaps = len(self._seats_of) > 1 and not self._together
        rounds = [len(self._indices[kind]) if gaps else 1 for kind in self._kinds]
        return sorted(
            user
            for user, (position, kind) in positions.items()
            if position // rounds[kind] * rounds[kind] >= there[kind]
        )

    def opened(self) -> set[str]:
        """The paths of documents that anybody was ever given a seat at."""
        return set(self._paths.values())

    def open_now(self) -> set[str]:
        """The paths of documents at which somebody has a seat now."""
        return {self._paths[user] for user in self._holders}

    def _position_for(self, holder: str, kind: DocumentKind) -> int:
        """Take one of the free positions of the round that is filled now."""
        free, fresh = self._free[kind], self._next[kind]
        indices = self._indices[kind]
        # Who fills documents one after the other has no choice.
        size = 1 if self._together else len(indices)
        lowest = free[0] if free else fresh
        end = (lowest // size + 1) * size
        if lowest < self._users < end:
            end = self._users  # the last round of those that were asked for
        candidates = [position for position in free[:LOOKED_AT] if position < end]
        candidates += range(fresh, min(end, fresh + LOOKED_AT - len(candidates)))
        present = [self._present.get(indices[position % len(indices)], Counter()) for position in candidates]
        position = candidates[choose(holder, present, self._seats_of, self._spread)]
        if position < fresh:
            free.remove(position)
        else:
            free.extend(range(fresh, position))
            self._next[kind] = position + 1
        return position

    def _given(self, user: int, incarnation: int, path: str) -> int:
        if incarnation or user >= len(self.planned):
            return self.register(user, incarnation, path)
        client_id = self.planned[user]
        self.authors[client_id] = user
        self.seated[client_id] = path
        return client_id

    def _different_ids(self, users: int) -> list[int]:
        found: dict[int, None] = {}
        for user in range(users):
            found[self._free_id(user, 0, found)] = None
        return list(found)

    def register(self, user: int, incarnation: int, path: str) -> int:
        """A client id below 2**32 that nobody had before in this run, for one document.

        Older servers cut longer ones.
        """
        client_id = self._free_id(user, incarnation, self.planned)
        self.authors[client_id] = user
        self.seated[client_id] = path
        return client_id

    def _free_id(self, user: int, incarnation: int, taken: Iterable[int]) -> int:
        attempt = 0
        while True:
            text = f"{self._run_id}/{self._seed}/{user}/{incarnation}/{attempt}"
            client_id = int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big")
            if client_id > 0 and client_id not in self.authors and client_id not in taken:
                return client_id
            attempt += 1
