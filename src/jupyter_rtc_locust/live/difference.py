"""The difference between copies of a document, for a person: who holds what, and where the texts part.

Pure: copies in, plain data out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from jupyter_rtc_locust.documents.comparison import readable_difference

CONTENTS_SHOWN: Final = 4
"""Of so many states the content is looked at; the first, which most hold, is compared with each of the others."""
LONGEST_DIFF: Final = 90_000
"""Bytes of the diffs, so that an answer stays below a hundred thousand."""
USERS_NAMED: Final = 500


@dataclass(frozen=True, slots=True)
class Copies:
    """Users whose copies hold the same. `content` is plain data, None where nobody read it."""

    users: tuple[int, ...]
    digest: bytes
    update: bytes | None = None
    content: Any = None


def merged(copies: Iterable[Copies]) -> list[Copies]:
    """Each state once, those that most users hold first."""
    states: dict[bytes, Copies] = {}
    for one in copies:
        known = states.get(one.digest)
        if known is not None:
            one = Copies(
                tuple(sorted((*known.users, *one.users))),
                one.digest,
                one.update if known.update is None else known.update,
                one.content if known.content is None else known.content,
            )
        states[one.digest] = one
    return sorted(states.values(), key=lambda one: (-len(one.users), one.users, one.digest))


def difference_between(document: str, copies: list[Copies], silent: int = 0) -> dict[str, Any]:
    """`document`, `groups` (each with `users` and `digest`), `diff` (unified; empty where nothing differs) and `note`,
    a sentence or more. `silent`: how many processes did not tell of their copies.
    """
    diffs: list[str] = []
    unread = 0
    for other in copies[1:]:
        if copies[0].content is None or other.content is None:
            unread += 1
            continue
        diff = readable_difference(copies[0].content, other.content, most_lines=400)
        if diff:
            heads = [f"--- {_named(copies[0].users)}", f"+++ {_named(other.users)}"]
            diffs.append("\n".join([*heads, *diff.split("\n")[2:]]))
    text = "\n\n".join(diffs)
    cut = len(text.encode("utf-8", "backslashreplace")) > LONGEST_DIFF
    if cut:
        text = text.encode("utf-8", "backslashreplace")[:LONGEST_DIFF].decode("utf-8", "ignore").rpartition("\n")[0]
    return {
        "document": document,
        "groups": [{"users": list(one.users[:USERS_NAMED]), "digest": one.digest.hex()[:16]} for one in copies],
        "diff": text,
        "note": " ".join(_notes(copies, unread, cut, silent)),
    }


def _notes(copies: list[Copies], unread: int, cut: bool, silent: int) -> list[str]:
    if not copies:
        notes = ["Nobody has this document open."]
    elif len(copies) == 1:
        notes = ["All copies hold the same content."]
    else:
        notes = [f"The copies are in {len(copies)} states; what most of them hold is compared with each other one."]
    if unread:
        notes.append(f"Of {unread} of them only the users are known: the document is too large, or there are too many.")
    if cut:
        notes.append("The diff is cut.")
    if silent:
        who = "one process" if silent == 1 else f"{silent} processes"
        notes.append(f"What {who} of users did not tell is left out.")
    return notes


def _named(users: tuple[int, ...]) -> str:
    names = ", ".join(str(user) for user in users[:10])
    more = f" and {len(users) - 10} more" if len(users) > 10 else ""
    return f"{'user' if len(users) == 1 else 'users'} {names}{more}"
