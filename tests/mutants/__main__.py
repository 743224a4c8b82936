"""Make each mistake in a copy of the sources and see the tests of the verdict fail: `python -m mutants`, from `tests`.

Prints a table in Markdown, which stands in docs/tests.md. Ends with 1 when a mistake is not noticed or cannot be made.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from mutants.mistakes_about_saves import MUTANTS_ABOUT_SAVES
from mutants.mistakes_of_the_verdict import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_S = 300.0
"""For one round of the tests; a mistake that makes them hang is noticed, too."""


def main(chosen: list[str]) -> int:
    """Try every mistake that is chosen; 1 when one survives."""
    survivors = 0
    print("| changed | in | noticed by |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("src", "tests", "locustfiles"):
            ignored = shutil.ignore_patterns("node_modules", "__pycache__")
            shutil.copytree(ROOT / name, copy / name, ignore=ignored)
        shutil.copy(ROOT / "pyproject.toml", copy)
        for mutant in (*MUTANTS, *MUTANTS_ABOUT_SAVES):
            if chosen and not any(word in mutant.name for word in chosen):
                continue
            noticed = tried(mutant, copy)
            survivors += noticed is None
            print(
                f"| {mutant.name} | `verdict/{mutant.file}` | {f'`{noticed}`' if noticed else 'NOBODY'} |", flush=True
            )
    return 1 if survivors else 0


def tried(mutant: Mutant, copy: Path) -> str | None:
    """The first test that fails with this mistake; None when none does, or when it could not be made."""
    path = copy / "src" / "jupyter_rtc_locust" / "verdict" / mutant.file
    right = path.read_text()
    if mutant.text not in right:
        print(f"{mutant.name}: the text is not in {mutant.file} any more", file=sys.stderr)
        return None
    path.write_text(right.replace(mutant.text, mutant.replacement, 1))
    command = [sys.executable, "-m", "pytest", "tests/verdict", "-q", "-x", "--tb=no", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, timeout=DEADLINE_S, check=False
        )
    except subprocess.TimeoutExpired:
        return "the deadline"
    finally:
        path.write_text(right)
    failed = [line.split(" ")[1] for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return failed[0].removeprefix("tests/verdict/").split("[")[0] if failed else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
