import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.documents.canonical import content_digest, read_content
from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.editing import (
    DEFAULT_WEIGHTS,
    TEXT_KINDS,
    TEXT_WEIGHTS,
    Choice,
    EditKind,
    Limits,
    RecentEdits,
    choose,
    make_edit,
)
from jupyter_rtc_locust.editing.edits import RESOLVERS
from jupyter_rtc_locust.editing.texts import COMBINING, EMOJI

FIVE = st.tuples(*[st.floats(0, 1, exclude_max=True)] * 5)
CELL_KINDS = {"insert_cell", "delete_cell", "move_cell", "duplicate_cell", "change_cell_type"}


def digest(replica):
    return content_digest(read_content(replica, replica.kind))


def cell_with_id(replica, cell_id):
    return next(cell for cell in read_content(replica, "notebook")["cells"] if cell["id"] == cell_id)


def text_file(content=""):
    replica = Replica("text", 1)
    if content:
        replica.edit(lambda replica: replica.source.insert(0, content) is None)
    return replica


def test_every_kind_is_resolved():
    assert set(RESOLVERS) == set(EditKind)


@pytest.mark.parametrize("kind", EditKind)
def test_every_kind_changes_the_content_of_any_notebook_and_keeps_it_valid(
    kind, any_notebook, apply_choice, assert_valid
):
    replica = any_notebook()
    for number in range(25):
        before = digest(replica)
        edit = apply_choice(Choice.of(kind, number=number), replica)
        assert digest(replica) != before, edit.description
        assert "\n" not in edit.description
        assert edit.kind == kind
        assert_valid(replica)


@pytest.mark.parametrize("kind", EditKind)
def test_the_same_choice_changes_the_content_each_time_it_is_made(kind, notebook, apply_choice, assert_valid):
    replica = notebook()
    choice = Choice.of(kind)
    for _ in range(12):
        before = digest(replica)
        edit = apply_choice(choice, replica)
        assert digest(replica) != before, edit.description
        assert_valid(replica)


@pytest.mark.parametrize("kind", sorted(TEXT_KINDS))
def test_every_text_kind_changes_a_text_file(kind, apply_choice):
    replica = text_file()
    for number in range(25):
        before = str(replica.source)
        edit = apply_choice(Choice.of(kind, number=number), replica)
        assert str(replica.source) != before
        assert "the file" in edit.description
        assert edit.cell_id is None


def test_a_text_file_refuses_what_needs_a_notebook():
    with pytest.raises(ValueError, match="move_cell needs a notebook, and this document is a text file"):
        make_edit(Choice.of("move_cell"), text_file("abc"))


def test_making_an_edit_writes_nothing(notebook):
    replica = notebook()
    before = replica.full_update()
    for kind in EditKind:
        make_edit(Choice.of(kind), replica)
    assert replica.full_update() == before


def test_an_edit_says_in_words_what_was_done(notebook, apply_choice):
    replica = notebook("one empty cell")
    assert apply_choice(Choice.of("paste", text="x = 1"), replica).description == "pasted 'x = 1' into cell empty at 0"
    choice = Choice.of("insert_letters", text="y", fractions=(0.0, 0.99, 0.0, 0.0, 0.0))
    assert apply_choice(choice, replica).description == "typed 'y' into cell empty at 5"


# Text: whatever is done to characters of many bytes, a Python string must be able to follow.

PIECES = st.lists(st.sampled_from((*EMOJI, *COMBINING, "a", "ß", "\n", "字")), max_size=20).map("".join)


@given(content=PIECES, inserted=st.sampled_from(EMOJI), fractions=FIVE, kind=st.sampled_from(sorted(TEXT_KINDS)))
@settings(deadline=None, max_examples=200)
def test_text_of_many_bytes_is_cut_between_characters_only(content, inserted, fractions, kind, apply_choice):
    replica = text_file(content)
    apply_choice(Choice.of(kind, text=inserted, fractions=fractions), replica)
    result = str(replica.source)
    if kind == "set_source":
        assert result in (inserted, inserted + "\n")
    elif kind == "delete_text" and content:
        removed = len(content) - len(result)
        assert removed >= 1
        assert any(content[:at] + content[at + removed :] == result for at in range(len(content)))
    else:
        assert any(content[:at] + inserted + content[at:] == result for at in range(len(content) + 1))


@given(steps=st.lists(st.tuples(FIVE, st.sampled_from(("delete_text", "insert_emoji", "paste"))), max_size=30))
@settings(deadline=None, max_examples=40)
def test_what_others_receive_is_what_was_typed(steps, apply_choice):
    author, reader = text_file("👩‍👧 字 e\u0301"), Replica("text", 2)
    reader.apply_updates([author.full_update()])
    for fractions, kind in steps:
        choice = Choice.of(kind, fractions=fractions)
        update = author.edit(lambda replica, choice=choice: make_edit(choice, replica).apply(replica))
        reader.apply_updates([update])
        assert str(reader.source) == str(author.source)


@given(content=PIECES, fractions=FIVE)
@settings(deadline=None, max_examples=100)
def test_a_trailing_blank_stands_before_a_newline_or_at_the_end(content, fractions, apply_choice):
    replica = text_file(content)
    apply_choice(Choice.of("insert_trailing_blank", text="\u00a0", fractions=fractions), replica)
    after = str(replica.source).partition("\u00a0")[2]
    assert after == "" or after.startswith("\n")


def test_the_source_of_a_cell_stays_the_same_shared_text(notebook, apply_choice):
    replica = notebook("one empty cell")
    source = replica.cells[0]["source"]
    for kind in sorted(TEXT_KINDS):
        apply_choice(Choice.of(kind), replica)
    assert str(source) == str(replica.cells[0]["source"]) != ""


# Cells


def test_a_moved_cell_keeps_all_it_holds(notebook, apply_choice):
    for number in range(20):
        replica = notebook()
        replica.edit(lambda replica: replica.cells[0].update({"execution_state": "running"}) is None)
        before = read_content(replica, "notebook")["cells"]
        edit = apply_choice(Choice.of("move_cell", number=number), replica)
        after = read_content(replica, "notebook")["cells"]
        assert after != before
        assert sorted(after, key=lambda cell: cell["id"]) == sorted(before, key=lambda cell: cell["id"])
        assert after[edit.cell_index]["id"] == edit.cell_id


def test_a_duplicate_differs_in_its_id_alone_and_stands_below(notebook, apply_choice):
    replica = notebook()
    edit = apply_choice(Choice.of("duplicate_cell"), replica)
    cells = read_content(replica, "notebook")["cells"]
    original, copy = cells[edit.cell_index - 1], cells[edit.cell_index]
    assert copy["id"] == edit.cell_id != original["id"]
    assert {**copy, "id": ""} == {**original, "id": ""}


def test_a_cell_of_another_type_keeps_id_source_and_place(notebook, apply_choice):
    for number in range(20):
        replica = notebook()
        before = read_content(replica, "notebook")["cells"]
        edit = apply_choice(Choice.of("change_cell_type", number=number), replica)
        old = before[edit.cell_index]
        new = cell_with_id(replica, edit.cell_id)
        assert (new["id"], new["source"]) == (old["id"], old["source"])
        assert new["cell_type"] != old["cell_type"]
        if "attachments" in old and new["cell_type"] == "raw":
            assert new["attachments"] == old["attachments"]


@given(fractions=FIVE)
@settings(deadline=None, max_examples=30)
def test_a_notebook_never_shrinks_to_nothing(fractions, notebook, apply_choice):
    replica = notebook()
    for number in range(12):
        apply_choice(Choice.of("delete_cell", number=number, fractions=fractions), replica)
    assert len(replica.cells) == Limits().least_cells


@pytest.mark.parametrize("kind", ["insert_cell", "duplicate_cell"])
def test_a_full_notebook_takes_a_new_cell_for_another_one(kind, notebook, apply_choice):
    replica = notebook()
    for number in range(30):
        edit = apply_choice(Choice.of(kind, number=number), replica, limits=Limits(most_cells=8))
        assert replica.cells[edit.cell_index]["id"] == edit.cell_id
    assert len(replica.cells) == 8


def test_a_document_that_many_people_edit_for_long_stays_within_its_limits(notebook, apply_choice, assert_valid):
    replica = notebook()
    limits = Limits(most_cells=12, longest_cell=600, most_outputs=3, longest_stream=200)
    for number in range(2000):
        choice = choose(11, number % 7, number // 7, seat=number % 7, seats=7)
        apply_choice(choice, replica, limits=limits)
    assert_valid(replica)
    cells = read_content(replica, "notebook")["cells"]
    assert limits.least_cells <= len(cells) <= limits.most_cells
    for cell in cells:
        # One paste beyond the limit is possible, because who is below it may type on.
        assert len(cell["source"]) < 2 * limits.longest_cell
        assert len(cell.get("outputs", ())) <= limits.most_outputs
        assert len(cell.get("attachments", ())) <= limits.most_attachments
        assert len(cell["metadata"].get("tags", ())) <= limits.most_tags


def test_a_full_text_file_is_typed_over(apply_choice):
    replica = text_file()
    for number in range(300):
        apply_choice(Choice.of("paste", number=number), replica, limits=Limits(longest_file=1000))
    assert 300 < len(str(replica.source)) < 2500


def test_new_cells_have_ids_of_their_own(notebook, apply_choice):
    one, other = notebook(client_id=7), notebook(client_id=8)
    made = [
        apply_choice(Choice.of(kind, number=number), replica).cell_id
        for replica in (one, other)
        for number in range(20)
        for kind in ("insert_cell", "duplicate_cell")
    ]
    assert len(set(made)) == len(made)


# Outputs, counts, tags, attachments


def test_printing_goes_on_in_the_stream_that_is_there(notebook, apply_choice):
    replica = notebook("one empty cell")
    stdout = (0.0, 0.0, 0.0, 0.0, 0.0)
    apply_choice(Choice.of("output_stream", text="größe\n", fractions=stdout), replica)
    apply_choice(Choice.of("output_stream", text="👍🏽\n", fractions=stdout), replica)
    apply_choice(Choice.of("output_stream", text="to stderr\n", fractions=(0.0, 0.0, 0.0, 0.0, 0.99)), replica)
    outputs = cell_with_id(replica, "empty")["outputs"]
    assert [(output["name"], output["text"]) for output in outputs] == [
        ("stdout", "größe\n👍🏽\n"),
        ("stderr", "to stderr\n"),
    ]


@pytest.mark.parametrize("kind", ["output_stream", "output_display_data", "output_error"])
def test_an_output_without_a_code_cell_brings_its_cell_along(kind, notebook, apply_choice):
    replica = notebook("only prose")
    edit = apply_choice(Choice.of(kind), replica)
    cell = cell_with_id(replica, edit.cell_id)
    assert cell["cell_type"] == "code"
    assert len(cell["outputs"]) == 1


def test_pictures_html_and_json_are_all_displayed(notebook, apply_choice):
    replica = notebook("one empty cell")
    shown = set()
    for number in range(30):
        apply_choice(Choice.of("output_display_data", number=number), replica)
        for output in cell_with_id(replica, "empty")["outputs"]:
            shown |= set(output["data"])
    assert shown == {"image/png", "text/html", "application/json", "text/plain"}


def test_an_execution_counts_up_and_leaves_the_cell_idle(notebook, apply_choice):
    replica = notebook("only code")
    choice = Choice.of("set_execution_count", fractions=(0.0, 0.0, 0.0, 0.0, 0.0))
    apply_choice(choice, replica)
    apply_choice(choice, replica)
    cell = cell_with_id(replica, "printing")
    assert (cell["execution_count"], cell["execution_state"]) == (5, "idle")


def test_a_document_without_execution_states_gets_none(notebook, apply_choice):
    replica = notebook("one empty cell")
    replica.edit(lambda replica: replica.cells[0].pop("execution_state") == "idle")
    apply_choice(Choice.of("set_execution_count"), replica)
    assert "execution_state" not in cell_with_id(replica, "empty")


def test_a_tag_is_given_and_taken_away_again(notebook, apply_choice):
    replica = notebook("one empty cell")
    choice = Choice.of("set_tags", text="really, really")
    apply_choice(choice, replica)
    assert cell_with_id(replica, "empty")["metadata"]["tags"] == ["really; really"]
    apply_choice(choice, replica)
    assert cell_with_id(replica, "empty")["metadata"]["tags"] == []


def test_without_a_cell_for_it_an_attachment_comes_in_a_markdown_cell(notebook, apply_choice):
    replica = notebook("only code")
    edit = apply_choice(Choice.of("attach_image"), replica)
    cell = cell_with_id(replica, edit.cell_id)
    assert cell["cell_type"] == "markdown"
    assert list(cell["attachments"]) == ["image-0.png"]


def test_metadata_is_set_overwritten_and_removed(notebook, apply_choice):
    replica = notebook()
    seen = set()
    for number in range(200):
        for kind in ("set_cell_metadata", "set_notebook_metadata"):
            seen.add(apply_choice(Choice.of(kind, number=number), replica).description.split()[0])
    assert seen == {"set", "removed"}


def test_metadata_that_a_foreign_writer_left_plain_can_be_edited(notebook, apply_choice):
    replica = notebook("one empty cell")

    def left_plain(replica):
        replica.cells[0]["metadata"] = {"kept": True, "collapsed": True}
        replica.meta["metadata"] = {"kept": True}
        return True

    replica.edit(left_plain)
    for number in range(20):
        apply_choice(Choice.of("set_cell_metadata", number=number), replica)
        apply_choice(Choice.of("set_notebook_metadata", number=number), replica)
    content = read_content(replica, "notebook")
    assert content["cells"][0]["metadata"]["kept"] is True
    assert content["meta"]["metadata"]["kept"] is True


def test_cells_that_a_foreign_writer_left_incomplete_can_be_edited(apply_choice):
    from pycrdt import Map

    replica = Replica("notebook", 1)
    replica.edit(lambda replica: replica.cells.extend([Map({"cell_type": "code"}), Map({"id": "b"})]) is None)
    for number, kind in enumerate(kind for kind in EditKind if kind not in TEXT_KINDS):
        apply_choice(Choice.of(kind, number=number), replica)


# Meeting others


def test_every_cell_kind_goes_to_where_another_user_is_at_work(notebook, apply_choice):
    recent = RecentEdits()
    recent.note(1, "picture", 9.0, 0)
    recent.note(2, "printing", 9.5, 3)
    for kind in DEFAULT_WEIGHTS.cards:
        choice = Choice.of(kind, meets_others=True, fractions=(0.99, 0.0, 0.0, 0.0, 0.0))
        replica = notebook()
        edit = make_edit(choice, replica, user_index=0, recent=recent, now=9.8)
        if kind == "set_notebook_metadata":
            assert edit.cell_id is None
        elif kind == "attach_image":
            assert edit.cell_id == "picture"
        elif kind in ("insert_cell", "duplicate_cell"):
            assert edit.cell_index == 1
        elif kind == "delete_text":
            assert "from cell printing" in edit.description
        else:
            assert edit.cell_id == "printing", edit.description


def test_without_others_of_the_last_second_the_fraction_decides(notebook):
    recent = RecentEdits()
    recent.note(1, "printing", 5.0)
    recent.note(1, "gone", 9.5)
    choice = Choice.of("insert_letters", meets_others=True, fractions=(0.99, 0.0, 0.0, 0.0, 0.0))
    for moment in (9.6, 20.0):
        assert make_edit(choice, notebook(), user_index=0, recent=recent, now=moment).cell_id == "last"


def test_users_who_meet_edit_the_same_cells(notebook, apply_choice):
    replica, recent = notebook(), RecentEdits()
    met = meetings = 0
    for position in range(400):
        user, now = position % 4, position * 0.1
        choice = choose(3, user, position // 4, seat=user, seats=4, weights=TEXT_WEIGHTS)
        others = {cell.cell_id for cell in recent.others(user, now)}
        edit = apply_choice(choice, replica, user_index=user, recent=recent, now=now)
        recent.note(user, edit.cell_id, now, edit.cell_index)
        if choice.meets_others and others:
            meetings += 1
            met += edit.cell_id in others
    assert meetings > 70
    assert met == meetings
