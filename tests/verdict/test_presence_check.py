"""Who sees whom: a healthy relay raises no alarm, whatever people do; who is hidden, altered, or a ghost is found."""
# ruff: noqa: ARG002 (a faulty relay overrides whole questions, and reads what it needs of them)

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.protocol.awareness import StateDigest
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.verdict.checks.presence import check_everybody_is_seen, presence_was_exercised
from jupyter_rtc_locust.verdict.decision import decide
from jupyter_rtc_locust.verdict.evidence import (
    DocumentEvidence,
    PresenceEvidence,
    RunEvidence,
    SeenPresence,
    Snapshot,
    ToldPresence,
    UserEvidence,
)
from jupyter_rtc_locust.verdict.exercised import exercised
from jupyter_rtc_locust.verdict.findings import Kind, Opinion
from verdict.presence_model import PATH, Relay, Room

quick = settings(deadline=None, max_examples=60)


def opinion_of(run: RunEvidence) -> Opinion:
    return check_everybody_is_seen(run.documents[0], run.sound, run.documents)


# -- random lives -------------------------------------------------------------------------------------------------

DEEDS = ("arrive", "leave", "lose", "break", "come back", "stand still", "wait", "wait", "wait")
lives = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**32),
        "processes": st.integers(1, 3),
        "deeds": st.lists(
            st.tuples(st.sampled_from(DEEDS), st.integers(0, 5), st.sampled_from((0.2, 2.0, 7.0, 16.0, 40.0))),
            max_size=25,
        ),
    }
)


def live(relay: Relay, life) -> Room:
    """A room with the first two people in it, and what they and others do."""
    room = Room(relay, life["seed"], life["processes"])
    room.arrive()
    room.pass_time(1.0)
    room.arrive()
    for deed, number, seconds in life["deeds"]:
        person = room.people[number % len(room.people)]
        if deed == "arrive" and len(room.people) < 6:
            room.arrive()
        elif deed == "leave" and person.online and not person.deaf and person.user > 1:
            room.leave(person)
        elif deed == "break" and person.online:
            room.break_silently(person)
        elif deed == "lose" and person.online:
            room.lose(person)
        elif deed == "come back" and person.stage == "lost its connection":
            room.come_back(person)
        elif deed == "stand still":
            room.stand_still(min(seconds, 12.0))
        room.pass_time(seconds / 4 if deed == "stand still" else seconds)
    return room


TWO_BEATS = [("wait", 0, 40.0), ("stand still", 0, 40.0), ("stand still", 0, 16.0)]


@given(life=lives, snapshots=st.booleans())
@example(life={"seed": 0, "processes": 2, "deeds": TWO_BEATS}, snapshots=False)
@settings(deadline=None, max_examples=250)
def test_whatever_people_do_a_healthy_relay_raises_no_alarm(life, snapshots):
    run = live(Relay(snapshots=snapshots), life).evidence()
    opinion = opinion_of(run)
    assert (opinion.findings, opinion.unknown, opinion.cautions) == ((), (), ())


@pytest.mark.parametrize("seed", range(40))
def test_a_server_that_stands_still_while_the_run_ends_passes_on_late_and_raises_no_alarm(seed):
    """What was told as it began arrives at one process a moment after that one has put everything down."""
    room = Room(Relay(snapshots=False), seed, 2)
    room.arrive()
    room.pass_time(0.5)
    room.arrive()
    room.pass_time(14.3)
    room.stand_still(12.0)
    room.pass_time(11.5)
    assert opinion_of(room.evidence()).findings == ()


class Hides(Relay):
    """From the moment `since`, the first user is told nothing of the second."""

    since = 0.0

    def passes(self, viewer, message, now):
        if not (viewer.user == 0 and message[0] == 101 and now >= self.since):
            yield message


class Alters(Relay):
    """Once, the first user is told something else of the second than it had said."""

    done = False

    def passes(self, viewer, message, now):
        client, clock, state = message
        if viewer.user == 0 and client == 101 and state is not None and not self.done:
            self.done = True
            state = StateDigest(1002, True)
        yield client, clock, state


class Invents(Relay):
    """Speaks to the first user for somebody who left, with clocks of its own."""

    def time_passes(self, room):
        for person in room.people:
            if person.stage == "left" and int(room.now * 10) % 50 == 0:
                clock = person.record.clock + 1 + int(room.now)
                self.struck = True
                room._deliver(room.people[0], (person.client_id, clock, person.state))


class Haunts(Relay):
    """Hands a newcomer the last state of whoever left, however long ago."""

    def time_passes(self, room):
        latest = room.people[-1]
        if latest.online and 0 <= room.now - latest.synced < 0.1:
            for person in room.people:
                if person.stage == "left":
                    room._deliver(latest, (person.client_id, person.record.clock - 1, person.state))


def told_in_time(room: Room, viewer: int, peer: int, since: float = 0.0, apart: float = 4.0) -> bool:
    """Whether the viewer has to have seen the peer, by the rule in docs/verdict.md, in true time and with care.

    Clocks may differ by 2 s, and it is not known in which direction.
    """
    one, other = room.people[viewer], room.people[peer]
    if not (one.online and other.online) or one.deaf or other.deaf:
        return False
    latest = [when for when, _ in other.told if when <= room.asked - 5 - apart][-1:]
    recent = [when for when, _ in other.told if room.asked - 5 - apart < when <= room.asked - 5 + apart]
    return bool(latest) and not recent and latest[0] >= max(one.synced + apart, since)


@given(life=lives, snapshots=st.booleans(), since=st.sampled_from((0.0, 0.0, 20.0)))
@quick
def test_who_is_hidden_from_somebody_is_found_when_it_told_of_itself_in_time(life, snapshots, since):
    relay = Hides(snapshots=snapshots)
    relay.since = since
    room = live(relay, life)
    room.pass_time(20.0)
    run = room.evidence()
    opinion = opinion_of(run)
    if told_in_time(room, 0, 1, since):
        assert [finding.kind for finding in opinion.findings] == [Kind.AWARENESS_DIFFERS]
        assert opinion.findings[0].users == (0, 1)
        assert presence_was_exercised(run.documents[0])
    assert all(set(finding.users) == {0, 1} for finding in opinion.findings)


def test_the_rule_has_cases_in_which_somebody_must_be_found():
    room = Room(Hides(snapshots=False), 1, 2)
    room.arrive()
    room.pass_time(5.0)
    room.arrive()
    room.pass_time(30.0)
    opinion = opinion_of(room.evidence())
    assert told_in_time(room, 0, 1)
    assert "User 0 never saw user 1" in opinion.findings[0].detail


def test_who_comes_to_a_stop_in_the_view_of_somebody_is_found():
    relay = Hides(snapshots=False)
    relay.since = 10.0
    room = Room(relay, 1)
    room.arrive()
    room.arrive()
    room.pass_time(21.0)
    room.dice.choice = lambda choices: choices[0]
    opinion = opinion_of(room.evidence())
    assert "User 0 still saw user 1 as it had been before" in opinion.findings[0].detail
    room.pass_time(30.0)
    opinion = opinion_of(room.evidence())
    assert "User 0 did not see user 1 any more" in opinion.findings[0].detail


@given(life=lives, snapshots=st.booleans())
@quick
def test_a_state_that_was_altered_on_its_way_is_found_also_when_it_was_put_right(life, snapshots):
    run = live(Alters(snapshots=snapshots), life).evidence()
    opinion = opinion_of(run)
    taken = any(1002 in one.states for one in run.documents[0].users[0].presence.seen if one.client_id == 101)
    assert [finding.users for finding in opinion.findings] == [(0, 1)] * taken
    assert all("otherwise than it had told of itself" in finding.detail for finding in opinion.findings)


def test_an_altered_state_is_found_although_all_later_ones_are_right():
    room = Room(Alters(snapshots=False), 1)
    room.arrive()
    room.arrive()
    room.pass_time(50.0)
    (finding,) = opinion_of(room.evidence()).findings
    assert "User 0 saw user 1 otherwise than it had told of itself" in finding.detail
    assert finding.users == (0, 1)


@given(life=lives)
@quick
def test_a_ghost_to_which_the_server_lends_its_voice_is_found(life):
    room = live(Invents(snapshots=False), life)
    if not room.people[0].online:
        room.come_back(room.people[0])
    room.people[0].deaf = False
    leaving = room.arrive()
    room.pass_time(3.0)
    room.leave(leaving)
    room.pass_time(6.0)
    opinion = opinion_of(room.evidence())
    assert any("it never told" in one.detail and leaving.user in one.users for one in opinion.findings)


def haunted(seconds: float, snapshots: bool = False) -> Opinion:
    room = Room(Haunts(snapshots=snapshots), 3, 2)
    for _ in range(3):
        room.arrive()
    room.pass_time(20.0)
    room.leave(room.people[2])
    room.pass_time(seconds)
    room.arrive()
    room.pass_time(5.0)
    return opinion_of(room.evidence())


def test_a_newcomer_who_is_shown_somebody_long_gone_sees_a_ghost():
    (finding,) = haunted(45.0).findings
    assert "ghost" in finding.detail
    assert finding.users == (3, 2)


def test_a_newcomer_may_be_shown_somebody_whom_the_server_has_not_found_outdated_yet():
    assert haunted(28.0).findings == ()


def test_a_presence_of_the_time_at_the_end_is_not_known_when_the_generator_was_overloaded():
    room = Room(Hides(snapshots=False), 1)
    room.arrive()
    room.pass_time(5.0)
    room.arrive()
    room.pass_time(30.0)
    opinion = opinion_of(room.evidence(sound=False))
    assert opinion.findings == ()
    assert "never saw" in opinion.unknown[0]
    assert "overloaded" in opinion.unknown[0]


# -- single cases -------------------------------------------------------------------------------------------------


def user(number: int, *seen: SeenPresence, told=((1, 1.0), (2, 16.0), (3, 31.0)), stage="connected", **changes):
    """Somebody who came at 1 s, synced at 1.1, asked at 40 and was put down at 41."""
    presence = PresenceEvidence(
        process="p",
        taken=41.0,
        connected=1.0,
        synced=1.1,
        asked=40.0,
        told=tuple(ToldPresence(*one) if len(one) > 2 else ToldPresence(*one, 1000 + number) for one in told),
        states=(1000 + number,),
        seen=seen,
    )
    nothing = ClockRanges()
    return UserEvidence(number, 100 + number, stage, "", True, nothing, nothing, presence=replace(presence, **changes))


def saw(number: int, clock: int = 3, *, first=1.2, last=31.1, until=None, person=True, states=None, client=None):
    states = (1000 + number,) if states is None else states
    return SeenPresence(client or 100 + number, clock, states[-1], person, first, last, until, states)


def document(*users: UserEvidence, path: str = PATH, **changes) -> DocumentEvidence:
    authors = {one.client_id: one.user for one in users} | changes.pop("authors", {})
    return DocumentEvidence(path, "notebook", Snapshot({}, b"\x00\x00"), authors=authors, users=users, **changes)


def judged(*users: UserEvidence, sound: bool = True, others=(), **changes) -> Opinion:
    one = document(*users, **changes)
    return check_everybody_is_seen(one, sound, (one, *others))


def details(opinion: Opinion) -> list[str]:
    return [finding.detail for finding in opinion.findings]


def test_who_see_each_other_are_no_finding():
    opinion = judged(user(0, saw(1)), user(1, saw(0)))
    assert opinion == Opinion()
    both = document(user(0, saw(1)), user(1, saw(0)))
    assert presence_was_exercised(both)
    assert exercised(RunEvidence(documents=(both,)))["presence"] == 1


def test_one_finding_for_each_who_was_missed_names_all_who_missed_it():
    one, two, three = user(0, saw(1), saw(2)), user(1, saw(0)), user(2, saw(0))
    assert details(judged(one, two, three))[0].startswith("User 2 never saw user 1, who was there to the end")
    found = judged(user(0), user(1), user(2, saw(0), saw(1)))
    assert [finding.users for finding in found.findings] == [(1, 0), (0, 1), (0, 1, 2)]
    assert details(found)[2].startswith("Users 0, 1 never saw user 2")


@pytest.mark.parametrize(
    ("viewer", "peer"),
    [
        ({}, {"told": ((1, 35.1),)}),
        ({}, {"told": ((1, 31.0, 1001, 35.1),)}),
        ({}, {"told": ((1, 1.0),)}),
        ({"asked": 35.9}, {"told": ((1, 31.0),)}),
        ({"synced": 31.5}, {}),
        ({"synced": None}, {}),
        ({"asked": None}, {}),
        ({"gone": 40.5}, {}),
        ({"stage": "left"}, {}),
        ({"stage": "lost its connection"}, {}),
        ({}, {"asked": None}),
        ({}, {"gone": 40.5}),
        ({}, {"stage": "was refused"}),
        ({}, {"connected": 31.5}),
        ({}, {"connected": None}),
        ({"process": "q", "synced": 29.5}, {}),
        ({"process": "q", "asked": 37.5}, {"told": ((1, 31.0),)}),
    ],
    ids=[
        "told too late",
        "told in time, and passed on too late",
        "told before the other was in step",
        "told just before the other asked",
        "the viewer came later",
        "the viewer never came in step",
        "the viewer's question was not answered",
        "the viewer lost its line",
        "the viewer left",
        "the viewer is away",
        "the peer's question was not answered",
        "the peer lost its line",
        "the peer was refused",
        "told on an earlier line",
        "never had a line",
        "another clock at the beginning",
        "another clock at the end",
    ],
)
def test_who_need_not_be_seen_is_not_missed(viewer, peer):
    people = [user(0, **viewer), user(1, saw(0), **peer)]
    opinion = judged(*people)
    assert not any(finding.users[0] == 0 for finding in opinion.findings), details(opinion)


def test_a_run_that_was_too_short_exercised_nothing():
    short = [user(number, told=((1, 1.0),)) for number in range(3)]
    assert judged(*short) == Opinion()
    assert not presence_was_exercised(document(*short))


def test_without_awareness_nobody_is_missed_and_nothing_was_exercised():
    mute = [replace(user(number), presence=None) for number in range(3)]
    assert judged(*mute) == Opinion()
    assert not presence_was_exercised(document(*mute))


def test_a_document_that_was_not_quiet_lacks_nobody_but_what_was_altered_is_found():
    assert judged(user(0), user(1), quiet=False) == Opinion()
    assert len(judged(user(0, saw(1, states=(1,))), user(1), quiet=False).findings) == 1


def test_somebody_there_who_was_said_to_have_gone_is_found_unless_it_was_just_now():
    assert "did not see user 1 any more" in details(judged(user(0, saw(1, until=33.0)), user(1, saw(0))))[0]
    assert judged(user(0, saw(1, until=37.0)), user(1, saw(0))) == Opinion()


def test_somebody_who_fell_silent_by_itself_is_no_finding():
    assert judged(user(0, saw(1, 1, last=1.2)), user(1, saw(0), told=((1, 1.15),))) == Opinion()


def test_an_old_state_with_its_old_clock_is_found():
    (detail,) = details(judged(user(0, saw(1, 2, last=16.1)), user(1, saw(0))))
    assert "still saw user 1 as it had been before" in detail
    assert "(clock 3)" in detail


@pytest.mark.parametrize("clock", [4, 3000])
def test_a_clock_that_was_never_told_is_found(clock):
    (detail,) = details(judged(user(0, saw(1, clock)), user(1, saw(0))))
    assert f"it never told (clock {clock}; its own last one is 3)" in detail


def test_what_was_told_after_the_own_record_was_put_down_is_not_taken_for_invented():
    assert judged(user(0, saw(1, 4, last=41.5), taken=42.0), user(1, saw(0))) == Opinion()
    assert judged(user(0, saw(1, 4, last=39.5), process="q"), user(1, saw(0))) == Opinion()
    assert len(judged(user(0, saw(1, 4, last=38.5), process="q"), user(1, saw(0))).findings) == 1
    left_later = saw(1, 4, until=41.5)
    assert judged(user(0, left_later, taken=42.0), user(1, saw(0))) == Opinion()


def test_a_state_that_was_told_before_is_found_where_another_belongs_to_its_clock():
    changing = {"told": ((1, 1.2, 1001), (2, 16.0, 5)), "states": (1001, 5)}
    assert judged(user(0, saw(1, 2, states=(1001, 5))), user(1, saw(0), **changing)) == Opinion()
    (detail,) = details(judged(user(0, saw(1, 2, states=(1001,))), user(1, saw(0), **changing)))
    assert "otherwise than it had told of itself" in detail


GONE = {"stage": "left", "gone": 5.0, "told": ((1, 1.0), (2, 5.0, None)), "asked": None}


def long_after(number, *seen, **changes):
    return user(number, *seen, **{"asked": 200.0, "taken": 201.0, "told": ((9, 190.0),)} | changes)


@pytest.mark.parametrize(
    ("sight", "changes", "found"),
    [
        (saw(1, 1, last=1.2), {}, False),
        (saw(1, 2, last=1.2, until=5.1), {}, False),
        (saw(1, 1, last=19.0), {}, False),
        (saw(1, 1, last=21.0), {}, True),
        (saw(1, 1, last=21.0, until=39.0), {}, False),
        (saw(1, 1, last=21.0), {"taken": 39.5}, False),
        (saw(1, 1, last=21.0), {"gone": 39.5, "stage": "left"}, False),
        (saw(1, 1, last=150.0, until=151.0), {}, True),
        (saw(1, 1, first=39.0, last=39.0), {"synced": 38.9}, False),
        (saw(1, 1, first=41.0, last=41.0), {"synced": 40.9}, True),
        (saw(1, 1, first=41.0, last=41.0), {"synced": 40.9, "process": "q"}, False),
        (saw(1, 1, first=43.0, last=43.0), {"synced": 42.9, "process": "q"}, True),
    ],
    ids=[
        "not told of the leaving",
        "told of the leaving",
        "the last word was slow",
        "a word far too late",
        "a word far too late, soon taken back",
        "the run ended before that was long",
        "the viewer left before that was long",
        "long gone, back for a second",
        "a newcomer in time",
        "a newcomer too late",
        "a newcomer too late by clocks that may differ",
        "a newcomer too late by any clock",
    ],
)
def test_a_ghost_is_found_when_it_stays_longer_than_the_rules_allow(sight, changes, found):
    opinion = judged(long_after(0, sight, **changes), user(1, **GONE))
    assert [("ghost" in detail) for detail in details(opinion)] == [True] * found


def test_a_ghost_is_told_with_its_times():
    (finding,) = judged(long_after(0, saw(1, 1, last=100.0)), user(1, **GONE)).findings
    assert finding.detail.startswith("User 0 went on seeing user 1 for 125 s after its tab was gone (at 5.0 s)")
    assert (finding.kind, finding.document, finding.users) == (Kind.AWARENESS_DIFFERS, PATH, (0, 1))


def test_a_ghost_of_somebody_who_left_an_overload_made_on_purpose_is_a_warning():
    opinion = judged(long_after(0, saw(1, 1, last=100.0)), user(1, **GONE, gone_in_overload=True))
    assert not opinion.findings
    (caution,) = opinion.cautions
    assert caution.kind == "overloaded"
    assert "User 0 went on seeing user 1 for 125 s" in caution.detail


# -- people of elsewhere ------------------------------------------------------------------------------------------


def test_who_has_another_document_open_and_is_seen_here_is_found_with_that_document():
    other = document(user(7), path="other.ipynb")
    here = [user(0, saw(1), saw(7, person=False)), user(1, saw(0))]
    (finding,) = judged(*here, others=(other,), authors={107: 7}).findings
    assert "User 0 saw user 7 here, who had only other.ipynb open" in finding.detail
    assert finding.users == (0, 7)


def test_a_user_of_whom_no_process_tells_is_nobodys_ghost():
    here = [user(0, saw(1), saw(7)), user(1, saw(0), saw(7))]
    assert judged(*here, authors={107: 7}) == Opinion()


def test_a_user_who_stands_there_a_second_time_under_an_id_of_nobody_is_found():
    here = [user(0, saw(1), saw(1, client=555)), user(1, saw(0))]
    (finding,) = judged(*here).findings
    assert "User 0 saw user 1 once more, under client id 555, which is nobody's" in finding.detail


def test_somebody_unknown_is_a_warning_where_nobody_is_expected_and_nothing_where_guests_are():
    here = [user(0, saw(1), saw(8, client=555)), user(1, saw(0))]
    opinion = judged(*here)
    assert opinion.findings == ()
    assert [(caution.kind, "client 555" in caution.detail) for caution in opinion.cautions] == [
        ("unexpected-guest", True)
    ]
    assert judged(*here, guests_expected=True) == Opinion()


def test_a_server_that_shows_its_own_state_is_nobody():
    assert judged(user(0, saw(1), saw(8, client=555, person=False)), user(1, saw(0))) == Opinion()


# -- in the verdict -----------------------------------------------------------------------------------------------


def test_the_verdict_takes_it_in():
    run = RunEvidence(documents=(document(user(0), user(1, saw(0))),), edits_asked=False)
    assert Kind.AWARENESS_DIFFERS in {finding.kind for finding in decide(run).opinion.findings}


def test_of_a_crowd_so_many_are_listed_and_the_rest_is_counted():
    opinion = judged(*(user(number) for number in range(40)))
    assert len(opinion.findings) == 21
    assert "20 more of this kind" in opinion.findings[-1].detail
