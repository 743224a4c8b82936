"""Users that failed, or stumbled: told to Locust, to the log once for each kind, and to the coordinator.

Locust counts an error of any user, and ends with 1 for it; so whatever it hears of is heard of here, too: what a user
of ours met, and what a `@task` of the locustfile raised. What is told goes at once, and not with the evidence, because
a process whose users never took a seat is not asked for any.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakValueDictionary

import gevent

from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.errors import RtcLocustError
from jupyter_rtc_locust.users.own_code import OwnCodeError, told
from jupyter_rtc_locust.verdict.neutralising import neutralised, neutralised_lines

if TYPE_CHECKING:
    # Only its type: what a run knows of stumbles is known without Locust.
    from locust.env import Environment

logger = logging.getLogger(__name__)

TELL_EVERY_S: Final = 0.5
"""A task that fails in a thousand users each second is one message in that time."""
KINDS_LOGGED: Final = 20
LONGEST: Final = 2000
"""Characters of what is said of one error; a message of Locust's goes to the coordinator as a whole."""
_LAST: Final = 200
"""How many of them are its last, where the file and the line stand."""
KINDS_KEPT: Final = 50
"""Of more than so many different errors the first are named."""


class Stumbles:
    """In a process that plays users. `under_way` names the run; "": no user has a seat in it yet, by which a process
    learns its name. `hide` takes secrets out of a text.
    """

    def __init__(
        self,
        environment: Environment,
        under_way: Callable[[], str],
        send: Callable[[str, dict[str, Any]], None],
        hide: Callable[[str], str],
    ) -> None:
        self._environment = environment
        self._under_way = under_way
        self._send = send
        self._hide = hide
        self._known: dict[object, OwnCodeError] = {}
        """By its kind, the first error of the locustfile's own code."""
        self._ended: set[str] = set()
        """What is said of those that ended a user, as an error of a `@task` does not."""
        self._logged: set[str] = set()
        self._seen: WeakValueDictionary[int, Any] = WeakValueDictionary()
        self._failed: WeakValueDictionary[int, Any] = WeakValueDictionary()
        """By `id`, because a class may say that its users are equal, or cannot be hashed."""
        self._clear()

    def _clear(self) -> None:
        self._times: Counter[tuple[str, bool]] = Counter()
        self._users = self._users_failed = 0
        self._telling: gevent.Greenlet[..., None] | None = None

    def listen(self) -> None:
        """From now on, hear whatever Locust is told of."""
        # And not at the first seat: who fails before asking for one belongs to this run as well.
        self._environment.events.test_start.add_listener(lambda **_: self.begin())
        self._environment.events.user_error.add_listener(self._on_user_error)

    def begin(self) -> None:
        """A run begins: everything is logged anew, and what nobody was told of the one before is of no use any more."""
        self._clear()
        self._known.clear()
        self._ended.clear()
        self._logged.clear()

    def failed(self, owner: Any, error: BaseException) -> None:
        """A user is out. The error is counted, shown in the web UI, and makes the run's exit code 1.

        Locust's listeners may send messages and so block, which a callback of the loop must not.
        """
        gevent.spawn(self._fail, owner, error)

    def tell(self, run: str = "") -> None:
        """Tell the coordinator what it does not know yet: of this run, or of the one under way."""
        times, users, failed = self._times, self._users, self._users_failed
        self._clear()
        if times:
            body = {"run": run or self._under_way(), "users": users, "failed": failed}
            told = [[what, own, what in self._ended, one] for (what, own), one in times.items()]
            self._send(messages.STUMBLED, {**body, "what": told})

    def _fail(self, owner: Any, error: BaseException) -> None:
        mistake = self._first_of_its_kind(told(owner, error))
        if mistake is not None and owner is not None and id(owner) not in self._failed:
            self._failed[id(owner)] = owner
            self._users_failed += 1
        # A server's words may be in it, and it is shown on a page of the web UI.
        text = self._text(mistake or error)
        if mistake is not None:
            self._ended.add(text)
        if text not in self._logged and len(self._logged) < KINDS_LOGGED:
            self._logged.add(text)
            trace = f"\n{mistake.trace}" if mistake is not None and mistake.trace else ""
            logger.error("A user failed: %s%s", text, neutralised_lines(self._hide(trace)))
        if mistake is not None:
            shown: BaseException = OwnCodeError(text, mistake.kind)
        else:
            shown = error if text == str(error) else RtcLocustError(text)
        self._environment.events.user_error.fire(user_instance=owner, exception=shown, tb=error.__traceback__)

    def _on_user_error(self, user_instance: Any, exception: BaseException, **_: Any) -> None:
        user = self._user_of(user_instance)
        mistake = self._first_of_its_kind(told(user_instance if user is None else user, exception))
        if user is not None and id(user) not in self._seen:
            self._seen[id(user)] = user
            self._users += 1
        self._times[self._text(mistake or exception), mistake is not None] += 1
        if self._telling is None:
            self._telling = gevent.spawn_later(TELL_EVERY_S, self.tell)

    @staticmethod
    def _user_of(instance: Any) -> Any:
        """Locust names a user, or a set of tasks, whose `user` that is; a user may have an attribute of that name."""
        from locust import User  # where anything is heard Locust is there; who only reads `Stumbled` knows none

        user = instance if isinstance(instance, User) else getattr(instance, "user", None)
        return user if isinstance(user, User) else None

    def _first_of_its_kind(self, mistake: OwnCodeError | None) -> OwnCodeError | None:
        """The mistake that was made first where this is one of the same kind."""
        return None if mistake is None else self._known.setdefault(mistake.kind, mistake)

    def _text(self, error: BaseException) -> str:
        """Cut when secrets are hidden, of which a half would not be found."""
        text = neutralised(self._hide(str(error) or type(error).__name__))
        return text if len(text) <= LONGEST else f"{text[: LONGEST - _LAST - 1]}…{text[-_LAST:]}"


@dataclass(slots=True)
class Stumbled:
    """At the coordinator: what the processes told of one run."""

    times: Counter[str] = field(default_factory=Counter)
    """How often, by what is said of it."""
    mistakes: list[str] = field(default_factory=list)
    """Which of that is the doing of the locustfile's own code."""
    ended_users: list[str] = field(default_factory=list)
    """Which of that ended who did it: Locust goes on with whom an error of a `@task` met."""
    users: int = 0
    """How many users met anything."""
    users_failed: int = 0
    """How many of them are out by the doing of the locustfile's own code."""

    def hear(self, body: Mapping[str, Any]) -> None:
        """One message of a process."""
        self.users += body["users"]
        self.users_failed += body["failed"]
        for what, own, ended, times in body["what"]:
            if what in self.times or len(self.times) < KINDS_KEPT:
                self.times[what] += times
                if own and what not in self.mistakes:
                    self.mistakes.append(what)
                if ended and what not in self.ended_users:
                    self.ended_users.append(what)

    def as_result(self) -> list[dict[str, Any]]:
        """For the result file: the most frequent first."""
        return [{"what": what, "times": times} for what, times in self.times.most_common()]

    @property
    def first(self) -> str:
        """What is to be named first: the locustfile's own doing, and of that what ended users; "" where there is
        nothing."""
        return next(iter((*self.ended_users, *self.mistakes, *self.times)), "")
