"""What is put away is there again, in its order, whatever becomes of the file."""

from __future__ import annotations

import errno
import tempfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.timing.archive import RECORDS_A_CHUNK, Archive, ArchiveFile

values = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.binary())
records = st.lists(st.lists(values | st.text(st.characters()), max_size=4), max_size=200)


class FullDisk:
    """A file on a disk with so many bytes left."""

    def __init__(self, left: int) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed below
        self._left = left

    def write(self, data: bytes) -> int:
        self._left -= len(data)
        if self._left < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._file.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@settings(max_examples=30, deadline=None)
@given(first=records, second=records, turns=st.randoms(use_true_random=False))
def test_two_documents_share_a_file_and_each_has_its_own_records_in_order(
    first: list[list[Any]], second: list[list[Any]], turns: Any
) -> None:
    with tempfile.TemporaryFile() as opened:
        file = ArchiveFile(lambda: opened)
        archives = Archive(file), Archive(file)
        left = [list(first), list(second)]
        while any(left):
            which = turns.choice([number for number in (0, 1) if left[number]])
            archives[which].add(left[which].pop(0))
        assert [list(archive) for archive in archives] == [first, second]
        assert [len(archive) for archive in archives] == [len(first), len(second)]


@pytest.mark.parametrize("left", [0, 500, 5_000])
def test_where_the_disk_is_full_nothing_is_lost_and_the_reason_is_known(left: int) -> None:
    disk = FullDisk(left)
    file = ArchiveFile(lambda: disk)  # type: ignore[arg-type, return-value]
    archive = Archive(file)
    kept = [[number, f"edit {number * 7919 % 1000}", bytes([number % 251] * 9)] for number in range(1_000)]
    for record in kept:
        archive.add(record)
    assert list(archive) == kept
    assert "No space left" in file.problem
    disk.close()


def test_without_a_file_it_keeps_everything_in_memory() -> None:
    archive = Archive(ArchiveFile())
    for number in range(3 * RECORDS_A_CHUNK + 1):
        archive.add([number])
    assert [record[0] for record in archive] == list(range(3 * RECORDS_A_CHUNK + 1))


@pytest.mark.parametrize("start", [0, 1, 63, 64, 65, 127, 128, 140, 150])
def test_it_can_be_read_from_any_record_on(start: int) -> None:
    archive = Archive(ArchiveFile())
    for number in range(150):
        archive.add([number])
    assert [record[0] for record in archive.since(start)] == list(range(start, 150))


def test_records_may_be_added_while_the_others_are_read() -> None:
    archive = Archive(ArchiveFile())
    for number in range(2 * RECORDS_A_CHUNK):
        archive.add([number])
    read = []
    for record in archive:
        read.append(record[0])
        archive.add([-1])
    assert read == list(range(2 * RECORDS_A_CHUNK))
