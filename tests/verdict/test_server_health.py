"""The server's memory is a finding only past a limit; its log is a warning."""

import pytest

from jupyter_rtc_locust.verdict.checks.server_health import check_server_memory, read_server_log
from jupyter_rtc_locust.verdict.decision import decide
from jupyter_rtc_locust.verdict.evidence import RunEvidence, ServerMemory
from jupyter_rtc_locust.verdict.findings import Kind, Value
from jupyter_rtc_locust.verdict.server_log import LONGEST_LINE, read_log
from verdict.swarm_model import SwarmModel
from verdict.templates import plain_notebook

GROWN = ServerMemory(100_000_000, 650_000_000, 600_000_000)


def test_memory_without_a_limit_is_no_finding():
    assert not check_server_memory(RunEvidence(server_memory=GROWN)).findings


def test_memory_within_the_limit_is_no_finding():
    assert not check_server_memory(RunEvidence(server_memory=GROWN, server_memory_limit=650)).findings


def test_memory_past_the_limit_is_told_with_all_figures():
    (finding,) = check_server_memory(RunEvidence(server_memory=GROWN, server_memory_limit=500)).findings
    assert finding.kind == Kind.SERVER_MEMORY
    assert all(figure in finding.detail for figure in ("650 MB", "550 MB more", "100 MB", "600 MB", "500 MB"))


def test_a_limit_that_cannot_be_held_against_anything_is_not_known_to_be_kept():
    opinion = check_server_memory(RunEvidence(server_memory_limit=500))
    assert not opinion.findings
    assert "not known" in opinion.unknown[0]


LOG = """\
[I 2026-11-24 16:00:00 ServerApp] a session
[E 2026-11-24 16:00:01 ServerApp] Error saving file: a.ipynb
Traceback (most recent call last):
  File "x.py", line 1
[W 2026-11-24 16:00:02 YDocExtension] Out-of-band changes. Overwriting the content in room a
[I 2026-11-24 16:00:03 YDocExtension] Content in file a.ipynb is out-of-sync with the ystore
[E 2026-11-24 16:00:04 ServerApp] Error saving file: b.ipynb
""".splitlines()


def test_a_log_is_counted_with_its_first_and_last_lines():
    events = {event.what: event for event in read_log(LOG)}
    assert [event.count for event in events.values()] == [1, 1, 1, 2]
    assert events["saves that failed"].first.endswith("a.ipynb")
    assert events["saves that failed"].last.endswith("b.ipynb")


def test_a_stack_trace_is_told_with_the_line_before_it_which_says_when():
    (trace,) = [event for event in read_log(LOG) if event.what == "stack traces"]
    assert trace.first.startswith("[E 2026-11-24 16:00:01")


def test_a_stack_trace_is_told_with_the_error_that_it_ends_with():
    lines = ["SQLite exception", LOG[2], LOG[3], "    commit()", "sqlite3.OperationalError: database is locked", LOG[0]]
    (trace,) = read_log([*lines, *lines])
    assert (trace.count, trace.first, trace.first) == (
        2,
        "SQLite exception sqlite3.OperationalError: database is locked",
        trace.last,
    )


def test_a_stack_trace_without_an_end_is_told_as_far_as_it_goes():
    (trace,) = read_log(["SQLite exception", LOG[2], LOG[3], LOG[0]])
    assert trace.first == "SQLite exception Traceback (most recent call last):"


def test_a_quiet_log_tells_nothing():
    assert read_log(LOG[:1]) == ()


def test_a_line_without_end_is_cut():
    (event,) = read_log(["Error saving " + "x" * 10_000])
    assert len(event.first) == LONGEST_LINE


@pytest.mark.parametrize("limit", [0, 900])
def test_a_log_with_trouble_in_it_is_a_warning_beside_the_verdict_and_does_not_change_it(limit):
    swarm = SwarmModel(plain_notebook())
    swarm[0].type("words")
    swarm.finish()
    evidence = RunEvidence(
        documents=(swarm.evidence(),), server_log=read_log(LOG), server_memory=GROWN, server_memory_limit=limit
    )
    verdict = decide(evidence)
    assert verdict.value is Value.PASS
    warnings = [one for one in verdict.opinion.cautions if one.kind == "server-log"]
    assert len(warnings) == len(read_server_log(evidence).cautions) == 4
    assert "saves that failed (2 times" in warnings[-1].detail
