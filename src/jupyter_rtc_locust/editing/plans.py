"""A plan: what the users of a run did, one edit a line, in a form that outlives the run and can be done again.

The first line is the header, every other line an edit of one user: when it was due, in which document, and its
operations with places that hold in any document (planned_operations.py). Lines of one user stand in the order in which
the user made them; how lines of different users follow each other says nothing. docs/use.md describes the form.

The digest of a plan is one of what was done by whom in which order, and says nothing of when, nor of where in the
document a cell stood just then: so a plan that is played again has the digest of the plan. It is made while edits are
made, each process its part, and put together at the end.

Knows nothing of files, compression or clocks.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from hashlib import blake2b
from typing import Any

from jupyter_rtc_locust.editing.edit import Edit
from jupyter_rtc_locust.editing.operations import (
    AddOutput,
    PutCell,
    RemoveCell,
    RemoveMetadata,
    RemoveOutputs,
    ReplaceText,
    SetEntry,
    SetMetadata,
    SetState,
)
from jupyter_rtc_locust.editing.planned_operations import Placeable, PlannedOperation, index_of

SCHEMA = 1
"""The version of the form. It stays while fields are only added."""

_HEADER = "jupyter-rtc-locust plan"
_DO: Mapping[str, type[Placeable]] = {
    "replace_text": ReplaceText,
    "put_cell": PutCell,
    "remove_cell": RemoveCell,
    "set_entry": SetEntry,
    "set_metadata": SetMetadata,
    "remove_metadata": RemoveMetadata,
    "add_output": AddOutput,
    "remove_outputs": RemoveOutputs,
    "set_state": SetState,
}
_NAMES = {operation: name for name, operation in _DO.items()}
_VALUES = {
    operation: tuple(
        one.name
        for one in fields(operation)
        if one.name not in ("cell", "index", "removed") or (operation is PutCell and one.name == "cell")
    )
    for operation in _DO.values()
}
"""What an operation carries beside its place."""

_string = json.encoder.encode_basestring
_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


class PlanError(ValueError):
    """Lines that are no plan; its text is a sentence that says which line, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class PlannedDocument:
    """A document as it was before the first edit."""

    kind: str
    cells: tuple[str, ...] = ()
    """The ids of its cells, in order."""
    content: str = ""
    """A digest of types and sources of its cells, or of its text."""

    @staticmethod
    def of(kind: str, content: Mapping[str, Any]) -> "PlannedDocument":
        """Return a document with this content, as `documents/canonical.py` reads it."""
        cells = [one for one in content.get("cells") or () if isinstance(one, Mapping)]
        held = (
            [[one.get("cell_type"), one.get("source")] for one in cells]
            if kind == "notebook"
            else [str(content.get("source", ""))]
        )
        digest = blake2b(_canonical(held).encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()
        return PlannedDocument(kind, tuple(str(one.get("id", "")) for one in cells), digest)

    def names_in(self, other: "PlannedDocument") -> dict[str, str]:
        """Return what this document's cells are called in another one with the same content, where names differ.

        Servers give ids to the cells of a notebook that has none in its file, others each time. Nothing where the
        content is another: then there is no telling which cell is meant.
        """
        if self.content != other.content or len(self.cells) != len(other.cells):
            return {}
        return {old: new for old, new in zip(self.cells, other.cells, strict=True) if old != new}


@dataclass(frozen=True, slots=True)
class PlanHeader:
    """What a plan is one of."""

    seed: int
    users: int
    """How many users a run needs in which the plan can be done."""
    documents: tuple[PlannedDocument, ...]
    """Each document as it was before the first edit, in order."""
    locustfile: str = ""
    complete: bool = True
    """Whether every edit of the run stands in it."""


@dataclass(frozen=True, slots=True)
class PlannedEdit:
    """One edit of one user, as it was made."""

    user: int
    incarnation: int
    """How often the user had opened the document before."""
    number: int
    """Grows from edit to edit of an incarnation."""
    at: float
    """When it was due, in seconds since the start of the run."""
    document: int
    kind: str
    description: str
    cell_id: str | None
    operations: tuple[PlannedOperation, ...]
    marks_dirty: bool = True

    def named(self, names: Mapping[str, str]) -> "PlannedEdit":
        """Return it with other names for cells: the same edit of a document whose cells have other ids."""
        if not names:
            return self
        cell_id = names.get(self.cell_id, self.cell_id) if self.cell_id is not None else None
        return replace(self, cell_id=cell_id, operations=tuple(_named(one, names) for one in self.operations))

    def edit(self, operations: tuple[Placeable, ...]) -> Edit:
        """Return it as an edit with these operations, resolved against a document."""
        return Edit(self.kind, self.description, operations, self.cell_id, None, self.marks_dirty)


@dataclass(frozen=True, slots=True)
class Segment:
    """What one process knows of the edits of one incarnation of a user: how many, and their digest."""

    user: int
    incarnation: int
    edits: int
    digest: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan that was read."""

    header: PlanHeader
    edits: Mapping[int, Sequence[PlannedEdit]]
    """By user, in the order in which they are to be made."""
    digest: str
    count: int
    """Edits of all users."""
    duration: float
    """When the last one is due, in seconds since the start of the run."""


class PlanDigests:
    """The digests of what users did, made edit by edit in the order in which each of them did it."""

    def __init__(self) -> None:
        self._of: dict[tuple[int, int], tuple[int, Any]] = {}

    def note(self, edit: PlannedEdit, operations: str) -> None:
        """An edit was made; `operations` are its, as `operations_json` writes them."""
        key = edit.user, edit.incarnation
        count, digest = self._of.get(key) or (0, blake2b(digest_size=16))
        dirty = "dirty" if edit.marks_dirty else "quiet"
        digest.update(
            f"{edit.number} {edit.document} {edit.kind} {dirty} {operations}\n".encode("utf-8", "backslashreplace")
        )
        self._of[key] = count + 1, digest

    def segments(self) -> list[Segment]:
        """One for each incarnation that did anything."""
        return [Segment(*key, count, digest.hexdigest()) for key, (count, digest) in sorted(self._of.items())]


def digest_of(segments: Iterable[Segment]) -> str:
    """Put the digests of all processes together: 32 hexadecimal digits, whatever the number of processes."""
    ordered = sorted((one.user, one.incarnation, one.edits, one.digest) for one in segments)
    return blake2b(json.dumps(ordered).encode(), digest_size=16).hexdigest()


def header_line(header: PlanHeader) -> str:
    """Return the first line of a plan."""
    told = {
        "plan": _HEADER,
        "schema": SCHEMA,
        "seed": header.seed,
        "users": header.users,
        "documents": [asdict(one) for one in header.documents],
        "locustfile": header.locustfile,
        "complete": header.complete,
    }
    return json.dumps(told, ensure_ascii=False) + "\n"


def operations_json(operations: Iterable[PlannedOperation]) -> str:
    """Return the operations of an edit as JSON, the same for the same operations."""
    return _canonical([_operation_as_data(one) for one in operations])


def edit_line(edit: PlannedEdit, operations: str, *, skipped: bool = False) -> str:
    """Return the line of an edit; `operations` are its, as `operations_json` writes them."""
    near = ",".join(["null" if (index := index_of(one.operation)) is None else str(index) for one in edit.operations])
    left_out = ',"skipped":true' if skipped else ""
    # Put together by hand, as `_canonical` would: a third of its time.
    return (
        f'{{"at":{edit.at!r},"cell":{"null" if edit.cell_id is None else _string(edit.cell_id)},'
        f'"description":{_string(edit.description)},"document":{edit.document},"incarnation":{edit.incarnation},'
        f'"kind":{_string(edit.kind)},"marks_dirty":{"true" if edit.marks_dirty else "false"},"near":[{near}],'
        f'"number":{edit.number}{left_out},"user":{edit.user},"operations":{operations}}}\n'
    )


def read_plan(lines: Iterable[str]) -> Plan:
    """Read a plan.

    Raises PlanError with a sentence that names the line.
    """
    numbered = enumerate(lines, start=1)
    _, first = next(numbered, (1, ""))
    header = _read_header(first)
    digests = PlanDigests()
    edits: dict[int, list[PlannedEdit]] = {}
    for number, line in numbered:
        if line.strip():
            edit = _read_edit(line, number, header)
            edits.setdefault(edit.user, []).append(edit)
    for made in edits.values():
        made.sort(key=lambda one: (one.incarnation, one.number))
        for edit in made:
            digests.note(edit, operations_json(edit.operations))
    every = [edit for made in edits.values() for edit in made]
    return Plan(
        header,
        edits,
        digest_of(digests.segments()),
        len(every),
        max((edit.at for edit in every), default=0.0),
    )


def _named(planned: PlannedOperation, names: Mapping[str, str]) -> PlannedOperation:
    operation, cell_id = planned.operation, planned.cell_id
    if isinstance(operation, PutCell) and operation.cell.get("id") in names:
        # What is moved is put under the id that it had.
        operation = replace(operation, cell={**operation.cell, "id": names[operation.cell["id"]]})
    return replace(planned, operation=operation, cell_id=None if cell_id is None else names.get(cell_id, cell_id))


def _operation_as_data(planned: PlannedOperation) -> dict[str, Any]:
    operation = planned.operation
    kind = type(operation)
    told: dict[str, Any] = {"do": _NAMES[kind]}
    if kind is not SetState:
        told["after" if kind is PutCell else "at_cell"] = planned.cell_id
    if kind is ReplaceText:
        told["removed"] = planned.removed
    for name in _VALUES[kind]:
        value = getattr(operation, name)
        told[name] = dict(value) if isinstance(value, Mapping) else value
    return told


def _operation_of(data: Mapping[str, Any], near: int | None) -> PlannedOperation:
    kind = _DO[data["do"]]
    values = {name: data[name] for name in _VALUES[kind]}
    if kind is SetState:
        return PlannedOperation(SetState(**values))
    cell_id = data["after" if kind is PutCell else "at_cell"]
    if cell_id is not None and not isinstance(cell_id, str):
        raise ValueError(f"{cell_id!r} is no id of a cell")
    if kind is PutCell or kind is RemoveCell:
        values["index"] = near
    else:
        values["cell"] = near
    if kind is not ReplaceText:
        return PlannedOperation(kind(**values), cell_id)
    removed = data["removed"]
    return PlannedOperation(ReplaceText(**values, removed=len(removed.encode())), cell_id, removed)


def _read_header(line: str) -> PlanHeader:
    try:
        data = json.loads(line)
        if data["plan"] != _HEADER:
            raise ValueError(line)
    except (ValueError, TypeError, KeyError):
        raise PlanError("its first line is not that of a plan: give a file that --rtc-plan-out wrote.") from None
    if data.get("schema") != SCHEMA:
        raise PlanError(
            f"it has the form {data.get('schema')!r}, and this version reads the form {SCHEMA}: use the version of "
            f"jupyter-rtc-locust that wrote it."
        )
    try:
        return PlanHeader(
            seed=int(data["seed"]),
            users=int(data["users"]),
            documents=tuple(
                PlannedDocument(str(one["kind"]), tuple(one["cells"]), str(one["content"])) for one in data["documents"]
            ),
            locustfile=str(data.get("locustfile", "")),
            complete=bool(data.get("complete", True)),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise PlanError(f"its first line cannot be read: {type(error).__name__}: {error}.") from None


def _read_edit(line: str, number: int, header: PlanHeader) -> PlannedEdit:
    try:
        data = json.loads(line)
        near = data["near"]
        edit = PlannedEdit(
            user=int(data["user"]),
            incarnation=int(data["incarnation"]),
            number=int(data["number"]),
            at=float(data["at"]),
            document=int(data["document"]),
            kind=str(data["kind"]),
            description=str(data["description"]),
            cell_id=data["cell"],
            operations=tuple(_operation_of(one, where) for one, where in zip(data["operations"], near, strict=True)),
            marks_dirty=bool(data["marks_dirty"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise PlanError(f"line {number} is no edit of a plan: {type(error).__name__}: {str(error)[:200]}.") from None
    if not 0 <= edit.user < header.users or not 0 <= edit.document < len(header.documents) or edit.at < 0:
        raise PlanError(
            f"line {number} is about user {edit.user} in document {edit.document} at {edit.at} s, but the plan has "
            f"{header.users} users and {len(header.documents)} documents, counted from 0."
        )
    return edit
