"""When a server that did not answer the coordinator was lost, and when that is not known (docs/verdict.md)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.verdict.checks.service import check_server_answers
from jupyter_rtc_locust.verdict.evidence import (
    AuthoredUpdate,
    DocumentEvidence,
    ForeignUpdate,
    ManualSave,
    PresenceEvidence,
    RunEvidence,
    SeenPresence,
    Snapshot,
    StallEvidence,
    ToldPresence,
    UserEvidence,
)
from jupyter_rtc_locust.verdict.findings import Kind
from jupyter_rtc_locust.verdict.service_evidence import WAITED_S, ServedEvidence, ServerSilence

PATH = "run/notebook-0.ipynb"
NOTHING = ClockRanges()
TOLD = ServedEvidence(taken=44.5, heard=44.2)
"""Editing ended at 40 s; the question at the end was answered at once, and all of it told."""


WENT_ON = ServedEvidence(taken=90.0, heard=89.9)
"""Of a run that went on for longer than what is looked at."""


def told_when_answered(answered):
    """The question was answered at this moment, and told at once."""
    return ServedEvidence(taken=answered + 0.1, opened=0.0, heard=answered, answered=answered)


def edits(start, until, *, user=0, every=0.5, echoed=0.02):
    """Edits of one user between these seconds; `echoed`: after how long. None: never."""
    count = int((until - start) / every)
    due = [start + number * every for number in range(count)]
    acknowledged = [None if echoed is None else moment + echoed for moment in due]
    return tuple(
        AuthoredUpdate(user, 100 + user, int(moment * 1000), "typed", None, moment, back, b"")
        for moment, back in zip(due, acknowledged, strict=True)
    )


def user_with(served=TOLD, *, later=None, number=0, stage="connected", presence=None):
    probed = stage == "connected"
    return UserEvidence(number, 100 + number, stage, "", probed, NOTHING, NOTHING, presence, 0, served, later)


def document(*authored, users=(), path=PATH, server="", **more):
    initial = Snapshot({}, b"\x00\x00")
    there = tuple(users) or (user_with(),)
    return DocumentEvidence(path, "notebook", initial, authored=sum(authored, ()), users=there, server=server, **more)


def judged(*documents, silences, **more):
    made = tuple(ServerSilence(*one) for one in silences)
    return check_server_answers(RunEvidence(documents=documents, server_silences=made, **more))


def lost(opinion):
    assert all(one.kind == Kind.SERVER_LOST for one in opinion.findings)
    return [one.detail for one in opinion.findings]


def not_known(opinion, *parts):
    assert not opinion.findings
    assert opinion.unknown
    assert all(part in opinion.unknown[0] for part in parts), opinion.unknown


class TestNobodyWasServed:
    def test_a_server_that_was_gone_and_came_back(self):
        """Everybody's edits of these 20 s come back when it does."""
        late = tuple(structs.replace(one, acknowledged=50.5) for one in edits(30, 50))
        (detail,) = lost(
            judged(document(edits(0, 30), late, edits(50.5, 60), users=[user_with(WENT_ON)]), silences=[(30.4, 20.0)])
        )
        assert detail == "The server answered nobody for 20 s, from 30 s after the start of the run."

    def test_a_server_that_was_killed_and_whose_users_wait_for_a_line(self):
        gone = ServedEvidence(taken=45.0, heard=30.0, lost=30.1)
        there = [user_with(gone, stage="lost its connection")]
        assert lost(judged(document(edits(0, 30), edits(30, 40, echoed=None), users=there), silences=[(30.2, 10.1)]))

    def test_a_server_that_hangs_and_leaves_the_last_question_unanswered(self):
        hung = ServedEvidence(taken=58.0, heard=39.9, waits_since=43.0)
        assert lost(judged(document(edits(0, 40), users=[user_with(hung)]), silences=[(40.2, 28.0)]))

    def test_a_server_that_answers_the_last_question_when_it_goes_on(self):
        """That somebody asked it meanwhile is no word of its own."""
        went_on = ServedEvidence(taken=53.0, heard=52.4, answered=52.4)
        there = [user_with(went_on, presence=PresenceEvidence("p", 53.0, asked=46.0))]
        late = tuple(structs.replace(one, acknowledged=52.3) for one in edits(39, 40))
        assert lost(judged(document(edits(0, 39), late, users=there), silences=[(40.0, 12.0)]))

    def test_a_server_that_lets_in_nobody_whose_line_it_broke(self):
        """As where a hub answers for a server that it has ended."""
        refused = ServedEvidence(taken=70.0, heard=30.0, lost=30.1)
        there = [user_with(refused, stage="was refused")]
        assert lost(judged(document(edits(0, 30), users=there), silences=[(30.2, 39.0)]))

    def test_a_server_that_was_gone_for_a_while_from_people_who_only_watch(self):
        watching = ServedEvidence(taken=80.0, heard=79.9, without_line=((30.1, 50.4),))
        assert lost(judged(document(users=[user_with(watching)]), silences=[(30.2, 20.0)]))

    def test_a_server_that_was_gone_when_somebody_came_online_again(self):
        back = ServedEvidence(taken=80.0, heard=79.0, without_line=((38.0, 61.0),), offline=((20.0, 38.0),))
        assert lost(judged(document(edits(0, 20), users=[user_with(back)]), silences=[(30.2, 30.0)]))

    def test_a_server_that_is_gone_while_people_without_a_line_close_their_tabs(self):
        """That a tab is closed is nothing that the server did."""
        tabs = [ServedEvidence(taken=80.0, heard=29.9, in_vain=((30.1, closed),)) for closed in (38.0, 46.0, 54.0)]
        there = [user_with(one, number=number, stage="left") for number, one in enumerate(tabs)]
        assert lost(judged(document(edits(0, 30), users=there), silences=[(30.2, 30.0)]))

    def test_a_save_by_hand_that_was_answered_afterwards(self):
        save = ManualSave(0, 31.0, 50.2, "success")
        there = [user_with(WENT_ON)]
        assert lost(
            judged(document(edits(0, 30), edits(51, 60), users=there, manual_saves=(save,)), silences=[(30.2, 20.0)])
        )

    def test_a_sync_that_was_not_answered_when_somebody_came(self):
        stall = StallEvidence(1, 15.0, "its sync was not answered", 48.0)
        one = document(edits(0, 30), users=[user_with(WENT_ON)], stalls=(stall,))
        assert lost(judged(one, silences=[(30.2, 20.0)]))
        not_known(judged(replace(one, stalls=(replace(stall, overload=True),)), silences=[(30.2, 20.0)]))

    def test_a_server_that_goes_when_everybody_has_told_what_they_know(self):
        """As while a newcomer waits: asked once more, nobody has a line, or an answer."""
        killed = ServedEvidence(taken=57.3, heard=44.2, lost=45.1)
        assert lost(judged(document(edits(0, 40), users=[user_with(later=killed)]), silences=[(45.2, 12.1)]))
        hung = ServedEvidence(taken=72.3, heard=44.2, waits_since=57.3)
        assert lost(judged(document(edits(0, 40), users=[user_with(later=hung)]), silences=[(45.2, 27.1)]))

    def test_a_server_that_leaves_some_without_a_line_and_others_without_an_answer(self):
        """Who has no line tells at once; asked once more, it tells that it had none while the others waited."""
        without = ServedEvidence(taken=90.1, opened=0.0, heard=60.0, lost=70.0)
        waiting = ServedEvidence(taken=105.1, opened=0.0, heard=60.0, waits_since=90.0)
        silence = [(60.5, 60.0)]
        there = [user_with(without, stage="lost its connection"), user_with(waiting, number=1)]
        not_known(judged(document(users=there), silences=silence), "in vain")
        later = [replace(without, taken=117.1), replace(waiting, taken=132.1, waits_since=117.0)]
        asked = [replace(one, served_later=told) for one, told in zip(there, later, strict=True)]
        assert lost(judged(document(users=asked), silences=silence))

    @pytest.mark.parametrize("moment", [30.3, 39.5])
    def test_what_came_at_its_very_edges_may_have_come_before_or_after_it(self, moment):
        late = tuple(structs.replace(one, acknowledged=41.0) for one in edits(30, 40))
        server = (ForeignUpdate(moment, b""),)
        assert lost(judged(document(edits(0, 30), late, foreign=server), silences=[(30.0, 10.1)]))


class TestTheCoordinatorWasCutOff:
    def test_to_the_end_while_users_were_served_and_answered_at_the_end(self):
        """After the end of editing nothing is echoed: 3 s of quiet, a question, telling, and a try of 10 s."""
        not_known(judged(document(edits(0, 40)), silences=[(36.0, 19.0)]), "19 s, from 36 s", "sent something")
        not_known(judged(document(edits(0, 40)), silences=[(20.0, 35.0)]), "sent something")

    def test_when_everybody_had_told_and_was_answered_once_more(self):
        there = [user_with(later=ServedEvidence(taken=57.5, heard=57.4, answered=57.4))]
        not_known(judged(document(edits(0, 40), users=there), silences=[(45.2, 12.3)]), "in vain")
        not_known(judged(document(edits(0, 40), users=there), silences=[(45.2, 25.0)]), "sent something")
        not_known(judged(document(edits(0, 40)), silences=[(45.2, 10.3)]), "in vain")

    def test_while_people_only_watched(self):
        watching = [user_with(ServedEvidence(taken=60.0, heard=15.0))]
        not_known(judged(document(users=watching), silences=[(20.0, 35.0)]), "waited for it in vain")

    def test_while_nobody_had_anything_to_write(self):
        not_known(judged(document(edits(0, 18), edits(40, 50)), silences=[(19.0, 20.0)]))

    def test_beside_an_edit_that_the_server_swallowed(self):
        """Its author was sent everything else."""
        not_known(judged(document(edits(0, 40), edits(30, 30.5, echoed=None)), silences=[(36.0, 19.0)]))

    def test_beside_an_edit_that_was_merely_slow(self):
        slow = edits(25, 25.5, echoed=WAITED_S - 1)
        not_known(judged(document(edits(0, 18), slow), silences=[(19.0, 20.0)]))

    @pytest.mark.parametrize(
        "word",
        [
            {"foreign": (ForeignUpdate(38.0, b""),)},
            {"manual_saves": (ManualSave(0, 37.0, 38.0, "success"),)},
            {"users": [user_with(ServedEvidence(taken=38.5, heard=38.0, waits_since=38.2))]},
            {"users": [user_with(ServedEvidence(taken=60.0, without_line=((37.0, 38.0),)))]},
            {"users": [user_with(presence=PresenceEvidence("p", 60.0, connected=38.0))]},
            {"users": [user_with(presence=PresenceEvidence("p", 60.0, synced=38.0))]},
            {"users": [user_with(ServedEvidence(taken=60.0, heard=59.0, answered=38.0))]},
            {"users": [user_with(presence=PresenceEvidence("p", 60.0, told=(ToldPresence(1, 37.0, 7, 38.0),)))]},
            {
                "users": [
                    user_with(
                        presence=PresenceEvidence("p", 60.0, seen=(SeenPresence(9, 1, 7, True, 1.0, 38.0, None),))
                    )
                ]
            },
        ],
        ids=["update", "save", "anything", "line", "connected", "synced", "answer", "heard", "seen"],
    )
    def test_whatever_the_server_sent_meanwhile_is_a_word(self, word):
        """Somebody waits all the time, so that nothing but the word speaks for the server."""
        late = tuple(structs.replace(one, acknowledged=49.0) for one in edits(30, 40))
        silence = [(30.2, 15.0)]
        assert lost(judged(document(late), silences=silence))
        not_known(judged(document(late, **word), silences=silence), "users were sent something meanwhile")

    def test_together_with_somebody_who_lost_the_line_while_another_kept_it(self):
        """What cuts off the coordinator may cut off who stands on its host; the other had nothing to ask just then."""
        cut_off = ServedEvidence(taken=90.0, opened=0.0, heard=89.0, without_line=((30.1, 50.4),))
        kept = ServedEvidence(taken=90.0, opened=0.0, heard=89.0)
        silence = [(30.2, 20.0)]
        both = [user_with(cut_off), user_with(kept, number=1)]
        typed = tuple(structs.replace(one, acknowledged=50.5) for one in edits(31, 50))
        not_known(judged(document(typed, users=both), silences=silence), "in vain")
        assert lost(judged(document(typed, users=[user_with(cut_off)] * 2), silences=silence))
        later = [user_with(cut_off), user_with(replace(kept, opened=52.0), number=1)]
        assert lost(judged(document(typed, users=later), silences=silence))

    def test_of_what_comes_after_a_served_tab_has_told_it_tells_nothing(self):
        served = ServedEvidence(taken=48.0, opened=0.0, heard=30.0)
        hung = ServedEvidence(taken=60.0, opened=0.0, heard=30.0, waits_since=43.0)
        both = [user_with(served), user_with(hung, number=1)]
        not_known(judged(document(users=both), silences=[(40.2, 25.0)]), "in vain")
        later = [user_with(replace(served, taken=51.0)), user_with(hung, number=1)]
        assert lost(judged(document(users=later), silences=[(40.2, 25.0)]))
        assert lost(judged(document(users=[user_with(hung)] * 2), silences=[(40.2, 25.0)]))

    def test_of_what_a_tab_was_sent_before_it_was_asked_once_more_it_tells_nothing(self):
        """One is served elsewhere, one on the coordinator's host waits at the end, and again when it is asked again."""
        served, served_later = told_when_answered(90.0), told_when_answered(115.1)
        hung = ServedEvidence(taken=105.1, opened=0.0, heard=89.0, waits_since=90.0)
        stall = StallEvidence(1, 15.0, "its sync was not answered", 105.0)
        there = [user_with(hung, later=replace(hung, taken=130.1, waits_since=115.0), number=1)]
        silence = [(91.0, 39.0)]
        assert lost(judged(document(users=there, stalls=(stall,)), silences=silence)), "alone, it was not served"
        there += [user_with(served, later=served_later)]
        not_known(judged(document(users=there, stalls=(stall,)), silences=silence), "sent something")
        there[-1] = user_with(served, later=replace(served_later, taken=130.1))
        not_known(judged(document(users=there, stalls=(stall,)), silences=silence), "sent something")

    def test_what_a_tab_told_first_stays_a_word_when_it_is_asked_once_more(self):
        first = ServedEvidence(taken=54.0, heard=53.5, answered=46.0)
        later = told_when_answered(72.0)
        late = tuple(structs.replace(one, acknowledged=53.5) for one in edits(38, 40))
        silence = [(40.2, 32.5)]
        unanswered = [user_with(replace(first, answered=None), later=later)]
        assert lost(judged(document(late, users=unanswered), silences=silence))
        not_known(judged(document(late, users=[user_with(first, later=later)]), silences=silence), "sent something")

    def test_together_with_the_line_of_somebody_who_had_one_at_the_end(self):
        """The other one is asked once more, and answered, and loses no line."""
        gone = ServedEvidence(taken=115.2, opened=0.0, heard=90.0, answered=90.0, lost=92.0)
        there = [
            user_with(told_when_answered(90.0), later=told_when_answered(115.1)),
            user_with(told_when_answered(90.0), later=gone, number=1),
        ]
        not_known(judged(document(users=there), silences=[(92.5, 22.8)]))
        assert lost(judged(document(users=there[1:]), silences=[(92.5, 22.8)]))

    def test_a_word_that_came_after_others_had_told_says_nothing_of_those(self):
        early = told_when_answered(94.0)
        hung = ServedEvidence(taken=109.2, opened=0.0, heard=88.0, waits_since=94.0)
        late = ServedEvidence(taken=109.2, opened=0.0, heard=108.5, answered=108.5)
        stall = StallEvidence(1, 15.0, "its sync was not answered", 109.1)
        there = [user_with(early), user_with(hung, number=1), user_with(late, number=2)]
        not_known(judged(document(users=there, stalls=(stall,)), silences=[(94.5, 17.5)]), "sent something")
        assert lost(judged(document(users=there[1:], stalls=(stall,)), silences=[(94.5, 17.5)]))

    def test_of_what_comes_after_a_tab_without_a_line_has_told_it_tells_nothing(self):
        """It may have had one again a moment later."""
        without = ServedEvidence(taken=105.0, opened=0.0, heard=94.0, lost=100.0)
        there = [user_with(without, stage="lost its connection")]
        not_known(judged(document(users=there), silences=[(98.0, 18.0)]), "in vain")
        assert lost(judged(document(users=there), silences=[(95.0, 18.0)]))

    def test_when_the_server_has_closed_the_document_to_all_of_them(self):
        """Nobody asks for anything any more."""
        closed = ServedEvidence(taken=90.0, opened=0.0, heard=39.0, closed=40.0)
        there = [user_with(closed, number=number, stage="was refused") for number in range(2)]
        not_known(judged(document(users=there), silences=[(60.0, 15.0)]), "in vain")

    def test_beside_people_who_were_offline_on_purpose_and_went_on_typing(self):
        """What they typed came back when they did; nobody waited for a server meanwhile."""
        back = ServedEvidence(taken=60.0, heard=59.0, offline=((20.0, 50.0),))
        typed = tuple(structs.replace(one, acknowledged=51.0) for one in edits(19, 50))
        silence = [(22.0, 20.0)]
        not_known(judged(document(edits(0, 19), typed, users=[user_with(back)]), silences=silence), "in vain")
        not_known(judged(document(edits(0, 19), typed, users=[user_with(back)]), silences=[(22.0, 36.0)]))
        others = document(edits(0, 19), typed, users=[user_with(back, number=1)])
        assert lost(judged(others, silences=silence)), "another one's waits are waits"

    def test_from_where_a_process_does_not_answer_either_nobody_is_blamed(self):
        """One worker is cut off from the server as well, and the other one, whose users are served, from the master."""
        late = tuple(structs.replace(one, acknowledged=50.5) for one in edits(30, 50))
        one = document(edits(0, 30), late, users=[user_with(WENT_ON)])
        assert lost(judged(one, silences=[(30.4, 20.0)]))
        not_known(judged(one, silences=[(30.4, 20.0)], silent_processes=("worker b",)), "not every process")
        alone = replace(one, users=(), authored=())
        not_known(judged(alone, silences=[(30.4, 20.0)], silent_processes=("worker a", "worker b")))

    def test_where_nobody_had_a_document_open_nobody_is_lost(self):
        left = [user_with(ServedEvidence(taken=20.0, heard=20.0), stage="left")]
        not_known(judged(document(edits(0, 20), users=left), silences=[(45.0, 12.0)]))
        not_known(judged(silences=[(45.0, 12.0)]))

    def test_a_tab_that_tells_nothing_of_it_proves_nothing(self):
        not_known(judged(document(edits(0, 40), users=[user_with(None)]), silences=[(45.0, 12.0)]))


class TestBehindAHub:
    def documents(self, *, gone=(30.0, 60.0)):
        """The server of ada is gone for a while; that of ben goes on."""
        late = tuple(structs.replace(one, acknowledged=gone[1] + 0.5) for one in edits(*gone))
        there = [user_with(WENT_ON)]
        ada = document(edits(0, gone[0]), late, users=there, path="ada/run/notebook-0.ipynb", server="ada")
        ben = document(edits(0, 90, user=1), users=there, path="ben/run/notebook-1.ipynb", server="ben")
        return ada, ben

    def test_a_server_is_judged_by_its_own_people(self):
        opinion = judged(*self.documents(), silences=[(30.4, 30.0, "ada")])
        assert lost(opinion) == ["The server of ada answered nobody for 30 s, from 30 s after the start of the run."]
        assert not opinion.unknown
        not_known(judged(*self.documents(), silences=[(30.4, 30.0, "ben")]), "The server of ben did not answer")

    def test_the_hub_itself_is_judged_by_everybody(self):
        not_known(judged(*self.documents(), silences=[(30.4, 30.0)]), "The hub did not answer")
        assert lost(judged(self.documents()[0], silences=[(30.4, 30.0)]))[0].startswith("The hub answered nobody")

    def test_a_server_of_which_no_document_was_opened_is_lost_to_nobody(self):
        not_known(judged(*self.documents(), silences=[(30.4, 30.0, "cleo")]), "The server of cleo")


def test_what_rests_on_time_is_not_known_of_an_overloaded_generator():
    late = tuple(structs.replace(one, acknowledged=50.5) for one in edits(30, 50))
    opinion = judged(document(edits(0, 30), late), silences=[(30.4, 20.0)], sound=False)
    assert not opinion.findings and opinion.unknown
