"""What a locustfile may write into a user class, attribute by attribute, checked before a run begins.

Nobody checks a locustfile before it is run, and a wrong attribute shows late: in each user, when the user needs it, as
an error of whoever stumbled over it. Knows the values, not Locust: what a class is for is up to whoever asks.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from types import FunctionType, MethodType
from typing import Any, Final, get_args

from jupyter_rtc_locust.documents.kinds import DocumentKind
from jupyter_rtc_locust.editing.activities import Activities
from jupyter_rtc_locust.editing.places import Places
from jupyter_rtc_locust.editing.rhythm import RHYTHM_KINDS
from jupyter_rtc_locust.editing.weights import Weights
from jupyter_rtc_locust.errors import OptionsError
from jupyter_rtc_locust.settings import seconds_of

_LONGEST_VALUE: Final = 100
"""How many characters of a value are shown."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """What an attribute may be: whether a value is allowed, and in words what it is not, and what to write."""

    allows: Callable[[Any], bool]
    is_no: str
    give: str


def _or_none(allows: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or allows(value)


def _is_a(kind: type[Any], value: Any) -> bool:
    """Numbers of other packages, such as NumPy's, are neither `int` nor `float`; yes and no are no numbers."""
    return isinstance(value, kind) and not isinstance(value, bool)


def _number(value: Any) -> bool:
    return _is_a(Real, value) and math.isfinite(value)


def _whole(least: int) -> Callable[[Any], bool]:
    return lambda value: _is_a(Integral, value) and value >= least


def _time(value: Any) -> bool:
    return isinstance(value, str) and bool(seconds_of(value))


_RULES: Final[Mapping[str, _Rule]] = {
    "document_kind": _Rule(
        lambda value: value in get_args(DocumentKind),
        "no kind of document",
        f"choose one of {', '.join(get_args(DocumentKind))}",
    ),
    "edit_rate": _Rule(
        _or_none(lambda value: _number(value) and value >= 0),
        "no number of edits a second",
        "give a number of 0 or more, such as 2.0, or None for what --rtc-edit-rate says",
    ),
    "rhythm": _Rule(
        lambda value: value is None or (isinstance(value, str) and value in RHYTHM_KINDS),
        "no rhythm",
        f"choose one of {', '.join(RHYTHM_KINDS)}, or None for what --rtc-rhythm says",
    ),
    "places": _Rule(
        _or_none(lambda value: isinstance(value, Places)),
        "no Places",
        "give Places(own=0.8, elsewhere=0.2), for example, or None for anywhere",
    ),
    "weights": _Rule(
        lambda value: isinstance(value, Weights),
        "no deck",
        'make one with Weights.of, such as Weights.of({"insert_letters": 8, "delete_text": 3})',
    ),
    "activities": _Rule(
        lambda value: isinstance(value, Activities),
        "no deck of activities",
        'make one with Activities.of, such as Activities.of({"type_words": 10, "backspace": 3})',
    ),
    "writes_at_opening": _Rule(lambda value: isinstance(value, bool), "neither yes nor no", "give True or False"),
    "faults": _Rule(
        lambda value: isinstance(value, list | tuple),
        "no list of faults",
        "give one such as (Restart(at=10.0),), or () for none",
    ),
    "default_users": _Rule(
        _or_none(_whole(0)),
        "no number of users",
        "give a whole number of 0 or more, or None",
    ),
    "default_spawn_rate": _Rule(
        _or_none(lambda value: _number(value) and value > 0),
        "no number of users a second",
        "give a number above 0, or None",
    ),
    "default_run_time": _Rule(_or_none(_time), "no time", 'write "45s" or "2m", or None'),
    "users_per_document": _Rule(_or_none(_whole(1)), "no number of users", "give a whole number of 1 or more, or None"),
    "tabs_per_person": _Rule(_whole(1), "no number of tabs", "give a whole number of 1 or more"),
    "starts_from": _Rule(
        _or_none(callable),
        "no function",
        "give staticmethod(FUNCTION), where the function returns a notebook, or None",
    ),
    "server_drops_rooms_after": _Rule(
        _or_none(lambda value: _number(value) and value > 0),
        "no number of seconds",
        "give a number above 0, or None",
    ),
    "wait_time": _Rule(callable, "no function", "give one of Locust's, such as between(1, 4) or constant(2)"),
}

OF_A_USER: Final = ("edit_rate", "rhythm", "places", "weights", "activities")
"""What a user may also have of its own, beside its class: it is checked when the user opens its document."""


def check_classes(classes: Iterable[type[Any]]) -> None:
    """Look at everything that these classes say.

    Raises:
        OptionsError: with a sentence that names the class, the attribute, its value, and what is allowed.
    """
    for one in classes:
        for name in _RULES:
            if not _is_of_a_user(one, name) and hasattr(one, name):
                _check(one, one.__name__, name)


def check_user(user: Any) -> None:
    """Look at what one user says, which its class may have left to it.

    Raises:
        OptionsError: as `check_classes`.
    """
    for name in OF_A_USER:
        if hasattr(user, name):
            _check(user, type(user).__name__, name)


def _is_of_a_user(where: type[Any], name: str) -> bool:
    """Whether it is computed for a user who asks, as by a property: what it is, nobody knows of the class."""
    written = inspect.getattr_static(where, name, None)
    gives_itself = isinstance(written, FunctionType | MethodType | staticmethod | classmethod)
    return hasattr(type(written), "__get__") and not gives_itself


def _check(where: Any, of: str, name: str) -> None:
    value, rule = getattr(where, name), _RULES[name]
    if not _allowed(rule, value):
        raise OptionsError(f"{of}.{name} is {_shown(value)}, which is {rule.is_no}: {rule.give}.")
    if getattr(where, "document_kind", None) == "text" and not getattr(value, "suits_text_files", True):
        raise OptionsError(
            f"{of}.{name} is {_shown(value)}, which asks for more than a text file can take: begin with TextUser or "
            f"TextTabUser, which have decks for one, and leave out what needs cells, or take NotebookUser or TabUser."
        )


def _allowed(rule: _Rule, value: Any) -> bool:
    try:
        return rule.allows(value)
    except Exception:  # an object that cannot be compared, or hashed, is none of what is allowed
        return False


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except Exception as error:
        text = f"a {type(value).__name__} that cannot be shown ({type(error).__name__})"
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
