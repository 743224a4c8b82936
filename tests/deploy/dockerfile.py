"""The Dockerfile read as steps, so that tests can ask what it says and run it without an engine.

It knows the instructions that this project's file uses, and refuses others: what is not understood is not tested.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

KNOWN = {
    "FROM",
    "ENV",
    "WORKDIR",
    "COPY",
    "RUN",
    "LABEL",
    "USER",
    "EXPOSE",
    "HEALTHCHECK",
    "ENTRYPOINT",
    "CMD",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction, its lines joined and its comments left out."""

    keyword: str
    text: str

    @property
    def words(self) -> list[str]:
        return shlex.split(self.text)

    @property
    def values(self) -> dict[str, str]:
        """Of `ENV` and `LABEL`: names and values."""
        return dict(word.split("=", 1) for word in self.words)

    @property
    def command(self) -> list[str]:
        """Of `CMD`, `ENTRYPOINT` and `HEALTHCHECK`: the command, in the form that no shell reads."""
        command: list[str] = json.loads(self.text[self.text.index("[") :])
        return command

    @property
    def copied(self) -> tuple[list[str], str]:
        """Of `COPY`: the sources and the place they go to."""
        *sources, place = (word for word in self.words if not word.startswith("--"))
        return sources, place


def steps_of(dockerfile: Path) -> list[Step]:
    """Every instruction of a file, in order."""
    lines = [line for line in dockerfile.read_text("utf-8").splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    steps = [Step(*line.split(" ", 1)) for line in joined.splitlines() if line.strip()]
    unknown = {step.keyword for step in steps} - KNOWN
    assert not unknown, f"{dockerfile.name} has instructions that the tests do not know: {unknown}"
    return steps


def stages_of(dockerfile: Path) -> list[list[Step]]:
    """The instructions by stage; the first of each is its `FROM`."""
    stages: list[list[Step]] = []
    for step in steps_of(dockerfile):
        if step.keyword == "FROM":
            stages.append([])
        stages[-1].append(step)
    return stages
