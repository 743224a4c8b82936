from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from jupyter_rtc_locust.reporting.report.junit import KNOWN, RUN, junit, xml_text
from jupyter_rtc_locust.reporting.report.kinds import KINDS
from jupyter_rtc_locust.reporting.report.told_run import read_run
from jupyter_rtc_locust.verdict.findings import Kind
from reporting.results_folders import HOSTILE, RESULTS, copied, hostile, large, result_of, with_thresholds

DOCUMENT = "rtc-locust-0badcafe/notebook-0.ipynb"
SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).with_name("junit.xsd")))
STRICT = {"resolve_entities": False, "no_network": True, "recover": False, "huge_tree": False}


def parsed(folder):
    root = etree.fromstring(junit(read_run(folder)), etree.XMLParser(**STRICT))
    SCHEMA.assertValid(root)
    return root


def cases(root, suite):
    (found,) = [one for one in root if one.get("name") == suite]
    return {case.get("name"): case for case in found.iter("testcase")}


def outcome(case):
    return case[0].tag if len(case) else "passed"


@pytest.mark.parametrize("name", ["pass", "fail", "nothing"])
def test_a_strict_parser_takes_it_and_its_sums_are_right(name):
    root = parsed(RESULTS / name)
    for element in (root, *root):
        every = list(element.iter("testcase"))
        assert int(element.get("tests")) == len(every)
        for sum_, tag in (("failures", "failure"), ("errors", "error")):
            assert int(element.get(sum_)) == sum(case.find(tag) is not None for case in every)


def test_each_check_of_each_document_is_a_case_of_a_pass():
    root = parsed(RESULTS / "pass")
    documents = result_of("pass")["run"]["documents"]
    assert [suite.get("name") for suite in root] == [RUN, *documents]
    for document in documents:
        told = {name: outcome(case) for name, case in cases(root, document).items()}
        not_asked = {KINDS[Kind.TRACE_DIFFERS].holds, KINDS[Kind.SAVE_STARVED].holds}
        assert set(told) == {KNOWN, *(one.holds for one in KINDS.values() if not one.of_run)}
        assert {name for name, what in told.items() if what == "skipped"} == not_asked
        assert {what for name, what in told.items() if name not in not_asked} == {"passed"}


def test_findings_are_failures_of_their_check():
    root = parsed(RESULTS / "fail")
    doubled = cases(root, DOCUMENT)[KINDS[Kind.DUPLICATED_CONTENT].holds]
    details = [one["detail"] for one in result_of("fail")["findings"] if one["kind"] == "duplicated-content"]
    assert [failure.get("type") for failure in doubled] == ["duplicated-content"] * 6
    assert [failure.get("message") for failure in doubled] == [xml_text(detail) for detail in details]
    assert "What a person would have seen: The same words" in doubled[0].text and "Concerns user 1." in doubled[0].text


def test_what_is_not_known_is_an_error_and_leaves_the_other_checks_of_that_document_open():
    told = cases(parsed(RESULTS / "fail"), DOCUMENT)
    assert outcome(told[KNOWN]) == "error" and "the right content is not known" in told[KNOWN][0].get("message")
    assert outcome(told[KINDS[Kind.LOST_EDIT].holds]) == "skipped"
    assert "passed" not in map(outcome, told.values())


def test_what_is_not_known_of_one_document_says_nothing_of_another(tmp_path):
    def change(result):
        sentence = f"{result['run']['documents'][0]}: not quiet."
        result.update(verdict="inconclusive", reason=sentence, unknown=[sentence])

    root = parsed(copied("pass", tmp_path / "results", change))
    first, second = result_of("pass")["run"]["documents"]
    assert "passed" not in map(outcome, cases(root, first).values())
    assert outcome(cases(root, second)[KNOWN]) == outcome(cases(root, second)["nothing that was written is lost"])
    assert outcome(cases(root, second)[KNOWN]) == "passed"


def test_what_is_not_known_of_the_run_leaves_every_document_open(tmp_path):
    def change(result):
        result.update(verdict="inconclusive", reason="A worker was lost.", unknown=["A worker was lost."])

    root = parsed(copied("pass", tmp_path / "results", change))
    assert outcome(cases(root, RUN)[KNOWN]) == "error"
    for document in result_of("pass")["run"]["documents"]:
        told = cases(root, document)
        assert {outcome(case) for name, case in told.items() if name != KNOWN} == {"skipped"}


def test_an_inconclusive_run_that_names_nothing_is_an_error_all_the_same(tmp_path):
    folder = copied("pass", tmp_path / "results", lambda result: result.update(verdict="inconclusive", reason="why"))
    assert int(parsed(folder).get("errors")) == 1


def test_a_run_in_which_nothing_was_opened_passes_no_case_of_a_document():
    root = parsed(RESULTS / "nothing")
    assert [suite.get("name") for suite in root] == [RUN] and root.get("errors") == "1"
    assert "passed" not in [outcome(case) for case in root.iter("testcase")]


def test_a_missed_threshold_is_a_failure_and_one_that_is_not_established_an_error(tmp_path):
    written = ("update echo p95 < 1ms", "failures < 1", "run cell p95 < 1s", "failures < 1")
    root = parsed(with_thresholds(tmp_path / "results", *written))
    told = cases(root, RUN)
    expected = {"update echo p95 < 1ms": "failure", "failures < 1": "passed", "run cell p95 < 1s": "error"}
    assert {name: outcome(told[f"threshold: {name}"]) for name in expected} == expected
    assert told["threshold: update echo p95 < 1ms"][0].get("message").startswith("It was 2.6")
    assert told["threshold: run cell p95 < 1s"][0].get("message") == "It was not measured."
    assert (root.get("failures"), root.get("errors")) == ("1", "1")


@pytest.mark.parametrize(
    ("change", "case", "message"),
    [
        ({"server": "y-websocket"}, Kind.SAVED_FILE_DIFFERS, "keeps no files"),
        ({"options": {"awareness": "none"}}, Kind.AWARENESS_DIFFERS, "nobody told"),
    ],
)
def test_what_a_run_did_not_ask_for_is_skipped_with_the_reason(tmp_path, change, case, message):
    folder = copied("pass", tmp_path / "results", lambda result: result["run"].update(change))
    told = cases(parsed(folder), result_of("pass")["run"]["documents"][0])[KINDS[case].holds]
    assert outcome(told) == "skipped" and message in told[0].get("message")


@pytest.mark.parametrize("made", [hostile, large])
def test_whatever_documents_hold_the_parser_takes_it(tmp_path, made):
    root = parsed(made(tmp_path / "results"))
    if made is hostile:
        messages = [failure.get("message") for failure in root.iter("failure")]
        assert xml_text(HOSTILE) in messages and "alert(1)" in xml_text(HOSTILE)
        assert [one for one in root.iter() if one.tag == "script"] == []


@settings(max_examples=300)
@given(st.text(st.characters(), max_size=30))
def test_any_text_can_be_carried(text):
    element = etree.Element("a", value=xml_text(text))
    element.text = xml_text(text)
    back = etree.fromstring(etree.tostring(element), etree.XMLParser(**STRICT))
    assert (back.text or "") == xml_text(text)
