"""With which code a run ends, and why, so that nobody has to guess it from a log.

Decided once, together with the result: what fails afterwards, while documents are closed and removed, is not of the
run. For a pass that missed no threshold it is what the locustfile set, if anything. Else the rule is Locust's own: 1,
or what `--exit-code-on-error` says, where a request failed or a user met an error, and 2 where an error was nobody's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from locust import log
from locust.env import Environment

from jupyter_rtc_locust import exit_codes
from jupyter_rtc_locust.coordination.run_state import RunState
from jupyter_rtc_locust.reporting.report.words import counted
from jupyter_rtc_locust.reporting.result_file import redact
from jupyter_rtc_locust.timing.thresholds import MET, MISSED, outcome_of
from jupyter_rtc_locust.verdict.findings import Value

_LONGEST_ERROR = 200


def exit_of_run(environment: Environment, state: RunState, secrets: Sequence[str]) -> dict[str, Any]:
    """As it stands in the result file: `code`, and a `reason` where neither the verdict nor a pass explains it.

    Of `secrets` nothing is in it. `code` is None where it is decided elsewhere: by a search for a capacity.
    """
    code, reason = _decided(environment, state, secrets)
    return {"code": code, "reason": str(redact(reason, secrets))}


def _decided(environment: Environment, state: RunState, secrets: Sequence[str]) -> tuple[int | None, str]:
    if state.verdict is None or state.verdict.value is Value.INCONCLUSIVE:
        return exit_codes.INCONCLUSIVE, ""
    if state.verdict.value is Value.FAIL:
        return exit_codes.FAILED, ""
    if state.capacity is not None:
        return None, ""
    thresholds = (state.result or {}).get("thresholds") or ()
    outcome = outcome_of(one["outcome"] for one in thresholds)
    if outcome != MET:
        which = "; ".join(str(one["threshold"]) for one in thresholds if one["outcome"] == outcome)
        if outcome == MISSED:
            return exit_codes.REQUESTS_FAILED, f"a threshold was missed ({which})"
        return exit_codes.INCONCLUSIVE, f"it is not known whether a threshold was met ({which})"
    if isinstance(set_by_others := environment.process_exit_code, int):
        # Of the run before nothing is left, and ours is written when this is decided.
        return set_by_others, "the locustfile set it" if set_by_others else ""
    if errors := [*_of_users(environment, state, secrets), *_of_requests(environment, secrets)]:
        code = getattr(environment.parsed_options, "exit_code_on_error", exit_codes.REQUESTS_FAILED)
        return code, "; ".join(errors) if code else ""
    if log.unhandled_greenlet_exception:
        return exit_codes.OPTIONS_REFUSED, "an error was nobody's, and stands in the log"
    return exit_codes.PASSED, ""


def _of_users(environment: Environment, state: RunState, secrets: Sequence[str]) -> list[str]:
    """What users met; where no process has told of it, in the words that Locust heard."""
    known = getattr(environment.runner, "exceptions", None) or {}
    if not known:
        return []
    if state.stumbled.times:
        more = len(state.stumbled.times) - 1
        others = f", and {counted(more, 'other error')}" if more else ""
        return [f"{counted(state.stumbled.users, 'user')} stumbled: {_cut(state.stumbled.first, secrets)}{others}"]
    times, row = sum(one["count"] for one in known.values()), next(iter(known.values()))
    return [f"{counted(times, 'error')} of users: {_cut(row['msg'], secrets)}"]


def _of_requests(environment: Environment, secrets: Sequence[str]) -> list[str]:
    """What failed at Locust's: ours, and those of other users of the locustfile."""
    errors = list(environment.stats.errors.values())
    if not errors:
        return []
    times, most = sum(one.occurrences for one in errors), max(errors, key=lambda one: one.occurrences)
    of_most = f"{most.name} {counted(most.occurrences, 'time')}: {_cut(most.error, secrets)}"
    return [f"{counted(times, 'request')} failed, {of_most}"]


def _cut(text: object, secrets: Sequence[str]) -> str:
    """Without secrets first: of one that is cut in two nobody knows any more that it is one."""
    shown = str(redact(str(text), secrets)).removesuffix(".")
    return shown if len(shown) <= _LONGEST_ERROR else f"{shown[:_LONGEST_ERROR]}…"
