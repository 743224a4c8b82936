"""A server that stands still for two of every ten seconds shows in the percentiles as theory says.

Edits are due whatever the server does. So one in five is due while it stands still, and waits for what is left of the
two seconds: of all edits, a part of 0.2 * (1 - w / 2) waits longer than w seconds. The 90th percentile is 1 s, the 99th
1.9 s. A client that waits for each answer before it goes on meets each standstill once, however long it lasts, and sees
nothing of it in its percentiles: that mistake is made here, too, on the same server, to see that it would show.

Nothing waits: the clock is a number.
"""

import heapq

import pytest

from jupyter_rtc_locust.editing.rhythm import Poisson, Steady
from jupyter_rtc_locust.timing.generator_health import GeneratorHealth
from jupyter_rtc_locust.timing.histogram import Histogram
from jupyter_rtc_locust.timing.recorder import UPDATE_DELIVERY, UPDATE_ECHO, Recorder
from jupyter_rtc_locust.timing.round_trips import RoundTrips

EVERY_S, STANDSTILL_S, SERVICE_S = 10.0, 2.0, 0.001
RUN_S = 1_000.0
RATE = 50.0
P50_MS, P90_MS, P99_MS = 1.0, 1_000.0, 1_900.0


def at_work(moment):
    """The first moment, from this one on, at which whoever stands still does anything."""
    into = moment % EVERY_S
    return moment + STANDSTILL_S - into if into < STANDSTILL_S else moment


def answered(moment):
    return at_work(moment) + SERVICE_S


def dues(rhythm):
    moment = rhythm.first(0.0)
    while moment.due < RUN_S:
        yield moment
        moment = rhythm.after(moment)


def played(rhythm, *, leaves=lambda due: due, answer=answered):
    """The recorder, and the lateness of edits, after edits that left by a plan and came back when the server did it."""
    recorder, health = Recorder(), GeneratorHealth()
    trips = RoundTrips(recorder.timer(UPDATE_ECHO), recorder.timer(UPDATE_DELIVERY))
    echoes = []
    for number, due in ((moment.number, moment.due) for moment in dues(rhythm)):
        left = leaves(due)
        while echoes and echoes[0][0] <= left:
            now, update = heapq.heappop(echoes)
            trips.arrive(0, update, now)
        health.schedule_lag((left - due) * 1000)
        update = b"\x01" + number.to_bytes(4, "big")
        trips.author(0, 1, number, "", None, due, update)
        back = answer(left)
        if back is not None:
            heapq.heappush(echoes, (back, update))
    for now, update in sorted(echoes):
        trips.arrive(0, update, now)
    for edit in trips.waiting(0, 1):
        recorder.unanswered(UPDATE_ECHO, (RUN_S + 30.0 - edit.due) * 1000, "never came back")
    return recorder, health.summary()


def percentiles(recorder):
    return [recorder.percentile(UPDATE_ECHO, part) for part in (0.5, 0.9, 0.99)]


@pytest.mark.parametrize("rhythm", [Steady(RATE), Poisson(RATE, seed=4)], ids=["steady", "poisson"])
def test_a_standstill_of_the_server_shows_in_the_percentiles_as_theory_says(rhythm):
    recorder, health = played(rhythm)
    # A random rhythm is due a little more or less often in a standstill than the clock says.
    assert percentiles(recorder) == pytest.approx([P50_MS, P90_MS, P99_MS], rel=0.02 if type(rhythm) is Steady else 0.1)
    assert recorder.histograms()[UPDATE_ECHO].max_ms == pytest.approx(2_000.0, rel=0.02)
    assert health["schedule_lag_max_ms"] == 0.0


def test_a_client_that_waits_for_each_answer_would_see_nothing_of_it():
    naive, now = Histogram(), 0.0
    while now < RUN_S:
        back = answered(now)
        naive.record((back - now) * 1000)
        now = back + 1 / RATE
    assert naive.max_ms == pytest.approx(2_000.0, rel=0.02), "it did meet standstills"
    assert naive.percentile(0.99) == pytest.approx(P50_MS, rel=0.02), "and none is left of them"


def test_a_standstill_of_the_generator_is_in_its_timings_as_well_and_is_told_as_lateness():
    recorder, health = played(Steady(RATE), leaves=at_work, answer=lambda left: left + SERVICE_S)
    assert percentiles(recorder) == pytest.approx([P50_MS, P90_MS, P99_MS], rel=0.02)
    assert health["schedule_lag_p99_ms"] == pytest.approx(P99_MS, rel=0.02)
    assert health["timings_sound"] is False


def test_a_server_that_answers_every_second_edit_and_never_the_others_is_not_quick():
    answers = iter(range(1_000_000))
    recorder, _ = played(Steady(RATE), answer=lambda left: left + SERVICE_S if next(answers) % 2 else None)
    assert recorder.histograms()[UPDATE_ECHO].percentile(0.99) == pytest.approx(P50_MS, rel=0.02)
    assert recorder.percentile(UPDATE_ECHO, 0.6) > 30_000.0
    assert recorder.failures()[UPDATE_ECHO].count == recorder.histograms()[UPDATE_ECHO].count
