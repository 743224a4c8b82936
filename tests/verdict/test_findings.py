"""What checks have in common: how many findings are listed, and what becomes of those that rest on time."""

from jupyter_rtc_locust.verdict.findings import MOST_FINDINGS, Finding, Kind, resting_on_time

STALLED = [Finding(Kind.STALLED, "run/a.ipynb", f"User {user} waited 20 s.", (user,)) for user in range(50)]


def test_of_many_findings_of_a_kind_the_first_are_listed_and_the_last_tells_of_the_others():
    found = resting_on_time(STALLED, sound=True).findings
    assert found[:MOST_FINDINGS] == tuple(STALLED[:MOST_FINDINGS])
    assert found[MOST_FINDINGS:] == (
        Finding(Kind.STALLED, "run/a.ipynb", "30 more of this kind in this document.", tuple(range(20, 50))),
    )


def test_what_an_overloaded_generator_saw_late_is_not_known_and_no_finding():
    opinion = resting_on_time([*STALLED[:1], Finding(Kind.SERVER_LOST, "", "It was silent.")], sound=False)
    doubt = "But the generator was overloaded, so this may be its own doing."
    assert opinion.findings == ()
    assert opinion.unknown == (f"run/a.ipynb: User 0 waited 20 s. {doubt}", f"It was silent. {doubt}")
