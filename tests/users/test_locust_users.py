"""The agent, the users and the plugin with Locust's own classes; see `locust_scenarios.py` for what is played."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ENVIRONMENT = {
    name: value for name, value in os.environ.items() if not name.startswith(("LOCUST_", "JUPYTER_TOKEN", "PYTHONPATH"))
}


def run_python(*arguments):
    environment = {**ENVIRONMENT, "PYTHONPATH": str(HERE.parent)}
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=100, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def played():
    return run_python(HERE / "locust_scenarios.py")


@pytest.fixture
def scene(played):
    def get(name):
        saw = json.loads(played.stdout)[name]
        assert "problem_of_the_scene" not in saw, saw["problem_of_the_scene"]
        return saw

    return get


def test_a_user_takes_a_seat_edits_at_the_rate_of_its_class_and_gives_the_seat_back(scene):
    saw = scene("a_user_takes_a_seat_edits_and_leaves")
    assert saw["problem"] is None
    assert saw["failures"] == []
    assert saw["heard"] == [["wanted", "notebook"], ["left", {"run": "run", "user": 0, "incarnation": 0}]]
    user, client_id = saw["seat"]
    assert [client_id, user] in saw["authors"]
    assert saw["edits_afterwards"] == 0
    assert saw["elapsed"], "the schedule counts from the start of the run and not of the process"


def test_what_is_read_before_the_first_user_comes_is_time_of_the_run(scene):
    seen = scene("what_is_read_before_the_first_user_comes_is_time_of_the_run")
    assert seen == {"problem": None, "as_late_as_it_read": False}


def test_who_comes_while_a_person_pauses_editing_pauses_too(scene):
    seen = scene("who_comes_while_a_person_pauses_editing_pauses_too")
    assert seen["edits_in_the_pause"] == 0
    assert seen["postponed"] >= 1


def test_who_comes_first_while_a_checkpoint_is_held_pauses_until_it_is_over_and_nobody_waits_for_it(scene):
    assert scene("who_comes_first_while_a_checkpoint_is_held_pauses_until_it_is_over") == {
        "the seat says so": {"edited": False, "told": []},
        "it was said before the seat was there": {"edited": False, "told": [["run", 3, []]]},
        "it was over before the seat was there": {"edited": True, "told": [["run", 3, []]]},
        "one before was over": {"edited": True, "told": [["run", 3, []]]},
        "in another run": {"edited": True, "told": [["another", 3, []]]},
    }


def test_requests_are_told_with_their_user_while_it_is_there(scene):
    saw = scene("a_user_takes_a_seat_edits_and_leaves")
    assert saw["context"] == {"user": 0}
    assert saw["context_afterwards"] == {}


def test_a_class_without_a_rate_takes_that_of_the_option(scene):
    assert scene("the_rate_of_the_option_counts_where_the_class_has_none") == {"problem": None, "edits": 0}


def test_a_class_with_places_has_one_place_for_each_burst_and_who_does_not_present_watches(scene):
    saw = scene("a_class_with_places_works_at_the_place_of_its_burst")
    assert saw["places"] == saw["bursts"] > 5
    assert saw["presents"] == [True, False]


def test_who_has_no_tasks_of_its_own_is_woken_for_none_and_else_there_is_a_second_between_them(scene):
    waits = scene("who_has_no_tasks_of_its_own_is_woken_for_none")
    assert waits["Busy"] == 1.0
    assert waits["Typist"] >= 3600.0


def test_a_class_without_a_rhythm_takes_that_of_the_option_and_an_unknown_one_fails_its_user(scene):
    saw = scene("the_rhythm_of_the_class_counts_and_else_that_of_the_option")
    assert saw["steady person"] == ["Steady", None]
    assert saw["None person"] == ["Person", None]
    assert saw["None poisson"] == ["Poisson", None]
    rhythm, problem, failure = saw["waltz person"]
    assert (rhythm, problem) == (None, "GreenletExit")
    assert "Odd.rhythm is 'waltz'" in failure and "person, steady, poisson" in failure


def test_users_deal_from_the_deck_of_their_document_by_their_seats(scene):
    saw = scene("edits_are_dealt_from_the_deck_of_the_document")
    assert all(all(each) for each in saw["dealt"])
    assert saw["others_get_other_cards"]


def test_a_choice_of_the_locustfile_is_made_as_it_is(scene):
    assert all("own" in described for described in scene("own_choices_of_a_locustfile_are_made")["described"])


def test_a_refused_seat_ends_the_user_quietly_because_the_coordinator_has_said_why(scene):
    saw = scene("a_seat_that_is_refused_ends_the_user_without_a_stack_trace")
    assert saw == {"problem": "GreenletExit", "failures": [], "collaborator": True}


def test_a_coordinator_that_gives_no_answer_is_a_failure_of_the_user(scene):
    saw = scene("a_coordinator_that_is_silent_is_given_up")
    assert saw["problem"] == "GreenletExit"
    assert ["no seat" in failure for failure in saw["failures"]] == [True]
    assert saw["waiting"] == 0


def test_a_document_that_cannot_be_opened_is_one_failure_of_the_user_with_its_reason(scene):
    saw = scene("a_document_that_cannot_be_opened_is_told_to_locust")
    assert saw["problem"] == "GreenletExit"
    assert ["4404" in failure for failure in saw["failures"]] == [True]
    assert saw["stages"] == [True]


PLACE = r"\(locust_scenarios\.py:\d+\)"
MISTAKES = {
    "raises": rf"raises of Mistaken raised LookupError: \[redacted\] at \d+ of [01] {PLACE}\.",
    "waits": rf"waits of Mistaken waits {PLACE}, and it is called from the event loop, .+ wait in a @task\.",
    "returns a word": (
        rf"choose_edit of Mistaken returned 'insert_letters', which is no Choice {PLACE}: "
        r"return Choice\.of\(KIND, number=number, seed=self\.seed\), or None for nothing\."
    ),
    "begins and raises": rf"begins_and_raises of Mistaken raised LookupError: nobody is called so {PLACE}\.",
    "begins alone": (
        rf"on_start of Mistaken did not open a document {PLACE}: it calls super\(\)\.on_start\(\) first\."
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_locustfile_is_told_with_its_place_once_for_all_who_make_it(scene, mistake):
    saw = scene("mistakes_of_a_locustfile_are_told_with_their_place_and_once")[mistake]
    sentence = saw["failures"][0].removeprefix("OwnCodeError: ")
    assert re.fullmatch(MISTAKES[mistake], sentence), sentence
    assert saw["failures"] == [f"OwnCodeError: {sentence}"] * 2, "each user counts at Locust's, in the same words"
    assert saw["told"] == [{sentence: 2}, [sentence], [sentence], 2, 2]
    assert [line.partition("\n")[0] for line in saw["logged"]] == [f"A user failed: {sentence}"]
    assert not saw["crashed"]


@pytest.mark.parametrize("mistake", ["raises", "waits", "begins and raises"])
def test_the_line_of_the_locustfile_is_logged_without_secrets(scene, mistake):
    saw = scene("mistakes_of_a_locustfile_are_told_with_their_place_and_once")[mistake]
    trace = saw["logged"][0].split("\n")[1:]
    assert 'locust_scenarios.py", line' in trace[0]
    assert "hunter2hunter2" not in str(saw)


def test_choices_of_ones_own_go_to_other_places_for_each_user_and_to_the_same_ones_again(scene):
    first, second = scene("users_have_seeds_of_their_own")
    assert first["seeds"] == second["seeds"]
    assert len(set(first["seeds"])) == len({tuple(one) for one in first["places"]}) == 2
    assert first["before"] == ""


def test_who_made_a_mistake_edits_no_more_and_who_made_one_at_the_start_has_no_document_open(scene):
    saw = scene("mistakes_of_a_locustfile_are_told_with_their_place_and_once")
    assert saw["raises"]["stages"] == ["failed"] * 2
    assert saw["begins alone"]["stages"] == []


def test_users_of_text_files_ask_for_text_files_and_deal_edits_that_these_can_take(scene):
    assert scene("users_of_text_files_ask_for_them") == {"heard": [["wanted", "text"]], "only_kinds_of_texts": True}


def test_a_token_that_came_in_a_message_is_used_and_known_as_a_secret(scene):
    assert scene("the_token_of_an_embedded_server_becomes_a_secret") == {"secrets": ["hunter22"], "token": "hunter22"}


def test_evidence_goes_once_piece_by_piece_and_a_lost_piece_again(scene):
    saw = scene("evidence_goes_in_pieces_one_after_the_other_and_again_where_one_was_lost")
    assert len(saw["came"]) > 3
    assert saw["came"][1] == saw["came"][2], "what was lost is sent again"
    once = [*saw["came"][:1], *saw["came"][2:]]
    assert once == sorted(set(once)), "each message waits for the one before, and is sent for one run once"
    assert saw["problem"] is None
    assert saw["documents"] == ["room"]
    assert saw["left"], "when the run is over all documents are closed"
    assert {"process", "documents", "counts", "health", "stats", "timings"} <= set(saw["keys"])


def test_a_process_that_cannot_gather_its_evidence_says_so_in_its_answer(scene):
    saw = scene("evidence_that_cannot_be_gathered_is_told_as_a_problem")
    assert "could not gather its evidence: ZeroDivisionError" in saw["problem"]
    assert saw["answers"] == 1


def test_a_user_who_had_a_seat_and_stands_in_no_answer_is_a_problem_of_the_run(scene):
    """A run in which a user never opened its document is inconclusive, also when nobody is there to say so."""
    saw = scene("somebody_with_a_seat_stands_in_no_answer")
    assert ["1, 2" in problem for problem in saw["all answered"]] == [True]
    assert saw["one is lost"] == [], "whose users they were is known: the process is named instead"


def test_a_server_that_goes_while_the_file_is_waited_for_is_asked_whether_it_answers(scene):
    saw = scene("a_server_goes_while_the_file_is_waited_for")
    assert saw == {"killed": 1, "deleted": 0, "right": 0}


def test_a_silence_before_a_restart_is_the_servers_own(scene):
    saw = scene("a_server_that_is_silent_is_restarted_on_purpose")
    assert saw == {"ours": True, "going on": False, "lengths": [20]}


def test_an_environment_that_was_never_made_ours_is_told_what_to_call(scene):
    assert "install(environment)" in scene("an_environment_without_an_agent_is_told_what_to_call")["sentence"]


def test_installing_with_a_bad_option_is_refused_by_the_name_of_the_option(scene):
    saw = scene("installing_with_a_bad_option_is_refused_before_anything_is_opened")
    for name in ("rtc_server", "rtc_documents", "rtc_edit_rate"):
        assert "--" + name.replace("_", "-") in saw[name]
    assert "--host" in saw["host"]


def test_a_locustfile_without_our_users_is_left_alone(scene):
    assert scene("other_peoples_locustfiles_are_left_alone") == {"agent": False}


def test_no_scene_prints_a_stack_trace(played):
    assert "Traceback" not in played.stderr


@pytest.mark.parametrize("folder", ["protocol", "documents", "editing", "timing", "verdict", "live"])
def test_the_pure_rooms_are_imported_without_locust_and_without_gevent(folder):
    script = f"""
import importlib, pkgutil, sys
import jupyter_rtc_locust.{folder} as package
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    importlib.import_module(module.name)
print(sorted(name for name in ("locust", "gevent", "websocket", "requests") if name in sys.modules))
"""
    assert run_python("-c", script).stdout == "[]\n"


def test_what_the_package_offers_can_be_imported_from_its_top():
    script = """
import sys, jupyter_rtc_locust
assert "locust" not in sys.modules
for name in jupyter_rtc_locust.__all__:
    assert getattr(jupyter_rtc_locust, name) is not None
try:
    jupyter_rtc_locust.nonsense
except AttributeError as error:
    print(error)
"""
    assert "nonsense" in run_python("-c", script).stdout


def test_users_lose_the_line_or_close_the_document_when_the_coordinator_says_so(scene):
    assert scene("users_lose_the_line_or_close_the_document_when_the_coordinator_says_so") == {
        "the_other_is_not_concerned": [True, True, True],
        "under_a_new_client_id": True,
        "who_was_stopped_stays_away": True,
        "failures": [],
    }
