"""Where two contents differ, for a person to read: nbdime's words for notebooks where it is installed, else our own.

Documents and files hold text of servers and of users; what could act on a terminal is written out.
"""

from __future__ import annotations

import io
from typing import Any

from jupyter_rtc_locust.documents.comparison import differences, readable_difference, sentence
from jupyter_rtc_locust.documents.kinds import DocumentKind
from jupyter_rtc_locust.verdict.neutralising import neutralised, neutralised_lines

_MOST_CELLS = 1000
"""nbdime takes too long for larger notebooks: its time grows with the square (measured: 1 s for 1,000 cells)."""
_MOST_CHARACTERS = 1_000_000


def described_difference(names: tuple[str, str], expected: Any, found: Any, kind: DocumentKind) -> str:
    """The difference as a text of several lines; empty where there is none.

    Both sides are in the form of the saved file (`file_form`): a notebook of format 4, or a text. `names` say what they
    are.
    """
    listed = differences(expected, found)
    if not listed:
        return ""
    head = [f"What differs between {names[0]} (-) and {names[1]} (+):", ""]
    head += [f"* {sentence(one, *names)}" for one in listed]
    body = _by_nbdime(names, expected, found) if kind == "notebook" else None
    lines = (body if body is not None else readable_difference(expected, found))[:_MOST_CHARACTERS]
    return "\n".join([*map(neutralised, head), "", neutralised_lines(lines)]) + "\n"


def _by_nbdime(names: tuple[str, str], expected: Any, found: Any) -> str | None:
    """nbdime's words; None: it is not installed, or cannot read one of them."""
    if any(len(one.get("cells", ())) > _MOST_CELLS for one in (expected, found) if isinstance(one, dict)):
        return None
    try:
        import nbformat
        from nbdime import diff_notebooks
        from nbdime.prettyprint import PrettyPrintConfig, pretty_print_notebook_diff
    except ImportError:
        return None
    try:
        old, new = (nbformat.from_dict(one) for one in (expected, found))  # type: ignore[no-untyped-call]
        shown = io.StringIO()
        # Neither git nor diff is called: what they are on another machine is not known.
        how = PrettyPrintConfig(out=shown, use_color=False, use_git=False, use_diff=False)
        pretty_print_notebook_diff(names[0], names[1], old, diff_notebooks(old, new), how)
    except Exception:
        # Notebooks that are none are what this is about; our own comparison reads everything.
        return None
    return shown.getvalue()
