"""Documents and handles on shared types without what pycrdt makes for asynchronous listeners, which nobody is here.

pycrdt gives each of them four containers for `events()`: 0.6 KB, three times for each simulated user. They
are taken out, as far as they are there and empty, and what cannot be added to is put in their place, so that whoever
calls `events()` all the same meets an error. `observe` is as it was.

`_send_streams` and `_event_subscription` are not documented; where a pycrdt has no such thing, nothing is changed.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, TypeVar

T = TypeVar("T")

_NO_STREAMS: Final[Mapping[bool, Any]] = MappingProxyType({False: frozenset(), True: frozenset()})
_NO_SUBSCRIPTIONS: Final[Mapping[bool, Any]] = MappingProxyType({})
_INSTEAD: Final[tuple[tuple[str, Any, Any], ...]] = (
    ("_send_streams", {False: set(), True: set()}, _NO_STREAMS),
    ("_event_subscription", {}, _NO_SUBSCRIPTIONS),
)
"""What pycrdt makes, and what stands in its place."""


def light(handle: T) -> T:
    """Return the same document, or handle on a shared type, without what only `events()` needs."""
    for name, made, instead in _INSTEAD:
        if getattr(handle, name, None) == made:
            setattr(handle, name, instead)
    return handle
