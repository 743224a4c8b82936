"""Quick handles do what pycrdt's do: they write the same updates, find the same, and refuse the same."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, Text

from jupyter_rtc_locust.documents import quick_handles
from jupyter_rtc_locust.documents.quick_handles import QuickArray, QuickMap, QuickText, entries_at, entry_at, quick

PLAIN = st.none() | st.booleans() | st.floats(0, 9) | st.text("aé😀", max_size=3) | st.lists(st.booleans(), max_size=2)
MADE: st.SearchStrategy[Callable[[], Any]] = st.recursive(
    st.one_of(PLAIN.map(lambda value: lambda: value), st.text("aé", max_size=3).map(lambda text: lambda: Text(text))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda some: lambda: Array([one() for one in some])),
        st.dictionaries(st.sampled_from("xyz"), inner, max_size=3).map(
            lambda some: lambda: Map({key: one() for key, one in some.items()})
        ),
    ),
    max_leaves=6,
)
"""Something to be put into a document, made anew for each: a shared type belongs to one."""

Step = Callable[[Any], object]


def put(index: int, make: Callable[[], Any]) -> Step:
    return lambda array: array.insert(min(index, len(array)), make())


def take_out(index: int) -> Step:
    def step(array: Any) -> None:
        if index < len(array):
            del array[index]

    return step


def change(index: int, key: str, make: Callable[[], Any]) -> Step:
    """Write into whatever is there, as its kind allows."""

    def step(array: Any) -> None:
        inner = array[index] if index < len(array) else None
        if isinstance(inner, Text):
            inner.insert(0, key)
            if len(inner) > 1:
                del inner[0:1]
        elif isinstance(inner, Map):
            inner[key] = make()
        elif isinstance(inner, Array):
            inner.append(make())

    return step


STEPS = st.lists(
    st.one_of(
        st.builds(put, st.integers(0, 4), MADE),
        st.builds(take_out, st.integers(0, 4)),
        st.builds(change, st.integers(0, 4), st.sampled_from("xyz"), MADE),
    ),
    max_size=8,
)


def done(steps: list[Step], handle: Callable[[Any], Any], *, together: bool) -> tuple[bytes, Any]:
    doc: Doc[Any] = Doc(client_id=1)
    array = handle(doc.get("a", type=Array))
    if together:
        with doc.transaction():
            for step in steps:
                step(array)
            seen = array.to_py()
    else:
        for step in steps:
            step(array)
        seen = array.to_py()
    return doc.get_update(), seen


@settings(max_examples=120, deadline=None)
@given(STEPS, st.booleans())
def test_what_is_written_and_found_is_what_pycrdt_writes_and_finds(steps: list[Step], together: bool) -> None:
    assert done(steps, quick, together=together) == done(steps, lambda handle: handle, together=together)


def test_what_is_found_is_quick_all_the_way_down() -> None:
    doc: Doc[Any] = Doc({"a": Array([Map({"text": Text("ok")}), Array()])})
    array = quick(doc.get("a", type=Array))
    assert isinstance(array, QuickArray)
    with doc.transaction():
        assert isinstance(array[0], QuickMap)
        assert isinstance(array[0]["text"], QuickText)
        assert isinstance(array[1], QuickArray)


@pytest.mark.parametrize("handle", [quick, lambda handle: handle])
@pytest.mark.parametrize("together", [True, False])
def test_what_is_not_there_is_refused(handle: Callable[[Any], Any], together: bool) -> None:
    doc: Doc[Any] = Doc({"a": Array([Map({"x": 1})])})
    array = handle(doc.get("a", type=Array))

    def look() -> None:
        for missing, error in (
            (lambda: array[1], IndexError),
            (lambda: array[0]["y"], KeyError),
            (lambda: array.insert(2, 1), RuntimeError),
        ):
            with pytest.raises(error):
                missing()
        assert array[-1].get("y") is None
        assert array[-1].get("y", 2) == 2
        assert array[0].get("x") == 1

    if together:
        with doc.transaction():
            look()
    else:
        look()


@pytest.mark.parametrize(
    "key",
    [0, slice(1, None), slice(None, 2), slice(None, None), slice(1, 3), slice(2, 2), slice(1, 3, 2), slice(-2, -1)],
)
@pytest.mark.parametrize("together", [True, False])
def test_whatever_can_be_taken_out_of_a_text_is_and_the_rest_is_refused_alike(key: Any, together: bool) -> None:
    came = []
    for handle in (quick, lambda same: same):
        doc: Doc[Any] = Doc({"t": Text("abcd")}, client_id=1)
        text = handle(doc.get("t", type=Text))
        error = None
        try:
            if together:
                with doc.transaction():
                    del text[key]
            else:
                del text[key]
        except Exception as refused:
            error = type(refused)
        came.append((str(text), error))
    assert came[0] == came[1]


def test_a_quick_handle_can_be_observed() -> None:
    doc: Doc[Any] = Doc()
    text = quick(doc.get("t", type=Text))
    heard: list[Any] = []
    subscription = text.observe(heard.append)
    text.insert(0, "a")
    text.unobserve(subscription)
    text.insert(1, "b")
    assert (len(heard), str(text)) == (1, "ab")


def test_nothing_is_written_while_changes_are_told() -> None:
    doc: Doc[Any] = Doc()
    text, entries = quick(doc.get("t", type=Text)), quick(doc.get("m", type=Map))

    def write(_event: Any) -> None:
        entries["x"] = 1

    subscription = doc.observe(write)
    with pytest.raises(ExceptionGroup):
        text.insert(0, "a")
    doc.unobserve(subscription)
    assert entries.to_py() == {}


@pytest.mark.parametrize("handle", [quick, lambda handle: handle])
@pytest.mark.parametrize("together", [True, False])
def test_an_entry_is_found_without_a_handle_on_its_map(handle: Callable[[Any], Any], together: bool) -> None:
    doc: Doc[Any] = Doc({"a": Array([Map({"x": 1.0, "text": Text("ok")})])})
    array = handle(doc.get("a", type=Array))

    def look() -> None:
        assert entry_at(array, 0, "x") == 1.0
        assert str(entry_at(array, 0, "text")) == "ok"
        assert entry_at(array, 0, "y") is None
        assert (entries_at(array, "x"), entries_at(array, "y")) == ([1.0], [None])
        with pytest.raises(IndexError):
            entry_at(array, 1, "x")

    if together:
        with doc.transaction():
            look()
    else:
        look()


def test_the_pycrdt_of_the_lock_file_is_used_so() -> None:
    assert quick_handles.is_usable()
    assert isinstance(quick(Doc().get("a", type=Array)), QuickArray)


def test_a_pycrdt_of_another_form_is_told_by_one_trial_and_keeps_its_own_handles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(quick_handles, "_put", lambda *_: None)
    assert not quick_handles.is_usable()
    monkeypatch.setattr(quick_handles, "_HANDLES", {})
    array = Doc({"a": Array()}).get("a", type=Array)
    assert quick(array) is array
