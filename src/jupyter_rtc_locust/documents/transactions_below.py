"""Updates applied to and heard from pycrdt's Rust core, without the Python that pycrdt puts around it.

Measured on updates of one letter: 1.9 µs for one alone, against 2.9 by `Doc.apply_update`; 1.2 µs each where twenty
share a transaction, against 1.8. To hear of the updates of one edit takes 0.9 µs, against 1.8 by `Doc.observe`, warm;
three times as much between everything else.

`Doc._doc` is not documented. So everything that knows of it stands here, and it is used only where it does what it did
in the versions it was read in: it is tried once, when this module is imported. Elsewhere the documented way is taken,
which does the same. One thing differs: an exception in somebody's callback on the document is told by pycrdt at the
next edit, and not at once.
"""

from collections.abc import Callable, Iterable
from typing import Any

from pycrdt import Doc, Text

_TRIAL = b"\x01\x01\x01\x00\x04\x01\x01t\x02ok\x00"
"""Client 1 writes "ok" into the text "t"."""


def core_of(doc: Doc[Any]) -> Any:
    """What the ways below want beside the document: its Rust core."""
    return getattr(doc, "_doc", None)


def apply_as_documented(core: Any, doc: Doc[Any], updates: Iterable[bytes]) -> None:  # noqa: ARG001
    """Apply updates in one transaction.

    Raises ValueError or TypeError for the first that cannot be read; those before it have been applied, those behind
    it not.
    """
    with doc.transaction():
        for update in updates:
            doc.apply_update(update)


def apply_below(core: Any, doc: Doc[Any], updates: Iterable[bytes]) -> None:
    """As `apply_as_documented`, for a third less."""
    try:
        transaction = core.create_transaction()
    except RuntimeError:  # one is open; only the documented way knows which
        apply_as_documented(core, doc, updates)
        return
    try:
        apply = core.apply_update
        for update in updates:
            apply(transaction, update)
    finally:
        transaction.drop()  # which commits


def hear_as_documented(core: Any, doc: Doc[Any], note: Callable[[bytes], None]) -> Callable[[], None]:  # noqa: ARG001
    """Have `note` called with the update of each transaction that ends, until what is returned is called.

    Where a transaction is open, pycrdt panics.
    """
    subscription = doc.observe(lambda event: note(event.update))
    return lambda: doc.unobserve(subscription)


def hear_below(core: Any, doc: Doc[Any], note: Callable[[bytes], None]) -> Callable[[], None]:  # noqa: ARG001
    """As `hear_as_documented`."""
    stop: Callable[[], None] = core.observe(lambda event: note(event.update)).drop
    return stop


def is_heard(hear: Callable[[Any, Doc[Any], Callable[[bytes], None]], Callable[[], None]]) -> bool:
    """Whether the updates of this pycrdt can be heard so: the bytes of one transaction, and nothing afterwards."""
    doc: Doc[Any] = Doc(client_id=1)
    text = doc.get("t", type=Text)
    heard: list[bytes] = []
    try:
        stop = hear(core_of(doc), doc, heard.append)
        text.insert(0, "ok")
        stop()
        text.insert(0, "!")
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # a panic of the Rust core is one
        return False
    return heard == [_TRIAL]


def is_usable(apply: Callable[[Any, Doc[Any], Iterable[bytes]], None]) -> bool:
    """Whether this pycrdt can be used so: an update is applied, an unreadable one refused, and nothing left open."""
    doc: Doc[Any] = Doc()
    text = doc.get("t", type=Text)
    try:
        try:
            apply(core_of(doc), doc, [_TRIAL, b"unreadable"])
        except ValueError:
            with doc.transaction():
                return str(text) == "ok"
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # a panic of the Rust core is one
        return False
    return False


apply_in_one_transaction = apply_below if is_usable(apply_below) else apply_as_documented
"""The faster of the two that this pycrdt can be used with."""

hear_updates = hear_below if is_heard(hear_below) else hear_as_documented
"""The same of hearing."""
