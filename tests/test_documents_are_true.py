"""What the documents say is what the code says: links, tables, names, commands. Quick, and without starting anything.

The commands themselves are run by tests/runs/test_commands_of_documents.py.
"""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from endings.all_endings import ENDINGS
from hosts.bad_days import BAD_DAYS
from jupyter_rtc_locust import exit_codes
from jupyter_rtc_locust.capacity.holding import Outcome
from jupyter_rtc_locust.capacity.result import Capacity, Step
from jupyter_rtc_locust.capacity.search import End, Purpose
from jupyter_rtc_locust.coordination import messages
from jupyter_rtc_locust.demo.notebooks import DEMO_NOTEBOOKS
from jupyter_rtc_locust.editing import TEXT_KINDS, EditKind
from jupyter_rtc_locust.editing.activities import TEXT_ACTIVITIES, Activity
from jupyter_rtc_locust.faults import plan as fault_plan
from jupyter_rtc_locust.options import OPTIONS
from jupyter_rtc_locust.reporting.result_file import build_result
from jupyter_rtc_locust.timing.generator_health import summarise
from jupyter_rtc_locust.timing.recorder import NAMES, Recorder
from jupyter_rtc_locust.timing.soundness import (
    CPU_LIMIT_PERCENT,
    LOOP_LAG_P99_LIMIT_MS,
    TIMINGS_LAG_LIMIT_MS,
    TIMINGS_LAG_PART,
)
from jupyter_rtc_locust.verdict.findings import Kind
from runs.commands_of_documents import (
    DOCUMENTS,
    ELSEWHERE,
    REPOSITORY,
    REPRODUCTIONS,
    SCENARIOS,
    SUBSTITUTIONS,
    blocks,
    commands,
)
from servers.faults import FAULTS

SOURCES = REPOSITORY / "src" / "jupyter_rtc_locust"
EVERY_DOCUMENT = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
LARGEST_PICTURE_BYTES = 100_000


def text_of(name: str) -> str:
    return (REPOSITORY / name).read_text("utf-8")


def without_blocks(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    seen: Counter[str] = Counter()
    found = set()
    for heading in re.findall(r"^#+ (.+)$", without_blocks(document.read_text("utf-8")), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def links(document: Path) -> Iterator[str]:
    """Where links and pictures lead, those to other sites aside."""
    for target in re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", without_blocks(document.read_text("utf-8"))):
        if not re.match(r"[a-z]+:", target):
            yield target


def rows(name: str, *, after: str) -> list[list[str]]:
    """The rows of the first table below a heading (or any other text), cell by cell, without head and rule."""
    text = text_of(name)
    assert after in text, f"{name} has no {after!r}"
    lines = text[text.index(after) + len(after) :].splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("|"))
    table = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]])
    return table[2:]


def quoted(text: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", text)


def first_cells(name: str, *, after: str) -> list[str]:
    """The names in backticks in the first column of a table."""
    return [name for row in rows(name, after=after) for name in quoted(row[0])]


# Links and pictures


@EVERY_DOCUMENT
def test_every_link_leads_somewhere(document: Path) -> None:
    missing = []
    for target in links(document):
        path, _, anchor = target.partition("#")
        place = (document.parent / path).resolve() if path else document
        if not place.exists() or (anchor and place.suffix == ".md" and anchor not in anchors(place)):
            missing.append(target)
    assert not missing, f"{document.name} links to what is not there: {missing}"


def test_every_document_can_be_reached_from_the_first() -> None:
    first = REPOSITORY / "README.md"
    linked = {(REPOSITORY / target.partition("#")[0]).resolve() for target in links(first)}
    assert set(DOCUMENTS) - {first} <= linked


def test_nothing_that_is_tracked_is_a_link() -> None:
    """A link to an environment, once tracked, would take the place of other people's environment when they update."""
    if not (REPOSITORY / ".git").exists():
        return  # an unpacked archive
    listed = subprocess.run(["git", "ls-files", "-s"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert not [line for line in listed.stdout.splitlines() if line.startswith("120000")]


def test_every_picture_is_shown_and_small() -> None:
    shown = {(document.parent / target).resolve() for document in DOCUMENTS for target in links(document)}
    for picture in (REPOSITORY / "docs" / "images").iterdir():
        assert picture in shown, f"{picture.name} is shown nowhere"
        assert picture.stat().st_size < LARGEST_PICTURE_BYTES, f"{picture.name} is large"


@EVERY_DOCUMENT
def test_files_named_in_a_document_exist(document: Path) -> None:
    named = quoted(without_blocks(document.read_text("utf-8")))
    folders = ("src/", "tests/", "docs/", "locustfiles/", "benchmarks/", "constraints/", ".ci/")
    paths = [name for name in named if name.startswith(folders) and " " not in name and name != "benchmarks/results"]
    missing = [name for name in paths if not (REPOSITORY / name).exists()]
    assert not missing, f"{document.name} names what is not there: {missing}"


def test_files_named_in_the_architecture_exist() -> None:
    named = [name for row in rows("docs/architecture.md", after="## Where to look") for name in quoted(row[1])]
    paths = [name for name in named if "/" in name or name.endswith(".py")]
    assert len(paths) > 15
    assert not [name for name in paths if not (SOURCES / name).exists()]


# Tables of names


def test_the_table_of_options_is_that_of_the_code() -> None:
    told = [row[:4] for row in rows("README.md", after="## Options")]
    there = [
        [
            f"`{option.name}`",
            f"`{option.environment_variable}`",
            "" if option.default == "" else f"`{option.default}`",
            "form" if option.in_web_ui else "",
        ]
        for option in OPTIONS
    ]
    assert told == there


def test_the_choices_of_an_option_stand_in_its_row() -> None:
    told = {quoted(row[0])[0]: quoted(row[4]) for row in rows("README.md", after="## Options")}
    for option in OPTIONS:
        if option.choices:
            assert set(option.choices) <= set(told[option.name])


def test_no_document_names_an_option_that_does_not_exist() -> None:
    known = {option.name for option in OPTIONS}
    for document in DOCUMENTS:
        named = set(re.findall(r"--rtc-[a-z-]*[a-z]", document.read_text("utf-8")))
        assert named <= known, document.name


def test_the_exit_codes_are_those_of_the_code() -> None:
    there = {value for name, value in vars(exit_codes).items() if name.isupper()}
    assert {int(row[0]) for row in rows("README.md", after="[docs/verdict.md]")} == there
    assert {int(row[0]) for row in rows("docs/use.md", after="## In CI")} == there


def test_the_timings_are_those_of_the_code() -> None:
    assert first_cells("docs/metrics.md", after="## Timings") == list(NAMES)


def test_the_timings_that_can_fail_are_those_of_the_code() -> None:
    source = "\n".join(path.read_text("utf-8") for path in SOURCES.rglob("*.py"))
    opening = {"session", "connect"}  # named by a variable
    failing = set(re.findall(r"\.(?:failed|unanswered)\(\s*\"([^\"]+)\"", source)) | opening
    assert set(first_cells("docs/metrics.md", after="## Failures")) == failing


def test_the_reasons_for_inconclusive_are_words_of_the_code() -> None:
    """With `…` for what differs from run to run."""
    words = "\n".join(text for path in SOURCES.rglob("*.py") for text in texts_in(path))
    reasons = [reason for row in rows("docs/solutions.md", after="## Inconclusive") for reason in quoted(row[0])]
    assert len(reasons) > 12
    patterns = [".*".join(re.escape(part.strip()) for part in reason.split("…")) for reason in reasons]
    assert not [pattern for pattern in patterns if not re.search(pattern, words)]


def texts_in(path: Path) -> Iterator[str]:
    """Every text in a module, with `…` for what is put in."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_the_fields_of_the_result_file_are_those_of_the_code() -> None:
    result = build_result(
        verdict="pass", reason="", findings=(), warnings=(), timings=Recorder(), counts={}, generator={}, run={}
    )
    assert set(first_cells("docs/metrics.md", after="## The result file")) == result.keys()
    of_timings = next(row for row in rows("docs/metrics.md", after="## The result file") if row[0] == "`timings`")
    assert quoted(of_timings[1]) == list(result["timings"]["update echo"])


def test_the_fields_of_a_capacity_are_those_of_the_code() -> None:
    told = Capacity(End.TIME, (Step(1, Purpose.GROWING, Outcome.BROKEN, 0.0, 1.0, 0),), (), 1, 1, 5.0).as_dict("")
    table = rows("docs/capacity.md", after="## The file")
    assert first_cells("docs/capacity.md", after="## The file") == list(told)
    of_steps = next(row[1] for row in table if row[0] == "`steps`")
    assert {name for name in told["steps"][0] if name != "number"} <= set(quoted(of_steps))
    assert {str(one) for one in (*Purpose, *Outcome)} <= set(quoted(of_steps))
    assert {str(one) for one in End} == set(quoted(next(row[1] for row in table if row[0] == "`outcome`")))


def test_the_figures_of_the_generators_health_are_those_of_the_code() -> None:
    figures = set(first_cells("docs/metrics.md", after="## Health of the generator"))
    others = {"sound", "reasons", "timings_sound", "timings_reasons", "processes", "per_process", "worst_process"}
    assert figures | others == summarise([]).keys()
    text = " ".join(text_of("docs/metrics.md").split())
    assert f"at most {LOOP_LAG_P99_LIMIT_MS:.0f} ms and the mean CPU at most {CPU_LIMIT_PERCENT:.0f} %" in text
    assert f"at most {TIMINGS_LAG_LIMIT_MS:.0f} ms or a tenth of the 99th percentile of `update echo`" in text
    assert TIMINGS_LAG_PART == 0.1


def test_the_counts_are_those_of_the_code() -> None:
    source = "\n".join(path.read_text("utf-8") for path in SOURCES.rglob("*.py"))
    counted = set(re.findall(r"counts\[\"(\w+)\"\]", source))
    told = set(first_cells("docs/metrics.md", after="## Counts"))
    assert counted <= told
    assert not [name for name in told if f'"{name}"' not in source]


def test_the_kinds_of_edit_are_those_of_the_code() -> None:
    table = rows("docs/use.md", after="## What is edited")
    assert [kind for row in table for kind in quoted(row[0])] == [str(kind) for kind in EditKind]
    assert {kind for row in table[:5] for kind in quoted(row[0])} == {str(kind) for kind in TEXT_KINDS}


def test_the_activities_are_those_of_the_code() -> None:
    table = rows("docs/use.md", after="## What a person does in a tab")
    assert [activity for row in table for activity in quoted(row[0])] == [str(activity) for activity in Activity]
    assert {activity for row in table[:6] for activity in quoted(row[0])} == {str(one) for one in TEXT_ACTIVITIES}


def test_every_kind_of_finding_is_described() -> None:
    kinds = {value for name, value in vars(Kind).items() if name.isupper()}
    assert kinds <= set(quoted(text_of("docs/verdict.md")))


def test_the_faults_of_the_sick_server_are_those_of_the_code() -> None:
    table = rows("docs/tests.md", after="## The sick server")
    assert sorted(fault for row in table for fault in quoted(row[0])) == sorted(FAULTS)
    kinds = {value for name, value in vars(Kind).items() if name.isupper()}
    promised = {kind for row in table for kind in quoted(row[1])}
    # Only a replay can end in another text than its trace: tests/runs/test_replay.py has one of its own.
    assert promised == kinds - {Kind.TRACE_DIFFERS}


def test_the_endings_are_those_that_are_played_with_their_verdicts() -> None:
    promised = {
        name: (verdict, code)
        for names, verdict, code, _ in rows("docs/verdict.md", after="## Endings")
        for name in quoted(names)
    }
    codes = {"pass": "0", "fail": "3", "inconclusive": "4"}
    assert promised == {
        ending.name: ("none", "of the workers: 4")
        if ending.verdict is None
        else (ending.verdict, codes[ending.verdict])
        for ending in ENDINGS
    }


def test_the_bad_days_of_hosts_are_those_that_are_played_with_their_verdicts() -> None:
    promised = {name: verdict for name, verdict, _ in rows("docs/hosts.md", after="## Bad days")}
    assert promised == {day.name: day.verdict or "none" for day in BAD_DAYS}


def test_the_messages_are_those_of_the_code() -> None:
    there = [value for name, value in vars(messages).items() if name.isupper()]
    assert first_cells("docs/architecture.md", after="## Processes and messages") == there


def test_the_notebooks_of_the_demo_are_those_of_the_code() -> None:
    told = first_cells("docs/environment.md", after="## The notebooks of the demo")
    assert told == [notebook.file_name for notebook in DEMO_NOTEBOOKS]


def test_the_locustfiles_are_those_that_come_along() -> None:
    told = first_cells("docs/use.md", after="## Locustfiles that come along")
    assert sorted(told) == sorted(f"locustfiles/{path.name}" for path in (REPOSITORY / "locustfiles").glob("*.py"))


def test_the_locustfiles_that_a_hub_refuses_are_told() -> None:
    harmful = [one.__name__ for one in vars(fault_plan).values() if getattr(one, "harms_the_server", False)]
    assert len(harmful) > 3
    refused = re.compile(rf"\(CapacityShape\)|\b({'|'.join(harmful)})\(")
    files = (REPOSITORY / "locustfiles").glob("*.py")
    told = text_of("docs/hubs.md").partition("locustfiles go through a hub, too, but")[2].partition("are refused.")[0]
    assert sorted(re.findall(r"`(\w+\.py)`", told)) == sorted(
        path.name for path in files if refused.search(path.read_text("utf-8"))
    )


def test_every_part_of_the_tests_is_told_of() -> None:
    told = set(first_cells("docs/tests.md", after="## What each part proves"))
    tests = REPOSITORY / "tests"
    folders = {path for path in tests.iterdir() if path.is_dir() and any(path.glob("test_*.py"))}
    there = {f"tests/{path.name}" for path in folders | set(tests.glob("test_*.py"))}
    assert told == there


def test_the_targets_of_make_are_those_of_the_makefile() -> None:
    targets = re.search(r"^\.PHONY: help (.*)$", text_of("Makefile"), re.MULTILINE)
    assert targets is not None
    assert [name.removeprefix("make ") for name in first_cells("docs/tests.md", after="`make lint`, `make demo`")] == (
        targets[1].split()
    )


def test_the_versions_are_those_of_the_package() -> None:
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    required = " ".join([*project["dependencies"], *project["optional-dependencies"]["demo"]])
    for package, versions, _ in rows("docs/install.md", after="## Versions"):
        name = package.split(" ")[0]
        least, below = re.findall(r"[\d.]+\d|\d", versions)
        assert f"{name}>={least},<{below}" in required.replace(" ", " "), name
    least = project["requires-python"].removeprefix(">=")
    assert f"Python {least} or newer" in text_of("README.md")


def test_a_row_of_the_architecture_is_what_a_room_imports() -> None:
    for room, _, ours, outside in rows("docs/architecture.md", after="## Rooms"):
        folder = SOURCES / room.strip("`/")
        allowed = set(quoted(ours)) | {folder.name}
        imported = Counter(module for path in folder.rglob("*.py") for module in imports(path))
        inner = {name.split(".")[1] for name in imported if name.startswith("jupyter_rtc_locust.")}
        if ours != "everything":
            assert inner <= allowed, f"{room} imports {inner - allowed}"
            assert allowed - {folder.name} <= inner, f"{room} does not import {allowed - inner}"
        if outside == "no":
            forbidden = {"locust", "gevent", "socket", "requests", "websocket", "threading", "time"}
            found = {name.split(".")[0] for name in imported} & forbidden
            assert not found, f"{room} imports {found}"


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


# Commands and code


@EVERY_DOCUMENT
def test_every_command_is_run_by_a_test(document: Path) -> None:
    run = set(ELSEWHERE) | {command for scenario in SCENARIOS.values() for command in scenario.commands}
    unknown = [command for command in commands(document) if command not in run]
    assert not unknown, f"{document.name} has commands that nothing runs: {unknown}"


def test_every_listed_command_stands_in_a_document() -> None:
    written = {command for document in DOCUMENTS for command in commands(document)}
    for scenario in SCENARIOS.values():
        assert set(scenario.commands) <= set(commands(REPOSITORY / scenario.document))
    assert set(ELSEWHERE) <= written


@pytest.mark.parametrize("where", sorted(set(ELSEWHERE.values())))
def test_what_is_said_to_run_a_command_exists(where: str) -> None:
    path, _, test = where.partition("::")
    source = (REPOSITORY / path).read_text("utf-8")
    if test:
        names = {node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
        assert test in names
    else:
        for command in (command for command, runner in ELSEWHERE.items() if runner == where and "make" in command):
            assert command.replace("make ", "make --no-print-directory ") in source


def test_every_substitution_is_needed() -> None:
    text = "\n".join(command for document in DOCUMENTS for command in commands(document))
    assert not [written for written in SUBSTITUTIONS if written not in text]


def test_the_packages_are_installed_as_the_makefile_does() -> None:
    command = next(command for command in ELSEWHERE if "pip install" in command)
    written, made = (line.replace(" -q", "").replace("$(extras)", "demo") for line in (command, text_of("Makefile")))
    assert written in made


@pytest.mark.parametrize(
    ("targets", "there", "extras"),
    [
        ("demo", "", "demo"),
        ("web", "", "demo"),
        ("demo", ".demo", None),
        ("test-hosts", ".demo", "demo,test,lint,peers"),
        ("test-hosts demo", "", "demo,test,lint,peers"),
        ("demo", ".installed", None),
    ],
)
def test_a_first_look_installs_no_more_than_it_needs_and_nothing_is_installed_twice(
    targets: str, there: str, extras: str | None, tmp_path: Path
) -> None:
    for name in ("Makefile", "pyproject.toml", "constraints/locked.txt", *([f".venv/{there}"] if there else [])):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text_of("Makefile") if name == "Makefile" else "")
    dry = subprocess.run(["make", "-n", *targets.split()], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert re.findall(r"pip install .* -e '\.\[(.*)\]'", dry.stdout) == ([extras] if extras else [])


def test_blocks_of_python_compile() -> None:
    found = [(document.name, block) for document in DOCUMENTS for block in blocks(document, "python")]
    assert found
    for name, block in found:
        compile(block, name, "exec")


def test_the_locustfile_of_ten_lines_has_ten() -> None:
    first = next(blocks(REPOSITORY / "docs" / "use.md", "python"))
    assert len(first.splitlines()) <= 10


def test_every_reproduction_is_told_of_and_every_entry_has_one() -> None:
    text = text_of("docs/issues.md")
    scripts = [one for one in commands(REPOSITORY / "docs" / "issues.md") if one.startswith("python ")]
    told = [command.rsplit("/", 1)[-1] for command in scripts]
    assert sorted(told) == [path.name for path in REPRODUCTIONS]
    assert len(re.findall(r"^### ", text, re.MULTILINE)) == len(told)


# What must not be there


@EVERY_DOCUMENT
def test_no_document_names_a_package_index_or_a_place_on_somebodys_machine(document: Path) -> None:
    text = document.read_text("utf-8")
    indexes = ["py" + "pi.org", "files.python" + "hosted", "registry." + "npmjs", "index.crates", "conda." + "anaconda"]
    places = ["/ro" + "ot/", "/tm" + "p/", "/wo" + "rk/", "/home/(?!locust)", "C:\\\\"]
    found: list[Any] = [word for word in indexes if word in text]
    found += [place for place in places if re.search(place, text)]
    assert not found, f"{document.name}: {found}"
