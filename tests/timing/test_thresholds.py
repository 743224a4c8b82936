"""Upper limits of figures: read from a text or refused with a sentence, and judged by the content of a result."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.timing.figures import COUNTS, PARTS, FigureError, figure_named
from jupyter_rtc_locust.timing.recorder import NAMES
from jupyter_rtc_locust.timing.thresholds import (
    INCONCLUSIVE,
    MET,
    MISSED,
    ThresholdError,
    judged,
    outcome_of,
    read_thresholds,
)

SOUND = {"sound": True, "timings_sound": True, "reasons": [], "timings_reasons": []}
UNSOUND = {"sound": True, "timings_sound": False, "reasons": [], "timings_reasons": ["The loop was late."]}
quick = settings(deadline=None, max_examples=60)


def result(verdict="pass", generator=SOUND, counts=None, **timings):
    told = {"update echo": {"count": 281, "unanswered": 0, "failures": 0, "p95_ms": 4.32, "max_ms": 45.2}}
    told |= {name.replace("_", " "): timing for name, timing in timings.items()}
    return {
        "verdict": verdict,
        "generator": generator,
        "counts": {"users_seated": 10, "disconnects": 3, "reconnects": 2} | (counts or {}),
        "timings": told,
    }


def outcome(text, told=None):
    (one,) = judged(read_thresholds(text), told or result())
    return one


# -- read -------------------------------------------------------------------------------------------------------------


@quick
@given(
    timing=st.sampled_from(NAMES),
    part=st.sampled_from(PARTS),
    sign=st.sampled_from(["<", "<=", "≤"]),
    number=st.decimals(0, 100_000, places=2),
    unit=st.sampled_from([("us", 0.001), ("ms", 1.0), ("s", 1000.0)]),
    blank=st.sampled_from(["", " ", "  "]),
)
def test_every_timing_can_be_limited_in_every_unit(timing, part, sign, number, unit, blank):
    (threshold,) = read_thresholds(f" {timing} {part}{blank}{sign}{blank}{number}{blank}{unit[0]};")
    assert str(threshold.figure) == f"{timing} {part}"
    assert threshold.limit == pytest.approx(float(number) * unit[1])
    assert threshold.reached == (sign != "<")


@pytest.mark.parametrize("name", COUNTS)
def test_what_is_counted_is_limited_without_a_unit(name):
    (threshold,) = read_thresholds(f"{name} <= 3")
    assert (str(threshold.figure), threshold.limit, threshold.unit) == (name, 3.0, "")


def test_several_stand_in_one_text():
    text = "update echo p95 < 200ms; save p99 < 2s, failures < 1\nreconnects <= 4;"
    assert [one.written for one in read_thresholds(text)] == [
        "update echo p95 < 200ms",
        "save p99 < 2s",
        "failures < 1",
        "reconnects <= 4",
    ]
    assert read_thresholds(" ; ") == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "update ecko p95 < 200ms",
            ("'update ecko' is no timing", "is 'update echo' meant?", "open document, session"),
        ),
        ("update echo p90 < 200ms", ("after 'update echo' stands 'p90'", "p50, p95, p99 and max")),
        ("update echo < 200ms", ("'update echo' is a timing", "say which figure")),
        ("update echo p95", ("nothing stands behind it", "update echo p95 < 200ms")),
        ("update echo p95 > 200ms", ("after 'update echo p95' stands '>'", "upper limit")),
        ("update echo p95 < 200", ("'200' has no unit", "us, ms or s")),
        ("update echo p95 < 200min", ("has the unit 'min'", "us, ms or s")),
        ("update echo p95 < fast", ("'fast' is no time",)),
        ("update echo p95 < -1ms", ("'-1ms' is no time",)),
        ("failures < 1ms", ("'1ms' is no limit of what is counted",)),
        ("failure < 1", ("'failure' is no figure", "is 'failures' meant?")),
        ("< 200ms", ("'' is no figure", "failures, disconnects, reconnects")),
        ("p95 < 200ms", ("'p95' is no figure",)),
        ("delivery between workers < 1s", ("of 'delivery between workers' there are p50, p95, p99",)),
        ("delivery between workers max < 1s", ("of 'delivery between workers' there are p50, p95, p99",)),
        ("delivery between worker p95 < 1s", ("is 'delivery between workers' meant?",)),
    ],
)
def test_what_makes_no_sense_is_refused_with_where_and_what_is_known(text, words):
    with pytest.raises(ThresholdError) as refused:
        read_thresholds(f"save max < 1s; {text}")
    sentence = str(refused.value)
    assert sentence.startswith(repr(text)) and sentence.endswith(".")
    assert all(word in sentence for word in words), sentence


@quick
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_in_one_line_that_ends(text):
    try:
        read_thresholds(text)
    except ThresholdError as error:
        assert str(error).endswith(".")


def test_a_figure_is_named_as_it_names_itself():
    for name in (*COUNTS, *(f"{timing} {part}" for timing in NAMES for part in PARTS)):
        assert str(figure_named(name.upper())) == name
    with pytest.raises(FigureError):
        figure_named("")


def between(p95, bound, count=100):
    return result() | {"between_workers": {"count": count, "p95_ms": p95, "p95_bound_ms": bound}}


@quick
@given(
    value=st.decimals(1, 100, places=1).map(float),
    bound=st.decimals(0, 20, places=1).map(float),
    true=st.floats(-1, 1),
    limit=st.integers(1, 120),
)
def test_between_workers_a_limit_is_met_or_missed_only_if_the_true_figure_does_so_wherever_it_lies(
    value, bound, true, limit
):
    (one,) = judged(read_thresholds(f"delivery between workers p95 < {limit}ms"), between(value, bound))
    really = value + true * bound
    if one.outcome == MET:
        assert really < limit
    elif one.outcome == MISSED:
        assert really >= limit
    else:
        assert value - bound < limit <= value + bound


def test_between_workers_the_bound_is_told_with_the_figure():
    (one,) = judged(read_thresholds("delivery between workers p95 < 10ms"), between(12.0, 3.0))
    assert (one.outcome, one.value) == (INCONCLUSIVE, 12.0)
    assert one.detail == "It was 12 ± 3 ms (100 samples), which leaves open on which side of the limit it lies."


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (result(), "one process played all users"),
        (result() | {"between_workers": None}, "one process played all users"),
        (between(None, None, count=0), "no edit was timed"),
        (between(None, None), "it may be off by more than itself"),
    ],
)
def test_between_workers_what_is_not_known_meets_no_limit_and_is_told_why(told, why):
    (one,) = judged(read_thresholds("delivery between workers p95 < 10s"), told)
    assert (one.outcome, one.value) == (INCONCLUSIVE, None)
    assert why in one.detail


# -- judged -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("update echo p95 < 5ms", MET),
        ("update echo p95 < 4ms", MISSED),
        ("update echo p95 < 4.32ms", MISSED),
        ("update echo p95 <= 4.32ms", MET),
        ("update echo max < 45300us", MET),
        ("update echo max < 0.045s", MISSED),
        ("failures < 1", MET),
        ("disconnects < 3", MISSED),
        ("reconnects <= 2", MET),
    ],
)
def test_a_figure_stays_below_its_limit_or_misses_it(text, expected):
    one = outcome(text)
    assert one.outcome == expected
    assert one.detail.startswith("It was ")


def test_the_sentence_tells_the_figure_and_of_how_many_samples_it_is():
    assert outcome("update echo p95 < 4ms").detail == "It was 4.32 ms (281 samples)."
    assert outcome("disconnects < 1").detail == "It was 3."


def test_failures_are_those_of_all_timings():
    told = result(save={"count": 0, "failures": 2}, session={"count": 3, "failures": 1})
    assert (outcome("failures < 3", told).value, outcome("failures < 3", told).outcome) == (3, MISSED)


@pytest.mark.parametrize("text", ["save p99 < 1s", "run cell max < 1s"])
def test_what_was_not_measured_is_inconclusive_and_no_pass(text):
    one = outcome(text, result(save={"count": 0, "failures": 2, "p99_ms": None}))
    assert (one.outcome, one.value, one.detail) == (INCONCLUSIVE, None, "It was not measured.")


def test_nothing_is_counted_in_a_run_in_which_nobody_took_a_seat():
    assert outcome("failures < 1", result(counts={"users_seated": 0})).outcome == INCONCLUSIVE


@pytest.mark.parametrize("limit", ["1ms", "1s"])
def test_a_time_is_inconclusive_where_the_generator_was_late_and_the_reason_is_told(limit):
    one = outcome(f"update echo p95 < {limit}", result(generator=UNSOUND))
    assert one.outcome == INCONCLUSIVE
    assert one.detail.endswith("The loop was late.")


def test_a_count_does_not_rest_on_milliseconds_but_on_a_generator_that_kept_up():
    assert outcome("failures < 1", result(generator=UNSOUND)).outcome == MET
    assert outcome("failures < 1", result(generator={"sound": False, "reasons": []})).outcome == INCONCLUSIVE


def test_in_an_inconclusive_run_nothing_is_met_and_what_is_missed_is_missed():
    told = result("inconclusive")
    assert outcome("update echo p95 < 5ms", told).outcome == INCONCLUSIVE
    assert outcome("update echo p95 < 4ms", told).outcome == MISSED


def test_several_are_missed_where_one_is_and_unknown_is_never_green():
    assert outcome_of([MET, INCONCLUSIVE, MISSED]) == MISSED
    assert outcome_of([MET, INCONCLUSIVE]) == INCONCLUSIVE
    assert outcome_of([MET]) == outcome_of([]) == MET
