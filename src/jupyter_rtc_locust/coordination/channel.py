"""Our messages on Locust's channel: as they are, or sealed with the run's secret where there is one.

Takes the place of the runner for whoever registers and sends messages, and changes nothing where no secret was given or
nobody else takes part. With a secret, a message is sent to a worker only when it has joined, and one that comes is
handed on only if its seal is good; what is not is dropped, and said.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import Any

from locust.env import Environment
from locust.rpc import Message
from locust.runners import LocalRunner, MasterRunner, WorkerRunner

from jupyter_rtc_locust.coordination.sealing import (
    SHORTEST_SECRET,
    Line,
    SealBroken,
    is_sealed,
    new_nonce,
)
from jupyter_rtc_locust.errors import OptionsError, RtcLocustError
from jupyter_rtc_locust.settings import SECRET_OF_THE_WORKERS as VARIABLE
from jupyter_rtc_locust.verdict.neutralising import neutralised

logger = logging.getLogger(__name__)

TOLD_OF_AT_MOST = 20
"""So many dropped messages are said, and so many refusals, so that nobody fills a disk with them."""
_LONGEST_NAME = 100
"""Of a node id that anybody may have sent, as far as it is shown: Locust's end with 33 characters of their own."""


class NotOfOurs(RtcLocustError):
    """A worker's first message does not fit: one side has a secret that the other has not."""


def read_secret(environment: dict[str, str] | None = None) -> str:
    """The secret of master and workers, from the environment; empty: there is none.

    Raises:
        OptionsError: it is too short to be one.
    """
    secret = (os.environ if environment is None else environment).get(VARIABLE, "").strip()
    if secret and len(secret) < SHORTEST_SECRET:
        raise OptionsError(
            f"the environment variable {VARIABLE} holds {len(secret)} characters, which can be guessed: give master "
            f"and workers the same {SHORTEST_SECRET} or more, such as 32 random letters, or none at all."
        )
    return secret


class Channel:
    """One for each environment with a runner."""

    def __init__(self, runner: Any, secret: str) -> None:
        self._runner = runner
        self._secret = "" if isinstance(runner, LocalRunner) else secret
        self._nonce = new_nonce()
        self._lines: dict[str, Line] = {}
        self._dropped = 0

    @property
    def sealed(self) -> bool:
        """Whether messages carry seals."""
        return bool(self._secret)

    def register_message(self, kind: str, listener: Callable[..., Any]) -> None:
        """As the runner's: have messages of this kind told, those with a good seal only."""
        self._runner.register_message(kind, self._opening(kind, listener) if self._secret else listener)

    def send_message(self, kind: str, body: dict[str, Any], node_id: str | None = None) -> None:
        """As the runner's: to this worker, or to all; from a worker, to its master."""
        if not self._secret:
            self._runner.send_message(kind, body, node_id)
        elif isinstance(self._runner, WorkerRunner):
            self._runner.send_message(kind, self._own_line().seal(kind, body))
        elif isinstance(self._runner, MasterRunner):
            nodes = [client.id for client in self._runner.clients.all] if node_id is None else [node_id]
            for node in nodes:
                if (line := self._lines.get(node)) is not None:
                    self._runner.send_message(kind, line.seal(kind, body), node)

    # -- joining ------------------------------------------------------------------------------------------------

    def register_openly(self, kind: str, listener: Callable[..., Any]) -> None:
        """Have messages of this kind told as they come, seal and all."""
        self._runner.register_message(kind, listener)

    def send_openly(self, kind: str, body: dict[str, Any], node_id: str) -> None:
        """To a worker with which there is no line: it is refused, and shall hear why."""
        self._runner.send_message(kind, body, node_id)

    def meet(self, kind: str, node: str, body: Any) -> dict[str, Any]:
        """At the master: the first message of a worker, after which it can be spoken with.

        Raises:
            NotOfOurs: which side has what, and what to do; in one line, whatever the worker calls itself.
        """
        named = neutralised(str(node)[:_LONGEST_NAME])
        if not self._secret:
            if is_sealed(body):
                raise NotOfOurs(
                    f"Worker {named} is refused: it has a {VARIABLE}, and its master has none. Start both with the "
                    f"same one, or both without."
                )
            return dict(body)
        if not is_sealed(body):
            raise NotOfOurs(
                f"Worker {named} is refused: it has no {VARIABLE}, and its master has one. Start both with the same "
                f"one, or both without."
            )
        known = self._lines.get(node)
        # One that asks again has not heard its answer, and does not know our nonce yet.
        line = Line(self._secret, node, self._nonce, at_master=True)
        try:
            opened = line.open(kind, body)
        except SealBroken as error:
            raise NotOfOurs(
                f"Worker {named} is refused: its {VARIABLE} is another than its master's, or what it sent was changed "
                f"on the way ({error}). Start both with the same one."
            ) from None
        if known is None or known.other_nonce != line.other_nonce:
            self._lines[node] = line
        return opened

    def part(self, node: str) -> None:
        """At the master: nothing more is heard of this worker, and nothing sent to it."""
        self._lines.pop(node, None)

    def hear_answer(self, kind: str, body: Any) -> dict[str, Any]:
        """At a worker: the master's answer, sealed, or a refusal that nobody could seal.

        Raises:
            SealBroken: it is neither.
        """
        if is_sealed(body):
            if not self._secret:
                raise SealBroken(f"it is sealed, and there is no {VARIABLE} here")
            return self._own_line().open(kind, body)
        if not isinstance(body, dict) or (self._secret and not body.get("refused")):
            raise SealBroken("it is not sealed")
        return body

    def _own_line(self) -> Line:
        node = self._runner.client_id
        line = self._lines.get(node)
        if line is None:
            line = self._lines[node] = Line(self._secret, node, self._nonce, at_master=False)
        return line

    def _opening(self, kind: str, listener: Callable[..., Any]) -> Callable[..., Any]:
        def hear(environment: Environment, msg: Any, **keywords: Any) -> None:
            at_worker = isinstance(self._runner, WorkerRunner)
            line = self._lines.get(self._runner.client_id if at_worker else msg.node_id)
            try:
                if line is None or not line.other_nonce:
                    raise SealBroken("whoever sent it has not joined")
                body = line.open(kind, msg.data)
            except SealBroken as error:
                self._drop(kind, msg.node_id, str(error))
                return
            listener(environment=environment, msg=Message(kind, body, msg.node_id), **keywords)

        return hear

    def _drop(self, kind: str, node: object, why: str) -> None:
        self._dropped += 1
        if self._dropped <= TOLD_OF_AT_MOST:
            logger.warning(
                "A message %s in the name of %s was dropped: %s. If nobody else can reach the master's port, this is a "
                "mistake of jupyter-rtc-locust.",
                kind,
                neutralised(str(node)[:_LONGEST_NAME]),
                why,
            )


def channel_of(environment: Environment) -> Any:
    """What registers and sends our messages in this environment: its channel, or the bare runner where it has none."""
    channel = getattr(environment, "rtc_channel", None)
    return environment.runner if channel is None else channel
