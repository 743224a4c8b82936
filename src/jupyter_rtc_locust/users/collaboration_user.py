"""The Locust users people subclass. A scenario is a class, a rate, and how an edit is chosen."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from gevent import GreenletExit
from locust import User, task
from locust.env import Environment
from locust.exception import StopTest, StopUser
from locust.user.task import LOCUST_STATE_STOPPING

from jupyter_rtc_locust.documents.kinds import DocumentKind
from jupyter_rtc_locust.editing.choices import Choice, choose
from jupyter_rtc_locust.editing.gestures.step import Gesture
from jupyter_rtc_locust.editing.places import Places, person_choice
from jupyter_rtc_locust.editing.weights import DEFAULT_WEIGHTS, TEXT_WEIGHTS, Weights
from jupyter_rtc_locust.errors import RtcLocustError, SeatRefused
from jupyter_rtc_locust.faults.plan import Fault
from jupyter_rtc_locust.users.class_attributes import check_user
from jupyter_rtc_locust.users.collaborator import Collaborator
from jupyter_rtc_locust.users.manual_saves import NOT_ASKED
from jupyter_rtc_locust.users.own_code import no_choice, not_opened, told

if TYPE_CHECKING:
    # Only its type: users are handed their process's agent by the environment, and know nothing of coordination.
    from jupyter_rtc_locust.coordination.process_agent import ProcessAgent

_A_DAY_S = 86_400.0


class CollaborationUser(User):
    """A person with one shared document open.

    Edits leave from timers, not from tasks; a subclass may add Locust tasks of its own beside them.
    """

    abstract = True

    document_kind: DocumentKind = "notebook"
    edit_rate: float | None = None
    """Edits a second; None: what `--rtc-edit-rate` says."""
    rhythm: str | None = None
    """When edits are due: `person`, `steady` or `poisson` (`editing/rhythm.py`); None: what `--rtc-rhythm` says."""
    places: Places | None = None
    """Where in the document this person works (`editing/places.py`); None: anywhere, every fifth edit at others'."""
    weights: Weights = DEFAULT_WEIGHTS
    """Which kinds of edits are in the deck, and how often (`editing/weights.py`)."""

    faults: Sequence[Fault] = ()
    """What goes wrong on purpose, and when (`faults/plan.py`); a run has the faults of all its user classes."""

    default_users: int | None = None
    """How many of this class there are, where `-u` is not given."""
    default_spawn_rate: float | None = None
    """How many come each second, where `-r` is not given."""
    default_run_time: str | None = None
    """How long a headless run takes, where `-t` is not given."""
    users_per_document: int | None = None
    """How many share a document, where `--rtc-documents` is not given."""
    tabs_per_person: int = 1
    """How many neighbours in a document are one person, with as many tabs: one name and token, a client id for each."""
    starts_from: Callable[[], dict[str, Any]] | None = None
    """Makes the notebook to start from, as in the notebook format, where `--rtc-template` is not given. A
    `staticmethod`, called on the master."""
    server_drops_rooms_after: float | None = None
    """Seconds after which a server that is started for the run drops a room that everybody left, where
    `--rtc-evict-after` is not given."""

    @classmethod
    def opens(cls, options: Any) -> DocumentKind:
        """The kind of document that users of this class open in a run with these options."""
        del options
        return cls.document_kind

    collaborator: Collaborator | None = None
    """The open tab; None before `on_start` and after `on_stop`, and while this user is away by a fault."""
    away = False
    _opening_tried = False

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        # What a person wrote is called by us: an error of it ends each user with two stack traces otherwise, and of a
        # document that was not opened nothing would be said.
        self.on_start = partial(self._begin, self.on_start)  # type: ignore[method-assign]

    def _begin(self, on_start: Callable[[], None]) -> None:
        """Do what the class does at the start, and see that its document is open then."""
        try:
            on_start()
        except (StopUser, StopTest):
            raise
        except Exception as error:
            mistake = told(self, error)
            if mistake is None:
                raise
        else:
            if self._opening_tried or self.away:
                return
            mistake = not_opened(self)
        self._agent().user_failed(self, mistake)
        # Who has not begun has nothing of its own to end.
        self.on_stop = partial(CollaborationUser.on_stop, self)  # type: ignore[method-assign]
        raise GreenletExit

    def on_start(self) -> None:
        """Take a seat and open the document. A subclass that overrides this calls it first."""
        if not self._open():
            # Ends this user as Locust itself does; StopUser would be logged with a stack trace.
            raise GreenletExit

    def on_stop(self) -> None:
        """Close the document. A subclass that overrides this calls it last."""
        # Whom Locust stops with a --stop-timeout is sent a StopUser, too.
        if isinstance(sys.exception(), StopUser) and self._state != LOCUST_STATE_STOPPING:
            self._agent().user_ended()
        self.away = False
        self._close()

    def go_away(self) -> None:
        """Close the document, and be ready to come back: a fault of the scenario, or what a `@task` does."""
        self.away = True
        self._close()

    def come_back(self) -> None:
        """Open the document anew, under a new client id; not, where this user was stopped meanwhile."""
        if self.away:
            self.away = False
            self._open()

    def _open(self) -> bool:
        """Whether the document is open and being edited; why not, Locust is told."""
        self._opening_tried = True
        agent = self._agent()
        try:
            check_user(self)
            self.collaborator = agent.seat_user(self._next, owner=self)
            settings = agent.swarm_settings()
            rate = settings.edit_rate if self.edit_rate is None else float(self.edit_rate)
            self.collaborator.start_editing(rate, self.rhythm or settings.rhythm)
        except RtcLocustError as error:
            if not isinstance(error, SeatRefused):
                agent.user_failed(self, error)
            return False
        return True

    def _close(self) -> None:
        if self.collaborator is not None:
            self._agent().unseat_user(self.collaborator)
            self.collaborator = None

    def choose_edit(self, number: int) -> Choice | None:
        """What to do in the edit of this number: a choice, or None to do nothing.

        Called from the event loop: compute, do not wait. The default deals from the document's deck; where the class
        has `places`, at the place of the present burst.
        """
        assert self.collaborator is not None
        seat, swarm = self.collaborator.seat, self.collaborator.swarm
        place, document = seat.place % seat.places, seat.document_index
        if self.places is None:
            return choose(
                swarm.seed, seat.user, number, seat=place, seats=seat.places, document=document, weights=self.weights
            )
        rhythm = self.collaborator.writing.rhythm
        return person_choice(
            swarm.seed,
            seat.user,
            number,
            burst=number if rhythm is None else rhythm.burst(number),
            places=self.places,
            seat=place,
            seats=seat.places,
            document=document,
            weights=self.weights,
            now=swarm.since_start(time.monotonic()),
        )

    def do_next(self, number: int) -> Choice | Gesture | None:
        """What to do in the slot of this number: what `choose_edit` says, or a gesture for this slot and the next ones.

        Not asked while a gesture is in hand. Called from the event loop: compute, do not wait.
        """
        return self.choose_edit(number)

    def _next(self, number: int) -> Choice | Gesture | None:
        """What `do_next` says.

        Raises:
            OwnCodeError: that is nothing that can be done.
        """
        chosen = self.do_next(number)
        if chosen is None or isinstance(chosen, Choice) or hasattr(chosen, "steps"):
            return chosen
        raise no_choice(self, chosen)

    def save(self) -> str:
        """Save by hand, as Ctrl+S does, and wait for the server's answer: for a `@task`, not for `choose_edit`.

        Returns what the server said (`success`, `skipped`, `failed`), or `not answered`, or `not asked` where there
        is no line, and when editing is over. The verdict looks whether a success was one.
        """
        return self.collaborator.save() if self.collaborator is not None else NOT_ASKED

    @property
    def seed(self) -> str:
        """What to give `Choice.of`: each user's differs, and is the same in a repetition; "" before `on_start`.

        Without it, all users who make the same choice under the same number make it at the same place.
        """
        here = self.collaborator
        return "" if here is None else f"{here.swarm.seed}|{here.seat.user}"

    @property
    def elapsed(self) -> float:
        """Seconds since the start of the run; 0 before this process's first user has opened a document."""
        swarm = self._agent().swarm
        return swarm.since_start(time.monotonic()) if swarm is not None else 0.0

    def lose_line(self) -> None:
        """Lose the line without a word, as a network does; the user comes back by itself. For a `@task`.

        When editing is over nothing is lost any more: what the user holds is evidence then.
        """
        if self.collaborator is not None and self.collaborator.swarm.editing:
            self.collaborator.drop_connection()

    def _agent(self) -> ProcessAgent:
        agent: ProcessAgent | None = getattr(self.environment, "rtc_agent", None)
        if agent is None:
            raise RtcLocustError(
                "this Locust environment knows nothing of jupyter_rtc_locust: call "
                "jupyter_rtc_locust.install(environment) before its runner starts."
            )
        return agent

    @task
    def work(self) -> None:
        """Be there: edits leave from timers of their own."""

    def wait_time(self) -> float:
        """Seconds between two tasks: one. Who has no tasks of its own is woken for none (measured: 40 µs a second)."""
        return _A_DAY_S if all(one is CollaborationUser.work for one in self.tasks) else 1.0

    def context(self) -> dict[str, Any]:
        """For Locust's request events: which user this is."""
        return {"user": self.collaborator.seat.user} if self.collaborator is not None else {}


class NotebookUser(CollaborationUser):
    """A person with a notebook open."""

    abstract = True


class TextUser(CollaborationUser):
    """A person with a text file open."""

    abstract = True
    document_kind: DocumentKind = "text"
    weights = TEXT_WEIGHTS


def user_classes_of(environment: Environment) -> tuple[type[CollaborationUser], ...]:
    """The user classes of an environment that are ours."""
    return tuple(one for one in environment.user_classes if issubclass(one, CollaborationUser))
