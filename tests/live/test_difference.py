"""What differs between copies, for a person: who holds what, and a diff that has a limit."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.live.difference import LONGEST_DIFF, Copies, difference_between, merged


def content(*sources: str) -> dict[str, object]:
    return {"cells": [{"id": f"cell-{number}", "source": source} for number, source in enumerate(sources)]}


def test_copies_that_hold_the_same_have_no_diff() -> None:
    told = difference_between("a.ipynb", [Copies((0, 1), b"\x01", content=content("x"))])
    assert told == {
        "document": "a.ipynb",
        "groups": [{"users": [0, 1], "digest": "01"}],
        "diff": "",
        "note": "All copies hold the same content.",
    }


def test_what_most_hold_is_compared_with_each_other_state() -> None:
    copies = [
        Copies((0, 2), b"\x01", content=content("print(1)\n", "same")),
        Copies((1,), b"\x02", content=content("print(2)\n", "same")),
        Copies((3,), b"\x03", content=content("print(1)\n")),
    ]
    told = difference_between("a.ipynb", copies)
    assert "--- users 0, 2\n+++ user 1\n" in told["diff"] and "+++ user 3\n" in told["diff"]
    assert '-     "print(1)\\n"' in told["diff"].replace("-    ", "-     ").replace("      ", "     ")
    assert "3 states" in told["note"]


def test_what_was_not_read_or_not_told_is_said() -> None:
    told = difference_between("a", [Copies((0,), b"1", content=content("x")), Copies((1,), b"2")], silent=2)
    assert told["diff"] == "" and "only the users are known" in told["note"] and "2 processes" in told["note"]
    assert difference_between("a", [])["note"] == "Nobody has this document open."


def test_an_answer_stays_below_a_hundred_thousand_bytes() -> None:
    long = [content(*(f"{number} {side} {'ж' * 200}" for number in range(500))) for side in ("left", "right", "third")]
    copies = [
        Copies(tuple(range(3 * number, 3 * number + 2)), bytes([number]), content=long[number]) for number in range(3)
    ]
    copies += [Copies(tuple(range(100, 2000)), b"many")]
    told = difference_between("a", merged(copies))
    assert len(json.dumps(told, ensure_ascii=False).encode()) < 100_000
    assert len(told["diff"].encode()) <= LONGEST_DIFF


groups = st.lists(
    st.builds(
        Copies, st.lists(st.integers(0, 99), min_size=1, max_size=4).map(tuple), st.sampled_from([b"1", b"2", b"3"])
    ),
    max_size=8,
)


@settings(max_examples=60)
@given(groups)
def test_each_state_is_there_once_with_all_who_hold_it_and_the_largest_first(copies: list[Copies]) -> None:
    found = merged(copies)
    assert len({one.digest for one in found}) == len(found)
    assert sorted(user for one in found for user in one.users) == sorted(user for one in copies for user in one.users)
    sizes = [len(one.users) for one in found]
    assert sizes == sorted(sizes, reverse=True)
    assert merged(copies[::-1]) == found
