"""What may be said at the end, in one sentence, and no more than that; and what `capacity.json` holds."""

import json
from dataclasses import replace

import pytest

from capacity.simulated_server import PROMISE, window
from jupyter_rtc_locust.capacity.holding import Outcome, judge
from jupyter_rtc_locust.capacity.markdown import in_markdown
from jupyter_rtc_locust.capacity.result import Capacity, Compared, Step
from jupyter_rtc_locust.capacity.search import Bounds, End, Purpose
from jupyter_rtc_locust.capacity.words import sentence, step_line
from jupyter_rtc_locust.timing.thresholds import read_thresholds

PASS = Compared(1, "pass", "all is well")


def step(people, p95_ms=20.0, purpose=Purpose.GROWING, *, promise=PROMISE, compared=PASS, **fields):
    held = judge([window(p95_ms, people=people, **fields)] * 2, promise)
    outcome = {"pass": held.outcome, "fail": Outcome.WRONG}.get(compared.verdict, Outcome.UNKNOWN)
    return Step(people, purpose, outcome, people * 1.0, people + 10.0, people, held, compared)


def of(*steps, end=End.FOUND, **fields):
    return Capacity(end, steps, PROMISE, 20, 200, 5.0, **fields)


def found(**broken):
    return of(step(60), step(120, 250.0), step(140, 2100.0, **broken))


def test_a_capacity_with_a_server_whose_cpu_was_full():
    assert sentence(found(server_cpu_percent=100.0)) == (
        "This server holds 120 people of this profile; at 140 update echo p95 was 2.08 s because the server's CPU was "
        "at 100 %."
    )


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({}, "; why is not known, because nobody could look at the server's CPU."),
        ({"server_cpu_percent": 40.0}, ", though the server's CPU was at 40 %: what it waited for is not known."),
        (
            {"server_cpu_percent": 60.0, "machine_cpu_percent": 97.0},
            " because the machine's cores were all busy (97 %)",
        ),
        ({"machine_cpu_percent": 97.0}, "; why is not known"),
        (
            {"server_cpu_percent": 21.0, "server_waited_percent": 75.0},
            " because the server, which used 21 % of a core, waited for one 75 % of the time",
        ),
        ({"server_cpu_percent": 21.0, "server_waited_percent": 30.0}, ", though the server's CPU was at 21 %"),
    ],
)
def test_a_cause_is_named_only_where_it_was_seen(known, words):
    assert f"update echo p95 was 2.08 s{words}" in sentence(found(**known))


@pytest.mark.parametrize(("cpu", "said"), [(40.0, True), (None, True), (100.0, False)])
def test_errors_in_the_log_are_told_where_no_cpu_says_what_the_server_waited_for(cpu, said):
    told = sentence(replace(found(server_cpu_percent=cpu), errors=(3, "E: database is locked")))
    assert told.endswith(" Its log has 3 stack traces, the last: E: database is locked") is said


def test_the_most_that_were_asked_for():
    told = of(step(100), step(200, 45.0), end=End.TOP)
    assert sentence(told) == (
        "This server holds 200 people of this profile, the most that were asked for: update echo p95 was 44.7 ms then."
    )
    assert (told.capacity, told.exit_code) == (200, 0)


def test_what_is_counted_is_told_as_a_number():
    promise = read_thresholds("disconnects < 1")
    broken = step(140, promise=promise, counts={"disconnects": 3})
    assert "at 140 there were 6 disconnects." in sentence(of(step(120, promise=promise), broken))


def test_nobody_is_held():
    told = of(step(1, 900.0), end=End.NOTHING)
    assert sentence(told).startswith(
        "This server does not hold 1 person of this profile: at 1 update echo p95 was 900 ms"
    )
    assert (told.capacity, told.exit_code) == (0, 0)


def test_the_generator_gave_out_first_and_nothing_is_said_of_the_server():
    told = of(step(60), step(120, cpu=97.0), end=End.GENERATOR, about={"processes": 1})
    assert sentence(told).startswith(
        "Our generator gave out first, at 120 people; use two processes (--processes 2), or a machine of its own. The "
        "load generator itself was short of CPU: process 1"
    )
    assert "This server holds" not in sentence(told)
    assert (told.capacity, told.exit_code) == (None, 4)


def test_a_generator_that_others_kept_waiting_is_not_told_to_become_two():
    told = sentence(of(step(60), step(120, lag_ms=90.0), end=End.GENERATOR))
    assert "at 120 people; other programs of its machine" in told and "--processes" not in told


def test_documents_that_cannot_be_trusted_go_before_any_number():
    wrong = Compared(3, "fail", "1 finding, the first lost-edit in a.ipynb: gone")
    told = of(step(60), step(120, compared=wrong), end=End.WRONG)
    assert sentence(told) == (
        "The documents could not be trusted any more at 120 people: 1 finding, the first lost-edit in a.ipynb: gone. "
        "Up to 60 people the promise was kept."
    )
    assert (told.capacity, told.exit_code) == (None, 3)


def test_what_is_found_wrong_only_at_the_end_takes_the_number_back():
    told = replace(found(), verdict="fail", reason="1 finding")
    assert sentence(told).startswith("The documents cannot be trusted, which was found at the end: 1 finding.")
    assert (told.capacity, told.exit_code) == (None, 3)


def test_an_end_that_established_nothing_of_the_documents_leaves_no_number():
    told = replace(found(), verdict="inconclusive", reason="A worker was lost.")
    assert sentence(told).startswith("NOT KNOWN: what became of the documents is not established. A worker was lost.")
    assert (told.capacity, told.exit_code) == (None, 4)


def test_a_promise_that_was_never_measured_is_not_kept():
    promise = read_thresholds("update echo p95 < 300ms, save p99 < 10s")
    told = replace(of(step(200, promise=promise), end=End.TOP), promise=promise)
    assert sentence(told).startswith("NOT KNOWN: save p99 < 10s was promised and never measured")
    assert (told.capacity, told.exit_code) == (None, 4)


def test_a_server_that_does_not_recover():
    back = replace(step(120, 900.0, Purpose.RECOVERY), outcome=Outcome.BROKEN)
    told = of(step(120), step(140, 900.0), back, end=End.UNRECOVERED)
    assert sentence(told).endswith("and it did not recover when they had left again.")
    wide = of(step(60), step(120, 900.0), replace(back, people=60), end=End.UNRECOVERED)
    assert sentence(wide).endswith("left again, so nothing is known of the numbers between.")
    assert (told.capacity, told.bounds) == (120, Bounds(120, 140))


def test_people_who_could_not_open_their_document():
    absent = Step(140, Purpose.GROWING, Outcome.BROKEN, 0.0, 30.0, 90)
    told = of(step(120), absent)
    assert sentence(told) == (
        "This server holds 120 people of this profile; of 140 only 90 could open their document in time."
    )


@pytest.mark.parametrize("end", list(End))
def test_every_end_has_a_sentence_even_of_a_run_that_did_nothing(end):
    told = of(end=end)
    assert sentence(told)
    assert json.dumps(told.as_dict(sentence(told)))


def test_the_line_of_a_step_tells_its_figures_and_what_was_compared():
    assert step_line(step(20, 40.0, server_cpu_percent=33.0)) == (
        "20 people (growing): held; update echo p95 was 39.6 ms; server 33 % of a core; documents pass"
    )


def test_the_file_has_every_step_with_its_figures():
    told = found(server_cpu_percent=100.0, counts={"edits": 600})
    content = json.loads(json.dumps(told.as_dict("…")))
    assert (content["schema"], content["capacity"], content["held"], content["broken_at"]) == (1, 120, 120, 140)
    assert content["limited_by"] == "server-cpu"
    last = content["steps"][-1]
    assert (last["people"], last["outcome"], last["edits_per_s"]) == (140, "broken", 240.0)
    (figure,) = last["figures"]
    assert (figure["figure"], figure["outcome"], figure["unit"]) == ("update echo p95", "missed", "ms")
    assert last["timings"]["update echo"]["p95_ms"] == pytest.approx(2100, rel=0.02)


def test_in_markdown_nothing_of_a_servers_words_is_markup():
    told = replace(found(), about={"host": "http://[a](b)|<script>`x`", "profile": "lab_class"})
    text = in_markdown(told.as_dict("**x** <b>"))
    assert "<script>" not in text and "<b>" not in text and "[a](b)" not in text
    assert "| 140 | growing | **broken** | **2.08 s** |" in text
