"""Evidence as it travels: through msgpack, as Locust's messages do, and the same evidence on the other side."""

import msgpack
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.coordination.evidence_message import (
    authored_as_message,
    authored_from_message,
    foreign_from_message,
    ranges_as_message,
    ranges_from_message,
    replica_as_message,
    replica_from_message,
    stall_from_message,
    user_as_message,
    user_from_message,
)
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.verdict.evidence import (
    AuthoredUpdate,
    ForeignUpdate,
    ReplicaEvidence,
    StallEvidence,
    UserEvidence,
)

quick = settings(deadline=None, max_examples=50)
clients = st.integers(0, 2**53 - 1)
seconds = st.floats(-10, 1e6)
ranges = st.lists(st.tuples(clients, st.integers(0, 1000), st.integers(0, 1000)), max_size=5).map(ClockRanges.of)
texts = st.text(max_size=20)


def travelled(message):
    return msgpack.unpackb(msgpack.packb(message), strict_map_key=False)


@given(one=ranges)
@quick
def test_clock_ranges(one):
    assert ranges_from_message(travelled(ranges_as_message(one))) == one


@given(
    one=st.builds(
        AuthoredUpdate,
        user=st.integers(-1, 1000),
        client_id=clients,
        number=st.integers(0, 10**6),
        description=texts,
        cell=st.none() | texts,
        due=seconds,
        acknowledged=st.none() | seconds,
        update=st.binary(max_size=40),
    )
)
@quick
def test_an_authored_update_with_its_author_its_times_and_its_bytes(one):
    assert authored_from_message(travelled(authored_as_message(one))) == one


@given(one=st.builds(ReplicaEvidence, st.lists(st.integers(0, 99)).map(tuple), st.binary(max_size=40), ranges, ranges))
@quick
def test_a_replica_with_its_users_its_deletions_and_its_clocks(one):
    assert replica_from_message(travelled(replica_as_message(one))) == one


@given(
    one=st.builds(
        UserEvidence,
        user=st.integers(0, 1000),
        client_id=clients,
        stage=texts,
        trouble=texts,
        probed=st.booleans(),
        lacks=ranges,
        gaps=ranges,
    )
)
@quick
def test_a_user_with_what_it_lacks_and_its_gaps(one):
    assert user_from_message(travelled(user_as_message(one))) == one


@given(received=seconds, update=st.binary(max_size=40))
@quick
def test_a_foreign_update(received, update):
    assert foreign_from_message(travelled([received, update])) == ForeignUpdate(received, update)


@given(user=st.integers(0, 1000), waited=seconds, what=texts)
@quick
def test_a_stall(user, waited, what):
    assert stall_from_message(travelled([user, waited, what])) == StallEvidence(user, waited, what)
