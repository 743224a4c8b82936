"""Where things stand in the evidence folder. Names follow from the evidence alone, so that a later check finds them."""

from __future__ import annotations

import re
from collections.abc import Iterable

FOLDER = "evidence"
"""Below the results folder."""
FILES = "files.txt"
"""What was made here: the list by which the next run removes it, and nothing else."""
DIGESTS = "digests.json"
LEFT_OUT = "left-out.txt"
RUN = "run.msgpack.gz"
"""What concerns the run as a whole, as the judge was told it."""
PLAN = "plan.jsonl.gz"
"""What the users did, edit by edit: to be played again with `--rtc-plan`."""
DOCUMENT = "document.msgpack.gz"
"""The evidence of one document, as the judge was told it."""
ABOUT_THE_FINDING = "those that the finding is about"
"""Which edits stand in a finding's file; others stand there where none stands out."""

_LONGEST_NAME = 100


def folder_names(paths: Iterable[str]) -> list[str]:
    """A folder name for each document: its path, with `_` for what a file system could take amiss. All differ."""
    names: list[str] = []
    for path in paths:
        plain = re.sub(r"[^A-Za-z0-9._-]+", "_", path).strip("._")[-_LONGEST_NAME:] or "document"
        name, number = plain, 1
        while name.lower() in {other.lower() for other in names}:
            number += 1
            name = f"{plain}-{number}"
        names.append(name)
    return names


def finding_names(documents: Iterable[str], folders: dict[str, str]) -> list[str]:
    """The file of each finding, from the evidence folder; `documents` are those that the findings name, in order.

    `folders` has the folder of each document. A finding about no document stands beside them.
    """
    names = []
    for number, document in enumerate(documents, start=1):
        name = f"finding-{number}.json"
        names.append(f"{folders[document]}/{name}" if document in folders else name)
    return names
