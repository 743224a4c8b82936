"""Presence: the bytes are those of y-protocols (data/make_awareness_updates.mjs), names outside ASCII included."""

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.protocol.awareness import (
    Presence,
    decode_presences,
    encode_presences,
    person_in_document,
    read_awareness,
    selected_presences,
    state_of,
)
from jupyter_rtc_locust.protocol.messages import MessageError, encode_awareness
from jupyter_rtc_locust.protocol.variable_length import write_string, write_variable_unsigned

CASES = {
    case["name"]: case for case in json.loads((Path(__file__).parent / "data" / "awareness_updates.json").read_text())
}

quick = settings(deadline=None, max_examples=80)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
presences_lists = st.lists(
    st.builds(
        Presence,
        st.integers(0, 2**53 - 1),
        st.integers(0, 2**53 - 1),
        st.none() | st.dictionaries(st.text(max_size=8), json_values, max_size=4),
    ),
    max_size=4,
)


@pytest.fixture(params=CASES)
def case(request):
    return CASES[request.param]


def presences_of(case):
    return [Presence(one["clientId"], one["clock"], one["state"]) for one in case["presences"]]


def test_a_presence_is_written_in_the_very_bytes_of_y_protocols(case):
    assert encode_presences(presences_of(case)) == base64.b64decode(case["update"])


def test_what_y_protocols_wrote_is_read(case):
    assert decode_presences(base64.b64decode(case["update"])) == presences_of(case)


@given(presences=presences_lists)
@quick
def test_what_is_written_is_read_back(presences):
    assert decode_presences(encode_presences(presences)) == presences


@given(payload=st.binary(max_size=60))
@settings(deadline=None, max_examples=400)
def test_random_bytes_end_in_presences_or_in_a_message_error(payload):
    try:
        decoded = decode_presences(payload)
    except MessageError as error:
        assert str(len(payload)) in str(error)
    else:
        assert all(isinstance(one, Presence) for one in decoded)


@given(presences=presences_lists.filter(bool), data=st.data())
@quick
def test_an_update_cut_short_anywhere_is_refused(presences, data):
    payload = encode_presences(presences)
    with pytest.raises(MessageError):
        decode_presences(payload[: data.draw(st.integers(0, len(payload) - 1))])


def with_state_text(text):
    return b"\x01\x01\x01" + write_string(text)


@pytest.mark.parametrize(
    "text",
    ["", "{", "nul", '{"a":}', "[" * 100_000, "9" * 5000, "\ufeff{}"],
    ids=["empty", "cut", "half a word", "no value", "nested too deep", "too many digits", "byte order mark"],
)
def test_a_state_that_is_no_json_is_refused_with_a_message_error(text):
    with pytest.raises(MessageError):
        decode_presences(with_state_text(text))


@pytest.mark.parametrize("text", ["[]", "1", '"name"', "true", "null"])
def test_a_state_that_is_no_object_counts_as_gone(text):
    assert decode_presences(with_state_text(text)) == [Presence(1, 1, None)]


def test_a_huge_count_of_clients_that_are_not_there_is_refused_at_once():
    with pytest.raises(MessageError):
        decode_presences(write_variable_unsigned(2**63) + b"\x00" * 10)


def test_every_person_has_a_name_of_his_own_and_what_a_tab_announces():
    people = [person_in_document(index) for index in range(50)]
    assert len({one["user"]["username"] for one in people}) == 50
    assert len({one["user"]["display_name"] for one in people}) == 50
    assert {"username", "name", "display_name", "initials", "avatar_url", "color"} <= people[0]["user"].keys()
    assert decode_presences(encode_presences([Presence(9, 1, people[7])])) == [Presence(9, 1, people[7])]


def test_what_a_person_announces_is_as_long_as_what_a_tab_was_recorded_to_announce():
    message = encode_awareness(encode_presences([Presence(3300325288, 2, person_in_document(12))]))
    assert 0.9 * 214 <= len(message) <= 1.1 * 214


@given(
    presences=st.lists(
        st.builds(
            Presence,
            st.integers(0, 2**53 - 1),
            st.integers(0, 100),
            st.one_of(st.none(), st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2)),
        ),
        max_size=6,
        unique_by=lambda one: one.client_id,
    ),
    data=st.data(),
)
def test_those_selected_of_an_update_are_told_on_as_they_came(presences, data):
    clients = data.draw(st.sets(st.sampled_from([one.client_id for one in presences]))) if presences else set()
    update = encode_presences(presences)
    selected = decode_presences(selected_presences(update, clients))
    assert selected == [one for one in presences if one.client_id in clients]
    assert selected_presences(update, {one.client_id for one in presences}) == update


def test_the_quick_reading_tells_what_the_other_tells(case):
    update = base64.b64decode(case["update"])
    presences = read_awareness(encode_awareness(update))
    entries = presences.entries
    assert (presences.message, presences.payload) == (encode_awareness(update), update)
    assert presences.clients == {one.client_id for one in entries}
    assert presences.people == {one.client_id for one in entries if one.state is not None and one.state.person}
    assert [(one.client_id, one.clock) for one in entries] == [
        (one.client_id, one.clock) for one in decode_presences(update)
    ]
    for entry, presence in zip(entries, decode_presences(update), strict=True):
        assert (entry.state is None) == (presence.state is None)
        assert entry.state is None or entry.state.person == ("user" in presence.state)


@given(payload=st.binary(max_size=60))
@quick
def test_the_quick_reading_refuses_what_the_other_refuses(payload):
    try:
        decode_presences(payload)
    except MessageError:
        with pytest.raises(MessageError):
            read_awareness(encode_awareness(payload))
    else:
        read_awareness(encode_awareness(payload))


def test_a_state_is_known_again_however_its_keys_are_ordered_and_its_letters_escaped():
    same = ['{"user":{"name":"Zoë"},"at":1}', '{"at": 1, "user": {"name": "Zo\\u00eb"}}']
    other = ['{"user":{"name":"Zoe"},"at":1}', '{"user":{"name":"Zoë"},"at":2}', '{"at":1}', "{}"]
    assert len({state_of(text) for text in same}) == 1
    assert len({state_of(text) for text in [*same, *other]}) == 5
    assert [state_of(text).person for text in [*same, *other]] == [True] * 4 + [False] * 2
    assert state_of("null") is None
