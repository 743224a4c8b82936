"""The metrics, read by Prometheus' own parser for Python: they are what the picture says, and few."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from jupyter_rtc_locust.live.looks import COUNTED, DocumentLook, Look, Strain
from jupyter_rtc_locust.live.picture import Picture, RunFacts
from jupyter_rtc_locust.live.prometheus import BORDERS_S, PREFIX, metrics_text
from jupyter_rtc_locust.timing.histogram import Histogram


def read(text: str) -> dict[tuple[str, str], float]:
    """Each sample by its name and labels. The parser takes the end of a counter's name for granted."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            key = (sample.name.removeprefix(f"{PREFIX}_"), labels)
            assert key not in found, f"{key} stands there twice"
            found[key] = sample.value
    return found


def times(*milliseconds: float) -> Histogram:
    made = Histogram()
    for each in milliseconds:
        made.record(each)
    return made


def picture(*milliseconds: float) -> Picture:
    made = Picture([("run/a.ipynb", "notebook"), ("run/b.ipynb", "notebook")])
    counts = dict.fromkeys(COUNTED, 0) | {"edits": 7, "awareness_received": 5, "failures": 1}
    documents = (
        DocumentLook(0, users=2, copies=((b"x", 2),)),
        DocumentLook(1, users=1, copies=((b"x", 1),), waits_s=4.0),
    )
    strain = Strain(times(3.0), times(), 25.0, 1)
    made.take("a", Look("a", 4.5, counts, {"update echo": times(*milliseconds)}, strain, documents), 4.5)
    return made


def test_the_figures_are_those_of_the_picture() -> None:
    facts = RunFacts("editing", "0badcafe", 7, "jupyter-collaboration", processes=1, faults=(("a fault", 1.0, None),))
    found = read(metrics_text(picture(2.0, 30.0, 400.0), 5.0, facts))
    assert found["run_info", "run_id=0badcafe,seed=7,server=jupyter-collaboration"] == 1
    assert [name for (kind, name), value in found.items() if kind == "run_state" and value] == ["state=editing"]
    assert sum(value for (name, _), value in found.items() if name == "verdict") == 0
    assert (found["users", ""], found["edits_total", ""], found["failures_total", ""]) == (3, 7, 1)
    assert found["messages_total", "direction=received,kind=awareness"] == 5
    assert (found["documents", "state=equal"], found["documents", "state=settling"]) == (1, 1)
    assert found["oldest_unacknowledged_seconds", ""] == 4
    assert (found["timing_seconds_count", "timing=update echo"], found["faults_under_way", ""]) == (3, 1)
    assert found["timing_seconds_sum", "timing=update echo"] == 0.432
    assert found["generator_sound", ""] == 1 and found["generator_cpu_cores", ""] == 0.25


@settings(max_examples=50)
@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=30))
def test_a_histogram_counts_upwards_and_each_sample_within_one_percent(milliseconds: list[float]) -> None:
    found = read(metrics_text(picture(*milliseconds), 5.0, RunFacts()))
    counts = [found["timing_seconds_bucket", f"le={border:g},timing=update echo"] for border in BORDERS_S]
    assert counts == sorted(counts)
    assert found["timing_seconds_bucket", "le=+Inf,timing=update echo"] == len(milliseconds)
    for border, count in zip(BORDERS_S, counts, strict=True):
        seconds = [each / 1000 for each in milliseconds]
        assert sum(each <= border * 0.98 for each in seconds) <= count <= sum(each <= border * 1.02 for each in seconds)


def test_the_verdict_is_told_when_it_is_there() -> None:
    made = picture()
    made.decided("fail", "because", [])
    found = read(metrics_text(made, 5.0, RunFacts("over")))
    assert [(name, value) for (kind, name), value in found.items() if kind == "verdict" and value] == [
        ("verdict=fail", 1)
    ]


def test_before_the_first_run_there_are_metrics_too() -> None:
    found = read(metrics_text(Picture(), 0.0, RunFacts()))
    assert found["run_state", "state=none"] == 1
    assert ("generator_sound", "") not in found


def test_a_text_of_a_server_is_one_label_whatever_stands_in_it() -> None:
    hostile = 'a"} 1\njupyter_rtc_locust_users 99 \\'
    found = read(metrics_text(picture(), 5.0, RunFacts("editing", "id", 1, hostile)))
    assert found["run_info", f"run_id=id,seed=1,server={hostile}"] == 1
    assert found["users", ""] == 3


def test_names_units_and_types_are_as_prometheus_wants_them() -> None:
    text = metrics_text(picture(2.0), 5.0, RunFacts("editing", "id", 1, "auto"))
    types = dict(re.findall(r"^# TYPE (\S+) (\w+)$", text, re.MULTILINE))
    helps = re.findall(r"^# HELP (\S+) .", text, re.MULTILINE)
    assert sorted(types) == sorted(helps)
    for name, kind in types.items():
        assert re.fullmatch(rf"{PREFIX}_[a-z0-9_]+", name)
        assert name.endswith("_total") == (kind == "counter"), name
        assert not re.search(r"_(ms|milliseconds|percent)$", name), name


def test_documents_and_users_have_no_series_of_their_own() -> None:
    few = Picture([("run/0.ipynb", "notebook")])
    many = Picture([(f"run/{number}.ipynb", "notebook") for number in range(500)])
    for each in (few, many):
        documents = tuple(DocumentLook(number, users=5) for number in range(1 if each is few else 500))
        each.take("a", Look("a", 1.0, documents=documents), 1.0)
    lines = [metrics_text(each, 1.0, RunFacts()).count("\n") for each in (few, many)]
    assert lines[0] == lines[1] < 100
