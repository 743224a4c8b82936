import json

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.timing.recorder import (
    NAMES,
    OPEN_DOCUMENT,
    OTHER_FAILURES,
    SAVE,
    SENTENCES_KEPT,
    UPDATE_DELIVERY,
    UPDATE_ECHO,
    Recorder,
    warm_up_of,
)


def test_the_names_are_few_enough_for_exporters_that_accept_twenty():
    assert len(NAMES) == len(set(NAMES)) < 20


def test_what_was_recorded_is_taken_once_and_stays_in_the_whole_run():
    recorder = Recorder()
    echo = recorder.timer(UPDATE_ECHO)
    echo(1.5)
    recorder.record(UPDATE_ECHO, 2.5)
    increments = recorder.take_unreported()
    assert {name: (each.count, each.sum_ms) for name, each in increments.items()} == {UPDATE_ECHO: (2, 4.0)}
    assert recorder.take_unreported() == {}
    echo(3.0)
    assert recorder.take_unreported()[UPDATE_ECHO].sum_ms == 3.0
    whole = recorder.histograms()
    assert set(whole) == set(NAMES)
    assert (whole[UPDATE_ECHO].count, whole[UPDATE_ECHO].sum_ms, whole[SAVE].count) == (3, 7.0, 0)


def test_what_is_taken_is_told_to_whoever_asked_for_it_last():
    recorder = Recorder()
    first, second = [], []
    recorder.observe_taken(first.append)
    recorder.observe_taken(second.append)
    recorder.record(UPDATE_ECHO, 1.0)
    taken = recorder.take_unreported()
    recorder.take_unreported()  # nothing, which nobody needs to know
    assert (first, second) == ([], [taken])


def test_what_was_not_taken_yet_is_in_the_whole_run_too():
    recorder = Recorder()
    recorder.record(SAVE, 4)
    assert recorder.histograms()[SAVE].count == 1
    assert recorder.take_unreported()[SAVE].count == 1


def test_a_timer_is_the_same_each_time_and_outlives_a_new_run():
    recorder = Recorder()
    echo = recorder.timer(UPDATE_ECHO)
    assert recorder.timer(UPDATE_ECHO) is echo
    echo(1)
    recorder.failed(UPDATE_ECHO, "lost")
    recorder.clear()
    assert recorder.as_evidence() == Recorder().as_evidence()
    echo(2)
    assert recorder.histograms()[UPDATE_ECHO].max_ms == 2.0


@pytest.mark.parametrize(
    "use",
    [Recorder.timer, lambda r, n: r.record(n, 1), lambda r, n: r.failed(n, "x"), lambda r, n: r.unanswered(n, 1, "x")],
)
def test_a_name_that_does_not_exist_is_refused_and_the_names_are_told(use):
    with pytest.raises(ValueError, match=r"no timing is called 'echoes'.*update echo"):
        use(Recorder(), "echoes")


def test_failures_are_counted_by_sentence():
    recorder = Recorder()
    for sentence in ("no echo within 15 s", "no echo within 15 s", "the line broke"):
        recorder.failed(UPDATE_ECHO, sentence)
    failures = recorder.failures()
    assert failures[UPDATE_ECHO].count == 3
    assert failures[UPDATE_ECHO].sentences == {"no echo within 15 s": 2, "the line broke": 1}
    assert failures[SAVE].count == 0
    assert recorder.histograms()[UPDATE_ECHO].count == 0


def test_sentences_with_a_changing_part_fill_no_memory_and_all_are_counted():
    recorder, told = Recorder(), []
    recorder.observe(failure=lambda name, sentence, _: told.append((name, sentence)))
    for number in range(SENTENCES_KEPT + 30):
        recorder.failed(SAVE, f"request {number} was refused")
    failures = recorder.failures()[SAVE]
    assert failures.count == SENTENCES_KEPT + 30
    assert len(failures.sentences) == SENTENCES_KEPT + 1
    assert failures.sentences[OTHER_FAILURES] == 30
    assert len(told) == SENTENCES_KEPT + 30
    assert len(set(told)) == SENTENCES_KEPT + 1


def test_an_observer_hears_of_every_sample_which_counts_as_ever():
    recorder, told = Recorder(), []
    recorder.observe(sample=lambda name, milliseconds: told.append((name, milliseconds)))
    recorder.timer(UPDATE_ECHO)(1.25)
    recorder.record(SAVE, 7)
    assert told == [(UPDATE_ECHO, 1.25), (SAVE, 7)]
    assert recorder.histograms()[UPDATE_ECHO].sum_ms == 1.25


def test_samples_cannot_be_observed_too_late():
    recorder = Recorder()
    recorder.timer(UPDATE_ECHO)
    with pytest.raises(RuntimeError, match="before the first user starts"):
        recorder.observe(sample=lambda *_: None)


def test_observing_failures_leaves_an_observer_of_samples_in_place():
    recorder, told = Recorder(), []
    recorder.observe(sample=lambda name, _: told.append(name))
    recorder.observe(failure=lambda _, sentence, age: told.append((sentence, age)))
    recorder.record(SAVE, 1)
    recorder.failed(SAVE, "refused")
    recorder.unanswered(SAVE, 9000.0, "silence")
    assert told == [SAVE, ("refused", None), ("silence", 9000.0)]


def test_what_never_came_back_is_a_failure_and_has_waited_at_least_so_long():
    recorder = Recorder()
    recorder.record(UPDATE_ECHO, 2.0)
    recorder.unanswered(UPDATE_ECHO, 18_000.0, "never came back")
    assert recorder.failures()[UPDATE_ECHO].sentences == {"never came back": 1}
    assert recorder.unanswered_ages()[UPDATE_ECHO].max_ms == 18_000.0
    assert recorder.histograms()[UPDATE_ECHO].count == 1, "it did not come back"
    recorder.clear()
    assert recorder.unanswered_ages()[UPDATE_ECHO].count == 0


# -- warm-up ----------------------------------------------------------------------------------------------------------


def test_a_closed_second_can_be_left_out_of_what_repeats_and_never_of_an_opening():
    recorder = Recorder()
    for second in (1.0, 2.0, 3.0):
        recorder.record(UPDATE_ECHO, second)
        recorder.record(OPEN_DOCUMENT, second)
        recorder.close(second)
    recorder.record(UPDATE_ECHO, 4.0)
    for after, count, shortest in ((0.0, 4, 1.0), (1.0, 3, 2.0), (2.5, 2, 3.0), (3.0, 1, 4.0), (60.0, 1, 4.0)):
        kept = recorder.histograms(after)
        assert (kept[UPDATE_ECHO].count, kept[UPDATE_ECHO].min_ms) == (count, shortest)
        assert kept[OPEN_DOCUMENT].count == 3
    assert recorder.percentile(UPDATE_ECHO, 1.0, 3.0) == 4.0
    recorder.clear()
    assert recorder.as_evidence() == Recorder().as_evidence()


@pytest.mark.parametrize("flushed", [True, False])
def test_closing_a_second_takes_nothing_away_from_locust(flushed):
    recorder = Recorder()
    recorder.record(UPDATE_ECHO, 1.0)
    taken = recorder.take_unreported()[UPDATE_ECHO].count if flushed else 0
    recorder.close(1.0)
    recorder.record(UPDATE_ECHO, 2.0)
    taken += recorder.take_unreported()[UPDATE_ECHO].count
    assert taken == 2
    assert recorder.take_unreported() == {}


@pytest.mark.parametrize(
    ("run_s", "warm_up"), [(0.0, 0), (8.0, 0), (9.99, 0), (10.0, 1), (30.0, 3), (99.0, 9), (101.0, 10), (3600.0, 10)]
)
def test_the_warm_up_is_the_first_tenth_in_whole_seconds_and_at_most_ten(run_s, warm_up):
    assert warm_up_of(run_s) == warm_up


happenings = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.one_of(
            st.floats(0, 1e6),
            st.sampled_from(["lost", "refused"]),
            st.tuples(st.floats(0, 1e6), st.just("silence")),
            st.integers(1, 3),
        ),
    ),
    max_size=30,
)


def replayed(*parts):
    recorder = Recorder()
    for name, what in (happening for part in parts for happening in part):
        if isinstance(what, str):
            recorder.failed(name, what)
        elif isinstance(what, int):
            recorder.close(float(what))
        elif isinstance(what, tuple):
            recorder.unanswered(name, *what)
        else:
            recorder.record(name, what)
    return recorder


@settings(deadline=None, max_examples=50)
@given(happenings, happenings)
def test_the_evidence_of_two_processes_is_that_of_one_that_saw_everything(ours, theirs):
    coordinator = Recorder()
    for part in (theirs, ours):
        evidence = replayed(part).as_evidence()
        coordinator.merge(msgpack.loads(msgpack.dumps(evidence)))
    if not any(isinstance(what, int) for _, what in ours + theirs):
        assert coordinator.as_evidence() == replayed(ours, theirs).as_evidence()
    whole = replayed(ours, theirs)
    assert coordinator.histograms() == whole.histograms()
    assert coordinator.failures() == whole.failures()
    assert coordinator.unanswered_ages() == whole.unanswered_ages()
    assert json.loads(json.dumps(coordinator.as_evidence())) == coordinator.as_evidence()


def test_what_came_from_another_process_is_not_reported_to_locust_again():
    coordinator = Recorder()
    coordinator.merge(replayed([(SAVE, 5.0)]).as_evidence())
    assert coordinator.take_unreported() == {}
    assert coordinator.histograms()[SAVE].count == 1


@pytest.mark.parametrize(
    "evidence",
    [
        {},
        {"timings": {}, "unanswered": {}, "closed": {}, "failures": []},
        {"timings": {"echoes": {}}, "unanswered": {}, "closed": {}, "failures": {}},
        {"timings": {SAVE: {}}, "unanswered": {}, "closed": {}, "failures": {}},
        {
            "timings": {UPDATE_DELIVERY: replayed([(SAVE, 5.0)]).histograms()[SAVE].as_dict()},
            "unanswered": {},
            "failures": {SAVE: 3},
        },
        {"timings": {}, "unanswered": {SAVE: []}, "closed": {}, "failures": {}},
        {"timings": {}, "unanswered": {}, "closed": {"soon": {}}, "failures": {}},
        {"timings": {}, "unanswered": {}, "closed": {}, "failures": {SAVE: {"lost": "often"}}},
    ],
)
def test_evidence_that_cannot_be_read_is_refused_whole(evidence):
    coordinator = Recorder()
    with pytest.raises(ValueError):
        coordinator.merge(evidence)
    assert coordinator.as_evidence() == Recorder().as_evidence()
