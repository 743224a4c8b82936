"""Naming where two contents differ."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.documents.canonical import same
from jupyter_rtc_locust.documents.comparison import ABSENT, Difference, differences, readable_difference, sentence

leaves = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from([1.0, 0.5, -0.0]), st.text("ab\n", max_size=4)
)
plain_data = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(["id", "k", "a b", ""]), inner, max_size=3)
    ),
    max_leaves=12,
)


def cell(cell_id: str, source: str, **more: object) -> dict:
    return {"id": cell_id, "cell_type": "markdown", "source": source, **more}


@settings(deadline=None, max_examples=200)
@given(expected=plain_data, found=plain_data)
def test_there_are_differences_exactly_where_contents_are_not_the_same(expected, found):
    assert bool(differences(expected, found)) is not same(expected, found)
    assert bool(readable_difference(expected, found)) is not same(expected, found)


@settings(deadline=None, max_examples=50)
@given(expected=plain_data, found=plain_data, limit=st.integers(1, 3))
def test_no_more_differences_are_named_than_asked_for(expected, found, limit):
    some = differences(expected, found, limit)
    assert some == differences(expected, found, 1000)[:limit]
    assert all(sentence(difference).endswith(".") for difference in some)


def test_a_changed_text_is_named_with_its_place_and_surroundings():
    expected = {"cells": [cell("a", "x"), cell("b", "the quick brown fox jumps over the lazy dog")]}
    found = {"cells": [cell("a", "x"), cell("b", "the quick brown fox jumps under the lazy dog")]}
    (difference,) = differences(expected, found)
    assert difference.path == "cells[1].source"
    assert difference.position == 26
    assert difference.expected == '"…ick brown fox jumps over the lazy dog"'
    assert difference.found == '"…ick brown fox jumps under the lazy dog"'
    assert sentence(difference) == (
        "cells[1].source differs from character 26 on: "
        '"…ick brown fox jumps over the lazy dog" (expected), "…ick brown fox jumps under the lazy dog" (found).'
    )


def test_a_sentence_says_who_holds_what_where_that_is_known():
    told = [
        sentence(one, "users 0, 1", "user 2")
        for one in differences({"a": "x", "b": 1, "c": 2}, {"a": "y", "c": 2, "d": 3})
    ]
    assert told == [
        'a differs from character 0 on: "x" (users 0, 1), "y" (user 2).',
        "b is missing: 1 (users 0, 1), nothing (user 2).",
        "d is too much: nothing (users 0, 1), 3 (user 2).",
    ]


def test_text_that_was_lost_at_the_end_is_named_at_the_end():
    (difference,) = differences({"source": "abc"}, {"source": "ab"})
    assert (difference.path, difference.position) == ("source", 2)


def test_one_missing_cell_is_one_difference_and_not_a_change_of_every_cell_behind_it():
    cells = [cell(f"id{index}", f"text {index}") for index in range(30)]
    (difference,) = differences({"cells": cells}, {"cells": cells[:3] + cells[4:]})
    assert (difference.path, difference.found) == ("cells[3]", ABSENT)
    assert sentence(difference).startswith("cells[3] is missing: {")


def test_one_cell_too_many_is_one_difference():
    cells = [cell(f"id{index}", f"text {index}") for index in range(30)]
    (difference,) = differences({"cells": cells}, {"cells": [*cells[:3], cell("new", "n"), *cells[3:]]})
    assert (difference.path, difference.expected) == ("cells[3]", ABSENT)
    assert sentence(difference).startswith("cells[3] is too much: nothing (expected), {")


def test_one_cell_in_the_place_of_another_is_named_as_both_and_not_as_a_change_of_the_first():
    old, new = cell("a", "written by one"), cell("b", "written by another")
    told = [sentence(one) for one in differences({"cells": [old]}, {"cells": [new]})]
    assert [one.split(":")[0] for one in told] == ["cells[0] is missing", "cells[0] is too much"]


def test_a_cell_that_has_another_id_and_is_the_same_otherwise_has_another_id():
    (difference,) = differences({"cells": [cell("a", "x")]}, {"cells": [cell("b", "x")]})
    assert difference.path == "cells[0].id"


def test_a_doubled_cell_is_found_though_its_id_is_known():
    first, second = cell("a", "x"), cell("b", "y")
    (difference,) = differences([first, second], [first, first, second])
    assert difference.expected == ABSENT


def test_entries_without_id_are_lined_up_by_what_they_hold():
    assert [d.path for d in differences(list("abcdef"), list("abdef"))] == ["[2]"]


def test_lists_too_long_to_be_lined_up_are_compared_in_their_order():
    numbers = list(range(5000))
    assert differences(numbers, numbers) == []
    assert [d.path for d in differences(numbers, [*numbers[:4999], -1])] == ["[4999]"]


def test_true_and_1_are_a_difference_and_1_and_1_0_are_none():
    assert differences({"a": 1, "b": -0.0}, {"a": 1.0, "b": 0}) == []
    assert differences({"a": True}, {"a": 1}) == [Difference("a", "true", "1")]


def test_keys_that_are_no_names_are_quoted_in_paths():
    (difference,) = differences({"data": {"text/plain": {"x": 1}}}, {"data": {"text/plain": {"x": 2}}})
    assert difference.path == 'data["text/plain"].x'


def test_values_are_shown_short_and_printable():
    (difference,) = differences({"a": ["\x1b[31m" + "x" * 10_000]}, {"a": 1})
    assert len(difference.expected) < 100
    assert "\x1b" not in difference.expected


def test_a_difference_of_whole_texts_has_a_sentence_too():
    (difference,) = differences("one", "two")
    assert sentence(difference).startswith("the content differs from character 0 on")


def test_bytes_and_nan_are_shown_without_trouble():
    assert differences({"a": b"\x01"}, {"a": float("nan")}) == [Difference("a", 'b"01"', "NaN")]
    assert 'b\\"01\\"' in readable_difference({"a": b"\x01"}, {"a": 1})


def test_the_readable_difference_shows_lines_of_sources():
    diff = readable_difference(
        {"cells": [cell("a", "first\nsecond\nthird")]}, {"cells": [cell("a", "first\nchanged\nthird")]}
    )
    assert diff.startswith("--- expected\n+++ found\n")
    assert '-    "second\\n",' in diff
    assert '+    "changed\\n",' in diff
    assert '     "first\\n",' in diff


@pytest.mark.parametrize(("expected", "found"), [("a\n", "a"), ("a\r\nb", "a\nb"), ("a\u2028b", "a\nb"), ("", "x")])
def test_line_ends_show_in_the_readable_difference_of_texts(expected, found):
    assert readable_difference(expected, found)


def test_the_readable_difference_is_bounded_and_says_so():
    expected = "\n".join(f"line {index}" for index in range(20_000))
    found = "\n".join(f"other {index}" + "x" * 1000 for index in range(20_000))
    diff = readable_difference(expected, found, most_lines=50)
    assert len(diff.splitlines()) == 51
    assert diff.endswith("(more follows)")
    assert max(map(len, diff.splitlines())) <= 300


def test_a_difference_far_behind_the_start_of_a_long_text_is_shown():
    lines = [f"line {index}" for index in range(20_000)]
    diff = readable_difference("\n".join(lines), "\n".join([*lines[:15_000], "here", *lines[15_001:]]))
    assert "-line 15000" in diff
    assert "+here" in diff
    assert "(line numbers count from line 14998)" in diff
