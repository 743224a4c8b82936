"""What is not a difference: the things that a healthy stack does to a document on its way to disk and back.

Three comparisons (document and saved file, template and first snapshot, before and after a room is rebuilt) each have
their own tuple of rules; a rule is one function that tells its reason. A rule sees both sides and removes from them,
in place, exactly what it forgives. Whatever it does not recognise stays, and is a difference. The fourth comparison,
of replicas among themselves, forgives nothing: there is no rule for it, and it goes through `canonical.same`.

What can be forgiven by looking at one side alone (`metadata.trusted`, `execution_state`, whole numbers, ...) is in
`file_form`. Sources: jupyter-ydoc 4.2, jupyter-server-ydoc 3.0
and nbformat 5.10, measured on a running server where not said otherwise.
"""

from collections.abc import Callable, Collection, Iterator
from difflib import SequenceMatcher
from typing import Any

from jupyter_rtc_locust.documents.canonical import Content, content_digest, same
from jupyter_rtc_locust.documents.comparison import Difference, differences
from jupyter_rtc_locust.documents.conversion import to_nbformat_4
from jupyter_rtc_locust.documents.file_form import (
    Notebook,
    as_saved,
    cells_of,
    in_form,
    read_saved,
    without_execution_state,
)
from jupyter_rtc_locust.documents.kinds import DocumentKind

DEFAULT_METADATA: dict[str, dict[str, str]] = {
    "kernelspec": {"name": "", "display_name": ""},
    "language_info": {"name": ""},
}
"""What jupyter-ydoc writes into the metadata of a notebook that lacks these entries."""

EMPTY_CELL: dict[str, Any] = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": ""}
"""The cell that jupyter-ydoc puts into a notebook without cells, apart from its id."""


def defaults_added(expected: Notebook, found: Notebook) -> None:
    """Forgive an empty `kernelspec` and `language_info` where there was none: jupyter-ydoc adds them when it loads."""
    old, new = expected.get("metadata"), found.get("metadata")
    if isinstance(old, dict) and isinstance(new, dict):
        for name, default in DEFAULT_METADATA.items():
            if name not in old and same(new.get(name), default):
                del new[name]


def empty_cell_added(expected: Notebook, found: Notebook) -> None:
    """Forgive one empty code cell in a notebook that had no cell: jupyter-ydoc gives the person a place to type."""
    cells = cells_of(found)
    if expected.get("cells") == [] and [_without_id(cell) for cell in cells] == [EMPTY_CELL]:
        found["cells"].remove(cells[0])


def ids_added(expected: Notebook, found: Notebook) -> None:
    """Forgive an id at a cell that had none: nbformat or jupyter-ydoc draws one when it loads. It must be unique."""
    taken = _ids(expected) + _ids(found)
    for old, new in _counterparts(expected, found):
        if "id" not in old and _is_fresh(new.get("id"), taken):
            del new["id"]


def duplicate_ids_renamed(expected: Notebook, found: Notebook) -> None:
    """Forgive a new, unique id at the second and later cells of one id: nbformat renames them when it loads."""
    taken = _ids(expected) + _ids(found)
    seen = set()
    for old, new in _counterparts(expected, found):
        if old.get("id") in seen and _is_fresh(new.get("id"), taken):
            new["id"] = old["id"]
        seen.add(old.get("id"))


def differing_copies_renamed(expected: Notebook, found: Notebook, copies: Collection[str]) -> None:
    """
    Forgive a new, unique id at the second and later cells of an id in `copies`.

    Two people who move one cell at the same time leave it twice; jupyter-ydoc gives a copy that differs from the first
    a new id when it saves. What it compares holds `trusted` too, so that copies which look alike here may be renamed
    as well.
    """
    taken = _ids(expected) + _ids(found)
    fresh = [cell for cell in cells_of(found) if _is_fresh(cell.get("id"), taken)]
    for group in _groups(expected, copies):
        for copy in group[1:]:
            if _count(copy, expected) > _count(copy, found):
                for cell in fresh:
                    if same(_without_id(cell), _without_id(copy)):
                        cell["id"] = copy["id"]
                        fresh.remove(cell)
                        break


def identical_copies_left_out(expected: Notebook, found: Notebook, copies: Collection[str]) -> None:
    """
    Forgive that copies of a cell whose id is in `copies`, equal to the first in all they hold, are missing.

    jupyter-ydoc saves one of them. At least one must be there, and more than expected are a difference.
    """
    for group in _groups(expected, copies):
        alike = [copy for copy in group[1:] if same(copy, group[0])]
        present = _count(group[0], found)
        missing = 1 + len(alike) - present
        if present:
            gone = {id(copy) for copy in alike[max(0, len(alike) - missing) :]} if missing > 0 else set()
            expected["cells"] = [cell for cell in expected["cells"] if id(cell) not in gone]


def crlf_made_lf(text: str) -> str:
    """Forgive line ends of Windows in text files: jupyter-server-ydoc makes them line feeds when it loads."""
    return text.replace("\r\n", "\n")


PairRule = Callable[[Notebook, Notebook], None]
CopyRule = Callable[[Notebook, Notebook, Collection[str]], None]

DOCUMENT_AND_FILE: tuple[CopyRule, ...] = (differing_copies_renamed, identical_copies_left_out)
"""Document and saved file, both in the form of `file_form`: only copies that every replica holds are forgiven."""

TEMPLATE_AND_FIRST_SNAPSHOT: tuple[PairRule, ...] = (
    empty_cell_added,
    defaults_added,
    ids_added,
    duplicate_ids_renamed,
)
"""Template, converted to format 4 where it is older, and the first content that a room shows."""

BEFORE_AND_AFTER_REBUILD: tuple[PairRule, ...] = (empty_cell_added, defaults_added)
"""
A room and its successor, made from the file: what the file forgives, and what loading adds where people removed it.
"""


def saved_file_differences(
    content: Content, saved: Any, kind: DocumentKind, copies_allowed: Collection[str] = (), limit: int = 20
) -> list[Difference]:
    """
    Return where the saved file is not what a correct server would have written for this content.

    `saved` is a notebook's parsed JSON, the `content` of a contents API model, or a text. `copies_allowed` are the ids
    of cells that stand more than once in every replica, the oracle's too. Raises ValueError where `saved` is neither.
    """
    return _with_copies(as_saved(content, kind), read_saved(saved, kind), copies_allowed, (), limit)


def first_snapshot_differences(
    template: Notebook | str, content: Content, kind: DocumentKind, limit: int = 20
) -> list[Difference]:
    """
    Return where the first content of a room is not what a correct server makes of the file it was loaded from.

    `template` is the file: a notebook's parsed JSON of format 3 or 4, or a text. Raises ValueError where it is neither.
    """
    if kind == "text":
        return differences(crlf_made_lf(_text(read_saved(template, kind))), as_saved(content, kind), limit)
    if not isinstance(template, dict):
        raise ValueError(f"the template of a notebook must be a JSON object, and is a {type(template).__name__}")
    expected = _notebook(read_saved(to_nbformat_4(template), kind))
    in_form(expected, (without_execution_state,))
    found = _notebook(as_saved(content, kind))
    for rule in TEMPLATE_AND_FIRST_SNAPSHOT:
        rule(expected, found)
    return differences(expected, found, limit)


def rebuilt_differences(
    before: Content, after: Content, kind: DocumentKind, copies_allowed: Collection[str] = (), limit: int = 20
) -> list[Difference]:
    """Return where a room that was made anew from its file differs from what it held before."""
    expected, found = as_saved(before, kind), as_saved(after, kind)
    return _with_copies(expected, found, copies_allowed, BEFORE_AND_AFTER_REBUILD, limit)


def _with_copies(
    expected: Notebook | str, found: Notebook | str, copies: Collection[str], rules: tuple[PairRule, ...], limit: int
) -> list[Difference]:
    if isinstance(expected, dict) and isinstance(found, dict):
        for copy_rule in DOCUMENT_AND_FILE:
            copy_rule(expected, found, copies)
        for rule in rules:
            rule(expected, found)
    return differences(expected, found, limit)


def _counterparts(expected: Notebook, found: Notebook) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """
    Pair cells that belong together: by place where there are equally many, else by what they hold apart from the id.
    """
    old, new = cells_of(expected), cells_of(found)
    if len(old) == len(new):
        yield from zip(old, new, strict=True)
        return
    old_keys = [content_digest(_without_id(cell)) for cell in old]
    new_keys = [content_digest(_without_id(cell)) for cell in new]
    for block in SequenceMatcher(None, old_keys, new_keys, autojunk=False).get_matching_blocks():
        yield from zip(old[block.a : block.a + block.size], new[block.b : block.b + block.size], strict=True)


def _groups(notebook: Notebook, ids: Collection[str]) -> list[list[dict[str, Any]]]:
    """Return, for each of the ids that stands more than once, its cells in the order in which they stand."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for cell in cells_of(notebook):
        if isinstance(cell.get("id"), str) and cell["id"] in ids:
            groups.setdefault(cell["id"], []).append(cell)
    return [group for group in groups.values() if len(group) > 1]


def _ids(notebook: Notebook) -> list[Any]:
    return [cell["id"] for cell in cells_of(notebook) if "id" in cell]


def _is_fresh(identifier: Any, taken: list[Any]) -> bool:
    return isinstance(identifier, str) and bool(identifier) and taken.count(identifier) == 1


def _count(wanted: dict[str, Any], notebook: Notebook) -> int:
    return sum(same(cell, wanted) for cell in cells_of(notebook))


def _without_id(cell: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in cell.items() if key != "id"}


def _notebook(saved: Notebook | str) -> Notebook:
    assert isinstance(saved, dict)
    return saved


def _text(saved: Notebook | str) -> str:
    assert isinstance(saved, str)
    return saved
