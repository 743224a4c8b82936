"""The CPU of a process on this machine is looked at where the process is known, and not known otherwise."""

import os

import gevent
import pytest

from jupyter_rtc_locust.coordination import server_cpu
from jupyter_rtc_locust.coordination.server_cpu import ServerCpu
from users.fake_room import wait_until

NO_PROCESS = 2**22 + 1
"""Beyond what Linux numbers processes with."""


@pytest.fixture
def looked(monkeypatch):
    """Starts looking, often, and waits for some looks; what was seen."""
    monkeypatch.setattr(server_cpu, "EVERY_S", 0.01)
    started = []

    def look(process_id):
        cpu = ServerCpu(process_id)
        started.append(cpu)
        cpu.start()
        wait_until(lambda: len(cpu._seen) > 3)
        return cpu

    yield look
    for one in started:
        one.stop()


def test_a_process_that_is_known_has_a_share_of_a_core(looked):
    busy = looked(os.getpid).between(0.0, float("inf"))
    assert busy.server is not None and busy.server >= 0.0
    assert busy.waited is not None and busy.waited >= 0.0
    assert busy.machine is not None and 0.0 <= busy.machine <= 100.0


@pytest.mark.parametrize("number", [None, NO_PROCESS])
def test_a_process_that_is_not_known_or_not_there_has_none(looked, number):
    busy = looked(lambda: number).between(0.0, float("inf"))
    assert (busy.server, busy.waited) == (None, None)
    assert busy.machine is not None


def test_a_server_that_was_started_again_is_looked_at_again(looked):
    numbers = [NO_PROCESS]
    cpu = looked(lambda: numbers[0])
    numbers[0] = os.getpid()
    wait_until(lambda: any(one.busy.server is not None for one in cpu._seen))


def test_nothing_is_known_of_a_time_in_which_nobody_looked():
    cpu = ServerCpu(os.getpid)
    gevent.sleep(0)
    assert cpu.between(0.0, 1.0) == (None, None, None)
