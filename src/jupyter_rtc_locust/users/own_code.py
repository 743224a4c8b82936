"""What the code of a locustfile did wrong, told to the person who wrote it: class, method, file, line, and the message.

A stack trace of a callback begins in an event loop and runs through modules of this package; the one line that the
reader can change is among others. Which that is, the files tell: neither ours, nor Locust's, nor installed.
"""

from __future__ import annotations

import sysconfig
import traceback
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

from gevent.exceptions import BlockingSwitchOutError

from jupyter_rtc_locust.errors import RtcLocustError

_PACKAGES = frozenset({"site-packages", "dist-packages"})
_CHOOSING = ("do_next", "choose_gesture", "choose_edit")
"""Who says what is done next, in the order in which they call each other."""
_GIVES = {
    "choose_edit": ("Choice", "Choice.of(KIND, number=number, seed=self.seed)"),
    "choose_gesture": ("gesture", "a gesture"),
    "do_next": ("Choice, and no gesture", "one of these"),
}
"""What each returns, and what to return in the place of something else."""
_LONGEST_VALUE = 100


class OwnCodeError(RtcLocustError):
    """Code of the locustfile did what it must not; the sentence says where."""

    def __init__(self, sentence: str, kind: object, trace: str = "") -> None:
        super().__init__(sentence)
        self.kind = kind
        """Two of one kind are one mistake, whoever made it, and whatever differs in their words."""
        self.trace = trace
        """Lines of a stack trace, from the first one of the locustfile on; "" where nothing was raised."""


def told(user: Any, error: BaseException) -> OwnCodeError | None:
    """The error as the person who wrote the code is told of it; None: no code of the locustfile took part.

    `user`: whose code that is, or its class.
    """
    if isinstance(error, OwnCodeError):
        return error
    frames = traceback.extract_tb(error.__traceback__)
    own = [number for number, frame in enumerate(frames) if not _is_installed(frame.filename)]
    if not own or isinstance(error, RtcLocustError):
        return None  # what we raise has a sentence of its own
    method, last = frames[own[0]].name, frames[own[-1]]
    where = f"{Path(last.filename).name}:{last.lineno}"
    which = f"{method} of {_class_of(user)}"
    if isinstance(error, BlockingSwitchOutError):
        sentence = (
            f"{which} waits ({where}), and it is called from the event loop, where nothing may wait: compute in it, "
            f"and wait in a @task."
        )
    else:
        sentence = f"{which} raised {_named(error)} ({where})."
    trace = "".join(traceback.format_list(frames[own[0] :])).rstrip()
    mistake = OwnCodeError(sentence, (_class_of(user), method, where, type(error).__name__), trace)
    return mistake.with_traceback(error.__traceback__)


def no_choice(user: Any, chosen: object) -> OwnCodeError:
    """What was returned as the next thing to do is nothing that can be done."""
    method = next((one for one in _CHOOSING if _written_by_others(user, one)), "choose_edit")
    what, give = _GIVES.get(method, _GIVES["choose_edit"])
    sentence = (
        f"{method} of {_class_of(user)} returned {_shown(chosen)}, which is no {what}{_defined(user, method)}: "
        f"return {give}, or None for nothing."
    )
    return OwnCodeError(sentence, (_class_of(user), method, type(chosen).__name__))


def not_opened(user: Any) -> OwnCodeError:
    """`on_start` has returned, and no document was opened."""
    sentence = (
        f"on_start of {_class_of(user)} did not open a document{_defined(user, 'on_start')}: it calls "
        f"super().on_start() first."
    )
    return OwnCodeError(sentence, (_class_of(user), "on_start"))


def _class_of(user: Any) -> str:
    return str(user.__name__ if isinstance(user, type) else type(user).__name__)


def _named(error: BaseException) -> str:
    message = str(error)
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except Exception:
        return f"a {type(value).__name__}"
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _written_by_others(user: Any, method: str) -> bool:
    code = _code_of(user, method)
    return code is not None and not _is_installed(code.co_filename)


def _defined(user: Any, method: str) -> str:
    code = _code_of(user, method)
    return "" if code is None else f" ({Path(code.co_filename).name}:{code.co_firstlineno})"


def _code_of(user: Any, method: str) -> CodeType | None:
    code = getattr(getattr(type(user), method, None), "__code__", None)
    return code if isinstance(code, CodeType) else None


def _is_installed(file: str) -> bool:
    """Whether a file is ours, or of an installed package, or of Python; or none, as what was compiled names it."""
    path = Path(file)
    return not path.is_absolute() or not _PACKAGES.isdisjoint(path.parts) or any(map(path.is_relative_to, _installed()))


@cache
def _installed() -> Sequence[Path]:
    return Path(__file__).parents[1], Path(sysconfig.get_paths()["stdlib"])
