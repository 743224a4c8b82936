"""Running a cell, as the tab that ran it writes its outputs, without a kernel.

Recorded, for a cell that prints 20 lines: `metadata.trusted` with `state.dirty`; `execution_state` running; the first
output, a Map with a Text; one insertion into that Text for each further message of the stream (19); the execution
count; `execution_state` idle. 24 updates, 814 B, and only the first marks the document dirty. Run again, the first
deletes the outputs and empties the count, too: 24 updates, 849 B.

The last two are transactions within one another in a tab, so that its update of the count holds the state as well,
and its update of the state says nothing new (38 B and 37 B; ours are 23 B and 37 B). A server passes on one of them,
where it passes on two of ours.

Two people who run one cell both write its outputs, as two tabs do. Not recorded, and assumed: an interrupt comes as an
error before the count, and a restart makes cells idle. Clearing outputs is what JupyterLab's `clearExecution` does, in
one update like the one with which a second run begins.
"""

import base64
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pycrdt import Map, Text

from jupyter_rtc_locust.documents.cells import IDLE
from jupyter_rtc_locust.editing.edit import Edit
from jupyter_rtc_locust.editing.gestures.step import ByHand, EditStep, Step
from jupyter_rtc_locust.editing.gestures.tab import Tab
from jupyter_rtc_locust.editing.operations import (
    AddOutput,
    Operation,
    RemoveOutputs,
    ReplaceText,
    SetEntry,
    SetMetadata,
    SetState,
)
from jupyter_rtc_locust.editing.output_edits import LARGEST_EXECUTION_COUNT, RUNNING
from jupyter_rtc_locust.editing.situation import CODE, entries_of, entry_of, outputs_of

if TYPE_CHECKING:
    from jupyter_rtc_locust.documents.replica import Replica

Make = Callable[["Replica", Tab], Edit | None]

SECONDS_TO_START = 0.06
"""From running to the first output, as recorded."""


@dataclass(frozen=True, slots=True)
class Printed:
    """Lines printed one by one, each a message of its own: `line 0`, `line 1`, and so on."""

    lines: int
    lines_a_second: float = 20.0
    line: str = "line {number}\n"
    stream: str = "stdout"

    @property
    def messages(self) -> int:
        """How many messages of the kernel it is."""
        return self.lines


@dataclass(frozen=True, slots=True)
class Displayed:
    """Rich data by MIME type, displayed in one message."""

    data: Mapping[str, Any]
    messages = 1

    @staticmethod
    def picture(size: int, seed: int = 0) -> "Displayed":
        """Return a picture whose base64 text has `size` bytes, the same for the same seed; no viewer can show it."""
        text = base64.b64encode(random.Random(seed).randbytes(size * 3 // 4 + 3)).decode()[:size]
        return Displayed({"image/png": text, "text/plain": "<Figure size 640x480 with 1 Axes>"})


@dataclass(frozen=True, slots=True)
class Raised:
    """An error with its traceback, after which nothing more comes."""

    name: str = "ZeroDivisionError"
    message: str = "division by zero"
    frames: int = 3
    messages = 1

    def output(self) -> dict[str, Any]:
        """Return it as in the notebook format, coloured as IPython does."""
        arrow = "\x1b[0;32m----> {line}\x1b[0m result \x1b[38;5;241m=\x1b[0m f(x)"
        frames = [
            f"Cell \x1b[0;32mIn[1], line {line}\x1b[0m\n" + arrow.format(line=line)
            for line in range(1, self.frames + 1)
        ]
        rule = "\x1b[0;31m" + "-" * 75 + "\x1b[0m"
        heading = f"\x1b[0;31m{self.name}\x1b[0m Traceback (most recent call last)"
        end = f"\x1b[0;31m{self.name}\x1b[0m: {self.message}"
        return {
            "output_type": "error",
            "ename": self.name,
            "evalue": self.message,
            "traceback": [rule, heading, *frames, end],
        }


Output = Printed | Displayed | Raised

INTERRUPTED = Raised("KeyboardInterrupt", "")
"""What a kernel sends when it is interrupted."""


@dataclass(frozen=True, slots=True)
class RunCell:
    """Run a code cell. It goes on by itself while the person does other things."""

    cell_id: str
    outputs: tuple[Output, ...] = (Printed(20),)
    interrupted_after: int | None = None
    """After so many messages of output somebody interrupts the kernel; None: nobody does."""

    in_background = True
    ends_runs = False

    def steps(self) -> Iterator[Step]:
        """Start, the outputs, the count, idle."""
        yield EditStep(self._start)
        yield EditStep(self._state(RUNNING))
        wait, messages = SECONDS_TO_START, 0
        for output in self.outputs:
            for message in range(output.messages):
                if messages == self.interrupted_after:
                    yield EditStep(self._add(INTERRUPTED.output(), "was interrupted below"), wait)
                    yield from self._end()
                    return
                pause = 1 / output.lines_a_second if isinstance(output, Printed) else 0.0
                yield EditStep(self._message(output, message), pause if message else wait)
                wait, messages = max(pause, SECONDS_TO_START), messages + 1
            if isinstance(output, Raised):
                break
        yield from self._end()

    def _end(self) -> Iterator[Step]:
        yield EditStep(self._count)
        yield EditStep(self._state(IDLE))

    def _start(self, replica: "Replica", tab: Tab) -> Edit | None:
        index = _code_cell(replica, tab, self.cell_id)
        if index is None:
            return None
        cell = replica.cells[index]
        operations = list(_cleared(cell, index))
        if not _is_trusted(cell):
            operations.append(SetMetadata(index, "trusted", value=True))
        words = f"started cell {self.cell_id}"
        if operations:
            return Edit("run_cell", words, tuple(operations), self.cell_id, index)
        # Only the mark: an edit without operations would be none.
        return Edit("run_cell", words, (SetState("dirty", value=True),), self.cell_id, index, marks_dirty=False)

    def _state(self, state: str) -> Make:
        return self._quietly(lambda index, _cell: (SetEntry(index, "execution_state", state),), f"{state}: cell")

    def _message(self, output: Output, number: int) -> Make:
        if isinstance(output, Printed):
            return self._printed(output.stream, output.line.format(number=number))
        if isinstance(output, Displayed):
            content = {"output_type": "display_data", "data": dict(output.data), "metadata": {}}
            return self._add(content, "displayed data below")
        return self._add(output.output(), "showed an error below")

    def _printed(self, stream: str, text: str) -> Make:
        def operations(index: int, cell: Map[Any]) -> tuple[Operation, ...]:
            outputs = outputs_of(cell)
            last = len(outputs) - 1 if outputs is not None else -1
            if outputs is not None and last >= 0:
                output = outputs[last]
                if isinstance(output, Map) and entry_of(output, "name") == stream:
                    printed = entry_of(output, "text")
                    if isinstance(printed, Text):
                        return (ReplaceText(index, len(printed), 0, text, output=last),)
            return (AddOutput(index, {"output_type": "stream", "name": stream, "text": text}),)

        return self._quietly(operations, f"printed to {stream} below")

    def _add(self, output: Mapping[str, Any], words: str) -> Make:
        return self._quietly(lambda index, _cell: (AddOutput(index, output),), words)

    def _count(self, replica: "Replica", tab: Tab) -> Edit | None:
        count = 1 + max((_count_of(cell) for cell in replica.cells), default=0)
        if count > LARGEST_EXECUTION_COUNT:
            count = 1
        make = self._quietly(lambda index, _cell: (SetEntry(index, "execution_count", count),), f"execution {count} of")
        return make(replica, tab)

    def _quietly(self, operations: Callable[[int, Map[Any]], tuple[Operation, ...]], words: str) -> Make:
        """An edit of the cell that does not mark the document dirty."""

        def make(replica: "Replica", tab: Tab) -> Edit | None:
            index = _code_cell(replica, tab, self.cell_id)
            if index is None:
                return None
            done = operations(index, replica.cells[index])
            return Edit("run_cell", f"{words} {self.cell_id}", done, self.cell_id, index, marks_dirty=False)

        return make


@dataclass(frozen=True, slots=True)
class ClearOutputs(ByHand):
    """Clear the outputs of a code cell: outputs and count, in one update, as the first of a run again."""

    cell_id: str

    def steps(self) -> Iterator[Step]:
        """One edit; nothing where there is nothing to clear."""
        yield EditStep(self._clear)

    def _clear(self, replica: "Replica", tab: Tab) -> Edit | None:
        index = _code_cell(replica, tab, self.cell_id)
        if index is None:
            return None
        cell = replica.cells[index]
        operations = list(_cleared(cell, index))
        if entry_of(cell, "execution_state") == RUNNING:
            operations.append(SetEntry(index, "execution_state", IDLE))
        if operations and not _is_trusted(cell):
            operations.append(SetMetadata(index, "trusted", value=True))
        words = f"cleared the outputs of cell {self.cell_id}"
        return Edit("clear_outputs", words, tuple(operations), self.cell_id, index)


@dataclass(frozen=True, slots=True)
class RestartKernel:
    """Restart the kernel: what runs in this tab ends without a further output, and cells that ran are idle."""

    in_background = False
    ends_runs = True

    def steps(self) -> Iterator[Step]:
        """One edit."""
        yield EditStep(self._restart)

    def _restart(self, replica: "Replica", _tab: Tab) -> Edit | None:
        operations = tuple(
            SetEntry(index, "execution_state", IDLE)
            for index, cell in enumerate(replica.cells)
            if entry_of(cell, "execution_state") == RUNNING
        )
        return Edit("restart_kernel", "restarted the kernel", operations, marks_dirty=False)


def _code_cell(replica: "Replica", tab: Tab, cell_id: str) -> int | None:
    index = tab.index_of(replica, cell_id)
    return index if index is not None and entry_of(replica.cells[index], "cell_type") == CODE else None


def _cleared(cell: Map[Any], index: int) -> Iterator[Operation]:
    """What empties a cell that ran, as far as there is something to empty."""
    if entry_of(cell, "execution_count") is not None:
        yield SetEntry(index, "execution_count", None)
    outputs = outputs_of(cell)
    if outputs is not None and len(outputs):
        yield RemoveOutputs(index)


def _is_trusted(cell: Map[Any]) -> bool:
    return bool(entries_of(entry_of(cell, "metadata")).get("trusted"))


def _count_of(cell: Map[Any]) -> int:
    count = entry_of(cell, "execution_count")
    return int(count) if isinstance(count, int | float) and 0 <= count < LARGEST_EXECUTION_COUNT else 0
