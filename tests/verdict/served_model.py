"""A small world in which it is known who could be served when: a server, hosts, people, and a coordinator that asks.

Time goes in quarters of a second, so that all moments are exact. Nobody here knows how a lost server is told from a
coordinator that is cut off: the world says what happened, its people and its coordinator note what they can see of it,
as in a run, and the check is to say what the world knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import inf

from jupyter_rtc_locust.coordination.asked_of_users import tells_at
from jupyter_rtc_locust.coordination.served_later import worth_asking
from jupyter_rtc_locust.coordination.silences import Silences
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.settings import HTTP_TRY_DEADLINE_S, SYNC_DEADLINE_S
from jupyter_rtc_locust.users.service_record import ServiceRecord
from jupyter_rtc_locust.verdict.evidence import (
    AuthoredUpdate,
    DocumentEvidence,
    RunEvidence,
    Snapshot,
    StallEvidence,
    UserEvidence,
)
from jupyter_rtc_locust.verdict.service_evidence import ServedEvidence, ServerSilence

STEP_S = 0.25
ENDS_S = 80.0
"""When editing ends."""
ASKED_S = 83.0
"""When everybody is quiet, and asks the server what is lacking."""
LATEST_S = 180.0
COORDINATOR_ASKS_EVERY_S = 2.0


@dataclass(frozen=True)
class Outage:
    """Something does not work in this time. `cuts`: lines are lost by it; else nothing travels until it is over."""

    began: float
    ended: float
    cuts: bool = True

    def at(self, moment: float) -> bool:
        return self.began <= moment < self.ended


@dataclass(frozen=True)
class Person:
    """Has the document open from the start. `here`: on the coordinator's host, and cut off together with it."""

    pace: float | None
    """Seconds from one edit to the next; None: only watches."""
    here: bool = False
    offline: Outage | None = None
    closes: float = inf


@dataclass
class Seen:
    """What one person's tab knows at the moment when it tells."""

    record: ServiceRecord = field(default_factory=ServiceRecord)
    edits: list[tuple[float, float | None]] = field(default_factory=list)
    heard: float = 0.0
    line: bool = True
    there: bool = True
    asks: bool = False
    stalls: list[float] = field(default_factory=list)

    def served(self, taken: float) -> ServedEvidence:
        return self.record.evidence(taken, self.heard, float)


@dataclass(frozen=True)
class World:
    people: Sequence[Person]
    server: Sequence[Outage] = ()
    """When the server serves nobody; of two in a row it hangs in the first, and is killed with the second."""
    way: Sequence[Outage] = ()
    """When nothing gets from the coordinator's host to the server, or back."""
    looks: float = 1.0
    """How long a newcomer and the file take, when all have told."""
    shut: Sequence[Outage] = ()
    """When it lets nobody in and refuses every question over HTTP, and serves those who have a line."""

    def evidence(self) -> RunEvidence:
        """What a run has to go by in this world."""
        told = [self._told(one, [ASKED_S]) for one in self.people]
        now = max(taken for taken, _ in told)
        works = all(self._works(moment) and not _any(self.shut, moment) for moment in _moments(now, now + self.looks))
        now += self.looks if works else SYNC_DEADLINE_S
        silences = Silences()
        self._ask(silences, now)
        while silences.going_on and not silences.lasts("", now):
            now += STEP_S
            silences = Silences()
            self._ask(silences, now)
        document = self._document(told)
        for _, since in silences.lasting():
            if worth_asking(ServerSilence(since, now - since), [document]):
                later = [self._told(one, [ASKED_S, now]) for one in self.people]
                now = max(taken for taken, _ in later)
                asked_again = (
                    replace(one, served_later=seen.served(taken))
                    for one, (taken, seen) in zip(document.users, later, strict=True)
                )
                document = replace(document, users=tuple(asked_again))
                silences = Silences()
                self._ask(silences, now)
                silences.lasts("", now)
        return RunEvidence(documents=(document,), server_silences=silences.evidence(0.0))

    def _ask(self, silences: Silences, now: float) -> None:
        """The coordinator's questions until then, of which one at a time is under way."""
        asked = 0.0
        while asked <= now:
            tried = _moments(asked, asked + HTTP_TRY_DEADLINE_S)
            answered = next((moment for moment in tried if self._works(moment)), inf)
            broken = next((moment for moment in tried if self._kills(moment) or _any(self.shut, moment)), inf)
            if broken == asked:
                silences.not_answered("", asked)
                asked += COORDINATOR_ASKS_EVERY_S
            elif answered <= min(now, broken):
                silences.answered("", asked)
                asked = max(answered, asked + COORDINATOR_ASKS_EVERY_S)
            elif broken <= now:
                silences.not_answered("", asked)
                asked = max(broken, asked + COORDINATOR_ASKS_EVERY_S)
            else:
                if asked + HTTP_TRY_DEADLINE_S <= now:
                    silences.not_answered("", asked)
                asked += HTTP_TRY_DEADLINE_S

    def _works(self, moment: float, here: bool = True) -> bool:
        return not _any((*self.server, *(self.way if here else ())), moment)

    def _kills(self, moment: float) -> bool:
        return any(one.at(moment) and one.cuts for one in self.server)

    def _told(self, person: Person, questions: Sequence[float]) -> tuple[float, Seen]:
        """What this person tells when the last of these questions was answered, or 15 s after it.

        Asked once more, it tells later where it has no line.
        """
        seen = Seen()
        seen.record.opened(0.0)
        for moment in _moments(0.0, LATEST_S):
            waits = seen.asks and moment <= questions[-1] + SYNC_DEADLINE_S
            if len(questions) > 1 and not waits:
                waits = moment < tells_at(questions[-1], [seen.record.lost])
            if moment > questions[-1] and not waits:
                return moment, seen
            if seen.there:
                self._live(person, seen, moment, questions)
        raise AssertionError("nobody waits for so long")

    def _live(self, person: Person, seen: Seen, moment: float, questions: Sequence[float]) -> None:
        offline = person.offline is not None and person.offline.at(moment)
        if person.offline is not None and moment == person.offline.began:
            seen.record.went_offline(moment)
            seen.line = seen.asks = False
        if person.offline is not None and moment == person.offline.ended:
            seen.record.came_online(moment)
            seen.record.line_lost(moment)
        broken = any(one.at(moment) and one.cuts for one in (*self.server, *(self.way if person.here else ())))
        if seen.line and broken:
            seen.record.line_lost(moment)
            seen.line = seen.asks = False
        if moment >= person.closes:
            seen.record.closed(moment)
            seen.there = seen.line = seen.asks = False
            return
        if person.pace is not None and moment < ENDS_S and moment % person.pace == 0:
            seen.edits.append((moment, None))
        if moment in questions and seen.line:
            seen.record.asked(moment)
            seen.asks = True
        if offline or not self._works(moment, person.here):
            if seen.asks and moment - SYNC_DEADLINE_S in questions:
                seen.stalls.append(moment)
            return
        if not seen.line and moment % 1 == 0 and not _any(self.shut, moment):
            seen.record.line_back(moment)
            seen.line, seen.heard = True, moment
        if seen.line and any(back is None for _, back in seen.edits):
            seen.edits = [(due, moment if back is None else back) for due, back in seen.edits]
            seen.heard = moment
        if seen.asks:
            seen.record.answered(moment)
            seen.asks, seen.heard = False, moment

    def _document(self, told: Sequence[tuple[float, Seen]]) -> DocumentEvidence:
        nothing = ClockRanges()
        users = []
        authored = []
        stalls = []
        for number, (taken, seen) in enumerate(told):
            stage = "left" if not seen.there else "connected" if seen.line else "lost its connection"
            served = seen.served(taken)
            users.append(UserEvidence(number, 100 + number, stage, "", True, nothing, nothing, served=served))
            stalls += [StallEvidence(number, SYNC_DEADLINE_S, "its sync was not answered", at) for at in seen.stalls]
            authored += [
                AuthoredUpdate(number, 100 + number, index, "typed", None, due, back, b"")
                for index, (due, back) in enumerate(seen.edits)
            ]
        first = Snapshot({}, b"\x00\x00")
        return DocumentEvidence(
            "run/text-0.txt", "text", first, authored=tuple(authored), users=tuple(users), stalls=tuple(stalls)
        )


def _any(outages: Sequence[Outage], moment: float) -> bool:
    return any(one.at(moment) for one in outages)


def _moments(began: float, ended: float) -> Sequence[float]:
    return [began + STEP_S * step for step in range(int((ended - began) / STEP_S) + 1)]
