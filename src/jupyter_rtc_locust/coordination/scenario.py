"""What the user classes of a locustfile ask for, where whoever runs it does not say otherwise.

How many people, how quickly they come, for how long, how many to a document, what the document is: a scenario that
stands for something in real life knows that best, and can then be started without an option. Options win.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from jupyter_rtc_locust.documents.file_form import Notebook
from jupyter_rtc_locust.documents.templates import Template, notebook_template
from jupyter_rtc_locust.errors import OptionsError
from jupyter_rtc_locust.settings import Settings, seconds_of
from jupyter_rtc_locust.users.own_code import told


@dataclass(frozen=True, slots=True)
class Scenario:
    """The user classes that take part: subclasses of `CollaborationUser`, which has the attributes that are read."""

    classes: tuple[type[Any], ...]

    def fill_in(self, options: Any, *, ends: bool) -> None:
        """Complete Locust's own options: users, spawn rate and, where the run `ends` by nothing else, run time.

        Raises:
            OptionsError: a class names a run time that is none.
        """
        if getattr(options, "num_users", None) is None:
            users = int(sum(self._stated("default_users")))
            options.num_users = users or None
        rates = list(self._stated("default_spawn_rate"))
        if getattr(options, "spawn_rate", None) is None and rates:
            options.spawn_rate = float(max(rates))
        times = list(self._stated("default_run_time"))
        if ends and not getattr(options, "run_time", None) and times:
            lengths = [seconds_of(time) for time in times]
            if None in lengths:
                raise OptionsError(f"default_run_time: {times!r} is no time: write 45s, or 2m.")
            options.run_time = max(round(length) for length in lengths if length is not None)

    def settings(self, options: Any, host: str | None) -> Settings:
        """The options checked, and completed by what the classes say.

        Raises:
            OptionsError: with a sentence.
        """
        settings = Settings.from_options(options, host)
        sharing = list(self._stated("users_per_document"))
        if sharing and settings.documents == 1 and settings.notebook is None and settings.plan is None:
            # Where the number of people is what is looked for, ten are in as few documents as ten would be.
            together = int(min(sharing)) if settings.promise else 0
            settings = replace(settings, documents=math.ceil(settings.users / min(sharing)), together=together)
        drops = list(self._stated("server_drops_rooms_after"))
        if drops and not settings.evict_after and settings.host is None:
            settings = replace(settings, evict_after=float(min(drops)))
        return settings

    def template(self) -> Template | None:
        """The notebook that the classes start from; None: whichever.

        Raises:
            OptionsError: two classes name two; or what one names raised, or made no notebook.
        """
        functions: Sequence[Callable[[], Notebook]] = list(dict.fromkeys(self._stated("starts_from")))
        if len(functions) > 1:
            raise OptionsError("Two user classes of this locustfile name a notebook in starts_from: leave one out.")
        if not functions:
            return None
        # Not the same object: a `classmethod` gives another each time, which is equal.
        of = next(one for one in self.classes if one.starts_from == functions[0])
        try:
            return _made_by(functions[0])
        except Exception as error:
            mistake = told(of, error)
            words = f"{of.__name__}.starts_from made no notebook: {type(error).__name__}: {error}."
            raise OptionsError(words if mistake is None else str(mistake)) from error

    def _stated(self, name: str) -> Iterator[Any]:
        """What the classes say under this name, as far as they say anything."""
        return (value for one in self.classes if (value := getattr(one, name)) is not None)


@cache
def _made_by(function: Callable[[], Notebook]) -> Template:
    """Made once: a notebook may be large."""
    notebook: Any = function()
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise TypeError("what it returned has no list of cells")
    return notebook_template("notebook.ipynb", notebook)
