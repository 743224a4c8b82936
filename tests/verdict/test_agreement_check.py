"""Users who see different documents, wait for missing updates, or a newcomer who is given another document."""

from dataclasses import replace

import pytest

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.selection import union_of_structs
from jupyter_rtc_locust.protocol.updates import decode_update, encode_update
from jupyter_rtc_locust.verdict.evidence import Snapshot
from jupyter_rtc_locust.verdict.findings import Kind, Value
from verdict.model_server import erase, everything, text_of, without_deletions
from verdict.opinions import kinds_of, of_kind, report
from verdict.swarm_model import SwarmModel
from verdict.templates import TEXT, old_notebook, plain_notebook


@pytest.fixture
def swarm() -> SwarmModel:
    """Four people who have typed a little."""
    swarm = SwarmModel(plain_notebook("a = 1", "b = 2", "c = 3"), users=4, processes=2)
    for user in range(4):
        swarm[user].type(f"[by {user}]", user % 3)
    swarm.settle()
    return swarm


def keep_from(user: int):
    """A server that passes nothing on to this user."""
    return lambda receiver, update: [] if receiver.user == user else [update]


class TestDiverged:
    def test_an_edit_that_one_user_never_got_for_he_got_nothing_later(self, swarm):
        swarm.server.relay = keep_from(3)
        swarm[1].type("not for user 3")
        swarm.settle()
        swarm.finish()
        verdict = swarm.verdict()
        assert kinds_of(verdict) == {Kind.DIVERGED}
        found = of_kind(verdict, Kind.DIVERGED)
        assert found.users == (3,) and "not for user 3" in found.detail

    def test_a_replica_that_lacks_nothing_but_a_mark_of_unsaved_changes(self, swarm):
        swarm.server.relay = keep_from(3)
        swarm[1].write(lambda _: None, "marked unsaved changes")
        swarm.settle()
        verdict = swarm.verdict(saved=None)
        assert kinds_of(verdict) == {Kind.DIVERGED}
        found = of_kind(verdict, Kind.DIVERGED)
        assert found.users == (3,) and "marked unsaved changes" in found.detail

    def test_it_is_found_by_the_newcomers_document_where_the_probe_says_nothing(self, swarm):
        swarm.server.relay = keep_from(3)
        swarm[1].write(lambda _: None, "marked unsaved changes")
        swarm.settle()
        users = tuple(replace(user, lacks=ClockRanges()) for user in swarm.evidence().users)
        assert of_kind(swarm.verdict(saved=None, users=users), Kind.DIVERGED).users == (3,)

    def test_it_is_found_by_the_probe_where_no_newcomer_could_come(self, swarm):
        swarm.server.relay = keep_from(3)
        swarm[1].write(lambda _: None, "marked unsaved changes")
        swarm.settle()
        refused = Snapshot({}, b"\x00\x00", "refused")
        assert of_kind(swarm.verdict(saved=None, joiner=refused), Kind.DIVERGED).users == (3,)

    def test_a_deletion_that_one_user_never_got(self, swarm):
        swarm.server.relay = lambda user, update: [without_deletions(None, update)] if user.user == 3 else [update]
        swarm[1].erase("b = 2", 1)
        swarm.settle()
        swarm.server.relay = everything
        swarm.finish()
        verdict = swarm.verdict()
        assert kinds_of(verdict) == {Kind.DIVERGED} and of_kind(verdict, Kind.DIVERGED).users == (3,)

    def test_a_deletion_that_one_user_never_got_and_cannot_see_because_the_cell_is_gone(self, swarm):
        swarm[1].erase("b = 2", 1)
        swarm[1].write(lambda replica: replica.cells.pop(1), "deleted cell 1")
        swarm.finish()
        one, *others = swarm.evidence().replicas
        (client, start, _), *_ = one.deletions.of_clients([0])
        fewer = one.deletions.difference(ClockRanges.of([(client, start, start + 1)]))
        alone = replace(one, users=(3,), deletions=fewer)
        rest = replace(one, users=(0, 1, 2))
        verdict = swarm.verdict(replicas=(rest, alone))
        assert kinds_of(verdict) == {Kind.DIVERGED}
        assert of_kind(verdict, Kind.DIVERGED).users == (3,) and others

    def test_what_a_replica_shows_beyond_a_gap_of_an_author_who_left_it_does_not_lack(self, swarm):
        swarm.finish()
        held = decode_update(swarm.evidence().replicas[0].update).clock_ranges()
        users = tuple(replace(user, lacks=held) for user in swarm.evidence().users)
        assert swarm.verdict(users=users).value is Value.PASS, report(swarm.verdict(users=users))

    def test_who_has_lost_the_line_for_good_is_compared_with_nobody(self, swarm):
        swarm[3].lose_line()
        swarm[3].type("typed offline, for ever")
        swarm[0].type("meanwhile")
        swarm.finish(reconnect=False)
        verdict = swarm.verdict()
        assert verdict.value is Value.INCONCLUSIVE, report(verdict)
        assert "user 3 lost its connection" in verdict.reason

    def test_a_user_with_the_same_number_who_left_does_not_hide_the_one_who_came_after(self, swarm):
        swarm[3].leave()
        swarm.join(3)
        swarm.settle()
        swarm.server.relay = keep_from(3)
        swarm[1].type("not for user 3")
        swarm.settle()
        assert of_kind(swarm.verdict(saved=None), Kind.DIVERGED).users == (3,)

    def test_unacknowledged_words_of_somebody_connected_are_told_once_each_way(self, swarm):
        swarm.server.accept = lambda user, update: None if user.user == 2 else update
        swarm[2].type("swallowed")
        swarm[2].type(" and this")
        swarm.settle()
        swarm.finish()
        verdict = swarm.verdict()
        assert kinds_of(verdict) == {Kind.UNACKNOWLEDGED_EDIT, Kind.DIVERGED}
        found = of_kind(verdict, Kind.UNACKNOWLEDGED_EDIT)
        assert found.users == (2,) and "2 edits of user 2" in found.detail and "typed 'swallowed'" in found.detail
        assert of_kind(verdict, Kind.DIVERGED).users == (2,)


class TestPending:
    def test_a_user_who_lacks_one_update_and_got_the_next_of_the_same_author(self, swarm):
        swarm.server.relay = keep_from(3)
        swarm[1].type("missing ")
        swarm.settle()
        swarm.server.relay = everything
        swarm[1].type("on top of it")
        swarm.settle()
        swarm.finish()
        verdict = swarm.verdict()
        assert kinds_of(verdict) >= {Kind.PENDING_UPDATES}
        found = of_kind(verdict, Kind.PENDING_UPDATES)
        assert found.users == (3,) and "written by user 1" in found.detail
        assert "The first that never arrived: edit 1 of user 1 (\"typed 'missing '" in found.detail
        differs = of_kind(verdict, Kind.DIVERGED)
        assert differs.users == (3,) and "User 3 never got what the server holds" in differs.detail
        assert "edit 1 of user 1" in differs.detail
        missing = (swarm[1].client_id, 1)
        assert missing in found.edits and missing in differs.edits

    def test_updates_that_only_changed_places_are_not_pending(self, swarm):
        for turn in range(6):
            swarm[1].type(f"{turn} ")
        swarm[1].send()
        swarm[3].inbox.reverse()
        swarm.finish()
        assert swarm.verdict().value is Value.PASS, report(swarm.verdict())

    def test_of_somebody_who_has_lost_the_line_it_is_not_asked(self, swarm):
        swarm.server.relay = keep_from(3)
        swarm[1].type("missing ")
        swarm.settle()
        swarm.server.relay = everything
        swarm[1].type("on top of it")
        swarm.settle()
        swarm[3].lose_line()
        swarm.finish(reconnect=False)
        assert swarm.verdict().value is Value.INCONCLUSIVE


class TestNewcomer:
    def test_who_is_given_the_document_as_it_was_some_time_ago(self, swarm):
        stale = swarm.server.snapshot()
        swarm[0].type("later")
        swarm.finish()
        verdict = swarm.verdict(joiner=stale)
        assert Kind.JOINER_DIFFERS in kinds_of(verdict)
        assert Kind.SAVED_FILE_DIFFERS not in kinds_of(verdict)
        assert "later" in of_kind(verdict, Kind.JOINER_DIFFERS).detail

    def test_who_is_given_the_first_snapshot_again(self, swarm):
        swarm.finish()
        verdict = swarm.verdict(joiner=swarm.initial)
        assert kinds_of(verdict) == {Kind.JOINER_DIFFERS, Kind.LOST_EDIT}

    def test_who_lacks_nothing_but_a_mark_of_unsaved_changes(self, swarm):
        stale = swarm.server.snapshot()
        swarm[0].write(lambda _: None, "marked unsaved changes")
        swarm.finish()
        verdict = swarm.verdict(joiner=stale)
        assert kinds_of(verdict) == {Kind.JOINER_DIFFERS}
        assert "marked unsaved changes" in of_kind(verdict, Kind.JOINER_DIFFERS).detail

    def test_who_lacks_a_deletion(self, swarm):
        swarm[0].erase("b = 2", 1)
        swarm.finish()
        joiner = swarm.server.snapshot()
        update = without_deletions(None, _with_content(swarm))
        verdict = swarm.verdict(joiner=replace(joiner, update=update))
        assert Kind.JOINER_DIFFERS in kinds_of(verdict)

    def test_who_lacks_a_deletion_inside_a_cell_that_is_gone_too(self, swarm):
        erased = decode_update(swarm[0].erase("b = 2", 1)).deletions.of_clients([0])
        swarm[0].write(lambda replica: replica.cells.pop(1), "deleted cell 1")
        swarm.finish()
        joiner = swarm.server.snapshot()
        whole = decode_update(joiner.update)
        fewer = whole.with_deletions(whole.deletions.difference(erased))
        verdict = swarm.verdict(joiner=replace(joiner, update=encode_update(fewer)))
        assert kinds_of(verdict) == {Kind.JOINER_DIFFERS}
        assert "5 deletions" in of_kind(verdict, Kind.JOINER_DIFFERS).detail

    def test_who_is_given_words_that_nobody_else_has(self, swarm):
        swarm.finish()
        with swarm.server.silently():
            text_of(swarm.server.doc).insert(0, "only for newcomers")
        verdict = swarm.verdict()
        assert kinds_of(verdict) == {Kind.JOINER_DIFFERS, Kind.INVENTED_EDIT}

    def test_who_agrees_with_most_is_no_finding_beside_the_one_who_diverged(self, swarm):
        erase(text_of(swarm[3].replica.doc), "a = 1")
        swarm.finish()
        assert kinds_of(swarm.verdict()) == {Kind.DIVERGED}

    def test_of_two_users_who_differ_the_newcomer_tells_which_is_right(self):
        swarm = SwarmModel(plain_notebook(), users=2)
        swarm.server.relay = keep_from(0)
        swarm[1].type("not for user 0")
        swarm.finish()
        verdict = swarm.verdict()
        assert kinds_of(verdict) == {Kind.DIVERGED} and of_kind(verdict, Kind.DIVERGED).users == (0,)


class TestFirstSnapshot:
    @pytest.mark.parametrize("template", [old_notebook(), plain_notebook()], ids=["4.2", "4.5"])
    def test_a_document_that_was_opened_with_other_words_than_its_file_has(self, template):
        swarm = SwarmModel(template, join=False)
        erase(text_of(swarm.server.doc, 1), "os" if template["nbformat_minor"] == 2 else "b")
        swarm.initial = swarm.server.snapshot()
        swarm.join()
        swarm.settle()
        swarm[0].type("x")
        swarm.finish()
        verdict = swarm.verdict()
        assert kinds_of(verdict) == {Kind.JOINER_DIFFERS}
        assert "Before anybody edited" in of_kind(verdict, Kind.JOINER_DIFFERS).detail

    def test_a_text_that_was_opened_with_a_blank_too_few(self):
        swarm = SwarmModel(TEXT, kind="text", join=False)
        erase(text_of(swarm.server.doc, kind="text"), " ")
        swarm.initial = swarm.server.snapshot()
        swarm.join()
        swarm.settle()
        swarm[0].type("x")
        swarm.finish()
        assert kinds_of(swarm.verdict()) == {Kind.JOINER_DIFFERS}

    def test_without_a_first_snapshot_it_is_not_known(self, swarm):
        swarm.finish()
        initial = Snapshot(swarm.initial.state_vector, swarm.initial.update, "the line broke")
        assert swarm.verdict(initial=initial).value is Value.INCONCLUSIVE


def test_the_copy_of_most_users_is_judged_where_no_newcomer_could_come(swarm):
    swarm[1].type("to be lost")
    swarm.settle()
    erase(text_of(swarm.server.doc), "to be lost")
    swarm.finish()
    verdict = swarm.verdict(joiner=Snapshot({}, b"\x00\x00", "refused"))
    assert kinds_of(verdict) == {Kind.LOST_EDIT}
    assert "For users 0, 1, 2, 3" in of_kind(verdict, Kind.LOST_EDIT).detail


def _with_content(swarm: SwarmModel) -> bytes:
    """The server's document with the content of what was deleted, as only who keeps everything has it."""
    updates = [
        swarm.initial.update,
        *(edit.update for edit in swarm.evidence().authored),
        swarm.server.doc.get_update(),
    ]
    return encode_update(union_of_structs(map(decode_update, updates)))
