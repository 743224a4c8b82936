"""Makes a search for a capacity happen: people come, a step is looked at, everything is compared, the next step.

What is decided stands in the room `capacity/`, which is pure: who comes next (`search.py`), when a step was looked at
long enough and what it came to (`holding.py`), what may be said (`words.py`). Here are the waiting and the doing, each
with a deadline. The load shape (`capacity_shape.py`) asks `wanted` once a second, and Locust does the rest.
"""

from __future__ import annotations

import json
import logging
import math
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import gevent
from gevent.pool import Pool

from jupyter_rtc_locust.capacity.holding import Held, Outcome, judge, judge_again, judge_window
from jupyter_rtc_locust.capacity.result import FILE, Capacity, Compared, Step
from jupyter_rtc_locust.capacity.search import End, Purpose, Visit, next_visit
from jupyter_rtc_locust.capacity.window import Window
from jupyter_rtc_locust.capacity.words import sentence, step_line
from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.coordination.capacity_sight import TOLD_AFTER_S, Sight
from jupyter_rtc_locust.coordination.preparation import PreparedDocument, keep_open
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.coordination.seats import Seats
from jupyter_rtc_locust.coordination.server_cpu import ServerCpu
from jupyter_rtc_locust.coordination.side_by_side import AT_ONCE
from jupyter_rtc_locust.errors import RtcLocustError
from jupyter_rtc_locust.reporting.result_file import redact
from jupyter_rtc_locust.reporting.terminal import say
from jupyter_rtc_locust.settings import JOINER_DEADLINE_S
from jupyter_rtc_locust.timing.thresholds import MISSED
from jupyter_rtc_locust.verdict.evidence import Checkpoint
from jupyter_rtc_locust.verdict.server_log import STACK_TRACES

logger = logging.getLogger(__name__)

PEOPLE_A_SECOND = 10.0
"""How quickly people come, where neither -r nor their class says so."""
SETTLE_S = 2.0
"""Not looked at: opening documents is not what a step is about."""
ARRIVAL_S = 20.0
"""Beyond the time that their coming takes by its rate; who is not there then could not open a document."""
SOON_S = 5.0
"""Beyond the same time, when most are enough."""
MOVING_S = 5.0
KEEP_WITHIN_S = 40.0
"""jupyter-collaboration drops a room that stood empty for 60 s."""
RECOVERY_S = 60.0
"""After an overload, before what the server does not do is its own fault again."""
THERE = 0.8
"""Of people who come and go, or lose their lines, so many of those who were told to come are enough."""
LONGEST_S = 900.0
"""A search that was given no time (-t) is ended after so long."""
_POLL_S = 0.25
_DEFAULT_STEPS = 20


@dataclass(frozen=True, slots=True)
class Terms:
    """What a search is asked for."""

    most: int
    step: int
    rate: float
    longest_s: float

    @property
    def first(self) -> int:
        """How many people come first."""
        return min(self.step, self.most)


def terms_of(options: Any, users: int, step: int, together: int) -> Terms:
    """From Locust's options and ours; a step that nobody named is a twentieth of the most, in whole documents."""
    group = max(1, together)
    step = step or min(users, group * math.ceil(users / _DEFAULT_STEPS / group))
    rate = float(getattr(options, "spawn_rate", None) or PEOPLE_A_SECOND)
    longest = float(getattr(options, "run_time", None) or LONGEST_S)
    return Terms(users, step, rate, longest)


class CapacityRun:
    """The search of one run. `hold_checkpoint` compares everything now; `send` takes a message to all processes."""

    def __init__(
        self,
        state: RunState,
        terms: Terms,
        sight: Sight,
        cpu: ServerCpu,
        hold_checkpoint: Callable[[], Checkpoint],
        send: Callable[[str, dict[str, Any]], None],
    ) -> None:
        self._state = state
        self._terms = terms
        self._sight = sight
        self._cpu = cpu
        self._hold_checkpoint = hold_checkpoint
        self._send = send
        self._people = terms.first
        self._steps: list[Step] = []
        self._breaking = False
        """Whether the present step has broken its promise in a window."""
        self._end: End | None = None
        self._greenlet: gevent.Greenlet[..., None] | None = None
        self._keeping = Pool(AT_ONCE)
        self.capacity: Capacity | None = None
        """What came of it, when the run has its verdict."""
        self.told = ""
        """The same in a sentence."""

    def start(self) -> None:
        """Search from now on."""
        self._cpu.start()
        self._greenlet = gevent.spawn(self._search)

    def stop(self) -> None:
        """The run ends, by whomever: what was found until now is what was found."""
        self._cpu.stop()
        if self._greenlet is not None and not self._greenlet.dead:
            self._greenlet.kill()
        self._end = self._end or End.TIME
        self._keeping.join(timeout=JOINER_DEADLINE_S)

    @property
    def wanted(self) -> tuple[int, float] | None:
        """How many people are to be there, and how many come or go in a second; None: it is over."""
        return None if self._end is not None else (self._people, self._terms.rate)

    def overloaded_since(self, begin_s: float, end_s: float = math.inf) -> bool:
        """Whether more people were there than the server holds at any time from `begin_s` to `end_s`, in seconds since
        the start of the run; until it had come back from that, or had a minute for it."""
        for step, back in zip_longest(self._steps, self._steps[1:]):
            over_s = step.ended_s + RECOVERY_S if back is None else back.ended_s
            if step.outcome is not Outcome.HELD and step.began_s <= end_s and begin_s <= over_s:
                return True
        # The step that goes on is none of these yet.
        return self._breaking and end_s >= (self._steps[-1].ended_s if self._steps else 0.0)

    # -- the search ---------------------------------------------------------------------------------------------

    def _search(self) -> None:
        terms = self._terms
        try:
            while True:
                visit = next_visit([one.visited for one in self._steps], terms.step, terms.most)
                if isinstance(visit, Visit) and self._sight.now > terms.longest_s:
                    visit = End.TIME
                if isinstance(visit, End):
                    self._end = visit
                    return
                self._steps.append(self._visit(visit))
                say(f"Step {len(self._steps)}: {step_line(self._steps[-1])}")
        except Exception as error:
            logger.exception("The search for the capacity came to an end")
            self._state.problems.append(f"The search for the capacity failed: {type(error).__name__}: {error}")
            self._end = End.UNKNOWN

    def _visit(self, visit: Visit) -> Step:
        began, before = self._sight.now, self._people if self._steps else 0
        self._people = visit.people
        there = self._wait_until_there(visit.people, before)
        if before > visit.people:
            self._move_together()
            self._keep_what_was_emptied()
        if there < THERE * visit.people:
            return Step(visit.people, visit.purpose, Outcome.BROKEN, began, self._sight.now, there)
        recovering = visit.purpose is Purpose.RECOVERY
        if not recovering:
            gevent.sleep(SETTLE_S)
        held, kept_at = self._look(began, recovering)
        outcome, compared = held.outcome, None
        self._breaking = False
        if outcome is Outcome.HELD:
            held, compared = self._compare(held)
            outcome = held.outcome
            if outcome is Outcome.HELD:
                outcome = _OUTCOMES.get(compared.verdict, Outcome.UNKNOWN)
        return Step(
            visit.people,
            visit.purpose,
            outcome,
            began,
            self._sight.now,
            there,
            held,
            compared,
            kept_at - began if recovering and held.outcome is Outcome.HELD else None,
        )

    def _wait_until_there(self, people: int, before: int) -> int:
        """Until so many have their document open, or time is over; how many were there.

        Where people lose their lines, or come and go by themselves, all are hardly ever there: most are enough, soon.
        """
        everybody = self._sight.now + abs(people - before) / self._terms.rate + SOON_S
        until = everybody - SOON_S + ARRIVAL_S
        while True:
            # Who has lost the line, and is to leave, is not connected and has a seat still.
            seated, there = len(self._seats.held()), self._sight.people
            most = THERE * people <= there <= people and self._sight.now >= everybody
            if (seated, there) == (people, people) or (most and seated <= people) or self._sight.now >= until:
                return min(there, people)
            gevent.sleep(_POLL_S)

    @property
    def _seats(self) -> Seats:
        assert self._state.prepared is not None
        return self._state.prepared.seats

    def _move_together(self) -> None:
        """Locust does not say who goes: who is left sits in more documents than so many people would have opened.

        So whoever sits too far back closes the document, and opens the one that has a place.
        """
        people = self._seats.scattered()
        if not people:
            return
        told = {"run": self._state.run_id, "users": people}
        self._send(messages.AWAY, told)
        self._wait(lambda: not set(people) & self._seats.held().keys())
        self._send(messages.BACK, told)
        self._wait(lambda: len(self._seats.held()) >= self._people and self._sight.people >= self._people)

    def _keep_what_was_emptied(self) -> None:
        """Somebody stays in each document that everybody has left: a server drops a room that stood empty for a minute,
        and what it makes anew of the file is another matter than how many people it holds."""
        assert self._state.prepared is not None
        empty = self._seats.opened() - self._seats.open_now()
        for one in self._state.prepared.documents:
            if one.document.path in empty and one.keeper is None:
                self._keeping.spawn(self._keep, one)

    def _keep(self, prepared: PreparedDocument) -> None:
        """Try until the room would be dropped: a server that was overloaded just now may take its time."""
        assert self._state.prepared is not None
        server, until = self._state.prepared.server, self._sight.now + KEEP_WITHIN_S
        while self._end is None:
            try:
                keep_open(self._state.settings, server, prepared)
                return
            except RtcLocustError as error:
                if self._sight.now > until:
                    self._state.problems.append(
                        f"{prepared.document.path} could not be kept open when everybody had left it, and may have "
                        f"been dropped by the server: {error}"
                    )
                    return
            gevent.sleep(1.0)

    def _wait(self, condition: Callable[[], bool]) -> None:
        until = self._sight.now + MOVING_S
        while not condition() and self._sight.now < until:
            gevent.sleep(_POLL_S)

    def _look(self, began: float, recovering: bool) -> tuple[Held, float]:
        """Window after window, until that is enough; and when the promise was first kept and stayed so."""
        promise, length = self._state.settings.promise, self._state.settings.step_window
        windows: list[Window] = []
        begin = math.ceil(self._sight.now)
        while True:
            end = begin + length
            gevent.sleep(max(0.0, end + TOLD_AFTER_S - self._sight.now))
            windows.append(self._sight.window(begin, end, begin if windows else math.floor(began)))
            self._breaking = any(one.outcome == MISSED for one in judge_window(windows[-1], promise))
            held = judge(windows, promise, recovering=recovering)
            if held is not None:
                return held, windows[-2].end_s
            begin = end

    def _compare(self, held: Held) -> tuple[Held, Compared]:
        """Hold a checkpoint; what came back only now belongs to the step as well."""
        found = self._hold_checkpoint()
        # The seconds that were under way when the last window ended are in none of them.
        late = self._sight.afterwards(held.window.end_s, math.ceil(found.at + found.paused))
        again = judge_again(held, late, self._state.settings.promise)
        return again, Compared(found.number, found.verdict, found.reason)

    # -- the end ------------------------------------------------------------------------------------------------

    def conclude(self, about: dict[str, Any], secrets: Sequence[str] = ()) -> None:
        """The run has its verdict: put everything together, and write `capacity.json`, in which no secret stands."""
        state = self._state
        verdict = state.verdict
        self.capacity = Capacity(
            self._end or End.TIME,
            tuple(self._steps),
            state.settings.promise,
            self._terms.step,
            self._terms.most,
            float(state.settings.step_window),
            "inconclusive" if verdict is None else verdict.value.value,
            "" if verdict is None else verdict.reason,
            about,
            next(((one.count, one.last) for one in state.log_events if one.what == STACK_TRACES), (0, "")),
        )
        self.told = str(redact(sentence(self.capacity), secrets))
        try:
            _write(state.settings.results / FILE, redact(self.capacity.as_dict(self.told), secrets))
        except OSError as error:
            logger.error("%s could not be written: %s", state.settings.results / FILE, error.strerror)


_OUTCOMES = {"pass": Outcome.HELD, "fail": Outcome.WRONG}


def _write(path: Path, content: dict[str, Any]) -> None:
    """All or nothing."""
    partial = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        partial.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
