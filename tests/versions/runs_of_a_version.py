"""Stands for Locust: leaves the results of a simulated run, or does what else its first argument says."""

import json
import random
import sys
import time
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
    # B's Python is called so.
    slower = 1.5 if arguments[arguments.index("--rtc-server-python") + 1].startswith("slow") else 1.0
    from comparison.simulated_runs import QUIET, simulated_run, write_runs

    run = simulated_run(random.Random(str(folder)), QUIET, slower, folder.name)
    write_runs(folder.parent, [run])
    assert json.loads((folder / "result.json").read_text())["verdict"] == "pass"
    return 0


if __name__ == "__main__":
    sys.exit(main())
