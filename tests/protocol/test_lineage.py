from pycrdt import Array, Doc, Map, Text

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.contents import DeletedContent, Id, StringContent
from jupyter_rtc_locust.protocol.lineage import Lineage, Place
from jupyter_rtc_locust.protocol.structs import GC, Item
from jupyter_rtc_locust.protocol.updates import Update, decode_update


def updates_of(*edits):
    """Let each edit be one transaction of client 1, and give what each wrote."""
    document, updates = Doc(client_id=1), []
    subscription = document.observe(lambda event: updates.append(event.update))
    for edit in edits:
        with document.transaction():
            edit(document)
    document.unobserve(subscription)
    return [decode_update(update) for update in updates], document


def update_of(*structs):
    return Update({structs[0].client: structs}, ClockRanges())


def test_an_overwritten_map_entry_leads_back_to_the_key_of_the_first():
    def set_to(value):
        return lambda document: document.get("state", type=Map).update({"dirty": value})

    updates, _ = updates_of(set_to(True), set_to(False), set_to(True))
    last = next(iter(updates[2]))
    assert (last.parent, last.parent_key, last.keyed) == (None, None, True)
    assert Lineage(updates).place_of((1, 2)) == Place("state", "dirty")
    assert Lineage(updates[2:]).place_of((1, 2)) is None
    assert Lineage(updates[2:]).root_of((1, 2)) is None


def test_a_unit_within_a_cell_has_the_items_around_it_as_ancestors():
    updates, _ = updates_of(
        lambda document: document.get("cells", type=Array).append(Map({"source": Text("words")})),
        lambda document: document.get("cells", type=Array)[0]["source"].insert(5, "!"),
    )
    lineage = Lineage(updates)
    # 0: the cell, 1: its source, 2 to 6: the words, 7: what was typed behind them.
    assert lineage.ancestors((1, 7)) == (Id(1, 1), Id(1, 0))
    assert lineage.place_of((1, 7)) == Place(Id(1, 1), None)
    assert lineage.place_of((1, 1)) == Place(Id(1, 0), "source")
    assert lineage.root_of((1, 7)) == "cells"
    assert lineage.ancestors((1, 0)) == ()


def test_a_text_typed_letter_by_letter_is_traced_without_recursion():
    document = Doc(client_id=1)
    updates = []
    subscription = document.observe(lambda event: updates.append(event.update))
    text = document.get("text", type=Text)
    for index in range(5000):
        text.insert(index, "x")
    document.unobserve(subscription)
    assert Lineage(map(decode_update, updates)).root_of((1, 4999)) == "text"


def test_types_nested_five_thousand_deep_are_traced_without_recursion():
    content = StringContent("x")
    items = [Item(1, 0, 1, None, None, "root", None, False, content)]
    items += [Item(1, clock, 1, None, None, Id(1, clock - 1), None, False, content) for clock in range(1, 5000)]
    lineage = Lineage([update_of(*items)])
    assert lineage.root_of((1, 4999)) == "root"
    assert len(lineage.ancestors((1, 4999))) == 4999


def test_where_the_origin_is_forgotten_the_right_origin_tells_the_place():
    forgotten, known = GC(1, 0, 1), Item(1, 1, 1, None, None, "text", None, False, StringContent("b"))
    between = Item(2, 0, 1, Id(1, 0), Id(1, 1), None, None, False, StringContent("a"))
    assert Lineage([update_of(forgotten, known), update_of(between)]).root_of((2, 0)) == "text"


def test_what_ends_in_a_garbage_collected_struct_has_no_known_root():
    child = Item(2, 0, 1, None, None, Id(1, 0), None, False, StringContent("a"))
    lineage = Lineage([update_of(GC(1, 0, 1)), update_of(child)])
    assert lineage.root_of((2, 0)) is None
    assert lineage.root_of((1, 0)) is None
    assert lineage.ancestors((2, 0)) == (Id(1, 0),)


def test_what_no_update_held_is_unknown():
    lineage = Lineage([])
    assert lineage.struct_at((1, 0)) is None
    assert lineage.place_of((1, 0)) is None
    assert lineage.root_of((1, 0)) is None
    assert not lineage.clock_ranges()


def test_content_is_kept_rather_than_what_has_forgotten_it_in_whichever_order_they_come():
    item = Item(1, 0, 4, None, None, "text", None, False, StringContent("abcd"))
    deleted = Item(1, 0, 2, None, None, "text", None, False, DeletedContent(2))
    for updates in ([item, deleted, GC(1, 0, 6)], [GC(1, 0, 6), deleted, item]):
        lineage = Lineage(update_of(one) for one in updates)
        assert lineage.struct_at((1, 1)) == item
        assert lineage.struct_at((1, 5)) == GC(1, 4, 2)


def test_clocks_are_divided_by_root_also_where_structs_begin_and_end_elsewhere():
    updates, _ = updates_of(
        lambda document: document.get("text", type=Text).insert(0, "abc"),
        lambda document: document.get("state", type=Map).update({"dirty": True}),
    )
    divided = Lineage(updates).by_root(ClockRanges.of([(1, 1, 9), (5, 0, 2)]))
    assert divided == {
        "text": ClockRanges.of([(1, 1, 3)]),
        "state": ClockRanges.of([(1, 3, 4)]),
        None: ClockRanges.of([(1, 4, 9), (5, 0, 2)]),
    }


def test_a_whole_state_with_deleted_cells_still_tells_where_the_rest_belongs():
    def delete_first(document):
        del document.get("cells", type=Array)[0]

    _, document = updates_of(
        lambda document: document.get("cells", type=Array).extend([Map({"source": Text("a")}), Map({"b": 1})]),
        delete_first,
    )
    lineage = Lineage([decode_update(document.get_update())])
    # The cell's own place is kept, its inside is garbage collected.
    assert lineage.root_of((1, 0)) == "cells"
    assert lineage.root_of((1, 1)) is None
    assert lineage.root_of((1, 3)) == "cells"


def test_an_entry_of_a_map_is_known_also_when_merging_has_lost_the_bit_that_says_so():
    from pycrdt import Doc, Map, Text, merge_updates

    doc = Doc(client_id=1)
    settings, text = doc.get("settings", type=Map), doc.get("text", type=Text)
    written: list[bytes] = []
    doc.observe(lambda event: written.append(event.update))
    for change in (
        lambda: settings.update({"size": 1}),
        lambda: settings.update({"size": 2}),
        lambda: text.insert(0, "ab"),
        lambda: text.insert(1, "x"),
    ):
        change()
    merged = decode_update(merge_updates(*written))
    lineage = Lineage([merged])
    entries = [struct for struct in merged if lineage.is_entry(struct)]
    assert [(struct.clock, struct.keyed) for struct in entries] == [(0, True), (1, False)]
    assert all(lineage.place_of((1, struct.clock)).key == "size" for struct in entries)
