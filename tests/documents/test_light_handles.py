"""Handles without what is made for asynchronous listeners: smaller, and for everything else as they were."""

from typing import Any

import pytest
from pycrdt import Array, Doc

from jupyter_rtc_locust.documents.light_handles import light
from jupyter_rtc_locust.documents.replica import Replica


def test_what_light_handles_write_and_hear_is_what_others_do() -> None:
    doc: Doc[Any] = light(Doc())
    array = light(doc.get("a", type=Array))
    heard: list[str] = []
    of_doc = doc.observe(lambda _event: heard.append("doc"))
    array.observe(lambda _event: heard.append("array"))
    array.append(1)
    doc.unobserve(of_doc)
    array.append(2)
    assert array.to_py() == [1, 2]
    assert sorted(heard) == ["array", "array", "doc"]


def test_a_light_handle_refuses_to_be_listened_to_instead_of_listening_for_all_of_them() -> None:
    with pytest.raises((AttributeError, TypeError)):
        light(Doc()).events()


@pytest.mark.parametrize("kind", ["notebook", "text"])
def test_replicas_have_no_containers_of_their_own_for_such_listeners(kind: Any) -> None:
    one, other = Replica(kind, 1), Replica(kind, 2)
    assert one.doc._send_streams is other.doc._send_streams


def test_what_is_no_such_handle_stays_as_it_is() -> None:
    assert light("words") == "words"
