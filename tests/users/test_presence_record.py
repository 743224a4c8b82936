"""Whom a user sees: clocks as y-protocols takes them, with pycrdt's own `Awareness` as the reference."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Awareness, Doc, Encoder

from jupyter_rtc_locust.protocol.awareness import state_of
from jupyter_rtc_locust.users.presence_record import PresenceRecord

OWN, PEER = 1, 2
STATES = [{"user": {"name": "Ada"}}, {"user": {"name": "Ada"}, "cursor": 3}, {}]


def digest(state):
    return state_of(json.dumps(state))


def seen_by(record, now=100.0):
    return {one.client_id: one for one in record.evidence("here", now, lambda time: time).seen}


def shown_by(record):
    return {client: one.state for client, one in seen_by(record).items() if one.until is None}


def record_with_a_line():
    record = PresenceRecord()
    record.line_opened(0.0)
    record.line_synced(0.5)
    return record


messages = st.lists(
    st.tuples(st.sampled_from([PEER, 3]), st.integers(0, 5), st.sampled_from([None, *STATES])), max_size=12
)


@given(messages=messages)
@settings(deadline=None, max_examples=300)
def test_whatever_is_told_in_whatever_order_a_user_sees_what_pycrdt_would_show(messages):
    record, reference = record_with_a_line(), Awareness(Doc(client_id=OWN))
    for now, (client, clock, state) in enumerate(messages):
        record.see(client, clock, digest(state), float(now))
        encoder = Encoder()
        for number in (1, client, clock):
            encoder.write_var_uint(number)
        encoder.write_var_string(json.dumps(state))
        reference.apply_awareness_update(encoder.to_bytes(), "test")
    expected = {client: digest(state).digest for client, state in reference.states.items() if client != OWN}
    assert shown_by(record) == expected
    assert all(one.clock == reference.meta[client]["clock"] for client, one in seen_by(record).items())


def test_a_state_of_a_lower_or_equal_clock_is_ignored_and_null_of_an_equal_one_is_not():
    record = record_with_a_line()
    record.see(PEER, 4, digest(STATES[0]), 1.0)
    record.see(PEER, 4, digest(STATES[1]), 2.0)
    record.see(PEER, 3, None, 3.0)
    assert shown_by(record) == {PEER: digest(STATES[0]).digest}
    record.see(PEER, 4, None, 4.0)
    assert (seen_by(record)[PEER].last, seen_by(record)[PEER].until) == (1.0, 4.0)
    record.see(PEER, 5, digest(STATES[1]), 5.0)
    assert shown_by(record) == {PEER: digest(STATES[1]).digest}
    assert (seen_by(record)[PEER].first, seen_by(record)[PEER].last) == (1.0, 5.0)
    assert seen_by(record)[PEER].states == (digest(STATES[0]).digest, digest(STATES[1]).digest)


def test_who_loses_the_line_sees_nobody_until_they_tell_of_themselves_with_a_higher_clock():
    """As y-websocket does: it takes the states away and keeps the clocks."""
    record = record_with_a_line()
    record.see(PEER, 4, digest(STATES[0]), 1.0)
    record.line_ended(2.0)
    assert shown_by(record) == {}
    record.line_opened(3.0)
    record.see(PEER, 4, digest(STATES[0]), 4.0)
    assert shown_by(record) == {}
    record.see(PEER, 5, digest(STATES[0]), 5.0)
    assert shown_by(record) == {PEER: digest(STATES[0]).digest}


def test_the_line_of_which_times_are_told_is_the_latest():
    record = record_with_a_line()
    record.asked = 7.0
    record.line_ended(8.0)
    record.line_ended(9.0)
    gone = record.evidence("here", 10.0, lambda time: time - 1)
    assert (gone.connected, gone.synced, gone.asked, gone.gone, gone.taken) == (-1.0, -0.5, 6.0, 7.0, 9.0)
    record.line_opened(11.0)
    back = record.evidence("here", 12.0, lambda time: time)
    assert (back.connected, back.synced, back.asked, back.gone) == (11.0, None, None, None)


def test_each_announcement_has_a_higher_clock_and_is_remembered_with_its_time():
    record = record_with_a_line()
    clocks = [record.tell(digest(state), now) for now, state in enumerate([STATES[0], STATES[1]])]
    clocks.append(record.tell(None, 2))
    record.heard_again(2, 2.5)
    record.heard_again(2, 3.5)
    told = record.evidence("here", 10.0, lambda time: time + 100)
    assert clocks == [1, 2, 3]
    assert told.told == (
        (1, 100, digest(STATES[0]).digest, None),
        (2, 101, digest(STATES[1]).digest, 102.5),
        (3, 102, None, None),
    )
    assert set(told.states) == {digest(STATES[0]).digest, digest(STATES[1]).digest}


def test_who_is_said_to_be_gone_goes_on_with_a_higher_clock_if_it_is_there():
    record = record_with_a_line()
    record.tell(digest(STATES[0]), 1.0)
    record.tell(digest(STATES[0]), 2.0)
    assert record.is_said_to_be_gone(1) is False
    assert record.is_said_to_be_gone(6) is True
    assert record.tell(digest(STATES[0]), 3.0) == 7
    record.line_ended(4.0)
    assert record.is_said_to_be_gone(7) is False


def test_what_is_kept_of_a_client_or_of_ones_own_words_does_not_grow_with_the_run():
    record = record_with_a_line()
    for clock in range(1, 5000):
        record.see(PEER, clock, digest({"user": {}, "cursor": clock}), float(clock))
        record.tell(digest(STATES[0]), float(clock))
    kept = record.evidence("here", 1.0, lambda time: time)
    assert len(kept.seen[0].states) < 20
    assert len(kept.told) < 100
    assert kept.told[-1].clock == 4999
    assert len(kept.states) == 1


def test_who_was_only_ever_said_to_be_gone_was_not_seen():
    record = record_with_a_line()
    record.see(PEER, 4, None, 1.0)
    assert seen_by(record) == {}
