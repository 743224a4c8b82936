"""What a locustfile writes into its classes is refused before a run, with a sentence that says what to write."""

import ast
import re
from fractions import Fraction
from functools import cached_property
from pathlib import Path

import numpy
import pytest

from jupyter_rtc_locust.editing.activities import DEFAULT_ACTIVITIES, TEXT_FILE_ACTIVITIES
from jupyter_rtc_locust.editing.places import OWN_CELLS
from jupyter_rtc_locust.editing.weights import DEFAULT_WEIGHTS, TEXT_WEIGHTS
from jupyter_rtc_locust.errors import OptionsError
from jupyter_rtc_locust.users import class_attributes
from jupyter_rtc_locust.users.class_attributes import check_classes, check_user


class AsItComes:
    """What the product's own classes say."""

    document_kind = "notebook"
    edit_rate = None
    rhythm = None
    places = None
    weights = DEFAULT_WEIGHTS
    activities = DEFAULT_ACTIVITIES
    writes_at_opening = True
    faults = ()
    default_users = None
    default_spawn_rate = None
    default_run_time = None
    users_per_document = None
    tabs_per_person = 1
    starts_from = None
    server_drops_rooms_after = None

    def wait_time(self):
        return 1.0


def student(**said):
    return type("Student", (AsItComes,), said)


class Uncanny:
    """A value with which nothing can be done."""

    def __eq__(self, other):
        raise RuntimeError("not with me")

    __hash__ = None

    def __repr__(self):
        raise RuntimeError("not with me")


RIGHT = {
    "edit_rate": [0, 2, 0.5, Fraction(1, 2), numpy.float32(2), numpy.int64(2)],
    "rhythm": ["person", "steady", "poisson"],
    "places": [OWN_CELLS],
    "default_users": [0, 4, numpy.int64(4)],
    "default_spawn_rate": [0.5, 3],
    "default_run_time": ["45s", "2m", "90"],
    "users_per_document": [1],
    "starts_from": [staticmethod(dict), classmethod(vars)],
    "server_drops_rooms_after": [1.0],
    "faults": [[], ()],
}

WRONG = [
    ("document_kind", "sheet", "notebook, text"),
    ("document_kind", ["text"], "notebook, text"),
    ("edit_rate", "2", "--rtc-edit-rate"),
    ("edit_rate", -1.0, "0 or more"),
    ("edit_rate", float("nan"), "0 or more"),
    ("edit_rate", True, "0 or more"),
    ("edit_rate", numpy.float32("nan"), "0 or more"),
    ("edit_rate", lambda: 2.0, "0 or more"),
    ("rhythm", "fast", "person, steady, poisson"),
    ("rhythm", ["person"], "person, steady, poisson"),
    ("places", 0.5, "Places(own=0.8, elsewhere=0.2)"),
    ("weights", {"insert_letters": 3}, "Weights.of"),
    ("weights", None, "Weights.of"),
    ("activities", {"paste": 1}, "Activities.of"),
    ("writes_at_opening", "no", "True or False"),
    ("faults", "Restart", "(Restart(at=10.0),)"),
    ("default_users", "4", "whole number of 0 or more"),
    ("default_users", -1, "whole number of 0 or more"),
    ("default_users", 2.5, "whole number of 0 or more"),
    ("default_spawn_rate", 0, "above 0"),
    ("default_run_time", 45, '"45s" or "2m"'),
    ("default_run_time", "soon", '"45s" or "2m"'),
    ("users_per_document", 0, "1 or more"),
    ("tabs_per_person", None, "1 or more"),
    ("starts_from", {"cells": []}, "staticmethod(FUNCTION)"),
    ("server_drops_rooms_after", "1", "above 0"),
    ("wait_time", 5, "between(1, 4)"),
    ("edit_rate", Uncanny(), "--rtc-edit-rate"),
]


def test_what_the_products_own_classes_say_is_right():
    check_classes([AsItComes, student()])


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in RIGHT.items() for value in values])
def test_what_is_allowed_is_let_pass(name, value):
    check_classes([student(**{name: value})])


@pytest.mark.parametrize(("name", "value", "allowed"), WRONG)
def test_what_is_wrong_is_told_with_class_attribute_value_and_what_is_allowed(name, value, allowed):
    with pytest.raises(OptionsError, match=rf"^Student\.{name} is .+, which is .+: .+\.$") as told:
        check_classes([AsItComes, student(**{name: value})])
    assert allowed in str(told.value)
    if not isinstance(value, Uncanny):
        assert f" is {value!r}, which " in str(told.value)


@pytest.mark.parametrize(("name", "value"), [("weights", DEFAULT_WEIGHTS), ("activities", DEFAULT_ACTIVITIES)])
def test_a_deck_that_needs_cells_is_refused_for_a_text_file(name, value):
    decks = {"weights": TEXT_WEIGHTS, "activities": TEXT_FILE_ACTIVITIES}
    check_classes([student(document_kind="text", **decks)])
    with pytest.raises(OptionsError, match=rf"^Student\.{name} is .+ TextUser .+ leave out what needs cells"):
        check_classes([student(document_kind="text", **{**decks, name: value})])


def test_a_long_value_is_cut():
    with pytest.raises(OptionsError, match=re.escape(f" is '{'x' * 99}…, which is no rhythm")):
        check_classes([student(rhythm="x" * 5000)])


class OwnRate:
    """What a class has that gives each user its own, and is not there for a class."""

    def __get__(self, user, of):
        if user is None:
            raise RuntimeError("of no user")
        return user.own_rate


COMPUTED = {
    "property": lambda: property(lambda self: self.own_rate),
    "cached property": lambda: cached_property(lambda self: self.own_rate),
    "descriptor": OwnRate,
}


@pytest.mark.parametrize("computed", COMPUTED)
def test_what_only_a_user_knows_is_looked_at_when_there_is_one(computed):
    of = student(edit_rate=COMPUTED[computed]())
    check_classes([of])
    user = of()
    user.own_rate = 2.0
    check_user(user)
    user = of()
    user.own_rate = "2"
    with pytest.raises(OptionsError, match=r"^Student\.edit_rate is '2'"):
        check_user(user)


def test_every_attribute_that_a_class_may_set_is_looked_at():
    """Read as text, because importing the classes would patch the standard library of the tests."""
    folder = Path(class_attributes.__file__).parent
    trees = [ast.parse((folder / f"{name}.py").read_text("utf-8")) for name in ("collaboration_user", "tab_user")]
    written = [line for tree in trees for one in tree.body if isinstance(one, ast.ClassDef) for line in one.body]
    names = {
        line.target.id for line in written if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
    }
    assert names - {"collaborator"} <= set(class_attributes._RULES)
    assert len(names) > 10
