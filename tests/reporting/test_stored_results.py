"""A results folder, looked at later: the same verdict from its evidence, and everything shown as text."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_rtc_locust.command_line import main
from jupyter_rtc_locust.exit_codes import FAILED, INCONCLUSIVE, OPTIONS_REFUSED, PASSED
from jupyter_rtc_locust.reporting.result_file import REDACTED
from jupyter_rtc_locust.reporting.stored_results import agree, as_result, checked, shown
from jupyter_rtc_locust.verdict.evidence import RunEvidence
from jupyter_rtc_locust.verdict.folder.stored import StoredError
from verdict.kept_runs import damaged_run, healthy_run, keep


def unknown_run() -> RunEvidence:
    return replace(healthy_run(), silent_processes=("worker 7",))


RUNS = {"pass": (healthy_run, PASSED), "fail": (damaged_run, FAILED), "inconclusive": (unknown_run, INCONCLUSIVE)}


@pytest.fixture(scope="module", params=RUNS)
def kept(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """A results folder with everything in it, the verdict, and the exit code that belongs to it."""
    make, code = RUNS[request.param]
    results = tmp_path_factory.mktemp("results")
    verdict, _ = keep(results, make(), everything=True)
    return results, verdict, code


@pytest.fixture
def failed(tmp_path: Path) -> Path:
    keep(tmp_path, damaged_run())
    return tmp_path


def change(results: Path, **fields) -> None:
    path = results / "result.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def put(results: Path, name: str, data: bytes) -> None:
    (results / name).write_bytes(data)


# -- check ----------------------------------------------------------------------------------------------------------


def test_the_evidence_gives_the_verdict_of_the_run_again(kept):
    results, verdict, code = kept
    lines, found = checked(results)
    assert found == code
    assert lines[0].startswith(f"{verdict.value.value.upper()}: ")
    assert lines[-1] == (
        f"This agrees with {results}/result.json: the same verdict, the same {len(verdict.opinion.findings)} findings."
    )


def test_it_does_so_elsewhere_in_another_process_without_locust(kept, tmp_path):
    results, _, code = kept
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(results, elsewhere)
    program = (
        "import sys; from jupyter_rtc_locust.command_line import main; code = main(sys.argv[1:]); "
        "assert not {'locust', 'gevent', 'lark'} & set(sys.modules); sys.exit(code)"
    )
    found = subprocess.run(
        [sys.executable, "-P", "-c", program, "check", "elsewhere"],
        cwd=tmp_path,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": "1"},  # another one than that of this process, almost for sure
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert found.returncode == code, found.stderr
    assert "This agrees with elsewhere/result.json" in found.stdout


def test_findings_are_the_same_byte_for_byte(failed):
    told = json.loads((failed / "result.json").read_text())["findings"]
    verdict, _ = keep(failed.parent / "again", damaged_run(), write=False)
    assert json.dumps(as_result(verdict)["findings"]) == json.dumps(told)
    assert all(finding["evidence"] for finding in told)


@pytest.mark.parametrize(
    "fields",
    [
        {"verdict": "pass"},
        {"findings": []},
        {"warnings": [{"kind": "few-users", "document": "", "detail": "made up"}]},
        {"unknown": ["made up"]},
    ],
)
def test_a_result_file_that_says_something_else_is_told(failed, fields):
    change(failed, **fields)
    lines, code = checked(failed)
    assert code == FAILED
    assert (
        f"does not agree with {failed}/result.json, which has something else under: {next(iter(fields))}" in lines[-1]
    )


def test_a_pass_that_does_not_agree_with_the_result_file_is_not_known_to_be_one(tmp_path):
    keep(tmp_path, healthy_run(), everything=True)
    change(tmp_path, verdict="fail", run={"versions": {"pycrdt": "0.1"}})
    lines, code = checked(tmp_path)
    assert code == INCONCLUSIVE
    assert lines[-1].startswith("Other versions decided: pycrdt 0.1 there, ")


def test_without_a_result_file_the_evidence_speaks_for_itself(failed):
    (failed / "result.json").unlink()
    lines, code = checked(failed)
    assert code == FAILED and "There is no" in lines[-1]


def test_of_a_pass_with_digests_only_it_is_said_that_only_they_were_looked_at(tmp_path):
    keep(tmp_path, healthy_run())
    lines, code = checked(tmp_path)
    assert code == PASSED
    assert "only digests were kept, so only they were looked at: those of 1 document agree" in lines[1]
    assert "This agrees with" in lines[2]


def test_digests_that_do_not_agree_are_no_pass(tmp_path):
    keep(tmp_path, healthy_run())
    path = tmp_path / "evidence" / "digests.json"
    path.write_text(path.read_text().replace('"oracle": "', '"oracle": "0'))
    lines, code = checked(tmp_path)
    assert code == INCONCLUSIVE and "of the oracle differ" in lines[1]


def test_a_document_whose_evidence_was_left_out_is_not_known(tmp_path):
    keep(tmp_path, damaged_run(documents=2))
    (tmp_path / "evidence" / "run_good_1.ipynb" / "document.msgpack.gz").unlink()
    lines, code = checked(tmp_path)
    assert code == FAILED
    assert any("run/good 1.ipynb: its evidence was left out (--rtc-evidence-limit)" in line for line in lines)
    assert "does not agree" in lines[-1]


def test_a_pass_of_which_a_document_is_missing_is_none(tmp_path):
    keep(tmp_path, healthy_run(), everything=True)
    (tmp_path / "evidence" / "run_notebook-0.ipynb" / "document.msgpack.gz").unlink()
    assert checked(tmp_path)[1] == INCONCLUSIVE


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda folder: shutil.rmtree(folder / "evidence"), "holds no evidence"),
        (lambda folder: put(folder, "evidence/digests.json", b"{"), "digests.json cannot be read"),
        (
            lambda folder: put(folder, "evidence/run.msgpack.gz", b"no gzip"),
            "run.msgpack.gz cannot be read",
        ),
        (lambda folder: (folder / "evidence" / "run.msgpack.gz").unlink(), "holds digests only, of a run that did not"),
        (lambda folder: put(folder, "result.json", b"[]"), "is not the result of a run: it holds a list"),
        (lambda folder: put(folder, "result.json", b"\xff"), "result.json cannot be read"),
    ],
)
def test_what_cannot_be_checked_ends_with_2_and_a_sentence(failed, damage, sentence, capsys):
    damage(failed)
    assert main(["check", str(failed)]) == OPTIONS_REFUSED
    told = capsys.readouterr()
    assert sentence in told.err and "Traceback" not in told.err
    assert not told.out


def test_evidence_that_was_cut_ends_with_2_and_a_sentence(failed, capsys):
    path = next(failed.glob("evidence/*/document.msgpack.gz"))
    path.write_bytes(path.read_bytes()[:-20])
    assert main(["check", str(failed)]) == OPTIONS_REFUSED
    assert "document.msgpack.gz cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("found", "told", "expected"),
    [
        ("a token=abc b", f"a token={REDACTED} b", True),
        ("a secret", f"a {REDACTED}", True),
        ("another secret", f"a {REDACTED}", False),
        (["a"], ["a", "b"], False),
        ({"a": 1}, {"b": 1}, False),
        (1, True, False),
        (None, None, True),
        ("a", None, False),
    ],
)
def test_fields_agree_but_for_what_was_taken_out(found, told, expected):
    assert agree(found, told) is expected


# -- show -----------------------------------------------------------------------------------------------------------


def test_every_finding_is_shown_with_its_evidence(failed, capsys):
    assert main(["show", str(failed)]) == PASSED
    text = capsys.readouterr().out
    findings = json.loads((failed / "result.json").read_text())["findings"]
    assert text.startswith("FAIL: ")
    for number, finding in enumerate(findings, start=1):
        assert f"Finding {number}: {finding['kind']}\n" in text
        assert f"  evidence: {failed}/{finding['evidence']}\n" in text
    assert f"Evidence: {failed}/evidence (" in text
    assert "Not tested, so nothing is said about: a connection that was lost and came back" in text
    assert "\x1b" not in text


def test_what_is_not_known_warnings_guests_and_checkpoints_are_shown(tmp_path):
    keep(tmp_path, unknown_run())
    change(
        tmp_path,
        warnings=[{"kind": "few-users", "document": "", "detail": "1 of 2\x1b[2J"}],
        guests=[{"document": "a", "client_id": 5, "units": 7}],
        evidence={"left_out": 3, "names_left_out": ["a: too large"], "problem": "The disk was full."},
    )
    text = "\n".join(shown(tmp_path))
    assert "Not known:\n  worker 7 played users and did not answer" in text
    assert "Warnings:\n  few-users: 1 of 2\\x1b[2J" in text
    assert "Guests:\n  client 5 in a, who wrote 7 units" in text
    assert "Left out of it: 3 files, for example a: too large." in text
    assert text.endswith("The disk was full.")


def test_without_a_result_there_is_nothing_to_show(tmp_path, capsys):
    assert main(["show", str(tmp_path)]) == OPTIONS_REFUSED
    assert "result.json is missing" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["{}", '{"verdict": 1}', '{"verdict": "pass", "reason": "", "findings": 3}'])
def test_what_is_no_result_is_said_to_be_none(tmp_path, content):
    (tmp_path / "result.json").write_text(content)
    with pytest.raises(StoredError, match="is not the result of a run"):
        shown(tmp_path)


@pytest.mark.parametrize("command", ["check", "show"])
def test_more_than_a_folder_is_refused(command, capsys):
    with pytest.raises(SystemExit) as refused:
        main([command, "results", "--rtc-seed", "7"])
    assert refused.value.code == OPTIONS_REFUSED
    assert f"{command} does not know: --rtc-seed 7" in capsys.readouterr().err


def test_letters_that_a_terminal_does_not_know_are_written_out(failed, monkeypatch):
    shown_by = subprocess.run(
        [sys.executable, "-P", "-m", "jupyter_rtc_locust", "show", str(failed)],
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=100,
    )
    assert shown_by.returncode == PASSED, shown_by.stderr
    assert b"\\U0001f321" in shown_by.stdout
