"""Documents that two or three pycrdt replicas edit at random, and everything that can be asked of their updates."""

from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, Text

from jupyter_rtc_locust.protocol.any_values import same_value
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.content_conflicts import content_conflicts
from jupyter_rtc_locust.protocol.contents import StringContent
from jupyter_rtc_locust.protocol.lineage import Lineage
from jupyter_rtc_locust.protocol.merging import merge_updates
from jupyter_rtc_locust.protocol.selection import select, union_of_structs
from jupyter_rtc_locust.protocol.state_vectors import decode_state_vector
from jupyter_rtc_locust.protocol.updates import decode_update, encode_update

ROOTS = {"text": Text, "state": Map, "cells": Array}
CLIENTS = (7, 2**31 + 5, 2**40 + 1)
TEXTS = ("a", "plain words", "é", "e\u0301x", "🙂", "👩‍👩‍👧", "中文\n", "\t 🏳️‍🌈 ", "א")
VALUES = (None, True, 1, 2.5, 0.1, 2**40, "🙂", b"\x00\xff", [1, {"a": None}], {"b": [True], "ü": "ß"})


@dataclass
class Author:
    """One replica; notes every update of its own, and which root it was written to."""

    document: Doc
    updates: list[bytes] = field(default_factory=list)
    roots: list[str] = field(default_factory=list)
    receiving: bool = False

    def note(self, event):
        if not self.receiving:
            self.updates.append(event.update)

    def receive(self, update):
        self.receiving = True
        self.document.apply_update(update)
        self.receiving = False


def byte_index(text, fraction):
    """Give a place in a text as pycrdt counts it: bytes of UTF-8, and one for each embedded object.

    Never one within a character: there pycrdt writes a struct of length 0, and shows what no other replica shows.
    """
    sizes = []
    for part, _ in text.diff():
        sizes += [len(character.encode()) for character in part] if isinstance(part, str) else [1]
    return sum(sizes[: int(fraction * (len(sizes) + 1))])


def writable(value):
    """pycrdt gives bytes back as a bytearray, and does not take that."""
    if isinstance(value, bytearray):
        return bytes(value)
    if isinstance(value, list):
        return [writable(member) for member in value]
    return {key: writable(member) for key, member in value.items()} if isinstance(value, dict) else value


def write_into(text, kind, fraction, words):
    index = byte_index(text, fraction)
    if kind % 4 == 0 and len(str(text)) > 1:
        del text[: byte_index(text, fraction / 2)]
    elif kind % 4 == 1 and index:
        text.format(0, index, {"bold": bool(kind % 3)})
    elif kind % 4 == 2:
        text.insert_embed(index, {"n": kind})
    else:
        text.insert(index, words)


def edit(author, root, kind, fraction, words, value):
    shared = author.document.get(root, type=ROOTS[root])
    with author.document.transaction():
        if root == "text":
            write_into(shared, kind, fraction, words)
        elif root == "state":
            key = f"k{int(fraction * 3)}"
            if kind % 5 == 0 and key in shared:
                del shared[key]
            elif kind % 5 == 1:
                shared[key] = Map({"inner": Text(words), "list": Array([value, Map({"x": value})])})
            elif kind % 5 == 2 and isinstance(shared.get(key), Map):
                shared[key]["inner"] = value
            else:
                shared[key] = value
        else:
            index = int(fraction * (len(shared) + 1))
            if kind % 6 == 0 and index < len(shared):
                del shared[index]
            elif kind % 6 == 1 and index < len(shared):
                # A cell is moved as Jupyter does: deleted, and written anew elsewhere.
                moved = writable(shared[index].to_py() if isinstance(shared[index], Map) else shared[index])
                del shared[index]
                shared.insert(0, Map(moved) if isinstance(moved, dict) else moved)
            elif kind % 6 == 2 and index < len(shared) and isinstance(shared[index], Map):
                source = shared[index].get("source")
                if isinstance(source, Text):
                    write_into(source, kind // 6, fraction, words)
            elif kind % 6 == 3:
                shared.insert(index, value)
            else:
                shared.insert(index, Map({"source": Text(words), "metadata": Map({"v": value}), "outputs": Array()}))


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("exchange"), st.integers(0, 2), st.integers(0, 2)),
        st.tuples(
            st.integers(0, 2),
            st.sampled_from(sorted(ROOTS)),
            st.integers(0, 59),
            st.floats(0, 0.99),
            st.sampled_from(TEXTS),
            st.sampled_from(VALUES),
        ),
    ),
    min_size=1,
    max_size=25,
)


def play(steps):
    authors = []
    for client in CLIENTS:
        author = Author(Doc(client_id=client))
        for root, kind in ROOTS.items():
            author.document.get(root, type=kind)
        author.subscription = author.document.observe(author.note)
        authors.append(author)
    for step in steps:
        if step[0] == "exchange":
            receiver, sender = authors[step[1]], authors[step[2]]
            receiver.receive(sender.document.get_update(receiver.document.get_state()))
            continue
        author = authors[step[0]]
        before = len(author.updates)
        edit(author, *step[1:])
        author.roots += [step[1]] * (len(author.updates) - before)
    return authors


def document_of(*updates):
    document = Doc()
    for update in updates:
        document.apply_update(update)
    return document


def facts(document):
    """Content, state vector and delete set: all in which two documents can differ."""
    content = {root: document.get(root, type=kind).to_py() for root, kind in ROOTS.items()}
    formatted = document.get("text", type=Text).diff()
    deletions = decode_update(document.get_update()).deletions
    return content, formatted, decode_state_vector(document.get_state()), deletions


def assert_same(left, right):
    left_content, left_formatted, *left_rest = facts(left)
    right_content, right_formatted, *right_rest = facts(right)
    assert same_value(left_content, right_content)
    assert left_formatted == right_formatted
    assert left_rest == right_rest


SETTINGS = settings(deadline=None, max_examples=60)


@SETTINGS
@given(STEPS)
def test_each_update_of_an_author_is_written_again_in_the_very_same_bytes(steps):
    for author in play(steps):
        for update in author.updates:
            read = decode_update(update)
            written = encode_update(read)
            assert decode_update(written) == read
            assert len(written) == len(update)
            if len(read.deletions.clients()) < 2:
                # pycrdt writes the clients of a delete set in the order of a hash map, which is no order at all.
                assert written == update


@SETTINGS
@given(STEPS)
def test_updates_read_and_written_again_make_the_same_document(steps):
    authors = play(steps)
    updates = [update for author in authors for update in author.updates]
    expected = document_of(merge_updates(updates))
    assert_same(document_of(merge_updates(encode_update(decode_update(one)) for one in updates)), expected)
    assert_same(document_of(encode_update(decode_update(merge_updates(updates)))), expected)
    assert_same(document_of(encode_update(decode_update(expected.get_update()))), expected)
    assert_same(document_of(encode_update(union_of_structs(map(decode_update, updates)))), expected)


@SETTINGS
@given(STEPS)
def test_a_replica_written_again_is_that_replica(steps):
    for author in play(steps):
        assert_same(document_of(encode_update(decode_update(author.document.get_update()))), author.document)


@SETTINGS
@given(STEPS)
def test_the_clocks_of_an_update_are_those_its_author_used(steps):
    for author in play(steps):
        written = ClockRanges().union(*(decode_update(update).clock_ranges() for update in author.updates))
        client = author.document.client_id
        reached = decode_state_vector(author.document.get_state()).get(client, 0)
        assert written == ClockRanges.from_state_vector({client: reached})


def tears_a_pair(update, client, clock):
    for struct in update.structs[client]:
        if struct.clock < clock < struct.end and isinstance(struct.content, StringContent):
            unit = struct.content.text.encode("utf-16-le")[2 * (clock - struct.clock) :][:2]
            return 0xDC <= unit[1] <= 0xDF
    return False


@SETTINGS
@given(STEPS, st.lists(st.tuples(st.integers(0, 2), st.integers(0, 60)), max_size=12), st.integers(1, 4))
def test_an_update_cut_into_pieces_anywhere_and_merged_again_makes_the_same_document(steps, cuts, heaps):
    updates = [update for author in play(steps) for update in author.updates]
    whole = decode_update(merge_updates(updates))
    borders = {client: {structs[0].clock, structs[-1].end} for client, structs in whole.structs.items()}
    for index, clock in cuts:
        client = CLIENTS[index]
        if client in borders and clock < max(borders[client]) and not tears_a_pair(whole, client, clock):
            borders[client].add(clock)
    spans = [(client, *span) for client, clocks in borders.items() for span in pairwise(sorted(clocks))]
    pieces = [select(whole, ClockRanges.of(spans[heap::heaps])).without_deletions() for heap in range(heaps)]
    assert sum(piece.clock_ranges().total() for piece in pieces) == whole.clock_ranges().total()
    nothing = select(whole, ClockRanges())
    assert nothing.deletions == whole.deletions
    together = merge_updates([encode_update(nothing), *map(encode_update, pieces)])
    expected = document_of(encode_update(whole))
    assert_same(document_of(together), expected)
    assert_same(document_of(encode_update(union_of_structs([nothing, *pieces]))), expected)


@SETTINGS
@given(STEPS)
def test_every_unit_is_traced_to_the_root_its_author_wrote_to(steps):
    authors = play(steps)
    decoded = [[decode_update(update) for update in author.updates] for author in authors]
    lineage = Lineage(update for of_author in decoded for update in of_author)
    for author, of_author in zip(authors, decoded, strict=True):
        for update, root in zip(of_author, author.roots, strict=True):
            ranges = update.clock_ranges()
            assert lineage.by_root(ranges) == ({root: ranges} if ranges else {})


@SETTINGS
@given(STEPS)
def test_what_replicas_keep_never_conflicts_with_what_was_authored(steps):
    authors = play(steps)
    authored = Lineage(decode_update(update) for author in authors for update in author.updates)
    for author in authors:
        assert not content_conflicts(authored, decode_update(author.document.get_update()))
        assert not content_conflicts(
            Lineage([decode_update(author.document.get_update())]), decode_update(merge_updates(author.updates))
        )
