"""What is installed for a version: what a person asks for, what a server consists of, and the same of all else.

Two environments are to differ in what was asked for, and in nothing else. So everything is held to the versions that
are installed beside the load generator, but for packages that somebody asked for, and, where one of these belongs to
the collaboration stack, the rest of the stack: its packages pin each other.

Pure: texts in, texts out.
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jupyter_rtc_locust.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SERVER: Final = ("jupyter-server", "jupyter-collaboration", "ipykernel")
"""What a server of the demo consists of."""

STACK: Final = frozenset(
    {
        "jupyter-collaboration",
        "jupyter-collaboration-ui",
        "jupyter-docprovider",
        "jupyter-server-ydoc",
        "jupyter-ydoc",
        "pycrdt",
        "pycrdt-store",
        "pycrdt-websocket",
    }
)
"""Packages that are released together."""

_OURS: Final = "jupyter-rtc-locust"
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?(?=\s*(?:\[|[<>=!~;@]|$))")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What makes an environment: `asked` by a person, `constraints` for everything that comes along."""

    asked: tuple[str, ...]
    constraints: str

    def digest(self, python: str) -> str:
        """A name for the environment that this makes with a version of Python: the same for the same."""
        whole = json.dumps([python, SERVER, self.asked, self.constraints])
        return hashlib.sha256(whole.encode()).hexdigest()[:16]


def read_requirement(option: str, text: str) -> tuple[str, ...]:
    """The requirements of pip in a text, `jupyter-collaboration==5.0.3 pycrdt==0.14.13`; none: as installed here.

    Raises:
        OptionsError: one is an option of pip's, or the quotes of the text do not match.
    """
    try:
        parts = tuple(shlex.split(text))
    except ValueError as error:
        raise OptionsError(f"{option} could not be read as requirements: {error}.") from None
    for part in parts:
        if part.startswith("-"):
            raise OptionsError(
                f"{option} takes requirements of pip, and no options: {part[:40]!r} is one. Write a name and a "
                f"version, a folder, or the address of a repository."
            )
    return parts


def wanted(asked: Iterable[str], both: Iterable[str], installed: Mapping[str, str], further: str) -> Wanted:
    """What to install for one version, where `both` are the requirements of the two.

    `installed` are names and versions beside the load generator, `further` constraints of a person's own; these go
    before ours.
    """
    names = [normalised(found[0]) if (found := _NAME.match(one)) else None for one in both]
    free = {name for name in names if name}
    if free & STACK or None in names or any("/" in one or "@" in one for one in both):
        free |= STACK
    free |= {normalised(found[0]) for line in further.splitlines() if (found := _NAME.match(line.strip()))}
    ours = [
        f"{name}=={version}"
        for name, version in sorted(installed.items())
        if normalised(name) not in free | {_OURS} and "+" not in version
    ]
    return Wanted(tuple(asked), "\n".join([*ours, *further.splitlines()]) + "\n")


def normalised(name: str) -> str:
    """A package's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def differing(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Which packages differ between two environments: `pycrdt 0.14.12 and 0.14.13`."""
    names = sorted(before.keys() | after.keys())
    return [
        f"{name} {before.get(name, 'none')} and {after.get(name, 'none')}"
        for name in names
        if before.get(name) != after.get(name)
    ]
