"""How large a document may grow under simulated users, as data.

A swarm that only adds measures a different document each minute, and one that deletes freely ends with nothing to edit.
At a limit an edit keeps its kind (every kind has to occur) and makes room in the same transaction: who types into a
cell that is full types over a stretch of it, who inserts a cell into a full notebook removes another one.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """
    The sizes at which edits start to make room, or, for `least_cells`, start to refill.

    They steer, they do not clip: a template that is larger stays so and shrinks edit by edit, and people who edit at
    once may pass a limit by the number of them.
    """

    most_cells: int = 40
    """From this number of cells on, inserting or duplicating one removes another."""

    least_cells: int = 4
    """Down to this number of cells, deleting one puts a new one in, as JupyterLab does when the last cell goes."""

    longest_cell: int = 4_000
    """Code points. Beyond, whatever is typed or pasted into a cell replaces a stretch of it."""

    longest_file: int = 20_000
    """Code points. The same for a text file."""

    longest_stream: int = 4_000
    """Code points. Beyond, printing to the stream clears the outputs first, as running a cell again does."""

    most_outputs: int = 6
    """From this number of outputs on, a new output clears the others first."""

    most_tags: int = 5
    """From this number of tags on, a new tag takes the place of the oldest."""

    most_attachments: int = 3
    """From this number of attachments on, a new one takes the place of another."""


DEFAULT_LIMITS = Limits()
"""Room for forty cells: a notebook that is long for people, and cheap enough to compare at the end."""
