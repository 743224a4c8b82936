"""Did those who had a document open have a connection, while the server answered the coordinator?

What stands between people and a server, such as a proxy, may break the websockets of all of them, and go on answering
over HTTP. Afterwards all copies are equal, so nothing is found; but a person would say that working together was out of
order for that time. So it is a warning. May not know how lines are opened: tabs tell when they had none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf

from jupyter_rtc_locust.verdict.checks.service import CLOCKS_DIFFER_S, SILENT_S
from jupyter_rtc_locust.verdict.evidence import DocumentEvidence, RunEvidence
from jupyter_rtc_locust.verdict.findings import OWN_DOING, Caution, Opinion
from jupyter_rtc_locust.verdict.served import LOOKING_FOR_A_LINE
from jupyter_rtc_locust.verdict.service_evidence import ServedEvidence
from jupyter_rtc_locust.verdict.stretches import Stretch, apart_from, put_together
from jupyter_rtc_locust.verdict.wording import counted


def check_somebody_had_a_line(run: RunEvidence) -> Opinion:
    """`nobody-connected`: for longer than the deadline nobody who had a document open had a line, and all tried.

    Not while the server did not answer the coordinator (that may be `server-lost`), nor while it was harmed on purpose.
    Where a process told nothing, its users may have had one.
    """
    if run.silent_processes:
        return Opinion()
    found = []
    for document in run.documents:
        known = _explained(run, document)
        left = [one for stretch in _nobody_connected(document) for one in apart_from(stretch, known)]
        found += [(until - since, since, document.path) for since, until in left if until - since >= SILENT_S]
    if not found:
        return Opinion()
    length, since, path = max(found, key=lambda one: one[0])
    others = len({one[2] for one in found}) - 1
    more = f" So it was in {counted(others, 'more document')}, for no longer." if others else ""
    detail = (
        f"For {length:.0f} s, from {since:.0f} s after the start of the run, nobody who had the document open had a "
        f"connection, while the server answered the coordinator.{more} Look at what stands between, such as a proxy."
    )
    return Opinion(cautions=(Caution("nobody-connected", path, detail if run.sound else f"{detail} {OWN_DOING}"),))


def _nobody_connected(document: DocumentEvidence) -> Iterator[Stretch]:
    """When at least one tab looked for a line, and none of those that were open had one."""
    without: list[Stretch] = []
    with_line: list[Stretch] = []
    for user in document.users:
        served = user.served
        if served is None:
            return  # it may have had one
        if served.opened is None:
            continue
        until = served.taken if served.closed is None else served.closed
        its_own = _without_line(served, user.stage)
        without += its_own
        with_line += apart_from((served.opened, until), [*its_own, *served.offline])
    connected = list(put_together(with_line))
    for stretch in put_together(without):
        yield from apart_from(stretch, connected)


def _without_line(served: ServedEvidence, stage: str) -> Sequence[Stretch]:
    still = stage in LOOKING_FOR_A_LINE and served.waits_since is not None
    now = [(served.waits_since or 0.0, served.taken)] if still else []
    return [*served.without_line, *served.in_vain, *now]


def _explained(run: RunEvidence, document: DocumentEvidence) -> list[Stretch]:
    """When the document's server did not answer the coordinator, or something was done to servers on purpose."""
    silences = [
        (one.when - CLOCKS_DIFFER_S, one.when + one.length + CLOCKS_DIFFER_S)
        for one in run.server_silences
        if one.owner in ("", document.server)
    ]
    faults = [
        (one.began - CLOCKS_DIFFER_S, inf if one.ended is None else one.ended)
        for one in run.faults
        if one.began is not None and not one.users
    ]
    return silences + faults
