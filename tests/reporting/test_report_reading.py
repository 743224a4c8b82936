import gzip
import json

import pytest

from jupyter_rtc_locust.reporting.report import told_history
from jupyter_rtc_locust.reporting.report.moments import moments_of
from jupyter_rtc_locust.reporting.report.told_evidence import MOST_EDITS, MOST_LINES
from jupyter_rtc_locust.reporting.report.told_history import read_histories
from jupyter_rtc_locust.reporting.report.told_run import read_run
from jupyter_rtc_locust.verdict.folder.stored import StoredError
from reporting.results_folders import REAL, RESULTS, copied, result_of

FOLDER = "evidence/rtc-locust-0badcafe_notebook-0.ipynb"
DOCUMENT = "a.ipynb"


@pytest.fixture(scope="module")
def failed():
    return read_run(RESULTS / "fail")


@pytest.mark.parametrize(("name", "nothing"), [("pass", False), ("fail", False), ("nothing", True)])
def test_real_folders_are_read(name, nothing):
    told = read_run(RESULTS / name)
    assert told.verdict == result_of(name)["verdict"]
    assert told.measured_nothing is nothing
    assert sum(len(document.findings) for document in told.documents) == len(result_of(name)["findings"])


def test_a_finding_comes_with_the_edits_behind_it(failed):
    (document,) = failed.documents
    finding = document.findings[0]
    edits = json.loads((RESULTS / "fail" / FOLDER / "finding-1.json").read_text())["edits"]
    assert [edit.what for edit in finding.edits] == [edit["description"] for edit in edits][:MOST_EDITS]
    assert len(finding.edits) + finding.edits_left_out == len(edits)
    assert finding.edits_are == "the last ones of the users concerned, because none stands out"


def test_differences_come_with_the_document_that_of_the_oracle_first(failed):
    first, *others = failed.documents[0].differences
    assert first.heading == "What differs between the oracle (-) and a newcomer (+)"
    assert first.listed[0].startswith("cells[1] was not expected") and first.listed_left_out == 12
    assert "+  markdown cell:" in first.lines and len(first.lines) <= MOST_LINES
    assert [one.heading.split(" and ")[1] for one in others] == ["users 0, 1, 2, 3 (+)", "the saved file (+)"]


def test_differences_are_found_by_the_findings_where_documents_are_not_listed(tmp_path):
    folder = copied("fail", tmp_path / "results", lambda result: result["run"].pop("documents"))
    assert [len(document.differences) for document in read_run(folder).documents] == [3]


def test_what_happened_is_in_order_and_has_letters(failed):
    told = [(moment.letter, moment.what, moment.bad) for moment in moments_of(failed)]
    assert told == [
        ("A", "4 users connected, the most at one time", False),
        ("B", "the server was killed and started again, and its store of updates was lost (done)", True),
        ("C", "users 0, 1, 2 and 3 lost the connection", True),
        ("D", "users 0, 1, 2 and 3 back in step", False),
    ]


def test_a_pause_is_one_of_the_things_that_happened(tmp_path):
    pauses = [{"began_s": 0.0, "ended_s": 2.5}]
    told = read_run(copied("fail", tmp_path / "results", lambda result: result["run"].update(pauses=pauses)))
    pause = moments_of(told)[0]
    assert (pause.at_s, pause.until_s, pause.what) == (0.0, 2.5, "editing paused by a person")


def test_without_a_history_lost_lines_are_told_by_their_slot(tmp_path):
    folder = copied("fail", tmp_path / "results")
    (folder / "history.jsonl.gz").unlink()
    told = read_run(folder)
    assert told.history is None
    assert [moment.what for moment in moments_of(told)][2:] == ["4 connections lost", "4 connections back in step"]


def test_evidence_that_is_missing_or_damaged_takes_nothing_from_the_rest(tmp_path):
    folder = copied("fail", tmp_path / "results")
    (folder / FOLDER / "finding-1.json").write_text("[1")
    (folder / FOLDER / "finding-2.json").write_text('{"edits": [{"user": "x"}]}')
    (folder / FOLDER / "finding-3.json").unlink()
    findings = read_run(folder).documents[0].findings
    assert [one.edits for one in findings[:3]] == [(), (), ()] and findings[3].edits


@pytest.mark.parametrize("place", ["../outside.json", "/etc/hostname", "evidence/../../outside.json", "result.json"])
def test_evidence_is_read_in_its_own_folder_only(tmp_path, place):
    edit = {"user": 1, "number": 1, "due_s": 1.0, "acknowledged_s": None, "description": "secret"}
    (tmp_path / "outside.json").write_text(json.dumps({"edits_are": "outside", "edits": [edit]}))
    folder = copied("fail", tmp_path / "results", lambda result: result["findings"][0].update(evidence=place))
    assert read_run(folder).documents[0].findings[0].edits == ()


def test_secrets_are_taken_out_of_the_evidence(tmp_path):
    folder = copied("fail", tmp_path / "results")
    difference = "What differs between the oracle (-) and a newcomer (+):\n\n* s3cr3t\n\n+ s3cr3t and token=abcdef\n"
    (folder / FOLDER / "difference-oracle-newcomer.txt").write_text(difference)
    told = read_run(folder, ["s3cr3t"])
    assert "s3cr3t" not in repr(told) and "abcdef" not in repr(told)
    assert told.documents[0].differences[0].lines == ("+ [redacted] and token=[redacted]",)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"verdict": "green"}', '{"verdict": "pass", "timings": {}}', "\xff"])
def test_what_is_no_result_is_refused_with_a_sentence(tmp_path, text):
    (tmp_path / "result.json").write_text(text, "latin-1")
    with pytest.raises(StoredError, match=r"result\.json (is not the result of a run|cannot be read)"):
        read_run(tmp_path)


def test_an_empty_folder_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(StoredError, match="is missing"):
        read_run(tmp_path)


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("field", ["unknown", "guests", "checkpoints", "exercised", "server", "evidence", "course"])
def test_what_an_older_version_has_not_written_is_empty(tmp_path, name, field):
    folder = copied(name, tmp_path / "results", lambda result: result.pop(field))
    assert not read_run(folder).result[field]


# Histories


def write(folder, name, events, *, cut=0):
    data = gzip.compress("".join(json.dumps(event) + "\n" for event in events).encode())
    (folder / name).write_bytes(data[: len(data) - cut])


def edit(number, due, took, document=DOCUMENT):
    who = {"document": document, "user": 0, "client": 7, "number": number}
    return [
        {"t": due, "event": "edit", **who, "what": "typed"},
        {"t": due + took, "event": "echo", **who, "outcome": "ok"},
    ]


def test_an_echo_is_timed_from_when_its_edit_was_due(tmp_path):
    write(tmp_path, "history.jsonl.gz", [{"t": 0, "event": "start", "seed": 3}, *edit(1, 2.0, 0.25), *edit(2, 3, 1)])
    told = read_histories(tmp_path, {DOCUMENT}, 3)
    assert told.echoes == ((2.25, 250.0), (4.0, 1000.0)) and told.echoes_seen == 2 and not told.problem


def test_what_never_came_back_is_no_echo(tmp_path):
    events = [*edit(1, 2.0, 0.25), *edit(2, 3.0, 9.0)]
    events[-1]["outcome"] = "unknown"
    write(tmp_path, "history.jsonl.gz", events)
    assert read_histories(tmp_path, {DOCUMENT}, 3).echoes_seen == 1


def test_histories_of_workers_are_put_together(tmp_path):
    write(tmp_path, "history.jsonl.gz", [{"t": 0, "event": "start", "seed": 3}])
    write(tmp_path, "history-worker-a.jsonl.gz", edit(1, 5.0, 0.5))
    write(tmp_path, "history-worker-b.jsonl.gz", edit(1, 2.0, 0.25))
    assert read_histories(tmp_path, {DOCUMENT}, 3).echoes == ((2.25, 250.0), (5.5, 500.0))


def test_a_history_that_an_earlier_run_left_is_not_told(tmp_path):
    write(tmp_path, "history.jsonl.gz", [{"t": 0, "event": "start", "seed": 2}, *edit(1, 2.0, 0.25)])
    assert read_histories(tmp_path, {DOCUMENT}, 3) is None
    write(tmp_path, "history.jsonl.gz", edit(1, 2.0, 0.25, "of another run.ipynb"))
    assert read_histories(tmp_path, {DOCUMENT}, 3) is None


@pytest.mark.parametrize("cut", [1, 9, 30])
def test_a_history_that_ends_in_the_middle_counts_up_to_there(tmp_path, cut):
    events = [one for number in range(2000) for one in edit(number, float(number), number / 7)]
    write(tmp_path, "history.jsonl.gz", events, cut=cut)
    told = read_histories(tmp_path, {DOCUMENT}, 3)
    assert told.echoes_seen > 100 and "ends too early" in told.problem


def test_what_is_no_history_is_said(tmp_path):
    (tmp_path / "history.jsonl.gz").write_bytes(b"plain")
    assert "no history" in read_histories(tmp_path, {DOCUMENT}, 3).problem
    write(tmp_path, "history.jsonl.gz", [[1, 2]])
    assert "no history" in read_histories(tmp_path, {DOCUMENT}, 3).problem


def test_of_many_echoes_so_many_are_kept_the_same_each_time(tmp_path, monkeypatch):
    monkeypatch.setattr(told_history, "MOST_ECHOES", 50)
    events = [one for number in range(400) for one in edit(number, float(number), 0.1)]
    write(tmp_path, "history.jsonl.gz", events)
    told = read_histories(tmp_path, {DOCUMENT}, 3)
    assert len(told.echoes) == 50 and told.echoes_seen == 400
    assert sum(at > 200 for at, _ in told.echoes) > 10, "a choice of the whole run, not of its beginning"
    assert read_histories(tmp_path, {DOCUMENT}, 3) == told


def test_more_lines_than_can_be_read_are_said(tmp_path, monkeypatch):
    monkeypatch.setattr(told_history, "MOST_LINES", 10)
    write(tmp_path, "history.jsonl.gz", [one for number in range(40) for one in edit(number, float(number), 0.1)])
    told = read_histories(tmp_path, {DOCUMENT}, 3)
    assert told.echoes_seen == 5 and "first 10 lines" in told.problem
