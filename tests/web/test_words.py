"""What the live page says, asked of its own module in Node; where that is not there, the browser's walk reads some."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib.resources import files
from typing import Any

import pytest

NODE = shutil.which("node")
WORDS = str(files("jupyter_rtc_locust.web") / "assets" / "words.js")
GENERATOR = {"loop_lag_p99_ms": 33.0, "cpu_percent": 9.0, "reasons": [], "timings_reasons": ["It was late."]}

pytestmark = pytest.mark.skipif(NODE is None, reason="node was not found")


def said(*calls: tuple[str, Any]) -> list[Any]:
    """What functions of the module return, each for what it is given."""
    # By its text, for Node takes a file of this name for no module.
    script = (
        'import { readFileSync } from "node:fs";'
        'const words = await import("data:text/javascript," + encodeURIComponent(readFileSync(process.argv[1])));'
        "console.log(JSON.stringify(JSON.parse(process.argv[2]).map(([name, given]) => words[name](given))));"
    )
    command = [str(NODE), "--input-type=module", "-e", script, WORDS, json.dumps(calls)]
    told: list[Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout)
    return told


def test_documents_are_counted_as_people_do() -> None:
    def live(documents: int) -> dict[str, Any]:
        nowhere = dict.fromkeys(("differs", "unknown", "settling", "equal"), 0)
        return {"run": {"state": "editing"}, "agreement": {**nowhere, "documents": documents, "typing": documents}}

    told = [one["sentence"] for one in said(*(("headline", live(number)) for number in (1, 2, 5)))]
    assert told == [
        "People type in the document; no difference seen",
        "People type in both documents; no difference seen",
        "People type in all 5 documents; no difference seen",
    ]


def test_a_row_of_a_process_says_no_more_than_the_sentence_above() -> None:
    outcomes = ((None, None), (False, False), (True, False), (True, True))
    rows = said(*(("keepsUp", {"sound": sound, "timings_sound": timed}) for sound, timed in outcomes))
    assert rows == ["not known", "no", "not for the timings", "yes"]


def test_when_the_run_is_over_it_is_said_how_the_generator_fared_in_all_of_it() -> None:
    late = {**GENERATOR, "sound": True, "timings_sound": False}
    now, then = said(("generatorInWords", {**late, "of": "lately"}), ("generatorInWords", {**late, "of": "run"}))
    assert now.startswith("The load generator keeps up well enough for the verdict, and not for the timings (")
    assert then.startswith(
        "In the whole run the load generator kept up well enough for the verdict, and not for the timings ("
    )
    assert now.endswith("It was late.") and then.endswith("It was late.")


def test_of_a_process_that_was_lost_it_is_not_said_that_it_kept_up() -> None:
    whole = {**GENERATOR, "sound": True, "timings_sound": True, "of": "run"}
    told = said(
        *(("generatorInWords", {**whole, "processes": [{"sound": True}, {"sound": one}]}) for one in (None, True))
    )
    assert told[0].startswith("In the whole run the load generator, as far as it told, kept up (")
    assert told[1].startswith("In the whole run the load generator kept up (")
