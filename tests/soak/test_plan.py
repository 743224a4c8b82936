"""What a soak will do follows from its seed, and covers what it is there for."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from jupyter_rtc_locust.documents.templates import load_templates
from soak.documents import DOCUMENTS, TEXTS, write_document
from soak.plan import SCRIPTS, SERVERS, plan, planned_run
from soak.runner import locustfile_of, options_of

MANY = [planned_run(5, number) for number in range(400)]


def test_the_same_seed_gives_the_same_plan_and_a_longer_one_begins_like_a_shorter_one() -> None:
    assert list(plan(7, 30)) == list(islice(plan(7, 60), 30))
    assert list(plan(7, 30)) != list(plan(8, 30))


def test_a_run_alone_is_the_run_of_the_plan() -> None:
    assert planned_run(7, 12) == list(plan(7, 20))[12]


def test_a_plan_of_one_server_keeps_the_numbers_of_the_whole_plan() -> None:
    chosen = list(plan(7, 10, only="Node y-websocket"))
    assert all(one.server == "Node y-websocket" and one == planned_run(7, one.number) for one in chosen)


def test_words_that_no_run_has_are_refused_with_how_a_run_reads() -> None:
    with pytest.raises(ValueError, match="no run of this plan is described by 'Etherpad'"):
        list(plan(7, 1, only="Etherpad"))


def test_every_server_script_and_document_occurs_in_two_soaks() -> None:
    assert {one.server for one in MANY} == set(SERVERS)
    assert {one.script for one in MANY} == set(SCRIPTS)
    assert {one.template for one in MANY} == {None, "demo", *DOCUMENTS, *TEXTS}


def test_runs_stay_within_what_two_of_them_can_do_on_two_cores() -> None:
    for one in MANY:
        assert 2 <= one.users <= 20 and 1 <= one.documents <= min(5, one.users) and 3 <= one.seconds <= 14
        assert 0 < one.edit_rate <= 6 and one.users * one.edit_rate <= 41


def test_texts_start_from_texts_and_notebooks_from_notebooks() -> None:
    assert all((one.template in TEXTS) <= ("Writer" in one.script or "text_file" in one.script) for one in MANY)
    assert all((one.template in DOCUMENTS) <= ("Writer" not in one.script) for one in MANY)


def test_every_script_is_a_file_and_its_class_is_in_it() -> None:
    for one in MANY:
        file, _, user_class = one.script.partition(" ")
        assert locustfile_of(one).name == f"{file}.py"
        assert user_class in locustfile_of(one).read_text()


def test_a_user_class_comes_first_on_the_command_line() -> None:
    one = next(one for one in MANY if one.script == "restless RestlessWriter")
    assert options_of(one, Path("text.txt"))[:2] == ("RestlessWriter", "-u")


@pytest.mark.parametrize("name", [*DOCUMENTS, *TEXTS])
def test_every_document_can_be_started_from_and_is_the_same_for_the_same_seed(name: str, tmp_path: Path) -> None:
    for seed in range(5):
        first = write_document(name, seed, tmp_path / "first")
        second = write_document(name, seed, tmp_path / "second")
        assert first.read_bytes() == second.read_bytes()
        assert load_templates(first)[0].kind == ("text" if name in TEXTS else "notebook")
