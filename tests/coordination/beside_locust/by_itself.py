"""A run that begins by itself beside the web UI ends by itself, and its wait for workers is guarded as without one."""

import signal
from types import SimpleNamespace

import gevent
import pytest
from locust.event import Events
from locust.runners import MasterRunner

from jupyter_rtc_locust import exit_codes
from jupyter_rtc_locust.coordination import by_itself, signals
from jupyter_rtc_locust.coordination.by_itself import QuitAfterRun, begins_by_itself, stays_for
from jupyter_rtc_locust.coordination.signals import BEFORE_IT_BEGAN, Signals
from jupyter_rtc_locust.errors import OptionsError
from jupyter_rtc_locust.reporting.web_form import refuse_a_second_run
from runs.patches import replace_in
from users.fake_room import wait_until


class Runner(MasterRunner):
    """Of a master: which workers are there, and whether it has quit."""

    def __init__(self):
        self.clients = SimpleNamespace(ready=[])
        self.quits = 0
        self.greenlet = ()

    def quit(self):
        self.quits += 1


class Coordinator:
    """What a run that never began is said to have ended by."""

    def __init__(self):
        self.begun = self.ending = False
        self.concluded = []
        self.gone_on = []
        self.welcoming = SimpleNamespace(refusals=[], refused=lambda _sentence: None)
        self.go_on_without = self.gone_on.append
        self.give_up = lambda _why: None

    def conclude_unbegun(self, why):
        gevent.sleep(0)
        self.concluded.append(why)


def made_environment(*, page=True, autostart=True, autoquit=0, **options):
    """With the web UI or without, as the command line says."""
    stopped = []
    return SimpleNamespace(
        events=Events(),
        runner=Runner(),
        web_ui=SimpleNamespace(stop=lambda: stopped.append(True), stopped=stopped) if page else None,
        parsed_options=SimpleNamespace(autostart=autostart, autoquit=autoquit, **options),
        shape_class=None,
    )


@pytest.fixture(autouse=True)
def heard(monkeypatch):
    """The signals that are listened for; and nothing waits for Locust."""
    numbers = []
    replace_in(monkeypatch, signals, "gevent", signal_handler=lambda number, _: numbers.append(number))
    monkeypatch.setattr(by_itself, "_LOCUST_COMES_FIRST_S", 0)
    return numbers


@pytest.fixture
def thrown(monkeypatch):
    """What was thrown into the main greenlet."""
    errors = []
    monkeypatch.setattr(signals, "_throw_into_main", errors.append)
    return errors


@pytest.mark.parametrize(
    ("page", "autostart", "autoquit", "by_its_own", "stays"),
    [
        (False, False, -1, True, None),
        (False, True, 5, True, None),
        (True, False, -1, False, None),
        (True, False, 5, False, None),
        (True, True, -1, True, None),
        (True, True, 0, True, 0),
        (True, True, 5, True, 5),
    ],
)
def test_a_run_begins_by_itself_without_a_page_or_with_autostart_and_quits_where_both_are_asked(
    page, autostart, autoquit, by_its_own, stays
):
    environment = made_environment(page=page, autostart=autostart, autoquit=autoquit)
    assert (begins_by_itself(environment), stays_for(environment)) == (by_its_own, stays)


def test_an_environment_of_a_program_has_no_options():
    assert not begins_by_itself(SimpleNamespace(web_ui=object(), parsed_options=None))


def test_whatever_ends_the_run_the_process_quits_after_it():
    environment = made_environment()
    QuitAfterRun(environment)
    gevent.sleep(0.01)
    assert environment.runner.quits == 0
    environment.events.test_stop.fire(environment=environment)
    environment.events.test_stop.fire(environment=environment)
    wait_until(lambda: environment.web_ui.stopped)
    assert (environment.runner.quits, environment.web_ui.stopped) == (1, [True])


def test_where_locust_quits_first_nothing_more_is_done():
    environment = made_environment(autoquit=600)
    leaving = QuitAfterRun(environment)
    environment.events.test_stop.fire(environment=environment)
    environment.events.quitting.fire(environment=environment)
    gevent.sleep(0)
    assert leaving._timer.dead


@pytest.mark.parametrize("more", [{"autostart": False, "autoquit": 0}, {"autoquit": -1}, {"page": False}])
def test_who_did_not_ask_for_it_stays(more):
    environment = made_environment(**more)
    leaving = QuitAfterRun(environment)
    environment.events.test_stop.fire(environment=environment)
    assert leaving._timer is None


def test_once_the_run_ends_no_other_begins_where_the_process_is_about_to_quit():
    coordinator = Coordinator()
    refuse_a_second_run(made_environment(autoquit=9), coordinator)
    coordinator.ending = True
    refuse_a_second_run(made_environment(autoquit=-1), coordinator)
    refuse_a_second_run(made_environment(autostart=False, autoquit=9), coordinator)
    with pytest.raises(OptionsError, match="ends 9 s after it"):
        refuse_a_second_run(made_environment(autoquit=9), coordinator)


def test_a_shutdown_before_the_run_began_concludes_it():
    coordinator, environment = Coordinator(), made_environment()
    Signals(environment, coordinator, None)
    environment.events.quitting.fire(environment=environment)
    assert coordinator.concluded == [BEFORE_IT_BEGAN]


@pytest.mark.parametrize(("autostart", "begun"), [(False, False), (True, True), (False, True)])
def test_a_shutdown_of_a_page_or_of_a_run_that_began_concludes_nothing_new(autostart, begun):
    coordinator, environment = Coordinator(), made_environment(autostart=autostart)
    Signals(environment, coordinator, None)
    coordinator.begun = begun
    environment.events.quitting.fire(environment=environment)
    assert coordinator.concluded == []


def test_ctrl_c_before_the_run_began_concludes_it_and_a_shutdown_meanwhile_waits(thrown):
    coordinator, environment = Coordinator(), made_environment()
    ours = Signals(environment, coordinator, None)

    def shut_down():
        environment.events.quitting.fire(environment=environment)
        coordinator.concluded.append("shut down")

    first = gevent.spawn(ours.interrupt)
    gevent.joinall([first, gevent.spawn(shut_down)], timeout=5, raise_error=True)
    assert coordinator.concluded == [BEFORE_IT_BEGAN, "shut down"]
    assert [error.code for error in thrown] == [exit_codes.INCONCLUSIVE]


@pytest.mark.parametrize(("autostart", "concluded"), [(True, 1), (False, 0)])
def test_workers_that_do_not_come_end_a_run_that_begins_by_itself(thrown, autostart, concluded):
    environment = made_environment(autostart=autostart, expect_workers=2, expect_workers_max_wait=0.01)
    coordinator = Coordinator()
    Signals(environment, coordinator, None)
    if concluded:
        wait_until(lambda: thrown)
        assert "0 of 2 workers came" in coordinator.concluded[0]
    else:
        gevent.sleep(0.05)
    assert len(coordinator.concluded) == environment.runner.quits == concluded


def test_a_refused_worker_ends_a_run_that_waits_for_it(thrown):
    coordinator, environment = Coordinator(), made_environment()
    Signals(environment, coordinator, None)
    coordinator.welcoming.refused("It is another locustfile.")
    wait_until(lambda: thrown)
    assert coordinator.concluded == ["It is another locustfile."]
    assert [error.code for error in thrown] == [exit_codes.INCONCLUSIVE]


def test_a_worker_refused_later_is_gone_on_without():
    coordinator, environment = Coordinator(), made_environment()
    Signals(environment, coordinator, None)
    coordinator.begun = True
    coordinator.welcoming.refused("It is another locustfile.")
    wait_until(lambda: coordinator.gone_on)
    assert (coordinator.gone_on, coordinator.concluded) == (["It is another locustfile."], [])


@pytest.mark.parametrize(("page", "numbers"), [(True, [signal.SIGINT]), (False, [signal.SIGINT, signal.SIGTERM])])
def test_sigterm_is_left_to_locust_where_it_hears_it_while_it_waits(heard, page, numbers):
    Signals(made_environment(page=page, autostart=page), Coordinator(), None)
    assert heard == numbers
