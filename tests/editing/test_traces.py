"""Reading traces: both formats, with all that people leave out of them, and a sentence for what is none."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_rtc_locust.editing.traces import Patch, Trace, TraceError, read_trace


def read(folder: Path, content: Any) -> Trace:
    file = folder / "trace.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return read_trace(file)


def sequential(*txns: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"startContent": "", "endContent": "", "txns": list(txns), **more}


def concurrent(*txns: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"kind": "concurrent", "endContent": "", "txns": list(txns), **more}


def test_a_sequential_trace_is_one_agents_each_transaction_upon_the_one_before(tmp_path: Path) -> None:
    trace = read(tmp_path, sequential({"patches": [[0, 0, "a"]]}, {"patches": [[0, 1, ""]]}, startContent="s"))
    assert (trace.sequential, trace.agents, trace.start) == (True, 1, "s")
    assert [one.parents for one in trace.transactions] == [(), (0,)]
    assert trace.transactions[1].patches == (Patch(0, 1, ""),)


def test_it_may_be_compressed_whatever_its_name(tmp_path: Path) -> None:
    file = tmp_path / "trace.json"
    file.write_bytes(gzip.compress(json.dumps(sequential()).encode()))
    assert read_trace(file).transactions == ()


@pytest.mark.parametrize("kind", [{"kind": "concurrent"}, {}])
def test_a_concurrent_trace_is_known_by_its_kind_or_by_its_parents(tmp_path: Path, kind: dict[str, str]) -> None:
    txns = [{"parents": [], "agent": 2, "patches": []}]
    trace = read(tmp_path, {"endContent": "", "txns": txns, **kind})
    assert (trace.sequential, trace.agents) == (False, 3)


def test_agents_without_transactions_are_people_too(tmp_path: Path) -> None:
    assert read(tmp_path, concurrent({"parents": [], "agent": 0, "patches": []}, numAgents=4)).agents == 4


def test_a_transaction_may_lack_patches_and_a_patch_may_have_a_time_of_its_own(tmp_path: Path) -> None:
    trace = read(tmp_path, sequential({}, {"patches": [[0, 0, "a", "2020-01-01T00:00:00Z"]]}))
    assert [one.patches for one in trace.transactions] == [(), (Patch(0, 0, "a"),)]


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ({"time": "2020-01-01T00:00:01.500Z"}, 1577836801.5),
        ({"timestamp": "2020-01-01T01:00:01+01:00"}, 1577836801.0),
        ({"time": "2020-01-01T00:00:01"}, 1577836801.0),
        ({"time": 1577836801500}, 1577836801.5),
        ({"timestamp": "1577836801500"}, 1577836801.5),
        ({"time": None, "timestamp": 1000}, 1.0),
        ({"time": "1970-01-01T00:00:00+00:00"}, None),
        ({}, None),
    ],
)
def test_a_time_is_iso_8601_or_milliseconds_and_the_epoch_is_none(
    tmp_path: Path, told: dict[str, Any], seconds: float | None
) -> None:
    assert read(tmp_path, sequential({"patches": [], **told})).transactions[0].time == seconds


def test_a_missing_time_is_that_of_the_transaction_before_or_of_the_first_that_has_one(tmp_path: Path) -> None:
    trace = read(tmp_path, sequential({}, {"time": 2000}, {}, {"time": 5000}))
    assert [one.time for one in trace.transactions] == [2.0, 2.0, 2.0, 5.0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("no json", "is no editing trace: it is not JSON"),
        ([], "is no editing trace: it is not an object with a list of `txns`"),
        ({"txns": []}, "does not say how the text ended"),
        (sequential(kind="other"), "is of the kind 'other'"),
        (sequential(startContent=3), "its `startContent` is no text"),
        (sequential({}, []), "transaction 1 is not an object"),
        (sequential({"patches": 3}), "the `patches` of transaction 0 are no list"),
        (sequential({"patches": [[0, 0]]}), "patch 0 of transaction 0 is not of the form"),
        (sequential({"patches": [[-1, 0, ""]]}), "the position of patch 0 of transaction 0 is '-1'"),
        (sequential({"patches": [[0, True, ""]]}), "the number of characters deleted by patch 0 of transaction 0"),
        (sequential({"patches": [[0, 0, None]]}), "the text inserted by patch 0 of transaction 0 is no text"),
        (sequential({"patches": [[0, 0, "\ud83d"]]}), "holds half a character"),
        (sequential({"time": "yesterday"}), "the time of transaction 0 is 'yesterday'"),
        (concurrent({"agent": 0}), "transaction 0 does not name its `parents`"),
        (concurrent({"parents": []}), "transaction 0 does not name its `agent`"),
        (concurrent({"parents": [0], "agent": 0}), "transaction 0 has the parent 0, which does not stand before it"),
        (concurrent({"parents": 1, "agent": 0}), "the `parents` of transaction 0 are no list"),
        (concurrent({"parents": [], "agent": 1}, numAgents=1), "has 1 agents (`numAgents`), but a transaction of"),
    ],
)
def test_what_is_no_trace_is_refused_with_a_sentence_that_names_file_and_transaction(
    tmp_path: Path, content: Any, said: str
) -> None:
    with pytest.raises(TraceError) as refused:
        read(tmp_path, content)
    assert said in str(refused.value)
    assert str(tmp_path / "trace.json") in str(refused.value)


def test_a_file_that_is_not_there_and_one_that_is_damaged_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="cannot be read"):
        read_trace(tmp_path / "none.json")
    damaged = tmp_path / "damaged.json.gz"
    damaged.write_bytes(gzip.compress(b"{}" * 1000)[:-10])
    with pytest.raises(TraceError, match="damaged"):
        read_trace(damaged)
