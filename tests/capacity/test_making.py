"""What is made of `capacity.json`: a page and a picture, or a sentence that says why not."""

import json
from xml.etree import ElementTree

import pytest

from capacity.test_words import found
from jupyter_rtc_locust.capacity.drawing import as_svg, save_png
from jupyter_rtc_locust.capacity.making import MADE, contents, forget
from jupyter_rtc_locust.capacity.reading import CapacityError, read_capacity
from jupyter_rtc_locust.capacity.result import FILE
from jupyter_rtc_locust.capacity.words import sentence


@pytest.fixture
def capacity():
    told = found(server_cpu_percent=100.0)
    return json.loads(json.dumps(told.as_dict(sentence(told))))


def test_a_folder_with_a_capacity_has_a_page_and_a_picture_made_of_it(tmp_path, capacity):
    (tmp_path / FILE).write_text(json.dumps(capacity))
    made = contents(tmp_path)
    assert set(made) == set(MADE)
    assert capacity["sentence"] in made["capacity.md"].decode().replace("\\", "")
    assert all(b"jupyter-rtc-locust" in content[:1000] for content in made.values())


def test_a_folder_without_one_has_nothing_made(tmp_path):
    assert contents(tmp_path) == {}
    forget(tmp_path)


def test_the_capacity_of_an_earlier_run_is_forgotten(tmp_path, capacity):
    (tmp_path / FILE).write_text(json.dumps(capacity))
    forget(tmp_path)
    assert read_capacity(tmp_path) is None


@pytest.mark.parametrize("content", ["{", "[]", '{"outcome": "found"}'])
def test_what_is_no_capacity_is_said_to_be_none(tmp_path, content):
    (tmp_path / FILE).write_text(content)
    with pytest.raises(CapacityError, match=FILE):
        contents(tmp_path)


def test_a_picture_can_be_drawn_of_several_runs_and_of_one_that_did_nothing(tmp_path, capacity):
    nothing = capacity | {"steps": []}
    for several in ([capacity], [capacity, capacity], [nothing]):
        assert ElementTree.fromstring(as_svg(several)).tag.endswith("svg")
    save_png(tmp_path / "a.png", [capacity, capacity])
    assert 0 < (tmp_path / "a.png").stat().st_size < 100_000
