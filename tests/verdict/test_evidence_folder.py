"""What is kept of a run's evidence, what is left out, and that nobody else's files are touched."""

from __future__ import annotations

import base64
import gzip
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.verdict.evidence import DocumentEvidence
from jupyter_rtc_locust.verdict.evidence_form import decode_evidence
from jupyter_rtc_locust.verdict.findings import Kind, Value
from jupyter_rtc_locust.verdict.folder.differences import described_difference
from jupyter_rtc_locust.verdict.folder.digests import disagreements, read_digests
from jupyter_rtc_locust.verdict.folder.names import finding_names, folder_names
from jupyter_rtc_locust.verdict.folder.writing import Item, remove_earlier, write_items
from jupyter_rtc_locust.verdict.rebuilt import content_of
from verdict.kept_runs import damaged_run, healthy_run, keep
from verdict.swarm_model import SwarmModel
from verdict.templates import plain_notebook

BAD = "evidence/run_bad_one.ipynb"


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory):
    """A run that failed, with everything kept: its folder, its evidence, its verdict, and what was kept."""
    results = tmp_path_factory.mktemp("results")
    run = damaged_run(documents=2)
    return results, run, *keep(results, run)


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


# -- what is there --------------------------------------------------------------------------------------------------


def test_of_a_run_that_failed_everything_is_kept(damaged):
    results, run, verdict, kept = damaged
    assert verdict.value is Value.FAIL
    assert kept.left_out == 0 and not kept.problem
    assert {f"evidence/{name}" for name in kept.files} | {"evidence/files.txt", "result.json"} == files_in(results)
    copies = [f"replica-{number}" for number in range(1, len(run.documents[0].replicas) + 1)]
    for copy in ("initial", "newcomer", "oracle", *copies):
        assert {f"{BAD}/{copy}.bin", f"{BAD}/{copy}.json"} <= files_in(results)
    assert {f"{BAD}/{name}" for name in ("edits.jsonl", "edits.bin", "saved-file.json", "template.json")} <= files_in(
        results
    )


def test_a_copy_as_json_is_the_copy_as_update(damaged):
    results, run, *_ = damaged
    for name in ("newcomer", "oracle", "initial", "replica-1"):
        content = content_of((results / BAD / f"{name}.bin").read_bytes(), "notebook")
        assert json.loads((results / BAD / f"{name}.json").read_text()) == content
    assert json.loads((results / BAD / "saved-file.json").read_text()) == run.documents[0].saved.content
    users = json.loads((results / BAD / "copies.json").read_text())["users_of_replicas"]
    assert users == {f"replica-{one}": list(each.users) for one, each in enumerate(run.documents[0].replicas, 1)}


@pytest.mark.parametrize("which", ["edits", "received"])
def test_every_line_says_where_its_bytes_stand(damaged, which):
    results, run, *_ = damaged
    data = (results / BAD / f"{which}.bin").read_bytes()
    lines = [json.loads(line) for line in (results / BAD / f"{which}.jsonl").read_text().splitlines()]
    updates = [one.update for one in (run.documents[0].authored if which == "edits" else run.documents[0].foreign)]
    assert [data[line["at"] : line["at"] + line["bytes"]] for line in lines] == updates
    if which == "edits":
        assert [(line["user"], line["description"]) for line in lines] == [
            (edit.user, edit.description) for edit in run.documents[0].authored
        ]


def test_each_finding_has_a_file_with_the_edits_behind_it(damaged):
    results, run, verdict, kept = damaged
    edits = {edit.key: edit for edit in run.documents[0].authored}
    assert kept.findings == tuple(finding.evidence for finding in verdict.opinion.findings)
    for finding in verdict.opinion.findings:
        told = json.loads((results / finding.evidence).read_text())
        assert (told["kind"], told["detail"], told["users"]) == (finding.kind, finding.detail, list(finding.users))
        for one in told["edits"]:
            edit = edits[one["client_id"], one["number"]]
            assert base64.b64decode(one["update_base64"]) == edit.update
            assert one["description"] == edit.description
        if finding.edits:
            assert {(one["client_id"], one["number"]) for one in told["edits"]} == set(finding.edits)
    lost = [one for one in verdict.opinion.findings if one.kind == Kind.LOST_EDIT and one.users]
    assert lost
    assert all({edits[key].user for key in finding.edits} == set(finding.users) for finding in lost)


def test_where_contents_differ_can_be_read_and_acts_on_no_terminal(damaged):
    results, *_ = damaged
    text = (results / BAD / "difference-oracle-newcomer.txt").read_text()
    assert "What differs between the oracle (-) and a newcomer (+)" in text
    assert "## modified /cells/0/source" in text, "nbdime's words"
    assert "invented" in text and "\x1b" not in text and "\\x1b" in text
    assert not list(results.glob(f"{BAD}/difference-*saved-file.txt")), "the file holds what the newcomer was given"


def test_without_nbdime_it_is_said_in_our_own_words(monkeypatch):
    monkeypatch.setitem(sys.modules, "nbdime", None)
    old, new = ({"cells": [{"source": text}], "metadata": {}} for text in ("a\nb", "a\nc\x1b"))
    text = described_difference(("one", "another"), old, new, "notebook")
    assert "* cells[0].source differs" in text and "--- expected" in text
    assert "\x1b" not in text


@pytest.mark.parametrize("content", [{"cells": "none"}, {"cells": [1]}, {"cells": [{}], "metadata": 3}, []])
def test_what_is_no_notebook_is_shown_all_the_same(content):
    assert "What differs" in described_difference(
        ("one", "another"), {"cells": [], "metadata": {}}, content, "notebook"
    )


def test_a_difference_of_texts_is_a_unified_diff():
    text = described_difference(("one", "another"), "a\nb\nc", "a\nB\nc", "text")
    assert "\n-b\n+B\n" in text


def test_no_difference_is_no_text():
    assert described_difference(("one", "another"), "a", "a", "text") == ""


def test_the_stored_evidence_of_a_document_is_what_the_judge_was_told(damaged):
    results, run, *_ = damaged
    stored = gzip.decompress((results / BAD / "document.msgpack.gz").read_bytes())
    assert decode_evidence(stored, DocumentEvidence) == run.documents[0]


def test_a_half_character_is_no_obstacle(tmp_path):
    run = damaged_run()
    saved = replace(run.documents[0].saved, content={**run.documents[0].saved.content, "x": "\ud83d"})
    _, kept = keep(tmp_path, replace(run, documents=(replace(run.documents[0], saved=saved),)))
    assert not kept.problem and not kept.left_out


# -- how much -------------------------------------------------------------------------------------------------------


def test_of_a_pass_only_digests_are_kept(tmp_path):
    verdict, kept = keep(tmp_path, healthy_run())
    assert verdict.value is Value.PASS
    assert kept.files == ("digests.json",)
    assert kept.size < 2000


def test_of_a_pass_everything_is_kept_where_it_is_asked_for(tmp_path):
    _, kept = keep(tmp_path, healthy_run(), everything=True)
    assert {"run.msgpack.gz", "run_notebook-0.ipynb/oracle.json"} <= set(kept.files)


def test_where_there_is_no_room_digests_are_kept_and_what_was_left_out_is_said(tmp_path):
    verdict, kept = keep(tmp_path, damaged_run(), limit=0)
    assert kept.files == ("digests.json",)
    assert kept.findings == (None,) * len(verdict.opinion.findings)
    told = (tmp_path / "evidence" / "left-out.txt").read_text().splitlines()
    assert len(told) == kept.left_out == len(kept.names_left_out) > 10
    assert any("edits.bin" in line and "more than were left of the limit" in line for line in told)


def test_what_findings_rest_on_goes_first_and_the_limit_holds(tmp_path):
    run = damaged_run(documents=3)
    _, everything = keep(tmp_path / "whole", run)
    sizes = {name: (tmp_path / "whole" / "evidence" / name).stat().st_size for name in everything.files}
    findings = [name for name in sizes if "finding-" in name or name.startswith("run_bad")]
    for_checking = [name for name in sizes if name in ("run.msgpack.gz", "digests.json")]
    limit = sum(sizes[name] for name in {*findings, *for_checking}) + 1000
    _, kept = keep(tmp_path / "some", run, limit=limit)
    assert kept.size <= limit
    assert {*findings, *for_checking} <= set(kept.files)
    assert 0 < kept.left_out < len(sizes)


def test_what_cannot_be_made_is_left_out_and_the_rest_is_kept(tmp_path):
    def fails() -> bytes:
        raise ValueError("no such thing")

    kept = write_items(tmp_path, [Item("a", fails), Item("b", lambda: b"b"), Item("c", lambda: None)], 100)
    assert kept.files == ("b",)
    assert kept.names_left_out == ("a: it could not be made: ValueError: no such thing",)


# -- nobody else's files --------------------------------------------------------------------------------------------


def test_the_evidence_of_an_earlier_run_is_removed_and_nothing_else(tmp_path):
    keep(tmp_path, damaged_run())
    mine = [tmp_path / "evidence" / "notes.txt", tmp_path / BAD / "my analysis.txt", tmp_path / "other" / "file"]
    for path in mine:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
    remove_earlier(tmp_path)
    assert files_in(tmp_path) == {path.relative_to(tmp_path).as_posix() for path in mine} | {"result.json"}
    for path in mine[:2]:
        path.unlink()
    keep(tmp_path, damaged_run())
    remove_earlier(tmp_path)
    assert not (tmp_path / BAD).exists() and not (tmp_path / "evidence").exists()


def test_without_an_earlier_run_there_is_nothing_to_remove(tmp_path):
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "files.txt").write_text("a list of mine\nnotes.txt\n")
    (tmp_path / "evidence" / "notes.txt").write_text("mine")
    remove_earlier(tmp_path)
    remove_earlier(tmp_path / "nowhere")
    assert files_in(tmp_path) == {"evidence/files.txt", "evidence/notes.txt"}


def test_a_list_that_leads_outside_removes_nothing_there(tmp_path):
    outside = tmp_path / "outside.txt"
    outside.write_text("mine")
    keep(tmp_path / "results", healthy_run())
    listed = tmp_path / "results" / "evidence" / "files.txt"
    listed.write_text(f"{listed.read_text()}../../outside.txt\n{outside}\n")
    remove_earlier(tmp_path / "results")
    assert outside.exists()


def test_a_file_of_somebody_else_is_not_replaced(tmp_path):
    theirs = tmp_path / "evidence" / "digests.json"
    theirs.parent.mkdir()
    theirs.write_text("mine")
    kept = write_items(tmp_path, [Item("digests.json", lambda: b"ours"), Item("b", lambda: b"b")], 100)
    assert theirs.read_text() == "mine"
    assert kept.names_left_out == ("digests.json: a file of somebody else is in the way",)
    remove_earlier(tmp_path)
    assert files_in(tmp_path) == {"evidence/digests.json"}


def test_a_folder_that_cannot_be_written_is_a_problem_in_a_sentence(tmp_path):
    (tmp_path / "results").write_text("a file")
    kept = write_items(tmp_path / "results", [Item("a", lambda: b"a")], 100)
    assert not kept.files
    assert "could not be written" in kept.problem and "Not a directory" in kept.problem


def test_a_disk_that_is_full_leaves_no_half_file(tmp_path, monkeypatch):
    def full(target: Path, data: bytes) -> None:
        target.write_bytes(data[:1])
        target.unlink()
        raise OSError(28, "No space left on device")

    from jupyter_rtc_locust.verdict.folder import writing

    real, calls = writing._new, []

    def sometimes(target: Path, data: bytes) -> None:
        calls.append(target)
        (real if len(calls) < 3 else full)(target, data)

    monkeypatch.setattr(writing, "_new", sometimes)
    items = [Item(name, lambda: b"data") for name in ("a", "b", "c")]
    kept = write_items(tmp_path, items, 100)
    assert kept.files == ("a",)
    assert "No space left on device" in kept.problem
    remove_earlier(tmp_path)
    assert files_in(tmp_path) == set()


# -- names ----------------------------------------------------------------------------------------------------------

PATHS = st.lists(st.text(max_size=200) | st.sampled_from(["a/b", "a_b", "A_b", "a b", "..", "", "/"]), max_size=8)


@given(paths=PATHS)
@settings(deadline=None, max_examples=200)
def test_every_document_has_a_folder_of_its_own_with_a_harmless_name(paths):
    names = folder_names(paths)
    assert len({name.lower() for name in names}) == len(paths)
    for name in names:
        assert name and name.isascii() and len(name) < 120
        assert not name.startswith(".") and not set(name) & set('/\\\0 :*?"<>|\n')


def test_a_finding_about_no_document_stands_beside_the_documents():
    names = ["A/finding-1.json", "finding-2.json", "B/finding-3.json"]
    assert finding_names(["a", "", "b"], {"a": "A", "b": "B"}) == names


# -- digests --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digests(tmp_path_factory: pytest.TempPathFactory):
    results = tmp_path_factory.mktemp("results")
    keep(results, healthy_run())
    return read_digests((results / "evidence" / "digests.json").read_bytes())


def test_the_digests_of_a_pass_agree(digests):
    assert disagreements(digests) == []
    (one,) = digests.documents
    assert (one.edits, one.users, one.opened_again) == (3, 3, None)
    assert one.first_snapshot != one.oracle


@pytest.mark.parametrize("field", ["newcomer", "oracle", "saved_file", "expected_file"])
@pytest.mark.parametrize("value", ["0" * 64, None])
def test_a_digest_that_is_another_is_noticed(digests, field, value):
    changed = replace(digests, documents=(replace(digests.documents[0], **{field: value}),))
    assert len(disagreements(changed)) >= 1


def test_a_group_of_replicas_that_is_another_is_noticed(digests):
    (one,) = digests.documents
    groups = (*one.replicas, replace(one.replicas[0], content="0" * 64))
    for replicas in (groups, groups[1:], ()):
        assert disagreements(replace(digests, documents=(replace(one, replicas=replicas),)))


def test_digests_that_are_missing_are_noticed(digests):
    assert disagreements(replace(digests, documents=()))
    assert disagreements(replace(digests, documents=(), paths=()))


def test_a_file_that_agrees_by_a_rule_of_both_sides_is_said_to(tmp_path):
    """Nobody changed anything, so the file still is what the room was loaded from, without what loading added."""
    swarm = SwarmModel({**plain_notebook(), "metadata": {}})
    verdict, _ = keep(tmp_path, replace(swarm.run_evidence(), edits_asked=False))
    digests = read_digests((tmp_path / "evidence" / "digests.json").read_bytes())
    (one,) = digests.documents
    assert one.saved_file != one.expected_file and one.saved_file_forgiven
    assert verdict.value is Value.PASS and not disagreements(digests)
