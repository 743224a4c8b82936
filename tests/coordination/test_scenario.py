"""What user classes ask for holds where the options say nothing, and never where they do."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy
import pytest

from jupyter_rtc_locust.coordination import scenario as scenario_module
from jupyter_rtc_locust.coordination.scenario import Scenario
from jupyter_rtc_locust.errors import OptionsError
from jupyter_rtc_locust.options import OPTIONS


class SaysNothing:
    """As a `CollaborationUser` does that was asked for no more."""

    default_users = None
    default_spawn_rate = None
    default_run_time = None
    users_per_document = None
    starts_from = None
    server_drops_rooms_after = None


class Student(SaysNothing):
    default_users = 40
    default_spawn_rate = 10.0
    default_run_time = "1m10s"
    users_per_document = 4
    server_drops_rooms_after = 1.0


class Teacher(SaysNothing):
    default_users = 2
    default_spawn_rate = 20.0


class Anybody(SaysNothing):
    pass


def options(**given):
    ours = {option.name.removeprefix("--").replace("-", "_"): option.default for option in OPTIONS}
    return SimpleNamespace(**{**ours, "num_users": None, "spawn_rate": None, "run_time": None, "host": None} | given)


def test_the_people_of_all_classes_come_where_no_number_is_given():
    asked = options()
    Scenario((Student, Teacher)).fill_in(asked, ends=True)
    assert (asked.num_users, asked.spawn_rate, asked.run_time) == (42, 20.0, 70)


def test_what_is_given_on_the_command_line_is_kept():
    asked = options(num_users=3, spawn_rate=1.0, run_time=5)
    Scenario((Student, Teacher)).fill_in(asked, ends=True)
    assert (asked.num_users, asked.spawn_rate, asked.run_time) == (3, 1.0, 5)


def test_classes_that_say_nothing_leave_locusts_own_defaults():
    asked = options()
    Scenario((Anybody,)).fill_in(asked, ends=True)
    assert (asked.num_users, asked.spawn_rate, asked.run_time) == (None, None, None)


def test_a_run_that_ends_by_something_else_is_given_no_run_time():
    asked = options()
    Scenario((Student,)).fill_in(asked, ends=False)
    assert asked.run_time is None


@pytest.mark.parametrize(("users", "documents"), [(40, 10), (41, 11), (3, 1)])
def test_so_many_share_a_document_whatever_the_number_of_users(users, documents):
    assert Scenario((Student,)).settings(options(num_users=users), None).documents == documents


def test_where_a_capacity_is_looked_for_people_fill_documents_one_after_the_other():
    promised = options(num_users=40, rtc_promise="update echo p95 < 1s")
    settings = Scenario((Student,)).settings(promised, None)
    assert (settings.documents, settings.together) == (10, 4)
    assert Scenario((Student,)).settings(options(num_users=40), None).together == 0
    promised.rtc_documents = 3
    assert Scenario((Student,)).settings(promised, None).together == 0


def test_documents_of_the_command_line_win_and_a_named_notebook_is_one():
    scenario = Scenario((Student,))
    assert scenario.settings(options(num_users=40, rtc_documents=3), None).documents == 3
    named = options(num_users=40, rtc_notebook="a.ipynb", host="http://127.0.0.1:1")
    assert scenario.settings(named, None).documents == 1


def test_only_a_server_of_our_own_is_told_when_to_drop_rooms():
    scenario = Scenario((Student,))
    assert scenario.settings(options(num_users=4), None).evict_after == 1.0
    assert scenario.settings(options(num_users=4, rtc_evict_after=3.0), None).evict_after == 3.0
    assert scenario.settings(options(num_users=4, host="http://127.0.0.1:1"), None).evict_after == 0.0


def test_a_run_time_that_is_none_is_refused_with_its_words():
    class Hasty(SaysNothing):
        default_run_time = "soon"

    with pytest.raises(OptionsError, match="soon"):
        Scenario((Hasty,)).fill_in(options(), ends=True)


def _notebook(source):
    cell = {"id": "a", "cell_type": "markdown", "metadata": {}, "source": source}
    return {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def test_a_class_names_the_notebook_to_start_from_and_two_may_not_differ():
    class Author(SaysNothing):
        starts_from = staticmethod(lambda: _notebook("one"))

    class Editor(Author):
        pass

    class Stranger(SaysNothing):
        starts_from = staticmethod(lambda: _notebook("two"))

    assert Scenario((Author, Editor)).template().content["cells"][0]["source"] == "one"
    assert Scenario((Teacher,)).template() is None
    with pytest.raises(OptionsError, match="starts_from"):
        Scenario((Author, Stranger)).template()


def test_a_notebook_may_be_made_by_a_classmethod():
    class Author(SaysNothing):
        title = "by class"

        @classmethod
        def starts_from(cls):
            return _notebook(cls.title)

    assert Scenario((Teacher, Author)).template().content["cells"][0]["source"] == "by class"


def test_numbers_of_other_kinds_become_those_that_options_have():
    class Student(SaysNothing):
        default_users = numpy.int64(4)
        default_spawn_rate = numpy.float32(2)

    asked = options()
    Scenario((Student,)).fill_in(asked, ends=True)
    assert (type(asked.num_users), type(asked.spawn_rate)) == (int, float)


def test_what_makes_no_notebook_is_refused_with_the_line_of_the_locustfile():
    def torn():
        return {}["cells"]

    class Author(SaysNothing):
        starts_from = staticmethod(torn)

    class Poet(SaysNothing):
        starts_from = staticmethod(lambda: "a notebook")

    with pytest.raises(OptionsError, match=r"^torn of Author raised KeyError: 'cells' \(test_scenario\.py:\d+\)\.$"):
        Scenario((Teacher, Author)).template()
    with pytest.raises(OptionsError, match=r"^Poet\.starts_from made no notebook: .+ no list of cells\.$"):
        Scenario((Poet,)).template()


def test_a_user_class_says_nothing_of_itself():
    """Read as text, because importing it would patch the standard library of the tests."""
    source = Path(scenario_module.__file__).parents[1].joinpath("users", "collaboration_user.py").read_text("utf-8")
    for name in vars(SaysNothing):
        if not name.startswith("__"):
            assert re.search(rf"^    {name}: .* \| None = None$", source, re.MULTILINE), name
