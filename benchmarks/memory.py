"""Memory for each user with a notebook of twenty cells, beside that of a bare pycrdt document of the same content.

Users stand in rooms of five, each a Locust user with its greenlet and its open connection. What the process weighs
without users is not counted, nor what the first few users bring in.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.measurement import Measurement
from benchmarks.processes import Child
from benchmarks.sizes import Sizes

SHARING = 5
GOAL_KB = 20.0
"""Beyond the bare document."""
_FIRST_FEW = 10


def measure(sizes: Sizes, port: int, recording: Path) -> list[Measurement]:
    """Kilobytes of resident memory for each user and for each document, and their difference."""
    more = sizes.users_in_memory
    with Child("locust_users", port, "memory", SHARING, SHARING) as users:
        users.answer()
        users.ask("spawn", users=_FIRST_FEW)
        before = users.ask("memory")["rss"]
        users.ask("spawn", users=_FIRST_FEW + more)
        a_user = (users.ask("memory")["rss"] - before) / more / 1024
    with Child("bare_documents", recording) as documents:
        documents.ask("make", documents=_FIRST_FEW)
        before = documents.ask("memory")["rss"]
        documents.ask("make", documents=_FIRST_FEW + more)
        a_document = (documents.ask("memory")["rss"] - before) / more / 1024
    return [
        Measurement("memory, a user", "KB", (a_user,), note=f"growth of the process over {more} users, 20 cells each"),
        Measurement("  bare document", "KB", (a_document,), note="pycrdt alone, the same notebook"),
        Measurement("  beyond it", "KB", (a_user - a_document,), GOAL_KB),
    ]
