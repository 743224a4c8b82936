"""A worker joins: it says what it consists of, and its master lets it take part, or refuses it with a sentence.

Locust's workers are connected before anybody of ours listens, at either end. So a worker says it again until it is
answered, and its users take no seat before. One that is refused ends by itself; what that means for the run is the
coordinator's business.
"""

from __future__ import annotations

import hashlib
import inspect
import logging
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import gevent
from gevent.event import Event
from locust.env import Environment

import jupyter_rtc_locust
from jupyter_rtc_locust import exit_codes
from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.coordination.alike import COMPARED, Equipment, why_refused
from jupyter_rtc_locust.coordination.channel import TOLD_OF_AT_MOST, Channel, NotOfOurs
from jupyter_rtc_locust.coordination.sealing import SealBroken
from jupyter_rtc_locust.errors import SeatRefused
from jupyter_rtc_locust.options import OPTIONS
from jupyter_rtc_locust.reporting.result_file import installed_versions
from jupyter_rtc_locust.verdict.neutralising import neutralised

logger = logging.getLogger(__name__)

AGAIN_S = 0.5
"""How soon a worker that was not answered says once more that it is there."""
ANSWER_DEADLINE_S = 60.0
"""A master that answers nothing for so long has none of us in it, or one that knows no joining."""
_LONGEST_SENTENCE = 2000
"""Characters of a refusal, which repeats what the other side sent."""


def equipment_of(classes: Iterable[type], options: Any) -> Equipment:
    """What this process consists of. `options` is the namespace of Locust's parser."""
    versions = installed_versions()
    given = {option.name: _given(options, option.name, option.default) for option in OPTIONS}
    return Equipment(
        versions={name: versions[name] for name in COMPARED},
        code=_digest_of_our_code(),
        classes={one.__name__: _digest_of_its_file(one) for one in classes},
        options={option.name: given[option.name] for option in OPTIONS if given[option.name] != option.default},
    )


class Joining:
    """At a worker."""

    def __init__(self, environment: Environment, channel: Channel, equipment: Equipment) -> None:
        self._environment = environment
        self._channel = channel
        self._equipment = equipment
        self._answered = Event()
        self._refused = ""
        channel.register_openly(messages.WELCOME, self._on_welcome)
        gevent.spawn(self._ask)

    def wait(self, seconds: float) -> None:
        """Until this worker may take part.

        Raises:
            SeatRefused: it may not, or its master has not answered by then.
        """
        if not self._answered.wait(seconds):
            raise SeatRefused(f"the master has not let this worker take part within {seconds:.0f} s.")
        if self._refused:
            raise SeatRefused(self._refused)

    def _ask(self) -> None:
        for _ in range(round(ANSWER_DEADLINE_S / AGAIN_S)):
            try:
                self._channel.send_message(messages.JOINED, {"equipment": self._equipment.as_message()})
            except Exception as error:
                self._leave(
                    f"The master could not be asked whether this worker may take part: {type(error).__name__}: "
                    f"{error}. Start this worker again when the way to the master is there."
                )
                return
            if self._answered.wait(AGAIN_S):
                return
        self._leave(
            f"The master has not let this worker take part within {ANSWER_DEADLINE_S:.0f} s. Does it run the same "
            f"locustfile, with the same version of jupyter-rtc-locust?"
        )

    def _on_welcome(self, msg: Any, **_: Any) -> None:
        if self._answered.is_set():
            return
        try:
            body = self._channel.hear_answer(messages.WELCOME, msg.data)
        except SealBroken as error:
            logger.warning("An answer in the name of the master was dropped: %s.", error)
            return
        if body.get("refused"):
            self._leave(neutralised(str(body["refused"])[:_LONGEST_SENTENCE]))
        self._answered.set()

    def _leave(self, sentence: str) -> None:
        self._refused = sentence
        self._answered.set()
        logger.error("%s", sentence)
        self._environment.process_exit_code = exit_codes.OPTIONS_REFUSED
        # Not in here: quitting ends the greenlet that hears the master.
        gevent.spawn(self._quit)

    def _quit(self) -> None:
        runner = self._environment.runner
        if runner is not None:
            runner.quit()


class Welcoming:
    """At the master. `refusals` has a sentence for each worker that was refused; `refused` is called with each.

    `let_in` is called with the name of each worker that may take part.
    """

    def __init__(self, channel: Channel, equipment: Equipment) -> None:
        self._channel = channel
        self._equipment = equipment
        self._answers: dict[str, str] = {}
        self._told = 0
        self.refused: Callable[[str], object] = lambda _sentence: None
        self.let_in: Callable[[str], object] = lambda _node: None
        channel.register_openly(messages.JOINED, self._on_joined)

    @property
    def refusals(self) -> list[str]:
        """Why workers were refused."""
        return [sentence for sentence in self._answers.values() if sentence]

    @property
    def taking_part(self) -> int:
        """How many workers were let take part."""
        return sum(not sentence for sentence in self._answers.values())

    def may_take_part(self, node: str) -> bool:
        """Whether this worker has joined and was not refused."""
        return self._answers.get(node) == ""

    def _on_joined(self, msg: Any, **_: Any) -> None:
        node = neutralised(str(msg.node_id)[:200])
        try:
            body = self._channel.meet(messages.JOINED, msg.node_id, msg.data)
        except NotOfOurs as error:
            if self.may_take_part(msg.node_id):
                return  # somebody else speaks in its name
            self._channel.send_openly(messages.WELCOME, {"refused": str(error)}, msg.node_id)
            self._note(msg.node_id, str(error))
            return
        told = body.get("equipment")
        sentence = why_refused(node, Equipment.from_message(told if isinstance(told, dict) else {}), self._equipment)
        sentence = neutralised(sentence)[:_LONGEST_SENTENCE]
        self._channel.send_message(messages.WELCOME, {"refused": sentence}, msg.node_id)
        if sentence:
            self._channel.part(msg.node_id)
        self._note(msg.node_id, sentence)

    def _note(self, node: str, sentence: str) -> None:
        known = self._answers.get(node)
        if sentence and sentence != known:
            if self._told == TOLD_OF_AT_MOST and known is None:
                return  # who is not known does not take part, and nobody fills a memory with names
            self._tell(sentence)
        self._answers[node] = sentence
        if not sentence and known != sentence:
            self.let_in(node)

    def _tell(self, sentence: str) -> None:
        if self._told == TOLD_OF_AT_MOST:
            return
        self._told += 1
        logger.error("%s%s", sentence, "" if self._told < TOLD_OF_AT_MOST else " Further refusals are not told.")
        self.refused(sentence)


def _given(options: Any, name: str, default: Any) -> Any:
    return getattr(options, name.removeprefix("--").replace("-", "_"), default)


def _digest_of_its_file(user_class: type) -> str:
    try:
        file = inspect.getsourcefile(user_class)
        return _digest([Path(file)]) if file else ""
    except (OSError, TypeError):
        return ""


@cache
def _digest_of_our_code() -> str:
    folder = Path(jupyter_rtc_locust.__file__).parent
    try:
        return _digest(sorted(folder.rglob("*.py")))
    except OSError:
        return ""


def _digest(files: Iterable[Path]) -> str:
    """Whatever ends their lines: Locust sends a locustfile to its workers as text."""
    digest = hashlib.blake2b(digest_size=8)
    for file in files:
        content = file.read_bytes().replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        digest.update(f"{file.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()
