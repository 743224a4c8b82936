"""Both ways of applying updates do the same, and the faster one is left alone where this pycrdt cannot be used so."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from pycrdt import Doc, Text

from jupyter_rtc_locust.documents.transactions_below import (
    apply_as_documented,
    apply_below,
    apply_in_one_transaction,
    core_of,
    hear_as_documented,
    hear_below,
    hear_updates,
    is_heard,
    is_usable,
)

Apply = Callable[[Any, Doc[Any], Iterable[bytes]], None]
BOTH_WAYS = pytest.mark.parametrize("apply", [apply_below, apply_as_documented])


def letters(written: str) -> list[bytes]:
    """One update for each letter."""
    doc: Doc[Any] = Doc(client_id=1)
    text = doc.get("source", type=Text)
    updates: list[bytes] = []
    subscription = doc.observe(lambda event: updates.append(event.update))
    for letter in written:
        text += letter
    doc.unobserve(subscription)
    return updates


def reader() -> tuple[Doc[Any], Text]:
    doc: Doc[Any] = Doc(client_id=2)
    return doc, doc.get("source", type=Text)


@BOTH_WAYS
def test_updates_are_applied_in_one_transaction(apply: Apply) -> None:
    doc, text = reader()
    transactions = []
    subscription = doc.observe(lambda event: transactions.append(event.update))

    apply(core_of(doc), doc, iter(letters("abc")))

    doc.unobserve(subscription)
    assert str(text) == "abc"
    assert len(transactions) == 1


@BOTH_WAYS
def test_of_an_unreadable_update_those_before_it_are_applied_and_nothing_stays_open(apply: Apply) -> None:
    doc, text = reader()
    first, second, third = letters("abc")
    remaining = iter([first, b"unreadable", second, third])

    with pytest.raises(ValueError, match="decode"):
        apply(core_of(doc), doc, remaining)

    assert str(text) == "a"
    apply(core_of(doc), doc, remaining)
    assert str(text) == "abc"


@BOTH_WAYS
def test_within_an_open_transaction_the_updates_become_part_of_it(apply: Apply) -> None:
    doc, text = reader()
    with doc.transaction():
        text += "x"
        apply(core_of(doc), doc, letters("a"))
    assert sorted(str(text)) == ["a", "x"]


def test_the_pycrdt_of_the_lock_file_is_used_below_its_documented_way() -> None:
    assert apply_in_one_transaction is apply_below


@pytest.mark.parametrize("error", [AttributeError, TypeError, RuntimeError, BaseException])
def test_a_pycrdt_that_cannot_be_used_so_is_told_by_one_trial(error: type[BaseException]) -> None:
    def fails(_core: Any, _doc: Doc[Any], _updates: Iterable[bytes]) -> None:
        raise error("another pycrdt")

    def does_nothing(_core: Any, _doc: Doc[Any], _updates: Iterable[bytes]) -> None:
        pass

    def leaves_a_transaction_open(core: Any, _doc: Doc[Any], updates: Iterable[bytes]) -> None:
        kept.append(core.create_transaction())
        for update in updates:
            core.apply_update(kept[-1], update)

    kept: list[Any] = []
    assert not is_usable(fails)
    assert not is_usable(does_nothing)
    assert not is_usable(leaves_a_transaction_open)
    assert is_usable(apply_as_documented)


@pytest.mark.parametrize("hear", [hear_below, hear_as_documented])
def test_the_update_of_each_transaction_is_heard_until_one_stops(
    hear: Callable[[Any, Doc[Any], Callable[[bytes], None]], Callable[[], None]],
) -> None:
    doc, text = reader()
    heard: list[bytes] = []
    stop = hear(core_of(doc), doc, heard.append)
    with doc.transaction():
        text += "a"
        text += "b"
    text += "c"
    stop()
    text += "d"
    copy, copied = reader()
    for update in heard:
        copy.apply_update(update)
    assert (len(heard), str(copied)) == (2, "abc")


def test_a_pycrdt_that_cannot_be_heard_so_is_told_by_one_trial() -> None:
    assert hear_updates is hear_below
    assert is_heard(hear_as_documented)

    def fails(core: Any, doc: Doc[Any], note: Callable[[bytes], None]) -> Callable[[], None]:
        raise BaseException("another pycrdt")

    assert not is_heard(fails)
    assert not is_heard(lambda _core, _doc, _note: lambda: None)
    assert not is_heard(lambda core, doc, note: (hear_below(core, doc, note), lambda: None)[1])
