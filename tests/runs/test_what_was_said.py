"""The end of a run's output is shown when a test fails, and no table of Locust's hides it."""

from __future__ import annotations

import pytest

from runs.what_was_said import end_and_reason, end_of

BEGINNING = "[2026-11-26 20:06:20,707] vm/INFO/locust.runners: Sending spawn jobs of 4 users"
REASON = "INCONCLUSIVE: 1 of 2 workers did not answer at the end."

# As Locust 2.47 prints them: those of every two seconds, empty at first, and those of the end.
EMPTY = """\
Type     Name                         # reqs      # fails |    Avg     Min     Max    Med |   req/s  failures/s
--------|---------------------------|-------|-------------|-------|-------|-------|-------|--------|-----------
--------|---------------------------|-------|-------------|-------|-------|-------|-------|--------|-----------
         Aggregated                        0     0(0.00%) |      0       0       0      0 |    0.00        0.00
"""
FULL = """\
Type     Name                         # reqs      # fails |    Avg     Min     Max    Med |   req/s  failures/s
--------|---------------------------|-------|-------------|-------|-------|-------|-------|--------|-----------
RTC      update echo                      84    17(20.24%) |      3       3       3      3 |    5.31        0.51
--------|---------------------------|-------|-------------|-------|-------|-------|-------|--------|-----------
         Aggregated                       84    17(20.24%) |      3       3       3      3 |    5.31        0.51

Response time percentiles (approximated)
Type     Name                      50%    66%    75%    80%    90%    95%    98%    99%  99.9% 99.99%   100% # reqs
--------|---------------------|--------|------|------|------|------|------|------|------|------|------|------|------
RTC      update echo                 3      8  32000  33000  34000  35000  35000  35000  35000  35000  35000     84
--------|---------------------|--------|------|------|------|------|------|------|------|------|------|------|------
         Aggregated                  3      8  32000  33000  34000  35000  35000  35000  35000  35000  35000     84
"""


@pytest.mark.parametrize("tables", [EMPTY, FULL, f"{EMPTY}\n{EMPTY}\n{FULL}"])
def test_tables_are_left_out_whether_or_not_they_are_empty(tables: str) -> None:
    assert end_of(f"{BEGINNING}\n\n{tables}\n{REASON}\n") == f"{BEGINNING}\n\n{REASON}"


def test_what_is_no_row_of_them_stays_wherever_it_stands() -> None:
    said = [
        "  Timings in ms        count       p50       p95       p99       max  failures",
        "    update echo           86      2.24      17.3      41.7      41.7         0",
        "# occurrences      Error",
        "------------------|------------------",
        "17                 RTC update echo: an edit never came back to its author",
    ]
    first, *others = FULL.splitlines()
    assert [line for line in end_of("\n".join([first, *said, *others])).splitlines() if line] == said


def test_the_last_lines_are_shown_and_the_others_counted() -> None:
    output = "\n".join(f"line {number}" for number in range(100))
    assert end_of(output).splitlines() == ["[40 lines before]", *(f"line {number}" for number in range(40, 100))]
    assert end_of("one\ntwo", lines=2) == "one\ntwo"


def test_the_reason_of_the_result_stands_below() -> None:
    result = {"verdict": "inconclusive", "reason": "1 of 2 workers did not answer at the end."}
    assert end_and_reason("said", result).splitlines()[-1] == f"--- result.json: inconclusive: {result['reason']}"
    assert end_and_reason("said", None).splitlines() == ["said", "--- no result.json"]
