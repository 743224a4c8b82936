import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.contents import DeletedContent, Id, StringContent, utf16_length, utf16_slice
from jupyter_rtc_locust.protocol.selection import select, union_of_structs
from jupyter_rtc_locust.protocol.structs import GC, Item
from jupyter_rtc_locust.protocol.updates import Update, decode_update, encode_update

DELETIONS = ClockRanges.of([(9, 0, 1)])


def text_item(clock, text, client=1):
    return Item(client, clock, utf16_length(text), None, Id(3, 3), None, None, False, StringContent(text))


def update_of(*structs, deletions=None):
    return Update({structs[0].client: structs} if structs else {}, deletions or ClockRanges())


def test_the_right_part_of_a_cut_item_follows_the_unit_before_it():
    selected = select(update_of(text_item(4, "abcdef")), ClockRanges.of([(1, 6, 8)]))
    assert list(selected) == [Item(1, 6, 2, Id(1, 5), Id(3, 3), None, None, False, StringContent("cd"))]


def test_the_left_part_of_a_cut_item_keeps_its_origins_and_parent():
    item = Item(1, 0, 3, None, None, "root", "key", True, StringContent("abc"))
    selected = select(update_of(item), ClockRanges.of([(1, 0, 2)]))
    assert list(selected) == [Item(1, 0, 2, None, None, "root", "key", True, StringContent("ab"))]


def test_several_ranges_within_one_struct_are_each_cut_from_it():
    selected = select(
        update_of(text_item(0, "abcdef"), GC(1, 6, 4)), ClockRanges.of([(1, 1, 2), (1, 3, 8), (1, 9, 20)])
    )
    assert [(one.clock, one.length) for one in selected] == [(1, 1), (3, 3), (6, 2), (9, 1)]


def test_selecting_keeps_the_whole_delete_set():
    selected = select(update_of(text_item(0, "abc"), deletions=DELETIONS), ClockRanges())
    assert selected == Update({}, DELETIONS)
    assert selected.without_deletions() == Update({}, ClockRanges())
    assert update_of(text_item(0, "abc")).with_deletions(DELETIONS).deletions == DELETIONS


def test_a_cut_through_a_surrogate_pair_leaves_the_replacement_character_on_both_sides():
    update = update_of(text_item(0, "a🙂b"))
    left, right = (next(iter(select(update, ClockRanges.of([(1, *span)])))) for span in ((0, 2), (2, 4)))
    assert (left.content.text, right.content.text) == ("a\ufffd", "\ufffdb")
    assert (left.length, right.length) == (2, 2)


@settings(deadline=None)
@given(st.text(max_size=8), st.integers(0, 16), st.integers(0, 16))
def test_a_part_of_a_text_has_the_length_that_was_asked_for(text, one, other):
    whole = utf16_length(text)
    start, end = sorted((min(one, whole), min(other, whole)))
    part = utf16_slice(text, start, end)
    assert utf16_length(part) == end - start
    part.encode()


def test_gaps_between_selected_structs_are_written_and_read_as_gaps():
    selected = select(update_of(text_item(0, "abcdef")), ClockRanges.of([(1, 0, 1), (1, 4, 5)]))
    again = decode_update(encode_update(selected.without_deletions().with_deletions(DELETIONS)))
    assert again.clock_ranges() == ClockRanges.of([(1, 0, 1), (1, 4, 5)])


def test_in_a_union_the_first_given_has_what_several_hold():
    first = update_of(text_item(2, "XY"))
    second = update_of(text_item(0, "abcdef"), deletions=DELETIONS)
    united = union_of_structs([first, second])
    assert "".join(one.content.text for one in united) == "abXYef"
    assert united.deletions == DELETIONS
    assert list(union_of_structs([second, first])) == list(second)


structs = st.tuples(st.integers(0, 12), st.integers(0, 5), st.sampled_from("abc"), st.integers(1, 2))


@settings(deadline=None)
@given(st.lists(structs, max_size=10))
def test_a_union_gives_each_clock_to_the_first_that_holds_it(written):
    expected = {}
    updates = []
    for clock, length, letter, client in written:
        updates.append(update_of(text_item(clock, letter * length, client)))
        for one in range(clock, clock + length):
            expected.setdefault((client, one), letter)
    united = union_of_structs(updates)
    found = {}
    for struct in united:
        for offset, letter in enumerate(struct.content.text):
            assert (struct.client, struct.clock + offset) not in found
            found[struct.client, struct.clock + offset] = letter
    assert found == expected
    encode_update(united)


@pytest.mark.parametrize("part", [GC(1, 0, 5), Item(1, 0, 5, None, None, "t", None, False, DeletedContent(5))])
def test_structs_without_content_are_cut_by_their_length(part):
    selected = select(update_of(part), ClockRanges.of([(1, 1, 4)]))
    assert [(one.clock, one.length) for one in selected] == [(1, 3)]
    assert encode_update(selected)


def test_a_union_of_nothing_is_empty():
    assert not union_of_structs([])
