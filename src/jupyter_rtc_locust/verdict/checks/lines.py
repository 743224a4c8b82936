"""Did those who had a document open have a connection, where no silence of the server says why they had none?

What stands between people and a server, such as a proxy, may break the websockets of all of them, and go on answering
over HTTP. Afterwards all copies are equal, so nothing is found; but a person would say that working together was out of
order for that time. So it is a warning. May not know how lines are opened: tabs tell when they had none.
"""

from __future__ import annotations

from math import inf

from jupyter_rtc_locust.verdict.checks.service import CLOCKS_DIFFER_S, SILENT_S
from jupyter_rtc_locust.verdict.evidence import DocumentEvidence, RunEvidence
from jupyter_rtc_locust.verdict.findings import OWN_DOING, Caution, Opinion
from jupyter_rtc_locust.verdict.served import WITH_DOCUMENT_OPEN, latest, nobody_connected
from jupyter_rtc_locust.verdict.stretches import Stretch, apart_from
from jupyter_rtc_locust.verdict.wording import counted


def check_somebody_had_a_line(run: RunEvidence) -> Opinion:
    """`nobody-connected`: for longer than the deadline nobody who had a document open had a line, though they tried.

    Not while the server did not answer the coordinator for as long (that may be `server-lost`), nor while it was harmed
    on purpose. That it answered is not said: of shorter silences nothing is known here. Where a process told nothing,
    its users may have had one.
    """
    if run.silent_processes:
        return Opinion()
    found = []
    for document in run.documents:
        there = [latest(one) for one in document.users if one.stage in WITH_DOCUMENT_OPEN]
        told = [one.taken for one in there if one is not None and one.opened is not None]
        if len(told) < len(there):
            continue  # what was told does not say when it had a line
        known = [*_explained(run, document), (min(told, default=inf), inf)]
        left = [one for stretch in nobody_connected([document]) for one in apart_from(stretch, known)]
        found += [(until - since, since, document.path) for since, until in left if until - since >= SILENT_S]
    if not found:
        return Opinion()
    length, since, path = max(found, key=lambda one: one[0])
    others = len({one[2] for one in found}) - 1
    more = f" So it was in {counted(others, 'more document')}, for no longer." if others else ""
    detail = (
        f"For {length:.0f} s, from {since:.0f} s after the start of the run, nobody who had the document open had a "
        f"connection, though somebody looked for one.{more} Look at the server, and at what stands before it, "
        f"such as a proxy."
    )
    return Opinion(cautions=(Caution("nobody-connected", path, detail if run.sound else f"{detail} {OWN_DOING}"),))


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
