"""What a tab writes by opening a notebook, before its person has done anything.

Recorded: `state.document_id` after the first sync (85 B), and once the kernel is up, `language_info` of the notebook's
metadata (190 B) and `state.dirty` (28 B), each an update of its own. So opening makes the server save.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_rtc_locust.editing.edit import Edit
from jupyter_rtc_locust.editing.gestures.step import EditStep, Step
from jupyter_rtc_locust.editing.gestures.tab import Tab
from jupyter_rtc_locust.editing.gestures.undoing import mark_dirty
from jupyter_rtc_locust.editing.operations import SetMetadata, SetState

if TYPE_CHECKING:
    from jupyter_rtc_locust.documents.replica import Replica

LANGUAGE_INFO: Mapping[str, Any] = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
    "version": "3.12.0",
}
"""What IPython tells of itself. One value for every tab: a kernel is one for all who share the notebook."""

SECONDS_TO_KERNEL = 0.7
"""From the first sync until the kernel is up, as recorded (0.7 to 1.4 s)."""


@dataclass(frozen=True, slots=True)
class OpenNotebook:
    """What the tab writes after its first sync. It goes on by itself."""

    room: str
    """The name of the room, `json:notebook:<id of the file>`."""
    language_info: Mapping[str, Any] | None = None
    """What the kernel tells of itself; None: `LANGUAGE_INFO`."""

    in_background = True
    ends_runs = False

    def steps(self) -> Iterator[Step]:
        """The room, the kernel's language, the mark."""
        yield EditStep(self._document_id)
        yield EditStep(self._language, SECONDS_TO_KERNEL)
        yield EditStep(mark_dirty)

    def _document_id(self, _replica: "Replica", _tab: Tab) -> Edit:
        return Edit("open", "noted the room", (SetState("document_id", self.room),), marks_dirty=False)

    def _language(self, _replica: "Replica", _tab: Tab) -> Edit:
        value = dict(LANGUAGE_INFO if self.language_info is None else self.language_info)
        operation = SetMetadata(None, "language_info", value)
        return Edit("open", "noted the language of the kernel", (operation,), marks_dirty=False)
