"""When a run tells its progress: in the place of Locust's tables, and not where somebody asked for something else."""

from types import SimpleNamespace

import gevent
import pytest

from jupyter_rtc_locust.coordination import progress
from jupyter_rtc_locust.coordination.progress import Progress, progress_wanted
from jupyter_rtc_locust.live.picture import Picture, RunFacts
from users.fake_room import wait_until


def environment(web_ui=None, **options):
    given = {"headless": True, "only_summary": False, "print_stats": False, "json": False, "skip_log_setup": False}
    return SimpleNamespace(web_ui=web_ui, parsed_options=SimpleNamespace(**given | options))


def test_a_headless_run_tells_it_and_has_locust_print_its_table_at_the_end_alone():
    headless = environment()
    assert progress_wanted(headless)
    assert headless.parsed_options.only_summary


@pytest.mark.parametrize("option", ["only_summary", "print_stats", "json", "skip_log_setup"])
def test_who_asks_for_something_else_gets_that(option):
    asked = environment(**{option: True})
    assert not progress_wanted(asked)
    assert asked.parsed_options.only_summary == (option == "only_summary")


def test_beside_a_web_ui_and_for_who_uses_locust_as_a_library_there_is_none():
    assert not progress_wanted(environment(web_ui=object()))
    assert not progress_wanted(environment(headless=False))
    assert not progress_wanted(SimpleNamespace(web_ui=None, parsed_options=SimpleNamespace()))


def test_it_is_told_until_people_stop_editing(monkeypatch, capsys):
    monkeypatch.setattr(progress, "PLAIN_EVERY_S", 0.005)
    state = SimpleNamespace(concluding=False)
    told = []
    live = SimpleNamespace(picture=Picture(), now=3.0, facts=lambda: told.append(1) or RunFacts("editing"))
    Progress(live).begin(state)
    wait_until(lambda: len(told) >= 3)
    state.concluding = True
    gevent.sleep(0.02)
    lines = capsys.readouterr().out.splitlines()
    assert set(lines) == {"at 3 s, 0 users, 0 edits, no echo lately; 0 documents"}
    before = len(told)
    gevent.sleep(0.02)
    assert len(told) == before
