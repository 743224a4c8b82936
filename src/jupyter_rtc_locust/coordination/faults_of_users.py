"""What a process does with its users when the coordinator says so: takes their lines, or lets them close the document.

What is given back is kept track of here; that somebody who has left for good does not come back is the users' own care.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent

from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.users.collaborator import Collaborator
from jupyter_rtc_locust.users.swarm import Swarm


class FaultsOfUsers:
    """Listens to the messages of the faults.

    `swarm` tells who plays here at present; `failed` is told what could not be done.
    """

    def __init__(self, swarm: Callable[[], Swarm | None], failed: Callable[[str], None]) -> None:
        self._swarm = swarm
        self._failed = failed
        self._away: dict[tuple[int, ...], list[Any]] = {}

    def listen(self, channel: Any) -> None:
        """From now on, do what the coordinator says."""
        channel.register_message(messages.OFFLINE, self._on_offline)
        channel.register_message(messages.ONLINE, self._on_online)
        channel.register_message(messages.AWAY, self._on_away)
        channel.register_message(messages.BACK, self._on_back)

    def _on_offline(self, msg: Any, **_: Any) -> None:
        for one in self._named(msg):
            one.go_offline(asleep=msg.data["asleep"])

    def _on_online(self, msg: Any, **_: Any) -> None:
        for one in self._named(msg):
            one.come_online()

    def _on_away(self, msg: Any, **_: Any) -> None:
        # Their Locust users, because they come back as somebody else: with a new seat.
        owners = [one.owner for one in self._named(msg) if one.owner is not None]
        self._away[tuple(msg.data["users"])] = owners
        for owner in owners:
            gevent.spawn(self._let, owner.go_away, "leave for a while")

    def _on_back(self, msg: Any, **_: Any) -> None:
        if self._named(msg):
            for owner in self._away.pop(tuple(msg.data["users"]), ()):
                gevent.spawn(self._let, owner.come_back, "come back")

    def _let(self, do: Callable[[], None], what: str) -> None:
        try:
            do()
        except Exception as error:
            self._failed(f"a user could not {what}, as the scenario has it: {type(error).__name__}: {error}")

    def _named(self, msg: Any) -> list[Collaborator]:
        """Those of the users that the message names who play here, each in its latest incarnation."""
        swarm = self._swarm()
        if swarm is None or msg.data["run"] != swarm.run_id:
            return []
        latest = {one.seat.user: one for one in swarm.collaborators()}
        return [one for user, one in latest.items() if user in msg.data["users"]]
