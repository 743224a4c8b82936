"""What the picture of a run costs (`live/`): the processes that look at their users, and the master that is told.

Run as `python -m benchmarks.picture [DOCUMENTS] [SECONDS]`. Users edit like people against a relay, and two processes
play them. A master's work is done here, on what they told: it takes each look in, and answers whoever looks once a
second. CPU is that of the work itself, so that other work on the machine counts little.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack

from benchmarks.crowds import Crowds, at_relay
from benchmarks.recording import record
from jupyter_rtc_locust.live.looks import Look
from jupyter_rtc_locust.live.picture import Picture, RunFacts
from jupyter_rtc_locust.live.prometheus import metrics_text

RATE = 0.2
PROCESSES = 2
_SETTLE_S = 5.0
_ROUNDS = 10


def main() -> None:
    """Measure with two and with five users a document, and print a line for each."""
    documents = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 20.0
    with tempfile.TemporaryDirectory() as folder:
        recording = Path(folder) / "recording"
        record(100).save(recording)
        for sharing in (2, 5):
            with at_relay(recording, sharing=sharing, processes=PROCESSES) as crowds:
                crowds.spawn(documents * sharing, over_s=10.0)
                crowds.begin("person", RATE)
                time.sleep(_SETTLE_S)
                print(f"{documents} documents of {sharing} users: {told(crowds, documents, seconds)}", flush=True)


def told(crowds: Crowds, documents: int, seconds: float) -> str:
    before, began = crowds.looks(), time.monotonic()
    window = crowds.window(seconds)
    after, took = crowds.looks(), time.monotonic() - began
    processes = [(one["cpu"] - other["cpu"]) / took for one, other in zip(after, before, strict=True)]
    messages = [[b64decode(each) for each in one["sent"]] for one in after]
    sizes = [sum(map(len, each)) / len(each) for each in messages]
    master = master_s(messages, documents)
    everything = sum(processes) + master["take"] * PROCESSES + master["as_json"]
    parts = [
        f"processes {' and '.join(f'{each:.2%}' for each in processes)} of a core",
        f"{sum(sizes) / len(sizes) / 1000:.1f} kB a second each",
        *(f"{name} {each * 1000:.2f} ms" for name, each in master.items()),
        f"together {everything:.2%} of a core while somebody looks",
        f"{window.edits:.0f} edits and {window.messages:.0f} messages a second",
    ]
    return ", ".join(parts)


def master_s(messages: list[list[bytes]], documents: int) -> dict[str, float]:
    """CPU seconds of a master: to take in one look, and to answer once."""
    paths = [(f"crowd/{number}.ipynb", "notebook") for number in range(documents)]
    picture = Picture(paths)

    def take(into: Picture) -> None:
        for number, each in enumerate(messages):
            for one in each:
                look = Look.from_message(msgpack.unpackb(one))
                into.take(f"worker {number}", look, look.at)

    take(Picture(paths))  # what is done for the first time takes longer
    found = {"take": _cpu(lambda: take(picture), 1) / sum(map(len, messages))}
    now = max(Look.from_message(msgpack.unpackb(each[-1])).at for each in messages) + 0.5
    answer: dict[str, Any] = {}
    found["as_json"] = _cpu(lambda: answer.update(text=json.dumps(picture.as_json(now, RunFacts("editing")))), _ROUNDS)
    found["metrics"] = _cpu(lambda: metrics_text(picture, now, RunFacts("editing")), _ROUNDS)
    return found


def _cpu(work: Callable[[], object], rounds: int) -> float:
    before = time.thread_time()
    for _ in range(rounds):
        work()
    return (time.thread_time() - before) / rounds


if __name__ == "__main__":
    main()
