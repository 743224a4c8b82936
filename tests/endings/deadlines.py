"""The deadlines that the product states, in seconds, as far as endings are bounded by them.

Spelled out here, because they are a promise (docs/verdict.md, "Endings").
"""

QUIET = 3.0
"""Nothing came for this long."""
DRAIN = 10.0
"""`--rtc-drain-timeout` of these runs."""
SAVE = 10.0
"""`--rtc-save-timeout` of these runs."""
SYNC = 15.0
WORKER_ANSWER = 15.0
NEWCOMER = 15.0
SERVER_SILENT = 10.0
CLOSING = 6.0
TOGETHER = 2.0
"""A worker that is told to end waits so long to hear that everybody is."""
LEAVING = 5.0
"""For the last edits of a worker that leaves alone to be acknowledged."""
PREPARATION = 60.0
MASTER_SILENT = 60.0
"""Locust's: a worker without a heartbeat of its master."""
LOCUST = 8.0
"""What Locust itself takes to wind up, on a machine that is shared."""

OPTIONS = ("--rtc-drain-timeout", f"{DRAIN:.0f}", "--rtc-save-timeout", f"{SAVE:.0f}")

IN_ORDER = DRAIN + NEWCOMER + SAVE + CLOSING + LOCUST
"""A run whose server and workers answer."""
GIVEN_UP = CLOSING + LOCUST
WITHOUT_SERVER = DRAIN + SERVER_SILENT + CLOSING + LOCUST
"""One whose machine says that nobody listens: users are cut off, and there is nothing to wait for but its return."""
WITH_A_SILENT_SERVER = DRAIN + SYNC + SERVER_SILENT + CLOSING + LOCUST
"""One that is there and answers nothing: every user's question at the end is waited for."""
WITH_A_LOST_WORKER = WORKER_ANSWER + IN_ORDER
LEAVING_ALONE = TOGETHER + LEAVING + CLOSING + LOCUST
"""A worker that leaves before the others."""
