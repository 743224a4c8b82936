"""Faults on the way to the disk. The rooms are well; the file is not."""
# ruff: noqa: ARG002 (a fault overrides whole questions, and reads what it needs of them)

from __future__ import annotations

import copy
import errno
from typing import TYPE_CHECKING, Any

from servers.fault import Fault

if TYPE_CHECKING:
    from servers.room import Room
    from servers.sick_server import Connection


class WrongFile(Fault):
    """What is written differs from the document, in every save since the fault struck."""

    def saved(self, room: Room, content: Any) -> Any:
        if not self.due(room):
            return content
        self.strike(room)
        return self.spoil(copy.deepcopy(content))

    def spoil(self, content: Any) -> Any:
        """The wrong content: a notebook as a dict, or a text."""
        raise AssertionError("every kind says what it writes")


class CorruptFile(WrongFile):
    """One trailing blank is missing; where no text ends in one, the last character of the first text."""

    def spoil(self, content: Any) -> Any:
        if isinstance(content, str):
            return content[:-1]
        texts = [cell for cell in content["cells"] if cell["source"]]
        blank = next((cell for cell in texts if cell["source"][-1].isspace()), None)
        if texts:
            cell = blank or texts[0]
            cell["source"] = cell["source"][:-1]
        return content


class CorruptOutput(WrongFile):
    """One output is not the one of the document; where there is none, the first code cell has one too many."""

    def spoil(self, content: Any) -> Any:
        cells = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
        wrong = {"output_type": "stream", "name": "stdout", "text": "not what was printed"}
        with_outputs = [cell for cell in cells if cell["outputs"]]
        if with_outputs:
            with_outputs[0]["outputs"][0] = wrong
        elif cells:
            cells[0]["outputs"].append(wrong)
        return content


class DropCellInFile(WrongFile):
    """The last cell is missing."""

    def spoil(self, content: Any) -> Any:
        del content["cells"][-1:]
        return content


class NoSave(Fault):
    """Nothing is written any more, and whoever asks for a save is told that it was."""

    def saved(self, room: Room, content: Any) -> Any:
        if not self.due(room):
            return content
        self.strike(room)
        return None


class StopSavingMidway(NoSave):
    """Nothing is written any more once something was written after the fault's update."""

    def saved(self, room: Room, content: Any) -> Any:
        if self.struck(room):
            return None
        if self.due(room):
            self.strike(room)
        return content


class SaveLies(Fault):
    """Whoever asks for a save by hand is told that it was done, and nothing is; the server saves in pauses only."""

    def saves_by_hand(self, room: Room) -> bool:
        if not self.due(room):
            return True
        self.strike(room)
        return False


class SlowSave(Fault):
    """Saves come two seconds later than usual. Healthy, only slow."""

    save_takes = 2.0


class RefuseWrites(Fault):
    """Files can be read and not written through the contents API."""

    status = 403

    def answers_http(self, method: str, path: str, upgrade: bool) -> int | None:
        return self.status if "/api/contents" in path and method in ("PUT", "POST", "PATCH") else None


class FailWrites(RefuseWrites):
    """The same, with the server's own failure."""

    status = 500


class DiskFull(FailWrites):
    """No space is left: neither rooms nor the contents API can write, from the fault's update on (0: at once)."""

    full = False

    def answers_http(self, method: str, path: str, upgrade: bool) -> int | None:
        return super().answers_http(method, path, upgrade) if self.full or self.at == 0 else None

    def saved(self, room: Room, content: Any) -> Any:
        if self.due(room):
            self.full = True
            self.strike(room)
            raise OSError(errno.ENOSPC, "No space left on device")
        return content


class GrowMemory(Fault):
    """The process needs more and more memory, until it is 900 MB."""

    def applied(self, room: Room, connection: Connection, update: bytes) -> None:
        self.strike(room)
        self.memory = min(self.memory + 100_000_000, 900_000_000)
