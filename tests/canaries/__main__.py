"""Play the canaries, all at once, and say whether each was found: `python -m canaries`, from the folder `tests`.

Ends with 1 when one is not found. Then this tool has become blind, or upstream has mended what it was made for.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from canaries.all_canaries import CANARIES
from canaries.play import played


def main(arguments: Sequence[str] | None = None) -> int:
    """Play those that were asked for; 1 when one is not found."""
    parser = argparse.ArgumentParser(prog="canaries", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", metavar="WORDS", action="append", default=[], help="those whose name has these words")
    options = parser.parse_args(arguments)
    chosen = [one for one in CANARIES if not options.only or any(words in one.name for words in options.only)]
    if not chosen:
        parser.error("no canary is named so")
    with tempfile.TemporaryDirectory(prefix="canaries-") as folder, ThreadPoolExecutor(len(chosen)) as pool:
        outcomes = pool.map(lambda canary: played(canary, Path(folder) / canary.name), chosen)
        found = []
        for outcome in outcomes:
            print(outcome.line(), flush=True)
            found.append(outcome.found)
    return 0 if all(found) else 1


if __name__ == "__main__":
    sys.exit(main())
