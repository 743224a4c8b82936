"""What a person sees in a real browser, before, during and after a run: one walk, of which each test judges a part."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from browser.chromium import chromium
from browser.locust_page import HOSTILE, TOKEN, USERS, in_ci
from runs.together import Runs
from servers.processes import environment_without_jupyter

WALK = "the walk"
LONGEST = (WALK,)
pytestmark = [pytest.mark.run, pytest.mark.parametrize("run", [WALK])]

TESTS = Path(__file__).resolve().parents[1]
DEADLINE_S = 200.0
LARGEST_PICTURE_BYTES = 100_000
LEAST_CONTRAST_OF_TEXT = 4.5
LEAST_CONTRAST_OF_SHAPES = 3.0
"""Both by WCAG 2, level AA."""

COMPLAINTS_TO_EXPECT = re.compile(r"status of 404|net::ERR_CONNECTION")


@contextmanager
def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], dict[str, Any] | None]]]:
    """The walk, beside the runs of other tests."""
    yield {WALK: partial(walked, folder / "browser")}


def walked(folder: Path) -> dict[str, Any] | None:
    """What was seen; None: there is no browser."""
    if chromium() is None:
        return None
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "browser", "--seen", str(folder / "seen.json"), "--pictures", str(folder)]
    how: dict[str, Any] = {"cwd": TESTS, "env": environment_without_jupyter(), "timeout": DEADLINE_S}
    done = subprocess.run(command, capture_output=True, text=True, check=False, **how)
    assert (folder / "seen.json").exists(), f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return dict(json.loads((folder / "seen.json").read_text()))


@pytest.fixture
def walk(run: str, runs: Runs) -> dict[str, Any]:
    if chromium() is None:
        reason = "Chromium is not installed (Debian: apt-get install chromium)"
        pytest.fail(reason) if in_ci() else pytest.skip(reason)
    seen_on_it: dict[str, Any] = runs[run]
    return seen_on_it


def seen(walk: dict[str, Any], step: str) -> dict[str, Any]:
    told = dict(walk["steps"][step])
    assert "broke_off" not in told, f"{told['broke_off']}\n{walk['log'][-1500:]}"
    return told


# The form


def test_the_form_shows_options_in_explained_groups(walk: dict[str, Any]) -> None:
    told = seen(walk, "form")
    order = told["order"]
    assert order[:4] == ["Server and documents", "rtcServer", "rtcDocuments", "rtcNotebook"]
    assert order.index("What people write") < order.index("rtcEditRate") < order.index("What a tab sends besides")
    assert len(told["explained"]) == len([one for one in order if " " in one])
    assert all(sentence.endswith(".") for sentence in told["explained"])
    assert "rtcServer" in told["lists"] and "rtcAwareness" in told["lists"]


def test_bad_values_are_answered_in_the_form_with_a_sentence_and_start_nothing(walk: dict[str, Any]) -> None:
    told = seen(walk, "form")
    assert "--rtc-documents" in told["refused"]["rtcDocuments many"]
    assert "--rtc-edit-rate" in told["refused"]["rtcEditRate -1"]
    assert f"--rtc-documents 22 with {USERS} users" in told["refused"]["rtcDocuments 22"]
    assert told["state"] == "ready"


# During the run


def test_the_page_follows_a_run_from_before_it_begins(walk: dict[str, Any]) -> None:
    assert "No run yet" in seen(walk, "beginning")["before"]
    told = seen(walk, "typing")
    assert "People type in all 5 documents; no difference seen" in told["headline"]
    assert told["title"] == "People type in all 5 documents; no difference seen"
    assert len(told["tiles"]) == 5
    for tile in told["tiles"]:
        assert tile["word"] == tile["state"], "the state stands there as a word"
        assert tile["shape"] == f"#shape-{tile['state']}", "and as a shape"
        assert "users" in tile["text"] and "edits" in tile["text"]
    assert any("p95 between" in label for label in told["charts"])
    assert "load generator" in told["generator"]


def test_the_page_can_be_walked_with_the_keyboard_and_is_read_out_in_order(walk: dict[str, Any]) -> None:
    told = seen(walk, "typing")
    stops = told["stops"]
    assert stops[0] == "To the documents"
    assert stops[2:5] == ["pause", "resume", "compare"]
    assert "notebook-0" in stops[5], "one stop for all tiles"
    assert "notebook-" not in stops[6]
    outline = told["outline"]
    for part in (
        'heading "Documents"',
        'list "Documents"',
        'group "The run"',
        'button "Pause editing"',
        "status",
        "img",
    ):
        assert part in outline, part


def test_a_pause_stops_the_edits_and_shows_what_differs(walk: dict[str, Any]) -> None:
    told = seen(walk, "pause")
    assert (told["before"], told["resume"]) == ("false", "false")
    assert told["answer"]
    assert told["edits"][0] == told["edits"][1], "people went on editing"
    states = [tile["state"] for tile in told["tiles"]]
    assert sorted(states) == ["differs", *["equal"] * 4]
    differing = told["tiles"][states.index("differs")]
    assert "4 of 5 copies" in differing["text"]
    assert "1 of 5 documents differ" in told["headline"]


def test_a_difference_is_opened_read_and_left_with_the_keyboard(walk: dict[str, Any]) -> None:
    told = seen(walk, "difference")
    assert told["focus"] == "difference-close"
    assert told["focus_after"] == told["opener"]
    assert "differs" in told["title"]
    assert len(told["groups"]) == 2
    assert any(line.startswith("+") for line in told["lines"])
    assert told["ran"] is None


def test_editing_goes_on_and_a_second_resume_says_why_it_does_nothing(walk: dict[str, Any]) -> None:
    told = seen(walk, "resume")
    assert told["answer"] and "nothing to resume" in told["again"]
    assert told["state"] == "editing"


def test_compare_now_is_a_checkpoint_of_every_document(walk: dict[str, Any]) -> None:
    told = seen(walk, "compare")
    assert all(one and one["number"] == 1 for one in told["checkpoints"])
    assert told["answer"]


def test_the_tab_tells_every_document_and_leads_to_the_live_page(walk: dict[str, Any]) -> None:
    told = seen(walk, "tab")
    assert told["columns"][0] == "Document" and "Findings" in told["columns"]
    assert len(told["rows"]) == 5
    assert all("notebook-" in row[0] for row in told["rows"])
    assert told["link"] == "./rtc/"
    assert told["link_elsewhere"] is False, "the link stands in its own tab only"
    assert ["./rtc/results/report.html", "Report of the last run"] in told["downloads"]


# After it


def test_the_verdict_is_told_in_a_sentence(walk: dict[str, Any]) -> None:
    told = seen(walk, "end")
    assert told["verdict"] == "fail"
    assert told["headline"].startswith("Fail: ")
    assert told["spoken"].startswith("Fail: ")


def test_results_can_be_downloaded_and_nothing_else(walk: dict[str, Any]) -> None:
    told = seen(walk, "downloads")
    assert told["status"] == {
        "report.html": 200,
        "result.json": 200,
        "junit.xml": 200,
        "evidence.zip": 200,
        "summary.md": 200,
        "history.jsonl.gz": 404,
    }
    assert told["types"]["report.html"].startswith("text/html")
    assert told["types"]["evidence.zip"] == "application/zip"
    assert told["ran"] is None


def test_reports_open_from_disk_and_ask_for_nothing(walk: dict[str, Any]) -> None:
    told = seen(walk, "reports")
    assert told["report-of-a-fail"].startswith("FAIL") and told["report-on-a-phone"].startswith("PASS")
    assert len(told["asked_for"]) == 2
    assert all(address.startswith("file:///") for address in told["asked_for"])


def test_a_page_whose_process_is_gone_says_so(walk: dict[str, Any]) -> None:
    told = seen(walk, "gone")
    assert "has not answered for" in told["told"] and "the last that was known" in told["told"]
    assert told["state"] == "unknown"
    assert told["buttons"] == ["true", "true", "true"]


# In every state


def test_markup_in_any_text_is_shown_as_text_and_runs_nothing(walk: dict[str, Any]) -> None:
    told = seen(walk, "scripted")
    assert told["ran"] is None
    assert told["elements"] == 0
    assert told["scripts"] == 1, "that of the page itself"
    shown = re.sub("[\u202e\u2066\x1b\x07]", lambda mark: f"⟨U+{ord(mark[0]):04X}⟩", HOSTILE)
    assert told["lines"] == [f"--- {shown}", "+++ b", "@@ -1 +1 @@", f"-{shown}", f"+{shown}"]
    assert told["troubles"] == [shown, f"server-lost: {shown}", f"On purpose, since 0:20: {shown}"]
    assert told["name"] == shown.rpartition("/")[2]
    assert told["overflow"] == 0
    assert seen(walk, "end")["ran"] is None


def test_no_text_is_too_faint_in_light_or_dark(walk: dict[str, Any]) -> None:
    places = {
        "light": seen(walk, "pause")["contrasts"],
        "dark": seen(walk, "pause")["contrasts_dark"],
        "dialog": seen(walk, "difference")["contrasts"],
        "phone in the dark": seen(walk, "phone")["contrasts"],
        "many": seen(walk, "many")["contrasts"],
    }
    for place, ratios in places.items():
        assert ratios[-1][0] > 30, f"of {place}, texts were not found"
        for ratio, kind, what in ratios[:-1]:
            least = LEAST_CONTRAST_OF_TEXT if kind == "text" else LEAST_CONTRAST_OF_SHAPES
            assert ratio >= least, f"{place}: {what!r} ({kind}) has a contrast of {ratio}"


def test_on_a_phone_nothing_is_wider_than_the_window(walk: dict[str, Any]) -> None:
    assert seen(walk, "phone")["overflow"] == 0


def test_with_five_hundred_documents_only_what_changed_is_touched(walk: dict[str, Any]) -> None:
    told = seen(walk, "many")
    assert told["small"] == 500
    assert told["large"] == 1, "the one that differs"
    assert told["stops"] == 1
    assert len(told["blocks"]) == 5 and "Documents 0 to 99: 1 differs" in told["blocks"][0]
    # Six documents change with each picture, four attributes of each, and the sentence above them. A picture more may
    # have been on its way when counting began.
    assert 0 < told["changes"] <= (told["pictures"] + 1) * 40, told


def test_the_token_is_in_no_page_no_answer_and_no_request(walk: dict[str, Any]) -> None:
    traffic = walk["traffic"]
    for asked in (
        "/rtc/live.json",
        "/rtc/assets/live.js",
        "/stats/requests",
        "/swarm",
        "/rtc/pause",
        "report.html",
        "/difference",
    ):
        assert any(asked in line for line in traffic), f"{asked} was not asked for"
    forms = {TOKEN, quote(TOKEN), quote(TOKEN, safe=""), json.dumps(TOKEN)[1:-1], html.escape(TOKEN)}
    for line in traffic:
        assert not any(form in line for form in forms), line[:300]


def test_the_browser_minds_nothing(walk: dict[str, Any]) -> None:
    """No error of a script, nothing against the Content-Security-Policy, no dialog."""
    complaints = [one for one in seen(walk, "gone")["complaints_before"] if not COMPLAINTS_TO_EXPECT.search(one)]
    assert complaints == []


def test_the_pictures_of_the_documents_are_taken_and_small(walk: dict[str, Any]) -> None:
    shown = {path.name for path in (TESTS.parent / "docs" / "images").glob("*")}
    assert walk["pictures"].keys() <= shown, "a picture is taken that no document shows"
    assert "live-typing.webp" in walk["pictures"]
    for name, size in walk["pictures"].items():
        assert size < LARGEST_PICTURE_BYTES, f"{name} takes {size} bytes"
