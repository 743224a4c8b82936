"""Updates that Yjs itself wrote (data/make_yjs_updates.mjs), with what Yjs shows of them."""

import base64
import json
from itertools import pairwise
from pathlib import Path

import pytest
from pycrdt import Array, Doc, Map, Text, XmlFragment

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.content_conflicts import content_conflicts
from jupyter_rtc_locust.protocol.contents import (
    AnyContent,
    BinaryContent,
    DeletedContent,
    DocumentContent,
    EmbedContent,
    FormatContent,
    JsonContent,
    StringContent,
    TypeContent,
)
from jupyter_rtc_locust.protocol.lineage import Lineage
from jupyter_rtc_locust.protocol.selection import select, union_of_structs
from jupyter_rtc_locust.protocol.state_vectors import decode_state_vector, encode_state_vector
from jupyter_rtc_locust.protocol.structs import GC, Item
from jupyter_rtc_locust.protocol.updates import decode_update, encode_update

CASES = {case["name"]: case for case in json.loads((Path(__file__).parent / "data" / "yjs_updates.json").read_text())}
ROOT_TYPES = {"Text": Text, "Map": Map, "Array": Array, "XmlFragment": XmlFragment}

# Those that pycrdt 0.14 shows as Yjs does. It cannot read JSON of old versions or XML hooks, shows bytes as bytes and
# `undefined` as null, and puts text inserted into a surrogate pair behind it.
SHOWN_ALIKE_BY_PYCRDT = [
    "text of many scripts",
    "written at the same time",
    "maps overwritten and nested",
    "garbage collected",
    "formats and embeds",
]


@pytest.fixture(params=CASES)
def case(request):
    return CASES[request.param]


def all_updates(case):
    encoded = [*case["updates"], case["merged"], case["full"], case["gaps"]]
    return [base64.b64decode(one) for one in encoded + [one["update"] for one in case["differences"]]]


def state_vector(case):
    return {int(client): clock for client, clock in case["stateVector"].items()}


def test_what_is_read_is_written_in_the_very_same_bytes(case):
    for update in all_updates(case):
        assert encode_update(decode_update(update)) == update


def test_a_full_state_holds_every_clock_of_the_state_vector_and_every_deletion(case):
    full = decode_update(base64.b64decode(case["full"]))
    assert full.clock_ranges() == ClockRanges.from_state_vector(state_vector(case))
    deleted = {int(client): spans for client, spans in case["deleteSet"].items()}
    assert full.deletions == ClockRanges.of((client, *span) for client, spans in deleted.items() for span in spans)


def test_the_state_vector_is_read_and_written_as_yjs_does(case):
    encoded = base64.b64decode(case["stateVectorBytes"])
    assert decode_state_vector(encoded) == state_vector(case)
    assert len(encode_state_vector(state_vector(case))) == len(encoded)


def test_selecting_what_a_state_vector_lacks_cuts_structs_exactly_as_yjs_does(case):
    merged = decode_update(base64.b64decode(case["merged"]))
    everything = ClockRanges.from_state_vector(state_vector(case))
    for difference in case["differences"]:
        known = ClockRanges.of([(difference["client"], 0, difference["clock"])])
        selected = select(merged, everything.difference(known))
        assert encode_update(selected) == base64.b64decode(difference["update"])


def test_the_union_of_single_updates_is_what_yjs_merges(case):
    united = union_of_structs(decode_update(base64.b64decode(one)) for one in case["updates"])
    merged = decode_update(base64.b64decode(case["merged"]))
    assert united.clock_ranges() == merged.clock_ranges()
    assert united.deletions == merged.deletions
    assert not content_conflicts(Lineage([united]), merged)


def test_a_full_state_holds_no_other_content_than_the_updates_it_is_made_of(case):
    authored = Lineage(decode_update(base64.b64decode(one)) for one in case["updates"])
    assert not content_conflicts(authored, decode_update(base64.b64decode(case["full"])))


def test_a_pair_that_yjs_tore_apart_is_no_conflict():
    case = CASES["a surrogate pair torn apart"]
    authored = Lineage(decode_update(base64.b64decode(one)) for one in case["updates"])
    torn = decode_update(base64.b64decode(case["full"]))
    assert "\ufffd" in "".join(one.content.text for one in torn)
    assert not content_conflicts(authored, torn)


def test_the_root_of_every_unit_is_found(case):
    lineage = Lineage(decode_update(base64.b64decode(one)) for one in case["updates"])
    by_root = lineage.by_root(lineage.clock_ranges())
    assert by_root.keys() == case["roots"].keys()


@pytest.mark.parametrize("name", SHOWN_ALIKE_BY_PYCRDT)
@pytest.mark.parametrize("form", ["full", "merged"])
def test_pycrdt_shows_what_we_wrote_again_as_yjs_shows_it(name, form):
    case = CASES[name]
    document = Doc()
    document.apply_update(encode_update(decode_update(base64.b64decode(case[form]))))
    shown = {root: document.get(root, type=ROOT_TYPES[kind]).to_py() for root, kind in case["roots"].items()}
    assert shown == case["json"]


def test_every_kind_of_content_and_a_gap_occur_in_these_updates():
    structs, gaps = [], 0
    for case in CASES.values():
        for update in all_updates(case):
            decoded = decode_update(update)
            structs += decoded
            for of_client in decoded.structs.values():
                gaps += sum(left.end < right.clock for left, right in pairwise(of_client))
    assert gaps
    assert any(isinstance(one, GC) for one in structs)
    items = [one for one in structs if isinstance(one, Item)]
    assert any(one.keyed and one.parent_key is None for one in items)
    assert {type(one.content) for one in items} == {
        AnyContent,
        BinaryContent,
        DeletedContent,
        DocumentContent,
        EmbedContent,
        FormatContent,
        JsonContent,
        StringContent,
        TypeContent,
    }
    types = {one.content.type_reference for one in items if isinstance(one.content, TypeContent)}
    assert types == {0, 1, 2, 3, 4, 5, 6}
