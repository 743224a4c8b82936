"""Stress tests for Jupyter real-time collaboration, on Locust.

A locustfile imports `NotebookUser`, `TabUser` or one of the others, subclasses it, and is a scenario. Importing the
package registers its options and listeners with Locust; the pure rooms (`protocol`, `documents`, `editing`, `timing`,
`verdict`) can be imported without Locust.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_rtc_locust.coordination.capacity_shape import CapacityShape
    from jupyter_rtc_locust.editing import Choice, Places, Weights
    from jupyter_rtc_locust.editing.activities import Activities
    from jupyter_rtc_locust.faults.plan import Away, DelaySaves, Evict, Offline, OutsideEdit, Restart
    from jupyter_rtc_locust.plugin import install
    from jupyter_rtc_locust.users.collaboration_user import NotebookUser, TextUser
    from jupyter_rtc_locust.users.day import COURSE_DAY, Day
    from jupyter_rtc_locust.users.tab_user import TabUser, TextTabUser
    from jupyter_rtc_locust.users.trace_user import TraceUser

__all__ = [
    "COURSE_DAY",
    "Activities",
    "Away",
    "CapacityShape",
    "Choice",
    "Day",
    "DelaySaves",
    "Evict",
    "NotebookUser",
    "Offline",
    "OutsideEdit",
    "Places",
    "Restart",
    "TabUser",
    "TextTabUser",
    "TextUser",
    "TraceUser",
    "Weights",
    "install",
]

_HOMES = {
    "Activities": "jupyter_rtc_locust.editing.activities",
    "COURSE_DAY": "jupyter_rtc_locust.users.day",
    "Away": "jupyter_rtc_locust.faults.plan",
    "CapacityShape": "jupyter_rtc_locust.coordination.capacity_shape",
    "Choice": "jupyter_rtc_locust.editing.choices",
    "Day": "jupyter_rtc_locust.users.day",
    "DelaySaves": "jupyter_rtc_locust.faults.plan",
    "Evict": "jupyter_rtc_locust.faults.plan",
    "NotebookUser": "jupyter_rtc_locust.users.collaboration_user",
    "Offline": "jupyter_rtc_locust.faults.plan",
    "OutsideEdit": "jupyter_rtc_locust.faults.plan",
    "Places": "jupyter_rtc_locust.editing.places",
    "Restart": "jupyter_rtc_locust.faults.plan",
    "TabUser": "jupyter_rtc_locust.users.tab_user",
    "TextTabUser": "jupyter_rtc_locust.users.tab_user",
    "TextUser": "jupyter_rtc_locust.users.collaboration_user",
    "TraceUser": "jupyter_rtc_locust.users.trace_user",
    "Weights": "jupyter_rtc_locust.editing.weights",
    "install": "jupyter_rtc_locust.plugin",
}
_registered = False


def __getattr__(name: str) -> Any:
    """Load Locust only when something that needs it is asked for: Locust patches the standard library on import."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    if "_user" in _HOMES[name] or name == "install":
        _register()
    return getattr(import_module(_HOMES[name]), name)


def _register() -> None:
    global _registered
    if not _registered:
        _registered = True
        from jupyter_rtc_locust.plugin import register

        register()
