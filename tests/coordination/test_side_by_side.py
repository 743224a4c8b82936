"""Things done for many documents at once."""

import gevent

from jupyter_rtc_locust.coordination.side_by_side import AT_ONCE, side_by_side


def test_results_come_in_order_and_so_many_are_at_work_at_once():
    at_work = []
    most = []

    def double(number, name):
        at_work.append(number)
        most.append(len(at_work))
        gevent.sleep(0.002 * (number % 3))
        at_work.remove(number)
        return name, 2 * number

    numbers = range(3 * AT_ONCE)
    assert side_by_side(double, numbers, map(str, numbers)) == [(str(one), 2 * one) for one in numbers]
    assert max(most) == AT_ONCE


def test_whoever_is_ended_while_it_waits_takes_them_along():
    ended = []

    def wait_for_ever(number):
        try:
            gevent.sleep(60)
        finally:
            ended.append(number)

    waiting = gevent.spawn(side_by_side, wait_for_ever, range(2 * AT_ONCE))
    gevent.sleep(0.02)
    waiting.kill()
    gevent.sleep(0.02)
    assert sorted(ended) == list(range(AT_ONCE))
