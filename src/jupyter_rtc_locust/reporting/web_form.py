"""Locust's form in the web UI: what would be refused on the command line is refused there, with the same sentence.

Locust writes a form's values into the options before anything of ours runs, casts them to the type of the present
value, and answers 500 where that fails; so the form is checked before Locust reads it.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from flask import Response, jsonify, request
from locust.env import Environment
from locust.runners import STATE_RUNNING, STATE_SPAWNING

from jupyter_rtc_locust.coordination.by_itself import stays_for
from jupyter_rtc_locust.coordination.capacity_shape import check_capacity
from jupyter_rtc_locust.errors import OptionsError, RtcLocustError
from jupyter_rtc_locust.options import OPTIONS
from jupyter_rtc_locust.settings import Settings

if TYPE_CHECKING:
    from jupyter_rtc_locust.coordination.coordinator import Coordinator


def guard_form(environment: Environment, coordinator: Coordinator) -> None:
    """Check every form that starts a run, before Locust does."""
    web_ui = environment.web_ui
    assert web_ui is not None and web_ui.app is not None
    base = getattr(environment.parsed_options, "web_base_path", "") or ""

    @web_ui.app.before_request
    def refuse_bad_form() -> Response | None:
        if request.method != "POST" or request.path != f"{base}/swarm":
            return None
        try:
            refuse_a_second_run(environment, coordinator)
            settings = check_form(environment, request.form.to_dict(), coordinator)
            runner = environment.runner
            if runner is None or runner.state not in (STATE_SPAWNING, STATE_RUNNING):
                # A form sent during a run only changes the number of its users.
                coordinator.rehearse(settings)
        except RtcLocustError as error:
            answer: Response = jsonify({"success": False, "message": str(error), "host": environment.host})
            return answer
        return None


def refuse_a_second_run(environment: Environment, coordinator: Coordinator) -> None:
    """Where the process is about to end with its run's verdict, another run would put its own in the place of it.

    Raises:
        OptionsError: with the sentence the form will show.
    """
    seconds = stays_for(environment)
    if seconds is not None and coordinator.ending:
        raise OptionsError(
            f"the run of this process is over, and the process ends {seconds} s after it, with its verdict "
            f"(--autoquit): start another process for another run."
        )


def _shape(environment: Environment, form: dict[str, str]) -> Any:
    """The load shape of the run: the form's, where Locust lets people choose one, else that of the command line."""
    chosen = form.get("shape_class")
    shapes: dict[str, Any] = environment.available_shape_classes or {}
    return environment.shape_class if chosen is None else shapes.get(chosen)


def check_form(environment: Environment, form: dict[str, str], coordinator: Coordinator) -> Settings:
    """The settings a form asks for.

    Raises:
        OptionsError: with the sentence the form will show.
    """
    options: Any = copy(environment.parsed_options)
    for option in OPTIONS:
        name = option.name.removeprefix("--").replace("-", "_")
        if name in form:
            value: Any = form[name]
            setattr(options, name, value == "true" if isinstance(option.default, bool) else value)
    if form.get("user_count"):
        try:
            options.num_users = int(form["user_count"])
        except ValueError:
            raise OptionsError(f"the number of users {form['user_count'][:40]!r} is not a whole number.") from None
        if options.num_users < 1:
            raise OptionsError("the number of users is below 1: a run without users tests nothing.")
    host = form.get("host", environment.host or "").strip()
    options.host = host or None
    settings = Settings.from_options(options, host or None)
    check_capacity(_shape(environment, form), settings)
    if settings.host is None and coordinator.embedded is None:
        raise OptionsError(
            "no host is given, and no server of our own was started: write the server's address as the host."
        )
    return settings
