"""Nothing but pycrdt documents: what the memory of a user is compared with.

Run as `python -m benchmarks.children.bare_documents RECORDING`. Commands: `make` (documents), `memory`.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from pathlib import Path
from typing import Any

import psutil
from pycrdt import Array, Doc, Map

from benchmarks.children.commands import Lines, reply
from benchmarks.recording import Recording


def main() -> None:
    """Hold documents until the parent is gone."""
    recording = Recording.load(Path(sys.argv[1]))
    documents: list[Doc[Any]] = []
    lines = Lines()
    while not lines.ended:
        for command in lines.read():
            if command["do"] == "memory":
                gc.collect()
                reply(rss=psutil.Process(os.getpid()).memory_info().rss)
                continue
            while len(documents) < command["documents"]:
                document: Doc[Any] = Doc()
                document.get("cells", type=Array)
                document.get("meta", type=Map)
                document.get("state", type=Map)
                document.apply_update(recording.document)
                documents.append(document)
            reply(made=len(documents), cpu=time.process_time())


if __name__ == "__main__":
    main()
