"""The time from the end of editing to the exit: each step has its own, and together they take what is stated."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.coordination import at_checkpoints, collecting, served_later
from jupyter_rtc_locust.coordination.dividing_the_end import (
    LEAST_LOOKS_S,
    LEAST_TO_JUDGE_S,
    divided,
    evidence_awaited,
    left_to_judge,
    time_to_ask,
)
from jupyter_rtc_locust.coordination.ending import longest_end, patience
from jupyter_rtc_locust.settings import (
    END_BUDGET_S,
    HTTP_TRY_DEADLINE_S,
    JUDGE_S,
    LEAVE_DEADLINE_S,
    SILENT_SERVER_S,
    WORKER_ANSWER_DEADLINE_S,
    end_budget,
    time_to_judge,
)

EDITS = st.integers(0, 5_000_000)
DRAIN_S = st.floats(0, 600)
SHARE = st.floats(0, 1)
A_HAIR = 1e-6
AN_EDIT_S = 0.00025
"""What judging one takes, on a core that is nearly its own (docs/scale.md, docs/performance.md)."""


@settings(max_examples=200, deadline=None)
@given(EDITS, DRAIN_S, SHARE, st.booleans(), st.booleans())
def test_every_step_has_its_time_and_the_sum_is_what_is_stated(edits, drain_s, share, faults, hub):
    budget, judge = end_budget(edits, drain_s), time_to_judge(edits)
    came = share * evidence_awaited(budget, judge)
    parts = divided(budget, judge, came)
    assert parts.evidence == came
    assert parts.looks >= LEAST_LOOKS_S - A_HAIR
    assert parts.silence >= HTTP_TRY_DEADLINE_S + served_later.DEADLINE_S
    assert parts.judge >= JUDGE_S and parts.judge >= AN_EDIT_S * edits
    assert parts.leave == LEAVE_DEADLINE_S
    at_the_end = sum(patience(0.0, faults=faults, hub=hub))
    assert parts.whole + at_the_end < longest_end(edits, faults=faults, hub=hub, drain_timeout=drain_s)


@given(EDITS, DRAIN_S)
def test_evidence_is_waited_for_as_long_as_whoever_is_slow_may_take(edits, drain_s):
    """Until it is quiet, until all are known to be, until all were asked, and an answer."""
    slowest = drain_s + WORKER_ANSWER_DEADLINE_S / 3 + collecting._ASKING_S + WORKER_ANSWER_DEADLINE_S
    assert evidence_awaited(end_budget(edits, drain_s), time_to_judge(edits)) >= slowest - A_HAIR


@given(EDITS, DRAIN_S)
def test_where_it_took_too_long_what_no_silence_took_is_there_to_judge_what_was_told(edits, drain_s):
    judge = time_to_judge(edits)
    assert left_to_judge(judge, 0.0) == min(judge, LEAST_TO_JUDGE_S + SILENT_SERVER_S)
    assert left_to_judge(judge, SILENT_SERVER_S) == LEAST_TO_JUDGE_S
    budget = end_budget(edits, drain_s)
    after = patience(budget, faults=False, hub=False, to_judge_s=SILENT_SERVER_S)[1]
    assert after - patience(budget, faults=False, hub=False)[1] >= left_to_judge(judge, 0.0) - LEAST_TO_JUDGE_S


@given(DRAIN_S)
def test_people_pause_for_as_long_as_a_checkpoint_with_a_silent_server_may_take(drain_s):
    parts = divided(end_budget(0, drain_s), JUDGE_S)
    assert at_checkpoints.longest_pause(drain_s) >= parts.until_looks_end + parts.silence


def test_a_short_run_has_40_seconds_after_its_evidence():
    assert evidence_awaited(END_BUDGET_S, JUDGE_S) == END_BUDGET_S - 40.0


def test_what_may_be_left_is_asked_only_where_the_answer_can_come_in_time():
    assert time_to_ask(100.0, 100.0 + HTTP_TRY_DEADLINE_S)
    assert not time_to_ask(100.0, 99.9 + HTTP_TRY_DEADLINE_S)
