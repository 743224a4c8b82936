"""Play every ending and print the table: `python -m endings [--only WORDS] [--list]`, from the folder `tests`.

Ends with 1 when one has another verdict, exit code or reason than it must have, leaves anything running, shows a stack
trace, or takes longer than the sum of its deadlines.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from endings.all_endings import ENDINGS
from endings.ending import Ending, Row
from endings.play import Play
from runs.what_was_said import end_of
from servers.first_room import with_a_store
from servers.processes import jupyter_collaboration
from servers.server_process import ServerProcess

AT_ONCE = 2
"""Runs at the same time: more would wait for the cores of a small machine, and be unsound."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Play what was asked for; 1 when one is wrong."""
    parser = argparse.ArgumentParser(prog="endings", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", metavar="WORDS", action="append", default=[], help="those whose name has these words")
    parser.add_argument("--at-once", type=int, default=AT_ONCE)
    parser.add_argument("--list", action="store_true", help="their names")
    options = parser.parse_args(arguments)
    chosen = [one for one in ENDINGS if not options.only or any(words in one.name for words in options.only)]
    if options.list:
        print("\n".join(one.name for one in chosen))
        return 0
    with (
        tempfile.TemporaryDirectory(prefix="endings-") as folder,
        jupyter_collaboration() as server,
        ThreadPoolExecutor(options.at_once) as pool,
    ):
        with_a_store(server)
        rows = list(pool.map(lambda ending: played(ending, Path(folder), server), chosen))
    print(
        "\n| ending | exit code (of workers) | verdict | seconds to end | at most | right |\n|---|---|---|---|---|---|"
    )
    for row in rows:
        print(row.markdown())
    wrong = sum(bool(row.wrong) for row in rows)
    print(f"\n{len(rows)} endings, {wrong} wrong.")
    return 1 if wrong or not rows else 0


def played(ending: Ending, folder: Path, server: ServerProcess) -> Row:
    """One ending, played and judged; what is wrong is shown at once, with the output."""
    place = folder / re.sub(r"\W+", "-", ending.name)
    with Play(place, server) as play:
        try:
            ended = ending.play(play)
        except Exception:
            row = Row(ending, None, [traceback.format_exc(limit=-2).strip().splitlines()[-1][:200]])
            print(f"{ending.name}: {traceback.format_exc()}", file=sys.stderr, flush=True)
            return row
    row = Row(ending, ended, ending.judge(ended))
    print(row.markdown(), flush=True)
    if row.wrong:
        outputs = "\n".join(
            f"--- {' '.join(run.command[:4])}\n{end_of(run.output)}" for run in (ended.run, *ended.workers)
        )
        print(f"{ending.name}: {row.wrong}\n{outputs}", file=sys.stderr, flush=True)
    return row


if __name__ == "__main__":
    sys.exit(main())
