"""What stands there that nobody wrote: doubled where it repeats something, else invented; altered words beside them."""

from dataclasses import replace

import msgspec
import pytest
from pycrdt import Map

from jupyter_rtc_locust.documents.cells import make_cell
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.contents import StringContent
from jupyter_rtc_locust.protocol.structs import Item
from jupyter_rtc_locust.protocol.updates import decode_update, encode_update
from jupyter_rtc_locust.verdict.findings import Kind, Value
from verdict.model_server import cells_of, text_of
from verdict.opinions import kinds_of, of_kind, report
from verdict.swarm_model import SwarmModel
from verdict.templates import TEXT, plain_notebook, rich_notebook


@pytest.fixture
def swarm() -> SwarmModel:
    """Three people who have typed a little."""
    swarm = SwarmModel(plain_notebook("a = 1", "b = 2", "c = 3"), processes=2)
    for user in range(3):
        swarm[user].type(f"[by {user}]", user)
    swarm.settle()
    return swarm


def insert(swarm: SwarmModel, words: str, cell: int, before: str = "") -> None:
    """The server itself writes these words, at the end of a cell or before others in it."""
    text = text_of(swarm.server.doc, cell, swarm.kind)
    text.insert(str(text).encode().index(before.encode()) if before else len(str(text).encode()), words)


class TestDoubledText:
    def test_behind_the_original(self, swarm):
        insert(swarm, "[by 1]", 1)
        swarm.finish()
        verdict = swarm.verdict()
        assert kinds_of(verdict) == {Kind.DUPLICATED_CONTENT}
        found = of_kind(verdict, Kind.DUPLICATED_CONTENT)
        assert found.users == (1,) and "'[by 1]' in cell cell-1" in found.detail
        assert "The original is what edit 0 of user 1" in found.detail
        assert str(swarm.server.doc.client_id) in found.detail

    def test_of_what_stood_there_from_the_start(self, swarm):
        insert(swarm, "c = 3", 2, before="c = 3")
        swarm.finish()
        found = of_kind(swarm.verdict(), Kind.DUPLICATED_CONTENT)
        assert found.users == () and "stood in the document from the start" in found.detail

    def test_before_the_original(self, swarm):
        insert(swarm, "[by 1]", 1, before="[by 1]")
        swarm.finish()
        assert kinds_of(swarm.verdict()) == {Kind.DUPLICATED_CONTENT}

    def test_of_an_edit_in_several_pieces(self, swarm):
        swarm[1].type(" and")
        swarm[1].type(" on")
        swarm.settle()
        insert(swarm, " and on", 0)
        swarm.finish()
        assert kinds_of(swarm.verdict()) == {Kind.DUPLICATED_CONTENT}

    def test_at_the_very_place_of_the_original_as_when_an_edit_is_taken_in_twice(self, swarm):
        update = swarm[1].type("typed once")
        swarm.settle()
        written = decode_update(update)
        item = next(one for one in written.structs[swarm[1].client_id] if isinstance(one, Item))
        assert isinstance(item.content, StringContent)
        again = replace(
            written, structs={4711: (msgspec.structs.replace(item, client=4711, clock=0),)}, deletions=ClockRanges()
        )
        swarm.server.doc.apply_update(encode_update(again))
        swarm.finish()
        found = of_kind(swarm.verdict(), Kind.DUPLICATED_CONTENT)
        assert found.users == (1,) and "'typed once'" in found.detail

    def test_typed_letter_by_letter(self, swarm):
        for letter in "[by 1]":
            insert(swarm, letter, 1)
        swarm.finish()
        assert "'[by 1]'" in of_kind(swarm.verdict(), Kind.DUPLICATED_CONTENT).detail

    @pytest.mark.parametrize("words", [" ", "\n", "😀", "é"])
    def test_a_single_character(self, swarm, words):
        swarm[0].type(words, 2)
        swarm.settle()
        insert(swarm, words, 2)
        swarm.finish()
        assert kinds_of(swarm.verdict()) == {Kind.DUPLICATED_CONTENT}

    def test_in_a_text_file(self):
        swarm = SwarmModel(TEXT, kind="text")
        swarm[0].type("twice ")
        swarm.settle()
        insert(swarm, "twice ", 0)
        swarm.finish()
        assert of_kind(swarm.verdict(), Kind.DUPLICATED_CONTENT).users == (0,)

    def test_that_was_taken_away_again_is_found_all_the_same(self, swarm):
        insert(swarm, "[by 1]", 1)
        swarm.settle()
        swarm[0].write(lambda replica: replica.cells.pop(1), "deleted cell 1")
        swarm.finish()
        verdict = swarm.verdict()
        assert kinds_of(verdict) == {Kind.DUPLICATED_CONTENT}
        assert "went again" in of_kind(verdict, Kind.DUPLICATED_CONTENT).detail


class TestDoubledCell:
    @pytest.mark.parametrize("place", [0, 1, 3])
    @pytest.mark.parametrize("new_id", ["cell-1", "another"])
    def test_is_found_whatever_its_id_and_place(self, swarm, new_id, place):
        cells = cells_of(swarm.server.doc)
        copy = {**cells[1].to_py(), "id": new_id}
        cells.insert(place, swarm.server.document.create_ycell(copy))
        swarm.settle()
        verdict = swarm.verdict(saved=None)
        assert Kind.DUPLICATED_CONTENT in kinds_of(verdict) <= {Kind.DUPLICATED_CONTENT, Kind.MALFORMED_DOCUMENT}
        found = of_kind(verdict, Kind.DUPLICATED_CONTENT)
        assert f"'b = 2[by 1]' and the id {new_id} stands there a second time" in found.detail
        assert "The original is cell cell-1, which stood there from the start." in found.detail
        assert found.users == (1,)

    def test_names_who_made_the_original_and_who_typed_into_it(self, swarm):
        made = {**cells_of(swarm.server.doc)[0].to_py(), "id": "made-by-2", "source": "made"}
        swarm[2].write(lambda replica: replica.cells.append(make_cell(made)), "made a cell")
        swarm.settle()
        swarm[0].type(" and typed into", 3)
        swarm.settle()
        cells = cells_of(swarm.server.doc)
        cells.append(swarm.server.document.create_ycell({**cells[3].to_py(), "id": "another"}))
        swarm.finish()
        found = of_kind(swarm.verdict(), Kind.DUPLICATED_CONTENT)
        assert "The original is cell made-by-2, which edit 1 of user 2" in found.detail
        assert found.users == (0, 2) and "Users 0, 2 wrote in it." in found.detail

    def test_is_found_when_its_original_was_edited_afterwards(self, swarm):
        cells = cells_of(swarm.server.doc)
        cells.append(swarm.server.document.create_ycell({**cells[1].to_py(), "id": "another"}))
        swarm.settle()
        swarm[0].type("the original goes on", 1)
        swarm.finish()
        verdict = swarm.verdict()
        assert kinds_of(verdict) == {Kind.DUPLICATED_CONTENT}, report(verdict)

    def test_what_people_wrote_into_the_copy_is_not_lost_with_it(self, swarm):
        cells = cells_of(swarm.server.doc)
        cells.append(swarm.server.document.create_ycell({**cells[1].to_py(), "id": "another"}))
        swarm.settle()
        swarm[0].type("into the copy", 3)
        swarm.finish()
        assert kinds_of(swarm.verdict()) == {Kind.DUPLICATED_CONTENT}


class TestInvented:
    def test_text(self, swarm):
        insert(swarm, " [nobody wrote this] ", 1)
        swarm.finish()
        verdict = swarm.verdict()
        assert kinds_of(verdict) == {Kind.INVENTED_EDIT}
        assert "[nobody wrote this]" in of_kind(verdict, Kind.INVENTED_EDIT).detail

    def test_text_between_the_words_of_people_who_go_on_around_it(self, swarm):
        insert(swarm, "!!", 1, before="[by 1]")
        swarm.settle()
        swarm[0].write(lambda replica: text_of(replica.doc, 1).insert(6, "inside"), "typed into it")
        swarm.finish()
        assert kinds_of(swarm.verdict()) == {Kind.INVENTED_EDIT}

    def test_cell(self, swarm):
        cell = {"cell_type": "markdown", "id": "new", "metadata": {}, "source": "who wrote this?"}
        cells_of(swarm.server.doc).append(swarm.server.document.create_ycell(cell))
        swarm.finish()
        verdict = swarm.verdict()
        assert kinds_of(verdict) == {Kind.INVENTED_EDIT}
        assert "markdown cell with the source 'who wrote this?'" in of_kind(verdict, Kind.INVENTED_EDIT).detail

    def test_an_empty_cell_is_no_copy_of_another_empty_one(self, swarm):
        swarm[0].write(lambda replica: text_of(replica.doc, 0).clear(), "emptied a cell")
        swarm.settle()
        empty = {"cell_type": "code", "id": "new", "metadata": {}, "source": "", "outputs": [], "execution_count": None}
        cells_of(swarm.server.doc).append(swarm.server.document.create_ycell(empty))
        swarm.finish()
        assert kinds_of(swarm.verdict()) == {Kind.INVENTED_EDIT}

    @pytest.mark.parametrize(
        ("damage", "words"),
        [
            (lambda doc: cells_of(doc)[7]["metadata"].update({"flag": 5}), "'flag' with the value 5"),
            (lambda doc: cells_of(doc)[7].update({"new": 1}), "'new' with the value 1"),
            (lambda doc: cells_of(doc)[7]["outputs"].append("noise"), "'noise'"),
            (lambda doc: doc["meta"]["metadata"].update({"title": "t"}), "'title' with the value 't'"),
        ],
    )
    def test_metadata_output_and_entries(self, damage, words):
        swarm = SwarmModel(rich_notebook())
        swarm[0].type("x")
        swarm.settle()
        swarm.server.doc.get("meta", type=Map)
        damage(swarm.server.doc)
        swarm.settle()
        verdict = swarm.verdict(saved=None)
        assert Kind.INVENTED_EDIT in kinds_of(verdict) <= {Kind.INVENTED_EDIT, Kind.MALFORMED_DOCUMENT}, report(verdict)
        assert words in of_kind(verdict, Kind.INVENTED_EDIT).detail

    def test_an_overwritten_value_is_one_finding_that_names_whose_value_it_was(self, swarm):
        swarm[2].write(lambda replica: replica.cells[1].update({"execution_count": 5}), "ran cell 1")
        swarm.settle()
        cells_of(swarm.server.doc)[1]["execution_count"] = 6.0
        swarm.finish()
        verdict = swarm.verdict()
        assert kinds_of(verdict) == {Kind.INVENTED_EDIT}
        found = of_kind(verdict, Kind.INVENTED_EDIT)
        assert found.users == (2,)
        assert "'execution_count' with the value 6.0" in found.detail and "ran cell 1" in found.detail

    def test_a_value_overwritten_twice_and_then_by_its_user_again(self, swarm):
        swarm[2].write(lambda replica: replica.cells[1].update({"execution_count": 5}), "ran cell 1")
        swarm.settle()
        for count in (6.0, 7.0):
            cells_of(swarm.server.doc)[1]["execution_count"] = count
        swarm.settle()
        swarm[2].write(lambda replica: replica.cells[1].update({"execution_count": 8}), "ran cell 1 again")
        swarm.finish()
        assert kinds_of(swarm.verdict()) == {Kind.INVENTED_EDIT}

    def test_a_new_id_for_a_cell_that_stands_alone(self, swarm):
        cells_of(swarm.server.doc)[1]["id"] = "renamed"
        swarm.finish()
        verdict = swarm.verdict()
        assert kinds_of(verdict) == {Kind.INVENTED_EDIT}
        assert "'renamed'" in of_kind(verdict, Kind.INVENTED_EDIT).detail

    def test_a_new_id_for_a_cell_that_was_only_moved(self, swarm):
        swarm[0].move(1, 0)
        swarm.settle()
        swarm[1].move(0, 1)
        swarm.settle()
        cells_of(swarm.server.doc)[1]["id"] = "renamed"
        swarm.finish()
        assert kinds_of(swarm.verdict()) == {Kind.INVENTED_EDIT}

    def test_a_new_id_for_a_cell_whose_copy_went_long_ago(self, swarm):
        swarm[0].move(0, 2)
        swarm[1].move(0, 1)
        swarm.settle()
        ids = [cell["id"] for cell in swarm[0].replica.cells]
        swarm[0].write(lambda replica: replica.cells.pop(ids.index("cell-0")), "deleted one copy")
        swarm.settle()
        swarm.pass_time(60)
        place = [cell["id"] for cell in cells_of(swarm.server.doc)].index("cell-0")
        cells_of(swarm.server.doc)[place]["id"] = "renamed"
        swarm.settle()
        swarm.finish()
        assert kinds_of(swarm.verdict()) == {Kind.INVENTED_EDIT}

    def test_a_root_that_no_document_of_the_kind_has(self, swarm):
        from pycrdt import Map

        swarm.server.doc.get("secrets", type=Map)["a"] = "b"
        swarm.finish()
        assert kinds_of(swarm.verdict()) == {Kind.INVENTED_EDIT}

    def test_what_is_gone_again_before_anybody_looked(self, swarm):
        insert(swarm, "here and gone", 1)
        text = text_of(swarm.server.doc, 1)
        del text[len(str(text).encode()) - len("here and gone") : len(str(text).encode())]
        swarm.finish()
        verdict = swarm.verdict()
        assert kinds_of(verdict) == {Kind.INVENTED_EDIT}
        assert "went again" in of_kind(verdict, Kind.INVENTED_EDIT).detail

    def test_what_the_server_notes_under_state_is_its_own_business(self, swarm):
        for value in range(5):
            swarm.server.document.hash = str(value)
            swarm.server.document.path = f"moved/{value}.ipynb"
            swarm[0].type(str(value))
            swarm.settle()
        swarm.finish()
        assert swarm.verdict().value is Value.PASS


class TestAltered:
    def test_words_that_the_server_changes_for_all_but_their_author(self, swarm):
        swarm.server.accept = lambda _user, update: _altered(update, "teh")
        swarm[1].type("the", 2)
        swarm.settle()
        swarm.server.save()
        verdict = swarm.verdict()
        assert kinds_of(verdict) == {Kind.LOST_EDIT, Kind.DIVERGED}
        lost = of_kind(verdict, Kind.LOST_EDIT)
        assert lost.users == (1,) and "'teh' in place of 'the'" in lost.detail

    @pytest.mark.parametrize(("words", "altered"), [("e", "x"), ("a", " "), ("😀", "??")])
    def test_one_letter_is_enough(self, swarm, words, altered):
        swarm.server.accept = lambda _user, update: _altered(update, altered)
        swarm[1].type(words, 2)
        swarm.settle()
        swarm.server.save()
        assert Kind.LOST_EDIT in kinds_of(swarm.verdict())

    def test_words_that_were_once_given_to_somebody_otherwise_are_told_as_another_document(self, swarm):
        swarm.server.relay = lambda user, update: [_altered(update, "teh") if user.user == 0 else update]
        swarm[1].type("the", 2)
        swarm.settle()
        swarm.server.relay = lambda _user, update: [update]
        swarm[2].write(lambda replica: replica.cells.pop(2), "deleted cell 2")
        swarm.finish()
        verdict = swarm.verdict()
        assert kinds_of(verdict) == {Kind.DIVERGED}
        found = of_kind(verdict, Kind.DIVERGED)
        assert found.users == (1,) and "'teh' in place of 'the'" in found.detail

    def test_an_emoji_that_somebody_was_given_as_two_halves_is_another_one(self, swarm):
        swarm.server.relay = lambda user, update: [_altered(update, "\ufffd\ufffd") if user.user == 0 else update]
        swarm[1].type("😀", 2)
        swarm.settle()
        swarm.server.relay = lambda _user, update: [update]
        swarm[2].write(lambda replica: replica.cells.pop(2), "deleted cell 2")
        swarm.finish()
        assert kinds_of(swarm.verdict()) == {Kind.DIVERGED}

    def test_a_value_that_the_server_changes(self, swarm):
        swarm.server.accept = lambda _user, update: update.replace(b"\x05right", b"\x05wrong")
        swarm[1].write(lambda replica: replica.cells[0]["metadata"].update({"name": "right"}), "set name")
        swarm.settle()
        swarm.server.save()
        verdict = swarm.verdict()
        assert kinds_of(verdict) == {Kind.LOST_EDIT, Kind.DIVERGED}
        assert "name = 'wrong' in place of name = 'right'" in of_kind(verdict, Kind.LOST_EDIT).detail


class TestMisplaced:
    def test_words_that_the_server_puts_elsewhere_for_everybody_are_named_with_their_author(self, swarm):
        swarm[0].type("begin", 0, 0)
        swarm.settle()
        swarm.server.accept = lambda _user, update: _beside_nothing(update)
        swarm[1].type("there", 0, 3)
        swarm[1].leave()
        swarm.settle()
        swarm.server.save()
        verdict = swarm.verdict()
        assert kinds_of(verdict) == {Kind.LOST_EDIT}
        lost = of_kind(verdict, Kind.LOST_EDIT)
        assert lost.users == (1,) and "another place than it was written in: 'there'" in lost.detail


def _beside_nothing(update: bytes) -> bytes:
    """The update with its text at the beginning of where it stands."""
    decoded = decode_update(update)
    structs = {
        client: tuple(
            msgspec.structs.replace(struct, origin=None)
            if isinstance(struct, Item) and struct.right_origin is not None
            else struct
            for struct in of_client
        )
        for client, of_client in decoded.structs.items()
    }
    return encode_update(replace(decoded, structs=structs))


def _altered(update: bytes, words: str) -> bytes:
    """The update with other words in place of its text."""
    decoded = decode_update(update)
    structs = {
        client: tuple(
            msgspec.structs.replace(struct, content=StringContent(words))
            if isinstance(struct, Item) and isinstance(struct.content, StringContent)
            else struct
            for struct in of_client
        )
        for client, of_client in decoded.structs.items()
    }
    return encode_update(replace(decoded, structs=structs))
