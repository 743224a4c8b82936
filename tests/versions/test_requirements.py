"""What is installed for a version: what was asked for, and everything else as it is here."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.errors import OptionsError
from jupyter_rtc_locust.versions.requirements import STACK, differing, normalised, read_requirement, wanted

HERE = {
    "jupyter-collaboration": "5.0.4",
    "jupyter-server-ydoc": "3.0.4",
    "pycrdt": "0.14.13",
    "tornado": "6.5",
    "jupyter-server": "2.17.0",
    "jupyter-rtc-locust": "0.1.0",
    "local": "1.0+here",
}


def constrained(asked, both=None, further=""):
    lines = wanted(asked, both if both is not None else asked, HERE, further).constraints.splitlines()
    return {line.split("==")[0]: line for line in lines}


def test_what_nobody_asked_for_is_as_it_is_here_and_the_load_generator_is_left_out():
    held = constrained([])
    assert held["tornado"] == "tornado==6.5"
    assert held["pycrdt"] == "pycrdt==0.14.13"
    assert "jupyter-rtc-locust" not in held
    assert "local" not in held


def test_one_package_of_the_stack_frees_the_others_and_nothing_else():
    held = constrained(["jupyter_collaboration==5.0.3"])
    assert not STACK & held.keys()
    assert {"tornado", "jupyter-server"} <= held.keys()


def test_a_package_beside_the_stack_frees_only_itself():
    assert constrained(["tornado<6.5"]).keys() == HERE.keys() - {"tornado", "jupyter-rtc-locust", "local"}


@pytest.mark.parametrize(
    "asked", ["git+https://example.org/x", "./folder", "jupyter-server-ydoc @ https://example.org/x.whl", "name@url"]
)
def test_a_branch_may_be_any_of_the_stack(asked):
    assert not STACK & constrained([asked]).keys()


def test_both_versions_have_the_same_constraints():
    both = ["jupyter-collaboration==5.0.3", "tornado==6.4"]
    assert constrained([both[0]], both) == constrained([both[1]], both)


def test_constraints_of_a_person_go_before_ours():
    held = wanted([], [], HERE, "# why\ntornado==6.4\n").constraints
    assert "tornado==6.4" in held
    assert "tornado==6.5" not in held


def test_requirements_are_read_as_a_shell_does():
    assert read_requirement("--a", "") == ()
    assert read_requirement("--a", "a==1 'b[c]>=2, <3'") == ("a==1", "b[c]>=2, <3")


@pytest.mark.parametrize("text", ["-e .", "--index-url=x", "a==1 -r file", "'a"])
def test_options_of_pip_are_refused(text):
    with pytest.raises(OptionsError, match="--b"):
        read_requirement("--b", text)


def test_another_version_constraint_or_python_is_another_environment():
    digests = {
        wanted(asked, asked, HERE, further).digest(python)
        for asked in ([], ["a==1"])
        for further in ("", "b==2")
        for python in ("3.11.1", "3.12.1")
    }
    assert len(digests) == 8


def test_what_differs_is_told_by_name():
    assert differing({"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": "4"}) == ["b 2 and 3", "c none and 4"]


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text):
    try:
        parts = read_requirement("--a", text)
    except OptionsError:
        return
    wanted(parts, parts, HERE, text)
    assert normalised(normalised(text)) == normalised(text)
