"""Which workers are refused, and whether the sentence says which one, what differs and what to do."""

import msgpack
import pytest

from jupyter_rtc_locust.coordination.alike import COMPARED, Equipment, why_refused

VERSIONS = dict.fromkeys(COMPARED, "1.2.3")


def process(versions=(), code="c0de", classes=(("Editor", "f11e"),), **options):
    given = {"--" + name.replace("_", "-"): value for name, value in options.items()}
    return Equipment({**VERSIONS, **dict(versions)}, code, dict(classes), given)


def refused(worker, master=None):
    return why_refused("host_1a2b", worker, process() if master is None else master)


def test_a_worker_like_its_master_is_not_refused():
    assert refused(process()) == ""


@pytest.mark.parametrize("package", [name for name in COMPARED if name != "python"])
def test_another_version_is_named_with_both_numbers(package):
    sentence = refused(process({package: "9.9"}))
    assert sentence.startswith("Worker host_1a2b is refused")
    assert f"{package} 9.9 (master: 1.2.3)" in sentence
    assert "Install the same versions" in sentence


def test_of_python_only_the_first_two_numbers_count():
    assert refused(process({"python": "1.2.99"})) == ""
    assert "python 1.3 (master: 1.2)" in refused(process({"python": "1.3.3"}))


def test_the_same_version_with_other_code_is_refused():
    assert "another than the master's" in refused(process(code="0ther"))


def test_a_worker_without_a_user_class_of_the_master_is_refused_and_one_with_more_is_not():
    assert "has no user class Editor" in refused(process(classes=()))
    assert refused(process(classes=(("Editor", "f11e"), ("Other", "0")))) == ""


def test_another_locustfile_with_classes_of_the_same_names_is_refused():
    assert "file with Editor is another" in refused(process(classes=(("Editor", "0ther"),)))


def test_a_file_that_could_not_be_read_is_not_compared():
    assert refused(process(classes=(("Editor", ""),))) == ""
    assert refused(process(), process(classes=(("Editor", ""),))) == ""


def test_an_option_that_only_the_worker_was_given_is_refused_because_it_would_not_count():
    sentence = refused(process(rtc_edit_rate=5.0))
    assert "--rtc-edit-rate '5.0', the master '1.0', and only the master's counts" in sentence


def test_an_option_that_both_were_given_alike_is_not_refused():
    assert refused(process(rtc_edit_rate=5.0), process(rtc_edit_rate=5.0)) == ""


def test_what_only_the_master_was_given_is_forwarded_and_so_no_difference():
    assert refused(process(), process(rtc_edit_rate=5.0)) == ""


@pytest.mark.parametrize("written", ["1", "1.0", 1, 1.0])
def test_a_number_is_the_same_however_it_was_written(written):
    assert refused(process(rtc_edit_rate=written)) == ""
    assert refused(process(rtc_edit_rate=written), process(rtc_edit_rate="1.00")) == ""


def test_a_worker_may_have_its_results_elsewhere():
    assert refused(process(rtc_results="/elsewhere")) == ""


def test_everything_that_differs_is_said_at_once():
    sentence = refused(process({"pycrdt": "9"}, classes=(), rtc_seed=3))
    assert all(word in sentence for word in ("pycrdt 9", "user class Editor", "--rtc-seed"))


def test_a_worker_that_tells_nothing_of_itself_is_refused():
    assert "pycrdt unknown (master: 1.2.3)" in refused(Equipment.from_message({}))
    assert refused(Equipment.from_message({"versions": 3, "classes": None, "options": []}))


def test_equipment_survives_the_way_through_a_message():
    one = process(rtc_seed=7, rtc_history=True)
    assert Equipment.from_message(msgpack.unpackb(msgpack.packb(one.as_message()))) == one
