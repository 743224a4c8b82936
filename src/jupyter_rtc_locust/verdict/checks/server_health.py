"""What is known of the server itself: its memory, and what it wrote into its log."""

from __future__ import annotations

from jupyter_rtc_locust.verdict.evidence import RunEvidence
from jupyter_rtc_locust.verdict.findings import Caution, Finding, Kind, Opinion
from jupyter_rtc_locust.verdict.wording import counted

_BYTES_A_MEGABYTE = 1_000_000


def check_server_memory(run: RunEvidence) -> Opinion:
    """`server-memory`: the server's process needed more than `--rtc-server-memory-limit` allows.

    Without a limit it is a figure and nothing more. A limit that cannot be held against anything is not known to be
    kept.
    """
    limit = run.server_memory_limit
    if not limit:
        return Opinion()
    memory = run.server_memory
    if memory is None:
        return Opinion(
            unknown=(f"The server's memory could not be read, so whether it kept to {limit:.0f} MB is not known.",)
        )
    if memory.peak <= limit * _BYTES_A_MEGABYTE:
        return Opinion()
    start, peak, end = (value / _BYTES_A_MEGABYTE for value in (memory.start, memory.peak, memory.end))
    detail = (
        f"The server needed up to {peak:.0f} MB, {peak - start:.0f} MB more than before the first user "
        f"({start:.0f} MB; {end:.0f} MB at the end). At most {limit:.0f} MB were allowed (--rtc-server-memory-limit)."
    )
    return Opinion((Finding(Kind.SERVER_MEMORY, "", detail),))


def read_server_log(run: RunEvidence) -> Opinion:
    """What stands in the log is a warning; whoever looks at a finding finds it beside it."""
    cautions = []
    for event in run.server_log:
        often = "once" if event.count == 1 else f"{counted(event.count, 'time')}, the last: {event.last!r}"
        detail = f"The server's log tells of {event.what} ({often}). The first: {event.first!r}"
        cautions.append(Caution("server-log", "", detail))
    return Opinion(cautions=tuple(cautions))
