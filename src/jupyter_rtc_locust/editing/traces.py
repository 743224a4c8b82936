"""Editing traces, read and checked: what people once typed into one text, edit by edit, and how it ended.

Two formats, both of the collection github.com/josephg/editing-traces. *Sequential*: `{startContent, endContent, txns:
[{time | timestamp, patches: [[position, deleted, inserted], …]}]}`. *Concurrent*: `{kind: "concurrent", endContent,
numAgents, txns: [{parents: [index, …], agent, patches, time | timestamp}]}`. Positions count Unicode code points; those
of a transaction relate to the merge of its parents, those of a patch to the text after the patch before.

Knows nothing of CRDTs, users or servers. Whatever is refused is refused with a sentence that names the file and, where
it is about one, the transaction by its index from 0.
"""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from jupyter_rtc_locust.documents.templates import TemplateError

_GZIP = b"\x1f\x8b"
_MOST_AGENTS = 10_000
"""Beyond, a number is a slip of the pen and no crowd."""


class TraceError(TemplateError):
    """A trace cannot be replayed; the message is a sentence that says why and what to do."""


class Patch(NamedTuple):
    """At `position` (code points), this many code points are deleted, and then a text is inserted."""

    position: int
    deleted: int
    inserted: str


@dataclass(frozen=True, slots=True)
class Transaction:
    """What one agent did at one moment: it travels as one update. It may do nothing, and then joins its parents."""

    agent: int
    parents: tuple[int, ...]
    """Indices of the transactions whose merge it was made upon; none: the text at the start."""
    patches: tuple[Patch, ...]
    time: float | None
    """Seconds since the Unix epoch; None: not known."""


@dataclass(frozen=True, slots=True)
class Trace:
    """A text at its start and end, and what was done in between, each transaction behind its parents."""

    name: str
    start: str
    end: str
    agents: int
    """How many people typed; some may have no transaction."""
    transactions: tuple[Transaction, ...]
    sequential: bool
    """Whether it says nothing of who typed: one transaction after the other."""

    def taken_in_turns(self, users: int) -> Trace:
        """A sequential trace whose transactions are made by so many people in turn; each waits for the one before."""
        turns = tuple(replace(one, agent=index % users) for index, one in enumerate(self.transactions))
        return replace(self, agents=users, transactions=turns)


def read_trace(path: str | Path) -> Trace:
    """Read a trace, as JSON or compressed by gzip, whatever its name.

    Raises:
        TraceError: the file cannot be read, or holds something else.
    """
    file = Path(path)
    try:
        data = file.read_bytes()
        if data.startswith(_GZIP):
            data = gzip.decompress(data)
        parsed = json.loads(data)
    except OSError as error:
        raise TraceError(f"--rtc-trace {file} cannot be read: {error.strerror or error}.") from None
    except (EOFError, zlib.error) as error:
        raise TraceError(f"--rtc-trace {file} is compressed, but damaged: {error}.") from None
    except (ValueError, RecursionError) as error:
        raise TraceError(f"--rtc-trace {file} is no editing trace: it is not JSON ({str(error)[:200]}).") from None
    return _Reader(str(file), file.name).trace(parsed)


class _Reader:
    """Turns parsed JSON into a trace, or into a sentence."""

    def __init__(self, path: str, name: str) -> None:
        self._path = path
        self._name = name

    def trace(self, parsed: Any) -> Trace:
        if not isinstance(parsed, dict) or not isinstance(parsed.get("txns"), list):
            raise self._error("is no editing trace: it is not an object with a list of `txns`")
        kind = parsed.get("kind")
        if kind not in (None, "concurrent", "sequential"):
            raise self._error(f"is of the kind {str(kind)[:40]!r}: known are sequential and concurrent")
        listed = parsed["txns"]
        told = any(isinstance(one, dict) and ("parents" in one or "agent" in one) for one in listed)
        concurrent = kind == "concurrent" or (kind is None and told)
        if "endContent" not in parsed:
            raise self._error("does not say how the text ended (`endContent`), so that nothing could be compared")
        transactions = tuple(self._transaction(index, one, concurrent) for index, one in enumerate(listed))
        agents = max((one.agent + 1 for one in transactions), default=1)
        if concurrent and "numAgents" in parsed:
            said = self._count(parsed["numAgents"], "its `numAgents`")
            if said < agents and transactions:
                raise self._error(f"has {said} agents (`numAgents`), but a transaction of agent {agents - 1}")
            agents = max(said, 1)
        if agents > _MOST_AGENTS:
            raise self._error(f"has {agents} agents; {_MOST_AGENTS} is the most that can be replayed")
        start = self._text(parsed.get("startContent") or "", "its `startContent`")
        end = self._text(parsed["endContent"], "its `endContent`")
        return Trace(self._name, start, end, agents, _with_times(transactions), not concurrent)

    def _transaction(self, index: int, one: Any, concurrent: bool) -> Transaction:
        where = f"transaction {index}"
        if not isinstance(one, dict):
            raise self._error(f"{where} is not an object")
        patches = one.get("patches")
        if not isinstance(patches, list | None):
            raise self._error(f"the `patches` of {where} are no list")
        agent = 0
        parents: tuple[int, ...] = (index - 1,) if index else ()
        if concurrent:
            for field in ("agent", "parents"):
                if field not in one:
                    raise self._error(f"{where} does not name its `{field}`, as those of a concurrent trace do")
            agent = self._count(one["agent"], f"the `agent` of {where}")
            parents = self._parents(index, one["parents"])
        made = tuple(self._patch(f"patch {number} of {where}", patch) for number, patch in enumerate(patches or ()))
        return Transaction(agent, parents, made, self._time(where, one))

    def _parents(self, index: int, parents: Any) -> tuple[int, ...]:
        if not isinstance(parents, list):
            raise self._error(f"the `parents` of transaction {index} are no list")
        read = tuple(self._count(parent, f"a parent of transaction {index}") for parent in parents)
        for parent in read:
            if parent >= index:
                raise self._error(f"transaction {index} has the parent {parent}, which does not stand before it")
        return tuple(dict.fromkeys(read))

    def _patch(self, where: str, patch: Any) -> Patch:
        # A fourth member, in some files, is the time of the patch alone.
        if not isinstance(patch, list) or len(patch) not in (3, 4):
            raise self._error(f"{where} is not of the form [position, deleted, inserted]")
        position, deleted, inserted = patch[:3]
        return Patch(
            self._count(position, f"the position of {where}"),
            self._count(deleted, f"the number of characters deleted by {where}"),
            self._text(inserted, f"the text inserted by {where}"),
        )

    def _time(self, where: str, one: dict[str, Any]) -> float | None:
        """Seconds, of a text in ISO 8601 or of milliseconds; the epoch itself stands for a time that nobody noted."""
        value = one["time"] if one.get("time") is not None else one.get("timestamp")
        if value is None or value == "":
            return None
        try:
            if isinstance(value, str):
                try:
                    moment = datetime.fromisoformat(value)
                except ValueError:
                    seconds = float(value) / 1000
                else:
                    # Without a zone any will do, as only differences count.
                    seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
            elif isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError
            else:
                seconds = value / 1000
            if not abs(seconds) < 1e12:
                raise ValueError
        except (ValueError, OverflowError):
            raise self._error(
                f"the time of {where} is {str(value)[:60]!r}: write ISO 8601 or a number of milliseconds"
            ) from None
        return seconds or None

    def _count(self, value: Any, what: str) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self._error(f"{what} is {str(value)[:60]!r}, which is no whole number from 0 on")
        return value

    def _text(self, value: Any, what: str) -> str:
        if not isinstance(value, str):
            raise self._error(f"{what} is no text")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise self._error(
                f"{what} holds half a character (a lone surrogate, at {error.start}), which no document keeps"
            ) from None
        return value

    def _error(self, sentence: str) -> TraceError:
        # What the file itself is, has or does, follows its name; what is said of a part of it stands alone.
        separator = " " if sentence.startswith(("is ", "has ", "does ")) else ": "
        return TraceError(f"--rtc-trace {self._path}{separator}{sentence}.")


def _with_times(transactions: tuple[Transaction, ...]) -> tuple[Transaction, ...]:
    """A transaction without a time gets that of the one before; those before the first known, that one's."""
    known = next((one.time for one in transactions if one.time is not None), None)
    if known is None:
        return transactions
    timed = []
    for one in transactions:
        known = known if one.time is None else one.time
        timed.append(replace(one, time=known))
    return tuple(timed)
