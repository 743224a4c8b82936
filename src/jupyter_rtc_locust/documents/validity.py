"""Whether a document, once saved, is a notebook that others can open.

nbformat's own `validate` repairs what it is given and warns while it does; here it only ever sees copies, and its
errors are asked for one by one. Knows nothing about who made the document what it is.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any

from jupyter_rtc_locust.documents.canonical import Content
from jupyter_rtc_locust.documents.cell_ids import with_unique_ids
from jupyter_rtc_locust.documents.conversion import to_nbformat_4
from jupyter_rtc_locust.documents.file_form import Notebook, as_saved, cells_of, in_form, without_ids_before_4_5
from jupyter_rtc_locust.documents.kinds import DocumentKind

MOST_MESSAGES = 5
MOST_CHARACTERS = 300


def malformations(content: Content, kind: DocumentKind, known_copies: Collection[str] = frozenset()) -> list[str]:
    """
    Return what is wrong with a document, one sentence each; an empty list for a sound one, and for every text file.

    Checked are the ids of the raw cells, which must be unique but for `known_copies` (copies that the oracle holds
    too), and the schema of the notebook's own format for the form that the file would have. At most 5 sentences about
    the schema, of at most 300 characters each. The content is not modified.
    """
    if kind == "text":
        return []
    saved = as_saved(content, kind)
    assert isinstance(saved, dict)
    return [*_repeated_ids(content, known_copies), *schema_errors(saved)]


def template_malformations(notebook: Notebook) -> list[str]:
    """
    Return what is wrong with a notebook as it stands on disk, of format 3 or 4, beyond what every server repairs.

    Missing and repeated cell ids are repaired on loading and are not wrong here.
    """
    try:
        converted = with_unique_ids(to_nbformat_4(notebook))
    except ValueError as error:
        return [str(error)]
    return schema_errors(in_form(converted, (without_ids_before_4_5,)))


def schema_errors(notebook: Notebook) -> list[str]:
    """
    Return the first errors of a notebook in the form of a file against the schema of its own format, as sentences.
    """
    # Not at the top: beside a Jupyter server this import takes 1.3 s and more, and workers never need it.
    from nbformat.validator import iter_validate

    major, minor = notebook.get("nbformat"), notebook.get("nbformat_minor")
    if not isinstance(major, int) or not isinstance(minor, int) or major != 4 or minor < 0:
        return [f"the notebook has format {major!r}.{minor!r}, and only format 4 can be saved"]
    try:
        errors = iter_validate(notebook, version=major, version_minor=minor)  # type: ignore[no-untyped-call]
        return [_described(error) for error in islice(errors, MOST_MESSAGES)]
    except Exception as error:
        return [f"the notebook cannot be validated: {type(error).__name__}: {str(error)[:MOST_CHARACTERS]}"]


def _repeated_ids(content: Content, known_copies: Collection[str]) -> Iterator[str]:
    counts = Counter(cell["id"] for cell in cells_of(content) if isinstance(cell.get("id"), str))
    for identifier, count in counts.items():
        if count > 1 and identifier not in known_copies:
            yield f"{count} cells have the id {identifier[:100]!r}, which must be unique"


def _described(error: Any) -> str:
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path).lstrip(".")
    message = " ".join(str(error.message).split())
    if len(message) > MOST_CHARACTERS:
        message = f"{message[:MOST_CHARACTERS]}…"
    return f"{path or 'the notebook'}: {message}"
