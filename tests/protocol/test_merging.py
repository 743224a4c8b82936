import random

import pytest
from pycrdt import Doc, Map, Text

from jupyter_rtc_locust.protocol.merging import EMPTY_UPDATE, GROUP_SIZE, merge_updates
from jupyter_rtc_locust.protocol.updates import decode_update


def test_nothing_merged_is_the_empty_update():
    assert merge_updates([]) == EMPTY_UPDATE
    assert not decode_update(EMPTY_UPDATE)


def test_a_single_update_is_given_back_as_it_is():
    assert merge_updates(iter([b"\x00\x00"])) == b"\x00\x00"


@pytest.mark.parametrize("count", [2, GROUP_SIZE, GROUP_SIZE + 1, GROUP_SIZE**2 + 1])
def test_updates_merged_in_any_order_leave_nothing_pending(count):
    author = Doc(client_id=9)
    updates = []
    subscription = author.observe(lambda event: updates.append(event.update))
    text, state = author.get("text", type=Text), author.get("state", type=Map)
    for number in range(count):
        with author.transaction():
            text.insert(0, str(number))
            state["dirty"] = True
    author.unobserve(subscription)
    assert len(updates) == count
    random.Random(count).shuffle(updates)
    reader = Doc()
    reader.apply_update(merge_updates(updates))
    assert str(reader.get("text", type=Text)) == str(text)
    assert reader.get_state() == author.get_state()


def test_bytes_that_are_no_update_are_refused():
    with pytest.raises(ValueError, match="merge"):
        merge_updates([b"\x00\x00", b"\x01\x01"])
