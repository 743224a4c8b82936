"""The kinds of edit there are, by name. What each does is in the module named beside it; how often, in weights.py."""

from enum import StrEnum


class EditKind(StrEnum):
    """
    A kind of edit. Every part of a notebook is written by at least one kind, because what nobody edits nobody checks.

    The value is the name that stands in weights, reports and a locustfile's own choices.
    """

    # text_edits.py
    INSERT_LETTERS = "insert_letters"
    INSERT_SCRIPTS = "insert_scripts"
    INSERT_EMOJI = "insert_emoji"
    INSERT_COMBINING_MARKS = "insert_combining_marks"
    INSERT_TAB = "insert_tab"
    INSERT_TRAILING_BLANK = "insert_trailing_blank"
    INSERT_NEWLINE = "insert_newline"
    PASTE = "paste"
    DELETE_TEXT = "delete_text"
    SET_SOURCE = "set_source"
    # cell_edits.py
    INSERT_CELL = "insert_cell"
    DELETE_CELL = "delete_cell"
    MOVE_CELL = "move_cell"
    DUPLICATE_CELL = "duplicate_cell"
    CHANGE_CELL_TYPE = "change_cell_type"
    # metadata_edits.py
    SET_CELL_METADATA = "set_cell_metadata"
    SET_NOTEBOOK_METADATA = "set_notebook_metadata"
    SET_TAGS = "set_tags"
    # output_edits.py
    OUTPUT_STREAM = "output_stream"
    OUTPUT_DISPLAY_DATA = "output_display_data"
    OUTPUT_ERROR = "output_error"
    CLEAR_OUTPUTS = "clear_outputs"
    SET_EXECUTION_COUNT = "set_execution_count"
    # attachment_edits.py
    ATTACH_IMAGE = "attach_image"


TEXT_KINDS = frozenset(
    {
        EditKind.INSERT_LETTERS,
        EditKind.INSERT_SCRIPTS,
        EditKind.INSERT_EMOJI,
        EditKind.INSERT_COMBINING_MARKS,
        EditKind.INSERT_TAB,
        EditKind.INSERT_TRAILING_BLANK,
        EditKind.INSERT_NEWLINE,
        EditKind.PASTE,
        EditKind.DELETE_TEXT,
        EditKind.SET_SOURCE,
    }
)
"""The kinds that a text file can take too; all others need a notebook."""


def edit_kind(name: str) -> EditKind:
    """Return the kind of this name. Raises ValueError, with the names there are, for any other."""
    try:
        return EditKind(name)
    except ValueError:
        raise ValueError(f"there is no kind of edit {name!r}: use one of {', '.join(EditKind)}") from None
