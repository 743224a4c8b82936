"""One picture out of the looks of several processes, in whatever order they come, and what can be asked of it."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.live.looks import COUNTED, DocumentLook, Look, Strain
from jupyter_rtc_locust.live.picture import FINDINGS_TOLD, Picture, RunFacts
from jupyter_rtc_locust.live.seconds import KEPT_S
from jupyter_rtc_locust.timing.generator_health import GeneratorHealth
from jupyter_rtc_locust.timing.histogram import Histogram
from jupyter_rtc_locust.timing.soundness import LOOP_LAG_P99_LIMIT_MS
from jupyter_rtc_locust.verdict.findings import Finding

DOCUMENTS = [("run/notebook-0.ipynb", "notebook"), ("run/notebook-1.ipynb", "notebook")]
ONE, OTHER = b"one", b"other"


def times(*milliseconds: float) -> Histogram:
    made = Histogram()
    for each in milliseconds:
        made.record(each)
    return made


def look(at: float, *, process: str = "a", users: int = 2, copies: Any = ((ONE, 2),), **more: Any) -> Look:
    """Both documents are open here, and nobody has edited for long."""
    documents = more.pop(
        "documents", tuple(DocumentLook(index, users=users, copies=copies, edits=3) for index in range(2))
    )
    counts = dict.fromkeys(COUNTED, 0) | more.pop("counts", {})
    return Look(process, at, counts, documents=documents, **more)


def told(picture: Picture, now: float = 10.0, **facts: Any) -> dict[str, Any]:
    """As whoever asks gets it: what JSON cannot carry would fail here."""
    answer = picture.as_json(now, RunFacts(**facts))
    return dict(json.loads(json.dumps(answer, allow_nan=False)))


def states(picture: Picture, now: float = 10.0) -> list[str]:
    return [document["state"] for document in told(picture, now)["documents"]]


def test_before_the_first_run_there_is_a_picture_of_nothing() -> None:
    answer = told(Picture(), 0.0)
    assert answer["schema"] == 1
    assert answer["run"]["state"] == "none"
    assert answer["documents"] == answer["course"]["slots"] == answer["generator"]["processes"] == []
    assert answer["generator"]["sound"] is None
    assert answer["figures"]["echo"] == {"p50_ms": None, "p95_ms": None, "p99_ms": None}


def test_documents_are_counted_by_where_they_stand() -> None:
    picture = Picture(DOCUMENTS)
    picture.take("node", look(9.5), 9.6)
    assert told(picture)["agreement"] == {
        "documents": 2,
        "typing": 0,
        "settling": 0,
        "equal": 2,
        "differs": 0,
        "unknown": 0,
    }


def test_copies_users_and_edits_of_all_processes_are_added_up() -> None:
    picture = Picture(DOCUMENTS)
    picture.take("node a", look(9.5), 9.6)
    picture.take("node b", look(9.5, process="b", users=1, copies=((OTHER, 1),)), 9.6)
    document = told(picture)["documents"][0]
    assert [document[name] for name in ("users", "replicas", "agreeing", "edits", "state")] == [3, 3, 2, 6, "differs"]
    assert told(picture)["figures"]["users"] == 6


def test_copies_of_the_same_content_are_equal_once_they_were_read() -> None:
    picture = Picture(DOCUMENTS)
    picture.take("node", look(9.5, copies=((ONE, 1), (OTHER, 1))), 9.6)
    assert states(picture) == ["differs", "differs"]
    assert picture.apart(10.0) == {0: {ONE, OTHER}, 1: {ONE, OTHER}}
    picture.found_alike(0, {ONE, OTHER})
    assert states(picture) == ["equal", "differs"]
    assert picture.apart(10.0) == {1: {ONE, OTHER}}


def test_a_document_that_is_not_told_of_is_as_it_was() -> None:
    picture = Picture(DOCUMENTS)
    picture.take("node", look(5.0), 5.0)
    picture.take("node", look(9.5, documents=()), 9.6)
    assert states(picture) == ["equal", "equal"]
    assert states(picture, 14.7) == ["unknown", "unknown"]


def test_a_process_makes_nothing_unknown_where_it_has_nobody() -> None:
    picture = Picture(DOCUMENTS)
    gone = (DocumentLook(0, edits=4), DocumentLook(1, edits=4))
    picture.take("gone", look(1.0, process="gone", documents=gone, last=True), 1.0)
    picture.take("node", look(99.5), 99.6)
    assert states(picture, 100.0) == ["equal", "equal"]
    assert told(picture, 100.0)["documents"][0]["edits"] == 7


takes = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.integers(0, 5),
        st.lists(st.floats(0.01, 100), max_size=4),
        st.integers(0, 9),
    ),
    max_size=12,
)


@settings(max_examples=60)
@given(takes, st.randoms(use_true_random=False))
def test_in_whatever_order_looks_of_several_processes_come_the_figures_are_the_same(taken: Any, order: Any) -> None:
    looks: dict[str, list[Look]] = {}
    totals: Counter[str] = Counter()
    for process, second, samples, edits in taken:
        totals[process] += edits
        at = max(second, looks[process][-1].at if process in looks else 0)
        counts = {"edits": totals[process]}
        one = look(at, process=process, counts=counts, times={"update echo": times(*samples)} if samples else {})
        looks.setdefault(process, []).append(one)
    straight, shuffled = Picture(DOCUMENTS), Picture(DOCUMENTS)
    for process, each in looks.items():
        for one in each:
            straight.take(process, one, 6.0)
    waiting = {process: list(each) for process, each in looks.items()}
    while waiting:  # each process's own looks stay in order
        process = order.choice(sorted(waiting))
        shuffled.take(process, waiting[process].pop(0), 6.0)
        waiting = {name: left for name, left in waiting.items() if left}
    assert straight.window("update echo", 0, 6) == shuffled.window("update echo", 0, 6)
    assert straight.counts(0, 6) == shuffled.counts(0, 6)
    assert straight.totals()["edits"] == shuffled.totals()["edits"] == totals.total()
    assert straight.window("update echo", 0, 6).count == sum(len(samples) for _, _, samples, _ in taken)
    assert course(straight) == course(shuffled)


def course(picture: Picture) -> Any:
    """Without how many users there were, which is as it was told last."""
    return [{**slot, "users": 0} for slot in told(picture)["course"]["slots"]]


def test_a_window_has_what_was_measured_in_its_seconds() -> None:
    picture = Picture(DOCUMENTS)
    for second in range(10):
        counts = {"edits": 2 * second, "updates_sent": second, "awareness_received": second, "failures": second}
        picture.take("node", look(second + 0.5, times={"save": times(second)}, counts=counts), second)
    window = picture.window("save", 2, 5)
    assert (window.count, window.min_ms, window.max_ms) == (3, 2, 4)
    counts = picture.counts(2, 5)
    assert (counts["edits"], counts["messages"], counts["failures"]) == (6, 6, 3)
    assert picture.window("save", 5, 5).count == picture.window("save", 100, 200).count == 0


def test_only_the_last_quarter_of_an_hour_is_kept_by_the_second() -> None:
    picture = Picture()
    for second in range(KEPT_S + 50):
        picture.take("node", look(second, documents=(), times={"save": times(1.0)}), second)
    assert picture.window("save", 0, KEPT_S + 50).count == KEPT_S
    assert picture.times()["save"].count == KEPT_S + 50


def test_the_course_of_a_long_run_has_at_most_120_slots_and_all_that_happened() -> None:
    picture = Picture()
    for second in range(1000):
        picture.take("node", look(second, documents=(), counts={"edits": second}), second)
    course = told(picture, 1000.0)["course"]
    assert course["slot_s"] == 16 and len(course["slots"]) == 63
    assert sum(slot["edits_per_s"] for slot in course["slots"][:-1]) * 16 + course["slots"][-1][
        "edits_per_s"
    ] * 8 == pytest.approx(999, abs=2)


def test_the_generator_is_that_of_the_last_ten_seconds() -> None:
    picture = Picture()
    late, fine = (
        Strain(times(*[LOOP_LAG_P99_LIMIT_MS + 1] * 10), Histogram(), 50.0, 1),
        Strain(times(1.0), Histogram(), 20.0, 1),
    )
    picture.take("a", look(5.0, process="worker a", documents=(), strain=late), 5.0)
    picture.take("b", look(5.0, process="worker b", documents=(), strain=fine), 5.0)
    generator = told(picture, 6.0)["generator"]
    assert generator["sound"] is False and "worker a" in generator["reasons"][0]
    assert [(one["name"], one["sound"], one["cpu_percent"]) for one in generator["processes"]] == [
        ("worker a", False, 50.0),
        ("worker b", True, 20.0),
    ]
    picture.take("a", look(30.0, process="worker a", documents=(), strain=fine), 30.0)
    assert told(picture, 31.0)["generator"]["sound"] is True


def test_a_process_too_late_for_the_timings_is_said_to_be_so_in_its_row() -> None:
    picture = Picture()
    for name, lag in (("a", 33.0), ("b", 1.0), ("c", LOOP_LAG_P99_LIMIT_MS + 1)):
        strain = Strain(times(lag), Histogram(), 20.0, 1)
        picture.take(name, look(5.0, process=f"worker {name}", documents=(), strain=strain), 5.0)
    generator = told(picture, 6.0)["generator"]
    rows = [(one["sound"], one["timings_sound"]) for one in generator["processes"]]
    assert rows == [(True, False), (True, True), (False, False)]
    assert (generator["of"], generator["timings_sound"]) == ("lately", False)


def test_when_the_run_is_over_the_generator_is_that_of_the_whole_run() -> None:
    picture = Picture()
    fine = Strain(times(1.0), Histogram(), 20.0, 1)
    for name in "ab":
        picture.take(name, look(30.0, process=f"worker {name}", documents=(), strain=fine), 30.0)
    whole = GeneratorHealth("worker a")
    whole.loop_lag(33.0)
    assert told(picture, 31.0)["generator"]["timings_sound"] is True
    picture.over(whole.summary())
    generator = told(picture, 31.0)["generator"]
    assert (generator["of"], generator["sound"], generator["timings_sound"]) == ("run", True, False)
    assert "worker a" in generator["timings_reasons"][0]
    rows = [(one["name"], one["sound"], one["timings_sound"]) for one in generator["processes"]]
    assert rows == [("worker a", True, False), ("worker b", None, None)]


def test_a_checkpoint_is_told_for_each_document_and_its_findings_stay() -> None:
    picture = Picture(DOCUMENTS)
    picture.take("node", look(9.5), 9.6)
    finding = Finding("lost-edit", DOCUMENTS[0][0], "a line is missing")
    picture.checkpoint_held(1, 5.0, "fail", [finding])
    first, second = told(picture)["documents"]
    assert first["checkpoint"] == {"number": 1, "at_s": 5.0, "verdict": "fail"}
    assert second["checkpoint"] == {"number": 1, "at_s": 5.0, "verdict": None}
    assert first["findings"] == [{"kind": "lost-edit", "detail": "a line is missing"}]
    assert states(picture) == ["differs", "equal"]
    picture.checkpoint_held(2, 7.0, "pass", [])
    assert states(picture) == ["differs", "equal"]
    assert [one["checkpoint"]["verdict"] for one in told(picture)["documents"]] == ["pass", "pass"]


def test_a_finding_that_is_no_difference_is_told_and_turns_no_document() -> None:
    picture = Picture(DOCUMENTS)
    picture.take("node", look(9.5), 9.6)
    picture.checkpoint_held(
        1, 5.0, "fail", [Finding("save-stalled", DOCUMENTS[0][0], "35 s"), Finding("server-lost", "", "gone")]
    )
    assert states(picture) == ["equal", "equal"]
    assert told(picture)["findings"] == [{"kind": "server-lost", "detail": "gone"}]


@pytest.mark.parametrize(("verdict", "expected"), [("pass", "equal"), ("inconclusive", "unknown"), ("fail", "equal")])
def test_the_verdict_has_the_last_word(verdict: str, expected: str) -> None:
    picture = Picture(DOCUMENTS)
    picture.take("node", look(9.5, last=True), 9.6)
    found = [Finding("diverged", DOCUMENTS[0][0], "they differ")] if verdict == "fail" else []
    picture.decided(verdict, "the reason", found)
    assert states(picture, 500.0) == ["differs" if verdict == "fail" else expected, expected]
    assert told(picture)["verdict"] == {"value": verdict, "reason": "the reason"}


def test_the_findings_of_the_end_stand_in_the_place_of_those_of_checkpoints() -> None:
    picture = Picture(DOCUMENTS)
    picture.checkpoint_held(1, 5.0, "fail", [Finding("diverged", DOCUMENTS[0][0], "they differ")])
    picture.decided("fail", "", [Finding("diverged", DOCUMENTS[0][0], "they differ. First seen at the checkpoint.")])
    assert [one["detail"] for one in told(picture)["documents"][0]["findings"]] == [
        "they differ. First seen at the checkpoint."
    ]


def test_of_many_findings_the_first_are_told() -> None:
    picture = Picture(DOCUMENTS)
    picture.decided("fail", "", [Finding("lost-edit", DOCUMENTS[0][0], str(number)) for number in range(99)])
    assert len(told(picture)["documents"][0]["findings"]) == FINDINGS_TOLD


def test_an_unsaved_edit_is_one_that_is_younger_than_the_file_and_came_back() -> None:
    picture = Picture(DOCUMENTS)

    def tells(at: float, edits: int, unacknowledged: int) -> float | None:
        document = DocumentLook(0, users=1, edits=edits, unacknowledged=unacknowledged)
        picture.take("node", look(at, documents=(document,)), at)
        picture.files_looked({DOCUMENTS[0][0]: (version, at + 0.5)}, at + 0.5)
        unsaved: float | None = told(picture)["documents"][0]["unsaved_s"]
        return unsaved

    version = 0.0
    picture.files_looked({DOCUMENTS[0][0]: (version, 0.0)}, 0.0)
    assert tells(1.0, 3, 0) is None, "these may be older than the file"
    assert tells(2.0, 5, 2) is None, "what was made since has not come back"
    assert tells(3.0, 5, 1) == 0.5
    assert tells(6.0, 5, 0) == 3.5
    version = 6.5
    assert tells(7.0, 5, 0) is None, "the file was written"
    assert tells(8.0, 5, 0) is None
    assert told(picture)["course"]["slots"][-2]["unsaved_s"] is None
    assert max(slot["unsaved_s"] or 0 for slot in told(picture)["course"]["slots"]) == 3.5
