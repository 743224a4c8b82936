"""How long deliveries between hosts really took: by the machine's one clock, which no host of a run can read."""

from __future__ import annotations

import json
import pickle
from bisect import bisect_left
from pathlib import Path

_NAME = "clock-*.jsonl"


class TrueClock:
    """When a moment of one process's run was, by the machine's clock: straight lines between the looks at both."""

    def __init__(self, path: Path) -> None:
        looks = [json.loads(line) for line in path.read_text().splitlines()]
        self.process = f"worker {path.stem.removeprefix('clock-')}"
        self._own = [(look[0] + look[2]) / 2 for look in looks]
        self._true = [look[1] for look in looks]
        self.wrong_by = looks[0][3] - looks[0][1]
        """By how many seconds its time of day was ahead, at first."""
        self.drift = (self._own[-1] - self._own[0]) / (self._true[-1] - self._true[0]) - 1
        """What it gained, in seconds a second."""
        self.monotonic = looks[0][4] - looks[0][1]
        """Its monotonic clock, less the machine's time of day."""

    def at(self, moment: float) -> float:
        """That moment, in seconds of the machine's time of day."""
        own, true = self._own, self._true
        behind = min(max(bisect_left(own, moment), 1), len(own) - 1)
        rate = (true[behind] - true[behind - 1]) / (own[behind] - own[behind - 1])
        return float(true[behind - 1] + (moment - own[behind - 1]) * rate)


def true_clocks(folders: list[Path]) -> dict[str, TrueClock]:
    """Of each worker, by the name it has in the result."""
    clocks = [TrueClock(path) for folder in folders for path in folder.glob(_NAME)]
    return {clock.process: clock for clock in clocks}


def true_deliveries(master: Path, clocks: dict[str, TrueClock]) -> list[float]:
    """Milliseconds of every delivery that the result's figures are made from, sorted."""
    answers, warmup_s = pickle.loads((master / "deliveries.pickle").read_bytes())
    made = {
        (room.path, edit.update): clocks[answer["process"]].at(edit.due)
        for answer in answers
        for room in answer["documents"]
        for edit in room.authored
    }
    return sorted(
        (clocks[answer["process"]].at(update.received) - made[room.path, update.update]) * 1000
        for answer in answers
        for room in answer["documents"]
        for update in room.foreign
        if (room.path, update.update) in made and update.received >= warmup_s
    )
