"""Running a cell, as the tab that ran it writes its outputs (`cell_runs.py`), and what it writes without a kernel.

With `--rtc-kernels real` a kernel is asked instead, and says what is written and when (`users/kernel.py`).

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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_rtc_locust.documents.cells import IDLE
from jupyter_rtc_locust.editing.edit import Edit
from jupyter_rtc_locust.editing.gestures.cell_runs import CellRun, Make
from jupyter_rtc_locust.editing.gestures.step import BeginStep, ByHand, EditStep, Step
from jupyter_rtc_locust.editing.gestures.tab import Tab
from jupyter_rtc_locust.editing.gestures.typing import Paste, TypeText
from jupyter_rtc_locust.editing.operations import SetEntry
from jupyter_rtc_locust.editing.output_edits import RUNNING

if TYPE_CHECKING:
    from jupyter_rtc_locust.documents.replica import Replica

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
        run = CellRun(self.cell_id)
        yield EditStep(run.start)
        yield EditStep(run.state(RUNNING))
        wait, messages = SECONDS_TO_START, 0
        for output in self.outputs:
            for message in range(output.messages):
                if messages == self.interrupted_after:
                    yield EditStep(run.added(INTERRUPTED.output(), "was interrupted below"), wait)
                    yield from self._end()
                    return
                pause = 1 / output.lines_a_second if isinstance(output, Printed) else 0.0
                yield EditStep(self._message(output, message), pause if message else wait)
                wait, messages = max(pause, SECONDS_TO_START), messages + 1
            if isinstance(output, Raised):
                break
        yield from self._end()

    def _end(self) -> Iterator[Step]:
        run = CellRun(self.cell_id)
        yield EditStep(run.counted_on)
        yield EditStep(run.state(IDLE))

    def _message(self, output: Output, number: int) -> Make:
        run = CellRun(self.cell_id)
        if isinstance(output, Printed):
            return run.printed(output.stream, output.line.format(number=number))
        if isinstance(output, Displayed):
            content = {"output_type": "display_data", "data": dict(output.data), "metadata": {}}
            return run.added(content, "displayed data below")
        return run.added(output.output(), "showed an error below")


@dataclass(frozen=True, slots=True)
class RunCode(ByHand):
    """Put code into a cell, in place of what is there, and run the cell: what a profile has run must be known to it."""

    cell_id: str
    code: str
    outputs: tuple[Output, ...] = (Printed(20),)
    """What is printed without a kernel; with one, the code itself says it."""
    typed: bool = False
    """Key by key, after all that was there is deleted; else pasted over it."""

    def steps(self) -> Iterator[Step]:
        """As pasting, or typing, and then the run begins, which goes on by itself."""
        first = self.code[:1] if self.typed else self.code
        yield from Paste(self.cell_id, first, over_everything=True).steps()
        if self.typed:
            yield from TypeText(self.cell_id, self.code[1:]).steps()
        yield BeginStep(RunCell(self.cell_id, self.outputs))


@dataclass(frozen=True, slots=True)
class ClearOutputs(ByHand):
    """Clear the outputs of a code cell: outputs and count, in one update, as the first of a run again."""

    cell_id: str

    def steps(self) -> Iterator[Step]:
        """One edit; nothing where there is nothing to clear."""
        yield EditStep(CellRun(self.cell_id).clear)


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
            if cell.get("execution_state") == RUNNING
        )
        return Edit("restart_kernel", "restarted the kernel", operations, marks_dirty=False)
