from types import SimpleNamespace

import pytest

from jupyter_rtc_locust.options import OPTIONS
from jupyter_rtc_locust.reporting.repeating import command_to_repeat


def options_of(**changed):
    ours = {option.name.removeprefix("--").replace("-", "_"): option.default for option in OPTIONS}
    return SimpleNamespace(
        **{"locustfile": "l.py", "user_classes": None, "spawn_rate": 5.0, "run_time": 30, **ours, **changed}
    )


def command(options=None, **changed):
    asked = {"host": None, "seed": 7, "users": 10, "run_s": 12.4, "workers": None, "here": "/home/alice", **changed}
    return " ".join(command_to_repeat(options or options_of(), **asked))


def test_a_run_without_options_of_ours_is_repeated_with_its_seed():
    assert command() == "locust -f l.py --headless -u 10 -r 5 -t 30s --rtc-seed 7"


def test_what_is_not_as_by_default_is_told_however_it_was_given():
    told = command(options_of(rtc_documents="3", rtc_history="true", rtc_keep=False, rtc_edit_rate=1.0))
    assert told == "locust -f l.py --headless -u 10 -r 5 -t 30s --rtc-documents 3 --rtc-history --rtc-seed 7"


def test_the_results_folder_is_left_out_because_a_run_empties_it():
    assert "--rtc-results" not in command(options_of(rtc_results="mine"))


@pytest.mark.parametrize(
    ("asked", "run_s", "time"), [(None, 12.4, "-t 12s"), (None, 0.2, "-t 1s"), (90, 12.4, "-t 90s"), (None, None, "")]
)
def test_a_run_that_was_given_no_time_is_repeated_for_as_long_as_it_took(asked, run_s, time):
    told = command(options_of(run_time=asked), run_s=run_s)
    assert time in told and told.count("-t ") == bool(time)


def test_the_server_classes_tags_and_processes_are_told():
    options = options_of(user_classes=["Typing"], tags=["slow", "fast"], processes=2)
    told = command(options, host="http://127.0.0.1:8888", workers=2)
    assert told.startswith("locust -f l.py Typing --processes 2 --headless")
    assert "--tags slow fast --host http://127.0.0.1:8888" in told


def test_a_master_waits_for_as_many_workers():
    assert "--master --expect-workers 3 --headless" in command(workers=3)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("locustfiles/lab_class.py", "locustfiles/lab_class.py"),
        ("/home/alice/scenarios/mine.py", "scenarios/mine.py"),
        ("/usr/lib/python3/jupyter_rtc_locust/locustfiles/lab_class.py", "locustfiles/lab_class.py"),
        ("/home/bob/secret/mine.py", "mine.py"),
        ("/usr/lib/locustfiles/lab_class.py,/home/alice/shape.py", "locustfiles/lab_class.py,shape.py"),
    ],
)
def test_a_locustfile_is_named_without_the_folders_of_this_machine(given, told):
    assert command(options_of(locustfile=given)).startswith(f"locust -f {told} --headless")
