"""A look is the same on the other side of a message, and one that cannot be read says so."""

from __future__ import annotations

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.live.looks import COUNTED, DocumentLook, Look, Strain
from jupyter_rtc_locust.timing.histogram import Histogram


def histogram(samples: list[float]) -> Histogram:
    made = Histogram()
    for sample in samples:
        made.record(sample)
    return made


numbers = st.integers(0, 10**6)
histograms = st.builds(histogram, st.lists(st.floats(0, 1e4), max_size=5))
seconds = st.one_of(st.none(), st.integers(0, 10**7).map(lambda milliseconds: milliseconds / 1000))
copies = st.one_of(st.none(), st.lists(st.tuples(st.binary(min_size=8, max_size=8), numbers), max_size=3).map(tuple))
documents = st.builds(DocumentLook, numbers, numbers, numbers, numbers, numbers, seconds, seconds, seconds, copies)
looks = st.builds(
    Look,
    st.text(max_size=20),
    st.floats(0, 1e5),
    st.fixed_dictionaries(dict.fromkeys(COUNTED, numbers)),
    st.dictionaries(st.sampled_from(["update echo", "save"]), histograms, max_size=2),
    st.builds(Strain, histograms, histograms, st.floats(0, 1e3), numbers),
    st.lists(documents, max_size=4).map(tuple),
    st.booleans(),
)


@settings(max_examples=60)
@given(looks)
def test_a_look_is_the_same_on_the_other_side(look: Look) -> None:
    assert Look.from_message(msgpack.unpackb(msgpack.packb(look.as_message()))) == look


@pytest.mark.parametrize("field", ["process", "at", "counts", "times", "loop_lag", "cpu", "documents", "last"])
@pytest.mark.parametrize("value", ["nonsense", None, [1]])
def test_what_is_no_look_is_refused_with_a_sentence(field: str, value: object) -> None:
    told = Look("one", 1.0).as_message()
    if value is None:
        del told[field]
    elif field in ("process", "last"):
        return  # any text is a name, and anything is true or not
    else:
        told[field] = value
    with pytest.raises(ValueError, match="same version of jupyter-rtc-locust"):
        Look.from_message(told)
