"""JupyterLab around the document: what a tab asks of the server and tells it whether or not anybody types.

How much of it there is depends on the options, the line to a kernel included; a user of a server that is no Jupyter
server has none of it.
"""

from __future__ import annotations

from typing import Any

from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.users.global_room import GlobalRoom
from jupyter_rtc_locust.users.kernel import TabKernel
from jupyter_rtc_locust.users.lab_traffic import LabTraffic
from jupyter_rtc_locust.users.seat import Seat
from jupyter_rtc_locust.users.swarm import Swarm


class Lab:
    """The rest of one user's tab. Nothing here waits; of it all only what a kernel says comes into the document."""

    def __init__(self, seat: Seat, swarm: Swarm, replica: Replica, kernel: TabKernel | None = None) -> None:
        self._kernel = kernel
        settings, server = swarm.settings, swarm.server
        self._replica = replica
        self._dirty = False
        """Whether the document was changed since the server saved it, as far as this tab has heard."""
        self._saved_hash: Any = None
        self._saves_by_hand = 0
        """How many were asked for and are not answered yet: what the server then tells of a save is one of these."""
        self._room = GlobalRoom(seat, swarm) if settings.global_awareness == "faithful" else None
        self._traffic = LabTraffic(seat, swarm) if settings.rest == "faithful" and server.stores_files else None

    def open(self) -> None:
        """The page is loaded, and the document about to be opened."""
        if self._room is not None:
            self._room.open()
        if self._traffic is not None:
            self._traffic.open()

    def document_opened(self) -> None:
        """The document's first sync is complete."""
        if self._kernel is not None:
            self._kernel.open()

    def document_edited(self) -> None:
        """This tab wrote into the document."""
        if not self._dirty and self.listens:
            self._changed()

    def document_received(self) -> None:
        """Others wrote into it; a server that saved tells of it by another `hash` in `state`."""
        if not self.listens:
            return
        state = self._replica.state
        saved_hash = state.get("hash")
        if saved_hash != self._saved_hash:
            self._saved_hash = saved_hash
            self._dirty = bool(state.get("dirty"))
            if not self._saves_by_hand:
                self._saved()
        elif not self._dirty and state.get("dirty"):
            self._changed()

    @property
    def listens(self) -> bool:
        """Whether anything follows from what is written into the document."""
        return self._room is not None or self._traffic is not None

    def _changed(self) -> None:
        """The first change after a save: the mark beside the document's name is another."""
        self._dirty = True
        if self._room is not None:
            self._room.document_changed()
        if self._traffic is not None:
            self._traffic.document_changed()

    def _saved(self) -> None:
        if self._room is not None:
            self._room.document_saved()
        if self._traffic is not None:
            self._traffic.document_saved()

    def saving_by_hand(self) -> None:
        """Ctrl+S was pressed."""
        self._saves_by_hand += 1
        if self._traffic is not None:
            self._traffic.saving_by_hand()

    def saved_by_hand(self) -> None:
        """The server answered it: the tab looks at the files whether or not there was anything new to save."""
        self._saves_by_hand -= 1
        if self._traffic is not None:
            self._traffic.saved_by_hand()
        self._saved()

    def not_saved_by_hand(self) -> None:
        """The server did not answer it."""
        self._saves_by_hand -= 1

    def drop_lines(self) -> None:
        """All lines are lost without a word; they come back by themselves."""
        if self._room is not None:
            self._room.drop_line()
        if self._kernel is not None:
            self._kernel.drop_line()

    def go_offline(self, *, asleep: bool) -> None:
        """There is no network until `come_online`; who is asleep does nothing meanwhile."""
        if self._room is not None:
            self._room.go_offline(asleep=asleep)
        if self._traffic is not None:
            self._traffic.set_offline(True)
        if self._kernel is not None:
            self._kernel.go_offline(asleep=asleep)

    def come_online(self) -> None:
        """There is a network again."""
        if self._room is not None:
            self._room.come_online()
        if self._traffic is not None:
            self._traffic.set_offline(False)
        if self._kernel is not None:
            self._kernel.come_online()

    def document_closed(self) -> None:
        """The document is closed, in a tab that stays."""
        if self._room is not None:
            self._room.document_closed()

    def close(self) -> None:
        """The tab is closed."""
        if self._room is not None:
            self._room.close()
        if self._traffic is not None:
            self._traffic.close()
        if self._kernel is not None:
            self._kernel.close()
