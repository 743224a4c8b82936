"""From a choice to an edit: which function resolves which kind, in one table.

`make_edit` runs within the transaction that the edit will be applied in:

    update = replica.edit(lambda replica: make_edit(choice, replica).apply(replica))

A kind that the document cannot take as it stands is resolved to the nearest edit that leaves the same thing behind: an
output where no code cell is becomes a code cell that has this output. No edit is silently dropped.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from jupyter_rtc_locust.editing.attachment_edits import attach_image
from jupyter_rtc_locust.editing.cell_edits import change_cell_type, delete_cell, duplicate_cell, insert_cell, move_cell
from jupyter_rtc_locust.editing.choices import Choice
from jupyter_rtc_locust.editing.edit import Edit
from jupyter_rtc_locust.editing.kinds import TEXT_KINDS, EditKind
from jupyter_rtc_locust.editing.limits import DEFAULT_LIMITS, Limits
from jupyter_rtc_locust.editing.metadata_edits import set_cell_metadata, set_notebook_metadata, set_tags
from jupyter_rtc_locust.editing.output_edits import (
    clear_outputs,
    display_data,
    print_to_stream,
    raise_error,
    set_execution_count,
)
from jupyter_rtc_locust.editing.situation import Situation
from jupyter_rtc_locust.editing.text_edits import delete_text, paste, set_source, type_text, type_trailing_blank

if TYPE_CHECKING:
    from jupyter_rtc_locust.documents.replica import Replica
    from jupyter_rtc_locust.editing.recent_edits import RecentEdits

RESOLVERS: Mapping[EditKind, Callable[[Situation], Edit]] = {
    EditKind.INSERT_LETTERS: type_text,
    EditKind.INSERT_SCRIPTS: type_text,
    EditKind.INSERT_EMOJI: type_text,
    EditKind.INSERT_COMBINING_MARKS: type_text,
    EditKind.INSERT_TAB: type_text,
    EditKind.INSERT_TRAILING_BLANK: type_trailing_blank,
    EditKind.INSERT_NEWLINE: type_text,
    EditKind.PASTE: paste,
    EditKind.DELETE_TEXT: delete_text,
    EditKind.SET_SOURCE: set_source,
    EditKind.INSERT_CELL: insert_cell,
    EditKind.DELETE_CELL: delete_cell,
    EditKind.MOVE_CELL: move_cell,
    EditKind.DUPLICATE_CELL: duplicate_cell,
    EditKind.CHANGE_CELL_TYPE: change_cell_type,
    EditKind.SET_CELL_METADATA: set_cell_metadata,
    EditKind.SET_NOTEBOOK_METADATA: set_notebook_metadata,
    EditKind.SET_TAGS: set_tags,
    EditKind.OUTPUT_STREAM: print_to_stream,
    EditKind.OUTPUT_DISPLAY_DATA: display_data,
    EditKind.OUTPUT_ERROR: raise_error,
    EditKind.CLEAR_OUTPUTS: clear_outputs,
    EditKind.SET_EXECUTION_COUNT: set_execution_count,
    EditKind.ATTACH_IMAGE: attach_image,
}
"""How each kind is resolved."""


def make_edit(
    choice: Choice,
    replica: "Replica",
    *,
    user_index: int = 0,
    recent: "RecentEdits | None" = None,
    now: float = 0.0,
    limits: Limits = DEFAULT_LIMITS,
) -> Edit:
    """
    Resolve a choice against the document as this replica holds it now. Writes nothing; the edit's `apply` does.

    `recent` are the edits of all users of this document, `now` is in seconds on the clock they were noted with; both
    matter only where the choice meets others.

    Raises ValueError where a text file is to take a kind that needs a notebook: choose with TEXT_WEIGHTS there.
    """
    if replica.kind == "text" and choice.kind not in TEXT_KINDS:
        raise ValueError(
            f"{choice.kind} needs a notebook, and this document is a text file: choose with TEXT_WEIGHTS, "
            f"or one of {', '.join(sorted(TEXT_KINDS))}"
        )
    others = recent.others(user_index, now) if choice.meets_others and recent is not None else ()
    return RESOLVERS[choice.kind](Situation(choice, replica, others, limits))
