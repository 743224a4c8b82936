"""The load shape of a search for a capacity: Locust asks once a second how many people are to be there.

It decides nothing: `capacity_run.py` does, in a greenlet of its own. A locustfile has a shape by having a subclass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from locust import LoadTestShape

from jupyter_rtc_locust.errors import OptionsError

if TYPE_CHECKING:
    from jupyter_rtc_locust.coordination.capacities import Capacities
    from jupyter_rtc_locust.settings import Settings

EXAMPLE = "--rtc-promise 'update echo p95 < 300ms'"


class CapacityShape(LoadTestShape):
    """As many people as the search wants; `-u` is how many it tries at most, `-r` how quickly they come."""

    abstract = True
    use_common_options = True

    def __init__(self) -> None:
        super().__init__()
        self._begun = False

    def reset_time(self) -> None:
        """A run begins; who asks first gets the first step, before which there is no run to ask."""
        super().reset_time()
        self._begun = False

    def tick(self) -> tuple[int, float] | None:
        """Users and spawn rate; None when it is over."""
        environment: Any = None if self.runner is None else self.runner.environment
        coordinator = getattr(environment, "rtc_coordinator", None)
        if coordinator is None:
            return None
        capacities: Capacities = coordinator.capacities
        if not self._begun:
            self._begun = True
            return capacities.first_step()
        return capacities.wanted()


def looks_for_a_capacity(shape: LoadTestShape | None) -> bool:
    """Whether a load shape is this one."""
    return isinstance(shape, CapacityShape)


def check_capacity(shape: LoadTestShape | None, settings: Settings) -> None:
    """A promise and the shape belong together.

    Raises:
        OptionsError: one is there without the other.
    """
    if looks_for_a_capacity(shape) and not settings.promise:
        raise OptionsError(f"a search for a capacity needs to know what is to be kept: give {EXAMPLE}, for example.")
    if settings.promise and not looks_for_a_capacity(shape):
        raise OptionsError(
            "--rtc-promise is for a search for a capacity: name locustfiles/capacity_shape.py beside the locustfile, "
            "or use jupyter rtc-locust capacity. To hold a run to a limit, use --rtc-require."
        )
