import msgspec
import pytest

from jupyter_rtc_locust.protocol.any_values import write_value
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.content_conflicts import content_conflicts, same_content
from jupyter_rtc_locust.protocol.contents import (
    AnyContent,
    BinaryContent,
    DeletedContent,
    DocumentContent,
    EmbedContent,
    FormatContent,
    Id,
    JsonContent,
    StringContent,
    TypeContent,
    utf16_length,
)
from jupyter_rtc_locust.protocol.lineage import Lineage
from jupyter_rtc_locust.protocol.structs import GC, Item, cut
from jupyter_rtc_locust.protocol.updates import Update


def any_of(*values):
    return AnyContent(tuple(map(write_value, values)))


def update_of(*structs):
    return Update({1: structs}, ClockRanges())


def text_at(clock, text):
    return Item(1, clock, utf16_length(text), Id(9, 9), None, None, None, False, StringContent(text))


def test_structs_cut_and_joined_anew_are_no_conflict():
    known = Lineage([update_of(text_at(0, "ab"), text_at(2, "🙂cd"))])
    assert not content_conflicts(known, update_of(text_at(0, "ab🙂"), text_at(4, "cd")))


def test_other_text_is_found_with_its_clocks():
    known = Lineage([update_of(text_at(0, "abcd"), text_at(4, "efgh"))])
    assert content_conflicts(known, update_of(text_at(2, "cdEf"))) == ClockRanges.of([(1, 4, 6)])


def test_what_is_not_known_or_no_longer_there_is_no_conflict():
    deleted = Item(1, 0, 4, None, None, "text", None, False, DeletedContent(4))
    for known in (GC(1, 0, 4), deleted):
        assert not content_conflicts(Lineage([update_of(known)]), update_of(text_at(0, "abcdef")))
        assert not content_conflicts(Lineage([update_of(text_at(0, "abcdef"))]), update_of(known))
    assert not content_conflicts(Lineage([]), update_of(text_at(0, "abc")))


def test_a_difference_beside_deleted_content_is_found():
    deleted = Item(1, 0, 2, None, None, "text", None, False, DeletedContent(2))
    known = Lineage([update_of(text_at(0, "abcd"))])
    assert content_conflicts(known, update_of(deleted, text_at(2, "cX"))) == ClockRanges.of([(1, 2, 4)])


def test_a_single_value_that_differs_among_many_is_found():
    def values(*members):
        return Item(1, 0, len(members), None, None, "list", None, False, any_of(*members))

    known = Lineage([update_of(values(1, 2, 3))])
    assert not content_conflicts(known, update_of(values(1.0, 2.0, 3.0)))
    assert content_conflicts(known, update_of(values(1, 2, 4)))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (any_of(1), any_of(1.0)),
        (any_of({"a": 1, "b": 2}), any_of({"b": 2.0, "a": 1.0})),
        (StringContent("a🙂"), StringContent("a\ufffd\ufffd")),
        (JsonContent(('{"a": 1}', "undefined")), JsonContent(('{"a":1.0}', "undefined"))),
        (EmbedContent('{"w": 3}'), EmbedContent('{"w":3.0}')),
        (FormatContent("bold", "true"), FormatContent("bold", " true")),
        (DocumentContent("guid", write_value({})), DocumentContent("guid", write_value({"gc": True}))),
        (TypeContent(3, "p"), TypeContent(3, "p")),
        (BinaryContent(b"a"), BinaryContent(b"a")),
        (BinaryContent(b"a"), DeletedContent(1)),
    ],
)
def test_contents_that_mean_the_same_are_the_same(left, right):
    assert same_content(left, right)
    assert same_content(right, left)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (any_of(True), any_of(1)),
        (any_of(1), any_of("1")),
        (any_of(1), StringContent("1")),
        (StringContent("ab"), StringContent("aB")),
        (StringContent("ab"), StringContent("a\ufffd")),
        (StringContent("a"), StringContent("ab")),
        (JsonContent(("1",)), JsonContent(("undefined",))),
        (EmbedContent('{"w": 3}'), EmbedContent('{"w": true}')),
        (EmbedContent("{"), EmbedContent("[")),
        (EmbedContent("[" * 100_000), EmbedContent("[" * 100_001)),
        (FormatContent("bold", "true"), FormatContent("italic", "true")),
        (DocumentContent("guid", write_value({})), DocumentContent("other", write_value({}))),
        (TypeContent(3, "p"), TypeContent(3, "q")),
        (TypeContent(1), TypeContent(2)),
        (BinaryContent(b"a"), BinaryContent(b"b")),
    ],
)
def test_contents_that_differ_are_not_the_same(left, right):
    assert not same_content(left, right)
    assert not same_content(right, left)


def test_a_pair_whose_halves_are_both_replaced_in_one_struct_was_cut_by_nobody():
    whole, halves = (
        Item(1, 0, 4, None, None, "list", None, False, StringContent("a🙂b")),
        StringContent("a\ufffd\ufffdb"),
    )
    known, damaged = Lineage([update_of(whole)]), msgspec.structs.replace(whole, content=halves)
    assert content_conflicts(known, update_of(damaged)) == ClockRanges.of([(1, 1, 3)])
    deleted = Update({1: (damaged,)}, ClockRanges.of([(1, 2, 3)]))
    assert not content_conflicts(known, deleted), "a cut, and nobody collects what is deleted"
    cut_through = update_of(cut(whole, 0, 2), cut(whole, 2, 4))
    assert not content_conflicts(known, cut_through)
