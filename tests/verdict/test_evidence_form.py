"""Evidence as bytes: the same evidence on the other side, and a refusal of what is something else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.verdict.evidence import (
    AuthoredUpdate,
    DocumentEvidence,
    RoomEvidence,
    RunEvidence,
    SavedFile,
    Snapshot,
)
from jupyter_rtc_locust.verdict.evidence_form import EvidenceError, decode_evidence, encode_evidence

quick = settings(deadline=None, max_examples=50)
clients = st.integers(0, 2**53 - 1)
ranges = st.lists(st.tuples(clients, st.integers(0, 1000), st.integers(0, 1000)), max_size=5).map(ClockRanges.of)
st.register_type_strategy(ClockRanges, ranges)
finite = st.floats(allow_nan=False, allow_infinity=False)
st.register_type_strategy(float, finite)
st.register_type_strategy(int, clients)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
st.register_type_strategy(str, texts)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | finite | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
clocks = st.dictionaries(clients, clients, max_size=3)
snapshots = st.builds(Snapshot, state_vector=clocks)
documents = st.builds(
    DocumentEvidence,
    initial=snapshots,
    template=plain,
    authors=clocks,
    saved=st.none() | st.builds(SavedFile, content=plain),
    joiner=st.none() | snapshots,
)


@given(one=st.builds(RoomEvidence))
@quick
def test_what_a_process_tells_of_a_document(one):
    assert decode_evidence(encode_evidence(one), RoomEvidence) == one


@given(one=st.builds(RunEvidence, documents=st.lists(documents, max_size=2).map(tuple)))
@quick
def test_the_evidence_of_a_run(one):
    assert decode_evidence(encode_evidence(one), RunEvidence) == one


@given(one=st.builds(AuthoredUpdate), cut=st.integers(1, 10))
@quick
def test_what_was_cut_or_is_something_else_is_refused_with_a_sentence(one, cut):
    with pytest.raises(EvidenceError, match="no AuthoredUpdate"):
        decode_evidence(encode_evidence(one)[:-cut], AuthoredUpdate)
    with pytest.raises(EvidenceError, match="no RoomEvidence"):
        decode_evidence(encode_evidence(one), RoomEvidence)


def test_what_evidence_cannot_hold_is_refused_when_it_is_written():
    with pytest.raises(NotImplementedError, match="object"):
        encode_evidence({"thing": object()})
