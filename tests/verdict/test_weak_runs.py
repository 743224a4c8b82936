"""What a pass did not exercise is said beside it."""

from __future__ import annotations

from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.verdict.evidence import DocumentEvidence, RunEvidence, Snapshot, UserEvidence
from jupyter_rtc_locust.verdict.weak_runs import weak_points


def document(path: str, users: int, *, guests_expected: bool = False) -> DocumentEvidence:
    nothing = ClockRanges()
    people = tuple(UserEvidence(user, user + 1, "connected", "", True, nothing, nothing) for user in range(users))
    first = Snapshot({}, b"\x00\x00")
    return DocumentEvidence(path, "notebook", first, users=people, guests_expected=guests_expected)


def kinds(*documents: DocumentEvidence, asked: int, came: int) -> list[str]:
    return [one.kind for one in weak_points(RunEvidence(documents, users_asked=asked, users_at_once=came))]


def test_a_run_in_which_everybody_came_and_nobody_was_alone_has_no_weak_point():
    assert kinds(document("a", 2), document("b", 3), asked=5, came=5) == []


def test_users_that_never_came_are_told_with_how_many():
    told = weak_points(RunEvidence((document("a", 6),), users_asked=40, users_at_once=6))
    assert [one.kind for one in told] == ["few-users"]
    assert "6 of the 40 users" in told[0].detail


def test_users_that_were_gone_before_the_end_are_told_with_since_when():
    gone = {"users_asked": 8, "users_at_once": 8, "users_gone": 2, "users_before": 8, "gone_since": 12.4}
    told = weak_points(RunEvidence((document("a", 8),), **gone))
    assert [one.kind for one in told] == ["users-gone"]
    assert "2 of 8 users were not there any more" in told[0].detail and "from second 12 on" in told[0].detail


def test_a_user_alone_in_a_document_says_nothing_about_working_together():
    assert kinds(document("a", 1), asked=1, came=1) == ["no-company"]
    documents = (document("a", 1), document("b", 1), document("c", 2))
    told = weak_points(RunEvidence(documents, users_asked=4, users_at_once=4))
    assert "In 2 documents" in told[0].detail


def test_a_user_alone_beside_people_who_may_come_is_not_called_alone():
    assert kinds(document("a", 1, guests_expected=True), asked=1, came=1) == []


def test_a_run_that_never_began_has_no_weak_points():
    assert kinds(asked=10, came=0) == []


def test_users_that_failed_by_a_mistake_of_the_locustfile_are_not_said_to_have_come_too_late():
    mistake = "on_start of Student raised KeyError: 'login' (students.py:6)."
    told = weak_points(
        RunEvidence((document("a", 1),), users_asked=4, users_at_once=1, users_failed=3, mistakes=(mistake,))
    )
    assert [one.detail for one in told] == [
        f"1 of the 4 users asked for took part, and 3 users failed: {mistake}",
        f"In this document one user was alone, so nothing is said about working together. 3 users failed: {mistake}",
    ]


def test_mistakes_that_ended_nobody_are_no_reason_for_a_short_run():
    (few,) = weak_points(RunEvidence((document("a", 2),), users_asked=4, users_at_once=2, mistakes=("A mistake.",)))
    assert few.detail.startswith("2 of the 4 users asked for took part, because the run ended before")
