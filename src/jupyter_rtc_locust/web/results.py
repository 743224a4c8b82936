"""The files of the last run, for Locust's *Download Data*: a few names, each with its type, and nothing else.

What a request asks for is a key of a table, never a path; what stands in the folder under such a name is handed out
only if it is a file there, and no link to elsewhere.
"""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

FILES = {
    "report.html": "text/html; charset=utf-8",
    "result.json": "application/json",
    "summary.md": "text/plain; charset=utf-8",
    "junit.xml": "application/xml",
}
"""What is handed out, and as what."""

EVIDENCE = "evidence.zip"
"""The evidence folder, packed while it is sent."""

LINKS = (
    ("report.html", "Report of the last run"),
    ("result.json", "result.json of the last run"),
    ("junit.xml", "junit.xml of the last run"),
    (EVIDENCE, "Evidence of the last run (zip)"),
)
"""What *Download Data* offers, and how it is called there."""

POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""The Content-Security-Policy of all of them: the report needs its own styles and pictures, and no script."""

_EVIDENCE_FOLDER = "evidence"
_PIECE_BYTES = 256 * 1024


def file_of(folder: Path, name: str) -> Path | None:
    """The file of a results folder with this name; None where it is none of ours, is not there, or leads elsewhere."""
    if name not in FILES:
        return None
    path = folder / name
    return path if _is_plain_file(path) else None


def evidence_of(folder: Path) -> list[Path]:
    """The files of the evidence, links aside, in the order of their names; empty where there is none."""
    root = folder / _EVIDENCE_FOLDER
    if not root.is_dir() or root.is_symlink():
        return []
    return sorted(path for path in root.rglob("*") if _is_plain_file(path) and not _below_a_link(path, root))


def packed(folder: Path, files: list[Path]) -> Iterator[bytes]:
    """The files as a zip archive, piece by piece, so that whoever sends it can do other things in between.

    Nothing is compressed: most of it is already, and the time would be taken from the run that may be under way. A file
    that is gone meanwhile is left out.
    """
    sink = _Sink()
    with zipfile.ZipFile(cast("IO[bytes]", sink), "w", zipfile.ZIP_STORED) as archive:
        for path in files:
            try:
                source = path.open("rb")
            except OSError:
                continue
            # Without the file's own time: years before 1980 cannot be told in an archive.
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix())
            with source, archive.open(entry, "w", force_zip64=True) as target:
                while piece := source.read(_PIECE_BYTES):
                    target.write(piece)
                    yield sink.taken()
            yield sink.taken()
    yield sink.taken()


class _Sink:
    """What an archive writes to, when nobody can go back in what was sent."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Take what is written."""
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """Nothing is open here."""

    def taken(self) -> bytes:
        """What was written since it was last asked for."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def _is_plain_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _below_a_link(path: Path, root: Path) -> bool:
    return any(parent.is_symlink() for parent in path.parents if root in parent.parents)
