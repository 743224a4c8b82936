"""Plays gestures on a replica, each step at once. Says what a tab would have sent, and in which order."""

from dataclasses import dataclass, field

from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.editing.caret import Caret
from jupyter_rtc_locust.editing.edit import Edit
from jupyter_rtc_locust.editing.gestures import BeginStep, EditStep, Gesture, Step, Tab

FRAME_BYTES = 3
"""What a message has before its update, as long as the length takes one byte: kind, kind of sync message, length."""


def message_size(update: bytes) -> int:
    """Bytes of the message that carries an update, as the recording counts."""
    return len(update) + FRAME_BYTES + (len(update) >= 1 << 7) + (len(update) >= 1 << 14)


@dataclass
class Sent:
    """What one tab sent: updates, and places of the caret."""

    replica: Replica
    tab: Tab = field(default_factory=Tab)
    updates: list[bytes] = field(default_factory=list)
    carets: list[Caret] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    order: list[str] = field(default_factory=list)

    def play(self, gesture: Gesture) -> "Sent":
        """Play all steps, as long as the cell is there; what this gesture sent."""
        sent = Sent(self.replica, self.tab)
        for step in gesture.steps():
            if not sent.take(step):
                break
        self.updates += sent.updates
        self.carets += sent.carets
        self.edits += sent.edits
        return sent

    def take(self, step: Step) -> bool:
        """Take one step; whether the gesture goes on."""
        if isinstance(step, BeginStep):
            return all(self.take(one) for one in step.gesture.steps())
        if not isinstance(step, EditStep):
            caret = step.place(self.replica, self.tab)
            if caret is None:
                return False
            self.tab.caret = caret
            self.carets.append(caret)
            self.order.append("caret")
            return True
        made: list[Edit | None] = []

        def change(replica: Replica) -> bool:
            made.append(step.make(replica, self.tab))
            return made[0] is not None and made[0].apply(replica)

        update = self.replica.edit(change, marks_dirty=lambda: made[0] is not None and made[0].marks_dirty)
        if update is not None:
            assert made[0] is not None
            self.updates.append(update)
            self.edits.append(made[0])
            self.order.append("update")
        return made[0] is not None

    @property
    def sizes(self) -> list[int]:
        """Bytes of the messages that carry the updates."""
        return [message_size(update) for update in self.updates]
