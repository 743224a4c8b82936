"""How a code cell gets outputs, as if a kernel wrote them: printed text, displayed data, errors; and execution counts.

Printed text is appended to the stream that is there, character data in a shared Text; every other output is a value of
its own. A cell that has many outputs is cleared first, as running it again does.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pycrdt import Map, Text

from jupyter_rtc_locust.documents.cells import IDLE
from jupyter_rtc_locust.editing.cell_edits import insert_this_cell
from jupyter_rtc_locust.editing.choices import HOW_MUCH, WHICH_VALUE, Choice
from jupyter_rtc_locust.editing.edit import Edit
from jupyter_rtc_locust.editing.images import png_of
from jupyter_rtc_locust.editing.operations import AddOutput, Operation, RemoveOutputs, ReplaceText, SetEntry
from jupyter_rtc_locust.editing.situation import CODE, Situation, is_code, outputs_of

STREAMS = ("stdout", "stdout", "stdout", "stderr")
"""Where programs print: to stdout most."""

RUNNING = "running"
LARGEST_EXECUTION_COUNT = 1_000_000
"""Counts start anew beyond it; the shared document keeps numbers as floats, which are exact far beyond."""


def print_to_stream(situation: Situation) -> Edit:
    """Print the text of the choice: appended to the last output where that is the same stream, else a new output."""
    choice = situation.choice
    text = choice.text or "\n"
    stream = STREAMS[situation.fraction_of(WHICH_VALUE, len(STREAMS))]
    output = {"output_type": "stream", "name": stream, "text": text}
    index = situation.some_cell(is_code)
    if index is None:
        return insert_this_cell(situation, CODE, outputs=[output])
    outputs = outputs_of(situation.cells[index])
    last = len(outputs) - 1 if outputs is not None else -1
    printed = _printed(outputs[last], stream) if outputs is not None and last >= 0 else None
    if printed is None:
        return _add_output(situation, index, output, f"printed to {stream}")
    content = str(printed)
    if len(content) >= situation.limits.longest_stream:
        words = f"cleared the outputs and printed to {stream} below"
        return situation.edit_of_cell(index, words, RemoveOutputs(index), AddOutput(index, output))
    operation = ReplaceText(index, len(content.encode()), 0, text, output=last)
    return situation.edit_of_cell(index, f"printed more to {stream} below", operation)


def display_data(situation: Situation) -> Edit:
    """Display a picture, HTML or JSON below a code cell."""
    kind, data = DISPLAYS[situation.fraction_of(HOW_MUCH, len(DISPLAYS))]
    output = {"output_type": "display_data", "data": data(situation.choice), "metadata": {}}
    return _output(situation, output, f"displayed {kind}")


def raise_error(situation: Situation) -> Edit:
    """Show an error with its coloured traceback below a code cell."""
    text = situation.choice.text
    output = {
        "output_type": "error",
        "ename": "ValueError",
        "evalue": text,
        "traceback": [
            "\x1b[0;31m" + "-" * 60 + "\x1b[0m",
            f"Cell \x1b[0;32mIn[{situation.choice.number}], line 1\x1b[0m\n",
            f"\x1b[0;31mValueError\x1b[0m: {text}",
        ],
    }
    return _output(situation, output, "showed an error")


def clear_outputs(situation: Situation) -> Edit:
    """Clear the outputs of a cell that has any; where none has, print something, so that there is some to clear."""
    index = situation.some_cell(_has_outputs)
    if index is None:
        return _output(situation, {"output_type": "stream", "name": "stdout", "text": "ready\n"}, "printed to stdout")
    return situation.edit_of_cell(index, "cleared the outputs of", RemoveOutputs(index))


def set_execution_count(situation: Situation) -> Edit:
    """Give a code cell a higher execution count, and let it run and come to rest, as a quick execution does."""
    index = situation.some_cell(is_code)
    step = 1 + situation.fraction_of(WHICH_VALUE, 3)
    if index is None:
        return insert_this_cell(situation, CODE, source="1 + 1", execution_count=step)
    cell = situation.cells[index]
    present = cell.get("execution_count")
    known = isinstance(present, int | float) and 0 <= present < LARGEST_EXECUTION_COUNT
    count = (int(present) if known else 0) + step
    operations = [SetEntry(index, "execution_count", count)]
    # Documents of jupyter-ydoc 1 and 2 have no execution state, and get none from us.
    if cell.get("execution_state") is not None:
        operations.insert(0, SetEntry(index, "execution_state", RUNNING))
        operations.append(SetEntry(index, "execution_state", IDLE))
    return situation.edit_of_cell(index, f"set execution count {count} of", *operations)


def _output(situation: Situation, output: Mapping[str, Any], words: str) -> Edit:
    index = situation.some_cell(is_code)
    if index is None:
        return insert_this_cell(situation, CODE, outputs=[output])
    return _add_output(situation, index, output, words)


def _add_output(situation: Situation, index: int, output: Mapping[str, Any], words: str) -> Edit:
    outputs = outputs_of(situation.cells[index])
    operations: tuple[Operation, ...] = (AddOutput(index, output),)
    if outputs is not None and len(outputs) >= situation.limits.most_outputs:
        operations = (RemoveOutputs(index), *operations)
        words = f"cleared the outputs and {words}"
    return situation.edit_of_cell(index, f"{words} below", *operations)


def _printed(output: Any, stream: str) -> Text | None:
    """The text of an output that is this stream and can be appended to."""
    if not isinstance(output, Map) or output.get("output_type") != "stream" or output.get("name") != stream:
        return None
    text = output.get("text")
    return text if isinstance(text, Text) else None


def _has_outputs(cell: Map[Any]) -> bool:
    outputs = outputs_of(cell)
    return bool(outputs is not None and len(outputs) and is_code(cell))


def _picture(choice: Choice) -> dict[str, Any]:
    return {"image/png": png_of(choice.fractions[WHICH_VALUE]), "text/plain": f"<Figure: {choice.text}>"}


def _html(choice: Choice) -> dict[str, Any]:
    return {"text/html": f"<table>\n<tr><td>{choice.text}</td></tr>\n</table>", "text/plain": choice.text}


def _json(choice: Choice) -> dict[str, Any]:
    share = int(choice.fractions[WHICH_VALUE] * 1000) / 8
    value = {"words": choice.text, "edit": choice.number, "share": share, "list": [True, None, [], {}, [1, 2.5]]}
    return {"application/json": value, "text/plain": "<JSON>"}


DISPLAYS: tuple[tuple[str, Callable[[Choice], dict[str, Any]]], ...] = (
    ("a picture", _picture),
    ("HTML", _html),
    ("JSON", _json),
)
"""What is displayed, with what makes its data by MIME type."""
