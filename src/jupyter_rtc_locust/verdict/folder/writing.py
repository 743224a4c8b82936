"""Files written into the evidence folder, up to a limit, each one listed; and the removal of what an earlier run wrote.

Only what this tool made is ever removed or replaced: the list `files.txt` says what that is. A file of somebody else
that is in the way stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from jupyter_rtc_locust.verdict.folder.names import FILES, FOLDER, LEFT_OUT

_HEAD = "Written by jupyter-rtc-locust. The next run into this folder removes these files, and no others.\n"
_TOLD = 100
"""Names of files left out that the result file repeats; `left-out.txt` has all."""


@dataclass(frozen=True, slots=True)
class Item:
    """A file to be written: its name, from the evidence folder, and what makes its bytes when its turn has come."""

    name: str
    make: Callable[[], bytes | None]
    """None: there is nothing to be written."""
    always: bool = False
    """Whether the limit is no limit for it: small things without which the rest says nothing."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept of the evidence of a run."""

    files: tuple[str, ...] = ()
    size: int = 0
    """Bytes."""
    left_out: int = 0
    """How many files had no place within the limit, or could not be made."""
    names_left_out: tuple[str, ...] = ()
    """The first of them, each with the reason."""
    problem: str = ""
    """Why no more could be written: a sentence."""
    findings: tuple[str | None, ...] = ()
    """For each finding, where its evidence lies, from the results folder."""


def remove_earlier(results: Path) -> None:
    """Remove the evidence that an earlier run left in this results folder.

    Raises:
        OSError: something of it could not be removed.
    """
    folder = results / FOLDER
    try:
        listed = (folder / FILES).read_text("utf-8")
    except FileNotFoundError:
        return
    if not listed.startswith(_HEAD):
        return  # somebody else's file of that name
    names = [PurePosixPath(line) for line in listed[len(_HEAD) :].splitlines() if line]
    inside = [name for name in names if not name.is_absolute() and ".." not in name.parts]
    for name in inside:
        (folder / name).unlink(missing_ok=True)
    (folder / FILES).unlink(missing_ok=True)
    for parent in sorted({name.parent for name in inside}, key=lambda one: len(one.parts), reverse=True):
        _remove_if_empty(folder / parent)
    _remove_if_empty(folder)


def write_items(results: Path, items: Iterable[Item], limit: int) -> Kept:
    """Write files in their order as long as they fit into so many bytes. Never raises for what becomes of a file."""
    folder = results / FOLDER
    files: list[str] = []
    left_out: list[str] = []
    size = 0
    problem = ""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _new(folder / FILES, _HEAD.encode())
        for item in items:
            try:
                data = item.make()
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as error:
                left_out.append(f"{item.name}: it could not be made: {type(error).__name__}: {str(error)[:200]}")
                continue
            if data is None:
                continue
            if not item.always and size + len(data) > limit:
                left_out.append(f"{item.name}: {len(data):,} bytes, which are more than were left of the limit")
            elif _write(folder, item.name, data):
                files.append(item.name)
                size += len(data)
            else:
                left_out.append(f"{item.name}: a file of somebody else is in the way")
        if left_out:
            _write(folder, LEFT_OUT, ("\n".join(left_out) + "\n").encode("utf-8", "backslashreplace"))
    except OSError as error:
        problem = f"The evidence could not be written to {folder}: {error.strerror or error}."
    return Kept(tuple(files), size, len(left_out), tuple(left_out[:_TOLD]), problem)


def _write(folder: Path, name: str, data: bytes) -> bool:
    """Whether the file was written; False: there is one that is not ours."""
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() or target.is_symlink():
        return False
    with (folder / FILES).open("a", encoding="utf-8") as listed:
        listed.write(f"{name}\n")
    _new(target, data)
    return True


def _new(target: Path, data: bytes) -> None:
    try:
        with target.open("xb") as file:
            file.write(data)
    except FileExistsError:
        raise
    except OSError:
        target.unlink(missing_ok=True)
        raise


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        pass  # somebody else's files are in it, or it is gone
