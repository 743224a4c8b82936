"""What a run put to the test is counted; what it did not is nought."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_rtc_locust.verdict.evidence import (
    AuthoredUpdate,
    Checkpoint,
    DocumentEvidence,
    RunEvidence,
    SaveSeen,
    Snapshot,
)
from jupyter_rtc_locust.verdict.exercised import NOT_EXERCISED, concurrent_edits, exercised, holds_text_beyond_bmp
from verdict.swarm_model import SwarmModel
from verdict.templates import plain_notebook

NOTHING = Snapshot({}, b"\x00\x00")


def edit(user: int, due: float, acknowledged: float | None, update: bytes = b"") -> AuthoredUpdate:
    return AuthoredUpdate(user, user + 1, 0, "typed", None, due, acknowledged, update)


def document(*edits: AuthoredUpdate, **more) -> DocumentEvidence:
    return DocumentEvidence("a", "notebook", NOTHING, authored=edits, **more)


def test_a_run_in_which_nothing_happened_exercised_nothing():
    figures = exercised(RunEvidence(documents=(document(),)))
    assert figures.keys() == NOT_EXERCISED.keys()
    assert not any(figures.values())


def test_each_thing_that_happened_is_counted():
    both = document(edit(0, 1.0, 1.5), edit(1, 1.2, 1.6), joiner=NOTHING, reopened=NOTHING)
    checkpoint = Checkpoint(1, 10.0, 4.0, "pass", "well", newcomers=2)
    figures = exercised(RunEvidence(documents=(both,), reconnects=3, checkpoints=(checkpoint,)))
    assert figures == {
        "editors_together": 2,
        "concurrent_edits": 1,
        "reconnects": 3,
        "newcomers_in_the_middle": 2,
        "newcomers_at_the_end": 1,
        "saves_while_typing": 0,
        "second_openings": 1,
        "presence": 0,
        "texts_beyond_bmp": 0,
    }


def test_versions_of_the_file_count_that_appeared_while_people_typed():
    versions = (
        SaveSeen(0.0, 0.9, "loaded"),
        SaveSeen(2.0, 3.0, "between"),
        SaveSeen(4.0, 4.0, "", "unread"),
        SaveSeen(6.0, 9.0, "after the last"),
    )
    typed = document(edit(0, 1.0, 1.1), edit(0, 5.0, 5.1), saves=versions)
    assert exercised(RunEvidence(documents=(typed,)))["saves_while_typing"] == 1


def test_one_document_with_a_single_editor_makes_working_together_unexercised():
    together = document(edit(0, 1.0, 1.1), edit(1, 2.0, 2.1))
    alone = document(edit(2, 1.0, 1.1))
    assert exercised(RunEvidence(documents=(together, alone)))["editors_together"] == 0


def test_a_newcomer_or_a_second_opening_that_failed_did_not_happen():
    failed = Snapshot({}, b"\x00\x00", "no answer")
    figures = exercised(RunEvidence(documents=(document(joiner=failed, reopened=failed),)))
    assert figures["newcomers_at_the_end"] == figures["second_openings"] == 0


@pytest.mark.parametrize(
    ("edits", "crossed"),
    [
        ([(0, 1.0, 1.1), (1, 1.2, 1.3)], 0),
        ([(0, 1.0, 1.3), (1, 1.2, 1.25)], 1),
        ([(0, 1.0, 1.3), (0, 1.2, 1.4)], 0),
        ([(0, 1.0, None), (1, 9.0, 9.1), (1, 9.2, 9.3)], 2),
        ([(0, 1.0, 5.0), (0, 1.1, 1.2), (1, 2.0, 2.1)], 1),
    ],
)
def test_edits_cross_when_an_earlier_one_of_somebody_else_is_not_back_yet(edits, crossed):
    assert concurrent_edits(tuple(edit(*one) for one in edits)) == crossed


@pytest.mark.parametrize(("text", "beyond"), [("plain", False), ("ü € 漢", False), ("ok 😀", True), ("𝒳", True)])
def test_text_beyond_the_basic_plane_is_seen_in_an_update(text, beyond):
    swarm = SwarmModel(plain_notebook())
    assert holds_text_beyond_bmp(swarm[0].type(text)) is beyond


@given(before=st.binary(max_size=20), text=st.text(min_size=1, max_size=5), behind=st.binary(max_size=20))
def test_no_text_beyond_the_basic_plane_is_overlooked(before, text, behind):
    if any("\U00010000" <= letter <= "\U0003ffff" for letter in text):
        assert holds_text_beyond_bmp(before + text.encode("utf-8", "surrogatepass") + behind)
