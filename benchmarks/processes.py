"""A child process that is told what to do in lines of JSON and answers each with one line."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

ANSWER_DEADLINE_S = 60.0
_END_DEADLINE_S = 5.0


class ChildFailedError(RuntimeError):
    """A child ended, answered nothing in time, or reported an error; the message holds what it said."""


class Child:
    """`python -m benchmarks.children.NAME ARGUMENTS`, or another command that keeps to the same form.

    It ends when its standard input does, so it cannot outlive us.
    """

    def __init__(self, name: str, *arguments: object, command: Sequence[str] = ()) -> None:
        self.name = name
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed in __exit__
        self._process = subprocess.Popen(
            [*(command or (sys.executable, "-m", f"benchmarks.children.{name}")), *map(str, arguments)],
            cwd=Path(__file__).resolve().parent.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            # Ctrl-C in a terminal is for the parent, which then ends its children.
            start_new_session=True,
        )
        self._pending = b""

    def ask(self, do: str, **details: Any) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        self.tell(do, **details)
        return self.answer()

    def tell(self, do: str, **details: Any) -> None:
        """Send a command whose answer is fetched later."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"do": do, **details}).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._failure("ended") from None

    def answer(self, deadline_s: float = ANSWER_DEADLINE_S) -> dict[str, Any]:
        """The next line of the child."""
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        until = time.monotonic() + deadline_s
        while b"\n" not in self._pending:
            if not select.select([descriptor], [], [], max(0.0, until - time.monotonic()))[0]:
                raise self._failure(f"gave no answer within {deadline_s:.0f} s")
            data = os.read(descriptor, 65536)
            if not data:
                raise self._failure("ended")
            self._pending += data
        line, _, self._pending = self._pending.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        if answer.get("error"):
            raise ChildFailedError(f"The child {self.name} reported: {answer['error']}")
        return answer

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            self._process.wait(_END_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._said.close()

    def _failure(self, what: str) -> ChildFailedError:
        self._said.seek(0)
        said = self._said.read().decode(errors="replace").strip()[-3000:]
        return ChildFailedError(f"The child {self.name} {what}. It wrote: {said or '(nothing)'}")
