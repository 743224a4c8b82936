"""Stands for Locust: leaves the results of a simulated run, or does what else its first argument says."""

import os
import random
import sys
import time
from dataclasses import replace
from pathlib import Path


def main() -> int:
    arguments = sys.argv[1:]
    folder = Path(arguments[arguments.index("--rtc-results") + 1])
    print("seed", arguments[arguments.index("--rtc-seed") + 1] if "--rtc-seed" in arguments else "its own")
    match arguments[0]:
        case "refuses":
            print("jupyter-rtc-locust: --rtc-documents 0 is too small.")
            return 2
        case "hangs":
            print("hanging", flush=True)
            time.sleep(60)
        case "crashes":
            return 7
    # B's Python is called so, or its environment says so.
    slower = 1.5 if "slow" in arguments or "SLOWED_BY_US" in os.environ else 1.0
    sys.path.append(str(Path(__file__).resolve().parents[1]))
    from comparison.simulated_runs import QUIET, simulated_run, write_runs

    run = simulated_run(random.Random(str(folder)), QUIET, slower, folder.name)
    if arguments[0] == "is-late-first" and folder.name == "1":
        run = replace(run, unsound="The loop was late.")
    write_runs(folder.parent, [run])
    return 0


if __name__ == "__main__":
    sys.exit(main())
