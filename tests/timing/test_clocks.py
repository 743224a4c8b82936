"""Clocks: whatever the offset, the drift and the way, the truth lies within the bound; and the bound is no excuse."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.timing.between_workers import Deliveries
from jupyter_rtc_locust.timing.clocks import MOST_DRIFT, Clock, ClockError, Span, delivery

quick = settings(deadline=None, max_examples=60)
LENGTH_S = 120.0
ROUNDING_S = 1e-6


class Host:
    """A host whose clock is off, and drifts as it likes, another way every ten seconds. True time is the master's."""

    def __init__(self, chance, offset, most_drift=0.9 * MOST_DRIFT):
        self.chance = chance
        self.rates = [1 + chance.uniform(-most_drift, most_drift) for _ in range(int(LENGTH_S / 10) + 2)]
        self.offset = offset

    def clock(self, true):
        """What it shows at this moment."""
        whole, rest = divmod(true, 10)
        return self.offset + sum(rate * 10 for rate in self.rates[: int(whole)]) + self.rates[int(whole)] * rest

    def exchanges(self, every, there, back):
        """`there` and `back` give how long a way takes, in seconds."""
        asked, told = 0.0, []
        while asked < LENGTH_S - 5:
            read = asked + there()
            told.append((self.clock(asked), read, self.clock(read + back())))
            asked += every * self.chance.uniform(0.5, 1.5)
        return told


@st.composite
def hosts(draw):
    """A host and its exchanges: a way that is slower in one direction, jitter, and now and then one that got stuck."""
    chance = random.Random(draw(st.integers(0, 2**32)))
    host = Host(chance, draw(st.floats(-200.0, 200.0)))
    ways = [draw(st.sampled_from([0.0001, 0.001, 0.02, 0.2])) for _ in range(2)]

    def way(mean):
        return lambda: mean + chance.expovariate(2 / mean) + (1.0 if chance.random() < 0.05 else 0.0)

    return host, host.exchanges(draw(st.sampled_from([0.5, 2.0, 10.0])), way(ways[0]), way(ways[1]))


@given(one=hosts(), moments=st.lists(st.floats(0.0, LENGTH_S), min_size=1, max_size=10))
@quick
def test_the_masters_time_lies_within_the_bound_at_every_moment(one, moments):
    host, exchanges = one
    clock = Clock(exchanges)
    for true in moments:
        told = clock.at_master(host.clock(true))
        assert told.least - ROUNDING_S <= true <= told.most + ROUNDING_S


@given(author=hosts(), receiver=hosts(), due=st.floats(0, LENGTH_S - 2), took=st.floats(0.0, 2.0))
@quick
def test_a_true_delivery_lies_within_its_bound(author, receiver, due, took):
    sent = Clock(author[1])
    got = Clock(receiver[1])
    span = delivery(author[0].clock(due), sent, receiver[0].clock(due + took), got)
    assert span.least - ROUNDING_S <= took <= span.most + ROUNDING_S
    assert abs(span.middle - took) <= span.bound + ROUNDING_S


@given(seed=st.integers(0, 2**32), every=st.floats(0.5, 4.0))
@quick
def test_the_bound_is_half_the_shortest_round_trip_and_what_may_drift_until_the_next(seed, every):
    chance = random.Random(seed)
    host = Host(chance, 1000.0)
    clock = Clock(host.exchanges(every, lambda: 0.001, lambda: 0.001))
    assert clock.bound <= 0.0011
    for true in range(1, int(LENGTH_S - 15)):
        assert clock.ahead(host.clock(true)).bound <= 0.0011 + MOST_DRIFT * every * 1.5


def test_one_quick_exchange_among_slow_ones_is_as_good_as_its_own_round_trip():
    slow = [(float(at), 50.0 + at + 0.2, at + 0.4) for at in range(10)]
    quick_one = (4.5, 54.501, 4.502)
    assert Clock(slow).bound > 0.19
    assert Clock([*slow, quick_one]).bound <= 0.0011
    assert Clock([*slow, quick_one]).ahead(8.0).bound <= 0.0011 + 3.6 * MOST_DRIFT


def test_two_hosts_that_are_turned_against_each_other_as_fast_as_linux_lets_them_are_within_the_bound():
    """MAXFREQ of `include/linux/timex.h`: 500 millionths, at either."""
    turned = 500e-6
    rate = (1 + turned) / (1 - turned)
    exchanges = [(at * rate, float(at) + 5e-5, (at + 1e-4) * rate) for at in range(60)]
    clock = Clock(exchanges)
    for true in range(59):
        told = clock.at_master((true + 0.5) * rate)
        assert told.least - ROUNDING_S <= true + 0.5 <= told.most + ROUNDING_S


def test_the_drift_over_the_run_is_told():
    exchanges = [(at * 1.0001, float(at), at * 1.0001 + 1e-4) for at in range(0, 100, 2)]
    assert Clock(exchanges).drift == pytest.approx(-1e-4, abs=2e-6)


def test_the_order_of_exchanges_does_not_matter():
    exchanges = [(at + 0.0, at + 7.001, at + 0.002) for at in range(20)]
    assert Clock(exchanges).ahead(7.3) == Clock(exchanges[::-1]).ahead(7.3)


def test_a_clock_that_was_set_is_found_out():
    before = [(float(at), at + 5.001, at + 0.002) for at in range(10)]
    after = [(float(at), at + 6.001, at + 0.002) for at in range(10, 20)]
    with pytest.raises(ClockError, match="one was set"):
        Clock(before + after)


@pytest.mark.parametrize(("exchanges", "sentence"), [([], "never heard"), ([(2.0, 1.0, 1.0)], "before it had asked")])
def test_nothing_is_known_of_a_clock_that_was_not_compared(exchanges, sentence):
    with pytest.raises(ClockError, match=sentence):
        Clock(exchanges)


# -- the deliveries of a run ------------------------------------------------------------------------------------------


@given(
    seed=st.integers(0, 2**32),
    bound=st.sampled_from([0.0001, 0.002, 0.05]),
    count=st.integers(1, 200),
    fraction=st.sampled_from([0.5, 0.95, 0.99]),
)
@quick
def test_a_percentile_that_is_shown_is_off_by_its_bound_at_most(seed, bound, count, fraction):
    chance = random.Random(seed)
    truth = sorted(chance.expovariate(100) for _ in range(count))
    deliveries = Deliveries()
    for took in truth:
        off = chance.uniform(-bound, bound)
        deliveries.add(Span(took + off - bound, took + off + bound))
    figure = deliveries.figure(fraction)
    true = truth[min(count - 1, max(0, -int(-fraction * count // 1) - 1))] * 1000
    if figure is not None:
        value, off = figure
        assert off < value
        assert abs(value - true) <= off + 1e-6
        told = deliveries.as_dict({}, {})
        name = {0.5: "p50", 0.95: "p95", 0.99: "p99"}[fraction]
        assert abs(told[f"{name}_ms"] - true) <= told[f"{name}_bound_ms"] + 1e-6, "as far as it is written down"


@pytest.mark.parametrize("took", [0.302, 0.3051, 0.308])
def test_of_deliveries_that_lie_in_one_bucket_no_figure_is_exact(took):
    deliveries = Deliveries()
    for off in range(-5, 6):
        deliveries.add(Span(took + off * 1e-4, took + off * 1e-4))
    value, bound = deliveries.figure(0.5)
    assert 0 < abs(value - took * 1000) <= bound < 0.011 * value


def test_a_figure_that_may_be_off_by_more_than_itself_is_not_shown():
    deliveries = Deliveries()
    for _ in range(10):
        deliveries.add(Span(-0.001, 0.004))
    assert deliveries.figure(0.5) is None
    told = deliveries.as_dict({}, {"worker 1": "it never heard what time the master has"})
    assert (told["p50_ms"], told["p50_bound_ms"]) == (None, None)
    assert (told["count"], told["loose"], told["bound_p50_ms"]) == (10, 10, pytest.approx(2.5, rel=0.02))
    assert told["clocks"][0]["problem"]


def test_a_figure_that_is_known_well_is_shown_with_its_bound():
    deliveries = Deliveries()
    for _ in range(10):
        deliveries.add(Span(0.0095, 0.0105))
    assert deliveries.figure(0.95) == (pytest.approx(10.0, rel=0.02), pytest.approx(0.5, abs=0.2))
    clock = Clock([(0.0, 5.0005, 0.001), (10.0, 15.0005, 10.001)])
    told = deliveries.as_dict({"worker 1": clock}, {})
    assert told["clocks"] == [
        {
            "process": "worker 1",
            "exchanges": 2,
            "round_trip_ms": 1.0,
            "bound_ms": pytest.approx(0.5, abs=0.01),
            "drift_ppm": 0.0,
            "problem": None,
        }
    ]


def test_of_no_deliveries_there_are_no_figures():
    assert Deliveries().figure(0.5) is None
    assert Deliveries().as_dict({}, {})["bound_max_ms"] is None
