"""The exception tree. Messages are for the person who reads them: what was tried, what came back, what to do.

    RtcLocustError
    ├── OptionsError            an option refused before anything was opened (exit 2)
    ├── ServerUnusable          the server could not be used for this run (exit 4)
    │   └── SeatRefused         this user gets no seat; the coordinator has said why
    ├── HubRefused              a JupyterHub refused a login, a token, a share
    │   └── SpawnFailed         it did not start a server, or not in time
    └── RoomError
        ├── RoomRefused         the server refused this user's room; trying again would not help
        │   └── ServerEnded     behind a hub: not the person's server said so, which has ended
        └── ConnectionBroken    the line broke or was never there; trying again may help
            ├── FileGone        the server says that the saved file does not exist
            ├── LeftUnread      the server does not read what is sent to it
            └── OwnMachineFull  this machine has no descriptor, port or memory left to ask with

`documents` adds `ReplicaError` (a replica refused an update or an edit) and `TemplateError` (an `OptionsError`).
"""

from __future__ import annotations


class RtcLocustError(Exception):
    """Base of everything this package raises on purpose."""


class OptionsError(RtcLocustError):
    """An option that cannot be honoured, found before anything was opened."""


class ServerUnusable(RtcLocustError):
    """The server named by `--host` cannot be used for this run."""


class SeatRefused(ServerUnusable):
    """The coordinator gives no seat, because the run cannot take place or is ending; it has said so itself."""


class HubRefused(RtcLocustError):
    """A JupyterHub refused what it was asked for: a login, a token, a share.

    `status`: of its answer, where that is known and said; 0 where not.
    """

    def __init__(self, sentence: str, status: int = 0) -> None:
        super().__init__(sentence)
        self.status = status


class SpawnFailed(HubRefused):
    """A JupyterHub did not start somebody's server, or not in time."""


class RoomError(RtcLocustError):
    """A room could not be opened or kept."""


class RoomRefused(RoomError):
    """The server refused the room (unknown session, no such document, no right): not tried again."""


class ServerEnded(RoomRefused):
    """Behind a hub, the hub or its proxy answers in the place of a person's server, which has ended."""


class ConnectionBroken(RoomError):
    """The line broke, or nothing answered: tried again with backoff."""


class FileGone(ConnectionBroken):
    """The server answers that the document's file does not exist."""


class LeftUnread(ConnectionBroken):
    """The server left more bytes unread than are kept for it: `waiting` bytes, and none was taken for `seconds`."""

    def __init__(self, waiting: int, seconds: float) -> None:
        super().__init__(f"the server left {waiting} bytes unread, and took none of them in the last {seconds:.0f} s")
        self.waiting = waiting
        self.seconds = seconds


class OwnMachineFull(ConnectionBroken):
    """This machine has no descriptor, port or memory left to ask with; of the server nothing is known by it."""


class GivenUp(BaseException):
    """Thrown into the end of a run that nobody waits for any more; a sentence says why. No check may swallow it."""
