"""Where a document stands: the rule, over whatever processes may tell."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.live.looks import DocumentLook
from jupyter_rtc_locust.live.standing import (
    DIFFERS_AFTER_S,
    GIVEN_UP_S,
    SILENT_S,
    TYPING_S,
    Seen,
    agreement_of,
    standing_at_the_end,
)

NOW = 100.0
ONE, OTHER = b"one", b"other"

seconds_ago = st.one_of(st.none(), st.floats(0, 30))


@st.composite
def seen(draw: st.DrawFn) -> Seen:
    users = draw(st.integers(0, 3))
    held = draw(st.one_of(st.none(), st.lists(st.sampled_from([ONE, OTHER]), min_size=users, max_size=users)))
    copies = None if held is None else tuple((each, held.count(each)) for each in sorted(set(held)))
    edited, heard = draw(seconds_ago), draw(seconds_ago)
    at = NOW - draw(st.floats(0, 1))
    return Seen(
        DocumentLook(
            0,
            users=users,
            on_the_way=draw(st.integers(0, 1)),
            edited_at=None if edited is None else at - edited,
            heard_at=None if heard is None else at - heard,
            waits_s=draw(seconds_ago),
            copies=copies,
        ),
        at,
        NOW - draw(st.floats(0, 8)),
    )


everything_seen = st.lists(seen(), max_size=4)


def quiet(users: int = 2, copies: tuple[tuple[bytes, int], ...] | None = ((ONE, 2),), **more: object) -> Seen:
    look = DocumentLook(0, users=users, edited_at=NOW - 20, heard_at=NOW - 19, copies=copies)
    return Seen(replace(look, **more), NOW, NOW)  # type: ignore[arg-type]


@settings(max_examples=80)
@given(everything_seen, st.booleans())
def test_who_is_typed_in_is_never_told_as_equal_or_differing(told: list[Seen], found: bool) -> None:
    heard = [replace(one, heard=NOW) for one in told]
    typed = replace(quiet(), look=replace(quiet().look, edited_at=NOW - TYPING_S / 2))
    assert agreement_of([*heard, typed], NOW, difference_found=found).standing == "typing"


@settings(max_examples=80)
@given(everything_seen, st.floats(SILENT_S + 0.1, 100))
def test_a_silent_process_with_users_makes_it_unknown(told: list[Seen], silent_for: float) -> None:
    silent = replace(quiet(), heard=NOW - silent_for)
    assert agreement_of([*told, silent], NOW).standing == "unknown"
    assert agreement_of([*told, silent], NOW).agreeing is None


@settings(max_examples=120)
@given(everything_seen)
def test_it_is_equal_only_where_everybody_is_heard_of_nothing_is_under_way_and_all_copies_are_alike(
    told: list[Seen],
) -> None:
    found = agreement_of(told, NOW)
    if found.standing == "equal":
        there = [one for one in told if one.look.users or one.look.on_the_way]
        assert all(NOW - one.heard <= SILENT_S and not one.look.on_the_way for one in there)
        assert all(one.look.waits_s is None for one in there)
        assert len({held for one in there for held, _ in one.look.copies or ()}) == 1
        assert found.agreeing == found.copies > 0


@settings(max_examples=120)
@given(everything_seen)
def test_it_differs_only_where_copies_are_not_alike_and_nothing_has_moved_for_seconds(told: list[Seen]) -> None:
    found = agreement_of(told, NOW)
    if found.standing == "differs":
        there = [one for one in told if one.look.users]
        assert found.agreeing is not None and found.agreeing < found.copies
        moved = [at for one in there for at in (one.look.edited_at, one.look.heard_at) if at is not None]
        assert all(max(one.at for one in there) - at >= DIFFERS_AFTER_S for at in moved)


@settings(max_examples=50)
@given(everything_seen)
def test_the_order_in_which_processes_tell_changes_nothing(told: list[Seen]) -> None:
    assert agreement_of(told, NOW) == agreement_of(told[::-1], NOW)


def test_copies_of_all_processes_are_compared_with_each_other() -> None:
    assert agreement_of([quiet(), quiet()], NOW).standing == "equal"
    apart = agreement_of([quiet(), quiet(copies=((OTHER, 1),), users=1)], NOW)
    assert (apart.standing, apart.copies, apart.agreeing) == ("differs", 3, 2)


def test_copies_that_are_not_alike_yet_settle_first() -> None:
    moved = quiet(copies=((ONE, 1), (OTHER, 1)), heard_at=NOW - DIFFERS_AFTER_S + 1)
    assert agreement_of([moved], NOW).standing == "settling"


def test_copies_that_were_found_alike_are_and_those_that_were_not_read_yet_are_told() -> None:
    apart = quiet(copies=((ONE, 1), (OTHER, 1)))
    assert agreement_of([apart], NOW).apart == {ONE, OTHER}
    read = agreement_of([apart], NOW, alike={OTHER: ONE})
    assert (read.standing, read.agreeing, read.apart) == ("equal", 2, frozenset())
    assert agreement_of([replace(apart, look=replace(apart.look, heard_at=NOW - 1))], NOW).apart == frozenset()


def test_what_is_not_compared_yet_settles() -> None:
    assert agreement_of([quiet(), quiet(copies=None)], NOW).standing == "settling"
    assert agreement_of([quiet(), quiet(copies=None)], NOW).agreeing is None


@pytest.mark.parametrize(
    ("waits_s", "copies", "standing"),
    [
        (1.0, ((ONE, 2),), "settling"),
        (GIVEN_UP_S + 1, ((ONE, 2),), "settling"),
        (1.0, ((ONE, 1), (OTHER, 1)), "settling"),
        (GIVEN_UP_S + 1, ((ONE, 1), (OTHER, 1)), "differs"),
    ],
)
def test_an_edit_that_waits_for_its_echo_is_under_way_for_as_long_as_a_sync_may_take(
    waits_s: float, copies: tuple[tuple[bytes, int], ...], standing: str
) -> None:
    assert agreement_of([quiet(copies=copies, waits_s=waits_s)], NOW).standing == standing


def test_who_comes_back_settles_the_document_until_it_is_there() -> None:
    assert agreement_of([quiet(), quiet(users=0, on_the_way=1, copies=())], NOW).standing == "settling"


def test_a_document_that_nobody_has_open_is_unknown() -> None:
    assert agreement_of([], NOW).standing == "unknown"
    assert agreement_of([quiet(users=0, copies=())], NOW).standing == "unknown"


def test_a_difference_that_was_found_stays_though_copies_agree_again() -> None:
    assert agreement_of([quiet()], NOW, difference_found=True).standing == "differs"


def test_a_process_that_will_not_tell_any_more_is_not_silent() -> None:
    assert agreement_of([replace(quiet(), heard=float("inf"))], NOW + 1000).standing == "equal"


def test_at_the_end_the_verdict_says_it_and_unknown_is_never_green() -> None:
    assert standing_at_the_end("pass", False, "settling") == "equal"
    assert standing_at_the_end("fail", True, "equal") == "differs"
    assert standing_at_the_end("fail", False, "equal") == "equal"
    assert standing_at_the_end("fail", False, "settling") == "unknown"
    assert standing_at_the_end("inconclusive", False, "equal") == "unknown"
