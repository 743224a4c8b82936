"""The files of the last run are handed out by name; nothing else is, whatever is asked for."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.web.results import FILES, evidence_of, file_of, packed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    results = tmp_path / "results"
    (results / "evidence" / "notebook-0.ipynb").mkdir(parents=True)
    (results / "evidence" / "files.txt").write_text("two")
    (results / "evidence" / "notebook-0.ipynb" / "document.msgpack.gz").write_bytes(bytes(range(256)) * 4000)
    (results / "report.html").write_text("<!doctype html>")
    (results / "history.jsonl.gz").write_bytes(b"not offered")
    (tmp_path / "secret.txt").write_text("secret")
    return results


def test_what_is_there_and_offered_is_found(folder: Path) -> None:
    assert file_of(folder, "report.html") == folder / "report.html"
    assert file_of(folder, "junit.xml") is None, "it was not made"
    assert file_of(folder, "history.jsonl.gz") is None, "it is not offered"


@settings(max_examples=60)
@given(st.sampled_from(["../secret.txt", "/etc/passwd", "evidence/files.txt", "..", "", "report.html/", "REPORT.HTML"]))
def test_no_path_is_a_name(name: str) -> None:
    assert file_of(Path(__file__).parent, name) is None


@given(st.text(max_size=20).filter(lambda name: name not in FILES))
@settings(max_examples=60)
def test_no_other_name_is_one(name: str) -> None:
    assert file_of(Path(__file__).parent, name) is None


def test_a_link_is_not_followed(folder: Path) -> None:
    (folder / "junit.xml").symlink_to(folder.parent / "secret.txt")
    (folder / "evidence" / "link.txt").symlink_to(folder.parent / "secret.txt")
    (folder / "evidence" / "linked").symlink_to(folder.parent, target_is_directory=True)
    assert file_of(folder, "junit.xml") is None
    assert [path.name for path in evidence_of(folder)] == ["files.txt", "document.msgpack.gz"]


def test_a_linked_evidence_folder_is_none(tmp_path: Path, folder: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "evidence").symlink_to(folder / "evidence", target_is_directory=True)
    assert evidence_of(other) == []


def test_the_evidence_is_one_archive_sent_in_pieces(folder: Path) -> None:
    pieces = list(packed(folder, evidence_of(folder)))
    assert len(pieces) > 4
    assert max(map(len, pieces)) < 300_000
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        names = ["evidence/files.txt", "evidence/notebook-0.ipynb/document.msgpack.gz"]
        assert archive.namelist() == names
        assert archive.read(names[1]) == bytes(range(256)) * 4000


def test_a_file_that_goes_meanwhile_is_left_out(folder: Path) -> None:
    files = evidence_of(folder)
    files[0].unlink()
    with zipfile.ZipFile(io.BytesIO(b"".join(packed(folder, files)))) as archive:
        assert archive.namelist() == ["evidence/notebook-0.ipynb/document.msgpack.gz"]
