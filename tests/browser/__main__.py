"""Take the walk, and say what was seen: `python -m browser`, from the folder `tests`.

`--pictures FOLDER` keeps the pictures there; `make screenshots` puts them into docs/images. `--seen FILE` receives what
was noticed, as JSON, for the tests. Ends with 1 when a step broke off.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from browser.chromium import chromium, launched
from browser.locust_page import locust_and_server
from browser.steps_beside_it import downloads, gone, many, reports, scripted
from browser.steps_of_a_run import beginning, compare, difference, end, form, pause, phone, resume, tab, typing
from browser.walk import Walk

STEPS = (
    *(form, beginning, scripted, many, typing, tab, phone, pause, difference, resume, compare, end),
    *(downloads, reports, gone),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Walk; 0 when every step was taken to its end, 2 when there is no Chromium."""
    parser = argparse.ArgumentParser(prog="browser", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="where the pictures go")
    parser.add_argument("--seen", type=Path, metavar="FILE", help="receives what was noticed")
    options = parser.parse_args(arguments)
    if chromium() is None:
        print("Chromium is not installed (Debian: apt-get install chromium).", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="browser-") as temporary:
        pictures = options.pictures or Path(temporary) / "pictures"
        pictures.mkdir(parents=True, exist_ok=True)
        with launched() as browser, locust_and_server(Path(temporary)) as locust:
            walk = Walk(browser, locust, Path(temporary), pictures)
            for step in STEPS:
                walk.step(step)
            log = locust.log.read_text(errors="replace")
    told = {"steps": walk.seen, "traffic": walk.traffic, "complaints": walk.complaints, "log": log[-4000:]}
    told["pictures"] = {path.name: path.stat().st_size for path in sorted(pictures.glob("*.webp"))}
    if options.seen is not None:
        options.seen.write_text(json.dumps(told))
    broken = [name for name, seen in walk.seen.items() if "broke_off" in seen]
    for name, seen in walk.seen.items():
        print(f"{name:12} {seen['seconds']:5} s{'  broke off' if name in broken else ''}")
    for name in broken:
        print(f"\n{name}:\n{walk.seen[name]['broke_off']}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
