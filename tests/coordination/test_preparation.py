"""Before the first user comes: either everything is there, or nothing of ours is, and a sentence says why."""

import gevent
import pytest
from pycrdt import Doc

from jupyter_rtc_locust.coordination import kernels as kernels_of_runs
from jupyter_rtc_locust.coordination import preparation
from jupyter_rtc_locust.coordination.kernels import end_kernels
from jupyter_rtc_locust.coordination.preparation import SEEDER, prepare, rehearse, templates_for
from jupyter_rtc_locust.documents.default_notebook import default_notebook
from jupyter_rtc_locust.documents.default_text import default_text
from jupyter_rtc_locust.documents.templates import TemplateError
from jupyter_rtc_locust.errors import ConnectionBroken, HubRefused, RoomRefused, ServerUnusable
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.state_vectors import decode_state_vector
from jupyter_rtc_locust.protocol.updates import decode_update
from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.servers.http import HttpClient
from jupyter_rtc_locust.settings import Settings
from users.fake_room import FakeRoom, FakeServer, wait_until

HTTP = HttpClient("http://test")
TEMPLATES = {"notebook": [default_notebook()], "text": [default_text()]}


@pytest.fixture
def room(monkeypatch):
    made = FakeRoom()
    monkeypatch.setattr("jupyter_rtc_locust.users.observer.open_websocket", made.open_line)
    yield made
    for end in made.ends:
        end.hang_up()


class FakeKernels:
    """A server's kernels: which notebooks have one."""

    def __init__(self):
        self.there = []
        self.unusable = None
        self.refused = None

    def check(self):
        if self.unusable:
            raise ServerUnusable(self.unusable)

    def open(self, document, _identity=0):
        self.there.append(document.path)
        if self.refused:
            raise RoomRefused(self.refused)
        return "kernel"

    def sessions_below(self, folder):
        return [path for path in self.there if path.startswith(f"{folder}/")]

    def close(self, session):
        self.there.remove(session)


class Files(FakeServer):
    """A server whose documents are files, or are not."""

    def __init__(self):
        super().__init__()
        self.http = HTTP
        self.stores_files = True
        self.kernels = FakeKernels()
        self.there = []
        self.removed = []
        self.problems = []
        self.fail_at = None
        self.named = None

    def find_document(self, path):
        if self.named is None:
            raise ServerUnusable(f"--rtc-notebook {path}: no files here.")
        return self.named

    def create_document(self, folder, name, template):
        if self.fail_at is not None and name.startswith(self.fail_at[0]):
            raise self.fail_at[1]
        self.there.append(f"{folder}/{name}")
        return Document(f"{folder}/{name}", template.kind)

    def remove(self, folder, documents):
        self.removed.append(folder)
        gone = {document.path for document in documents}
        self.there = [path for path in self.there if path not in gone]
        return self.problems


@pytest.fixture
def server(monkeypatch):
    made = Files()
    monkeypatch.setattr(preparation, "find_server", lambda *_: made)
    return made


def prepared(kinds=("notebook",), templates=TEMPLATES, **settings):
    return prepare(Settings(**settings), HTTP, run_id="r", seed=1, kinds=list(kinds), templates=templates)


def refusal(**keywords):
    with pytest.raises(ServerUnusable) as raised:
        prepared(**keywords)
    assert "Traceback" not in str(raised.value)
    return str(raised.value)


# -- everything is there ----------------------------------------------------------------------------------------------


def test_each_kind_gets_as_many_documents_as_asked_for_in_a_folder_of_the_run(room, server):
    made = prepared(kinds=("notebook", "text"), documents=2, users=4)
    names = ["notebook-0.ipynb", "notebook-1.ipynb", "text-0.txt", "text-1.txt"]
    assert server.there == [f"rtc-locust-r/{name}" for name in names]
    assert [one.document.path for one in made.documents] == server.there
    assert made.folder == "rtc-locust-r"
    assert {made.seats.take("w", "notebook").document.path for _ in range(2)} == set(server.there[:2])


def test_more_documents_than_templates_begin_again_with_the_first(room, server):
    templates = {"notebook": [default_notebook("a"), default_notebook("b")]}
    made = prepared(templates=templates, documents=3, users=3)
    assert [one.template.name for one in made.documents] == ["a", "b", "a"]


def test_each_room_is_looked_at_before_any_user_comes_and_kept_until_it_is_left(room, server):
    (one,) = prepared().documents
    assert one.initial.update != b"\x00\x00"
    assert one.initial.state_vector == decode_state_vector(room.doc.get_state())
    assert one.seed_edits == []
    assert not room.ends[0].gone
    one.leave()
    one.leave()
    wait_until(lambda: room.ends[0].gone)
    assert room.messages(0) == [b"\x00\x00\x01\x00"], "who only looks says nothing else"


def empty(room):
    room.doc = Doc()
    room._subscription = room.doc.observe(lambda event: room._updates.append(event.update))


def test_the_first_room_is_looked_at_alone_and_the_others_together(room, server, monkeypatch):
    """The first makes a new server's store, which the others would take for one of an old version (docs/issues.md)."""
    at_once = []
    under_way = set()

    def look(_settings, _server, one, _seats):
        under_way.add(one.document.path)
        gevent.sleep(0.01)
        at_once.append(len(under_way))
        under_way.discard(one.document.path)

    monkeypatch.setattr(preparation, "_look_first", look)
    prepared(documents=4, users=4)
    assert at_once == [1, 3, 2, 1]


def test_a_first_room_that_does_not_answer_is_the_only_one_that_is_opened(room, server, monkeypatch):
    looked = []

    def look(_settings, _server, one, _seats):
        looked.append(one.document.path)
        raise ConnectionBroken("the server did not answer a sync within 15 s.")

    monkeypatch.setattr(preparation, "_look_first", look)
    assert "did not answer a sync" in refusal(documents=3, users=3)
    assert looked == ["rtc-locust-r/notebook-0.ipynb"]
    assert server.there == []


def test_an_empty_room_without_a_file_is_filled_as_an_authored_edit_and_kept_until_it_is_left(room, server):
    server.stores_files = False
    empty(room)
    made = prepared()
    (one,) = made.documents
    (edit,) = one.seed_edits
    assert edit.user == SEEDER
    assert made.seats.authors[edit.client_id] == SEEDER
    written = decode_update(edit.update).clock_ranges()
    assert ClockRanges.from_state_vector(decode_state_vector(room.doc.get_state())).covers(written)
    assert not room.ends[0].gone, "some servers drop a room with its last user"
    one.leave()
    wait_until(lambda: room.ends[0].gone)


def test_who_only_watches_fills_nothing(room, server):
    server.stores_files = False
    empty(room)
    (one,) = prepared(edit_rate=0.0).documents
    assert one.seed_edits == []
    assert room.messages(0, 2) == []


# -- or nothing is ----------------------------------------------------------------------------------------------------


def test_a_server_that_refuses_the_second_document_keeps_nothing_of_the_first(room, server):
    server.fail_at = ("notebook-1", ServerUnusable("the disk is full."))
    assert refusal(documents=2, users=2) == "the disk is full."
    assert server.there == []
    assert server.removed == ["rtc-locust-r"]


@pytest.mark.parametrize("error", [ConnectionBroken("it is gone."), KeyError("a"), RecursionError("deep")])
def test_any_trouble_while_documents_are_made_removes_them_and_is_one_sentence(room, server, error):
    server.fail_at = ("notebook-1", error)
    refusal(documents=2, users=2)
    assert server.there == []


def test_what_could_not_be_removed_is_told_with_the_reason_of_it_all(room, server):
    server.fail_at = ("notebook-1", ServerUnusable("the disk is full."))
    server.problems = ["rtc-locust-r was not removed: 500."]
    assert refusal(documents=2, users=2) == "the disk is full. rtc-locust-r was not removed: 500."


@pytest.mark.parametrize("trouble", ["session", "upgrade", "closed", "silent", "garbage", "reset"])
def test_a_room_that_cannot_be_looked_at_ends_in_a_sentence_and_leaves_nothing(room, server, monkeypatch, trouble):
    monkeypatch.setattr(preparation, "JOINER_DEADLINE_S", 0.3)
    if trouble == "session":
        server.refusals.append(RoomRefused("no session."))
    elif trouble == "upgrade":
        room.refusals.append(ConnectionBroken("no upgrade."))
    else:
        room.answers_step_1 = False
    if trouble == "closed":
        room.on_open = lambda end: end.send_close(4400)
    elif trouble == "garbage":
        room.on_open = lambda end: end.send(b"\x00\x01\x01\x05", b"\x00\x01\x01\x05")
    elif trouble == "reset":
        room.on_open = lambda end: gevent.spawn(end.hang_up)
    assert len(refusal()) > 5
    assert server.there == []
    wait_until(lambda: all(end.gone or end.socket.fileno() < 0 for end in room.ends))


def test_a_document_of_the_users_is_never_removed_whatever_goes_wrong(room, server):
    named = Document("work/precious.ipynb", "notebook", ours=False)
    server.named = named
    server.there = [named.path]
    server.refusals.append(RoomRefused("not you."))
    refusal(notebook=named.path, host="http://test")
    assert server.there == [named.path]


def test_a_rehearsal_leaves_no_document_and_no_line_behind(room, server):
    rehearse(Settings(documents=3, users=9), HTTP, kinds=["notebook"], templates=TEMPLATES)
    assert server.there == []
    wait_until(lambda: all(end.gone for end in room.ends))
    assert room.opened == 1
    assert room.messages(0, 2) == []


def test_a_rehearsal_touches_no_document_that_the_user_named(room, server):
    named = Document("work/precious.ipynb", "notebook", ours=False)
    server.named = named
    settings = Settings(notebook=named.path, host="http://test")
    rehearse(settings, HTTP, kinds=["notebook"], templates=TEMPLATES)
    assert server.removed == []


# -- templates --------------------------------------------------------------------------------------------------------


def test_without_a_template_each_kind_starts_from_the_packages_own(tmp_path):
    templates = templates_for(Settings(), ["notebook", "text"], embedded=False)
    assert {kind: [one.kind for one in found] for kind, found in templates.items()} == {
        "notebook": ["notebook"],
        "text": ["text"],
    }


def test_a_template_is_taken_for_the_kind_it_is_of(tmp_path):
    file = tmp_path / "words.txt"
    file.write_text("words")
    templates = templates_for(Settings(template=file), ["notebook", "text"], embedded=True)
    assert [one.text for one in templates["text"]] == ["words"]
    assert [one.kind for one in templates["notebook"]][:1] == ["notebook"]


def test_a_template_that_nobody_opens_is_refused_by_the_name_of_its_option(tmp_path):
    file = tmp_path / "words.txt"
    file.write_text("words")
    with pytest.raises(TemplateError, match="--rtc-template"):
        templates_for(Settings(template=file), ["notebook"], embedded=False)


@pytest.mark.parametrize("content", [None, "{", '{"nbformat": 99, "nbformat_minor": 0, "metadata": {}, "cells": []}'])
def test_a_template_that_is_missing_broken_or_too_new_is_refused(tmp_path, content):
    file = tmp_path / "broken.ipynb"
    if content is not None:
        file.write_text(content)
    with pytest.raises(TemplateError, match="template"):
        templates_for(Settings(template=file), ["notebook"], embedded=False)


# -- kernels ----------------------------------------------------------------------------------------------------------


def test_each_notebook_gets_a_kernel_and_nothing_else_does(room, server):
    prepared(kinds=("notebook", "text"), documents=2, users=4, kernels="real")
    assert sorted(server.kernels.there) == ["rtc-locust-r/notebook-0.ipynb", "rtc-locust-r/notebook-1.ipynb"]


def test_without_being_asked_for_no_kernel_is_started(room, server):
    prepared()
    assert server.kernels.there == []


def test_a_server_without_kernels_is_refused_before_anything_is_made(room, server):
    server.kernels = None
    assert "--rtc-kernels real: a fake server has no kernels." in refusal(kernels="real")
    assert server.there == []


def test_a_server_that_can_start_none_is_refused_before_anything_is_made(room, server):
    server.kernels.unusable = "no kernel 'python3'."
    assert refusal(kernels="real") == "no kernel 'python3'."
    assert server.there == []


def test_a_kernel_that_cannot_be_started_leaves_neither_kernels_nor_documents(room, server):
    server.kernels.refused = "501 not found."
    assert refusal(documents=2, users=2, kernels="real") == "--rtc-kernels real: 501 not found."
    assert (server.kernels.there, server.there) == ([], [])


def test_a_rehearsal_leaves_no_kernel(room, server):
    rehearse(Settings(kernels="real"), HTTP, kinds=["notebook"], templates=TEMPLATES)
    assert (server.kernels.there, server.there) == ([], [])


def test_kernels_that_cannot_be_ended_are_told_and_the_others_are_ended(server):
    server.kernels.there = ["rtc-locust-r/a", "rtc-locust-r/b", "somebody/c"]
    close = server.kernels.close

    def stubborn(session):
        if session == "rtc-locust-r/a":
            raise ConnectionBroken("DELETE answered 500.")
        close(session)

    server.kernels.close = stubborn
    assert end_kernels(server, "rtc-locust-r") == ["A kernel of the run was not ended: DELETE answered 500."]
    assert server.kernels.there == ["rtc-locust-r/a", "somebody/c"]


def test_kernels_that_take_too_long_to_end_are_told(server, monkeypatch):
    monkeypatch.setattr(kernels_of_runs, "CLOSING_DEADLINE_S", 0.01)
    server.kernels.there = ["rtc-locust-r/a"]
    server.kernels.close = lambda _session: gevent.sleep(60)
    (problem,) = end_kernels(server, "rtc-locust-r")
    assert problem.startswith("Kernels of the run may be left on the server")


# -- behind a hub ----------------------------------------------------------------------------------------------------


class FakeHub:
    """Lets everybody in, or nobody."""

    def __init__(self, refused=""):
        self.refused = refused
        self.left = 0

    def check(self):
        if self.refused:
            raise HubRefused(self.refused)

    def folder_of(self, person, folder):
        return f"person-{person}/{folder}"

    def leave(self):
        self.left += 1
        return ["a token stays."] if self.refused else []


BEHIND = Settings(hub="http://test", host="http://test", documents=2, users=4)


def test_behind_a_hub_documents_have_a_place_with_the_first_of_their_people_and_are_not_made():
    hub = FakeHub()
    made = prepare(BEHIND, HTTP, run_id="1", seed=1, kinds=["notebook", "text"], templates=TEMPLATES, hub=hub)
    assert [(one.document.path, one.ready) for one in made.documents] == [
        ("person-0/rtc-locust-1/notebook-0.ipynb", False),
        ("person-2/rtc-locust-1/notebook-1.ipynb", False),
        ("person-1/rtc-locust-1/text-0.txt", False),
        ("person-3/rtc-locust-1/text-1.txt", False),
    ]
    # So the first who is seated at each document is its owner.
    seats = [made.seats.take("here", kind) for kind in ("notebook", "notebook", "text", "text")]
    assert [seat.document.path.split("/")[0] for seat in seats] == [f"person-{seat.user}" for seat in seats]
    assert hub.left == 0


def test_a_hub_that_lets_nobody_in_ends_the_run_and_what_was_made_is_given_back():
    hub = FakeHub("not you.")
    with pytest.raises(ServerUnusable, match=r"not you\. a token stays\."):
        prepare(BEHIND, HTTP, run_id="1", seed=1, kinds=["notebook"], templates=TEMPLATES, hub=hub)
    assert hub.left == 1


def test_a_form_asks_a_hub_whether_people_are_let_in_and_starts_no_server():
    hub = FakeHub()
    rehearse(BEHIND, HTTP, kinds=["notebook"], templates=TEMPLATES, hub=hub)
    assert hub.left == 1
