import html
import re
from html.parser import HTMLParser

import mistune
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.reporting.report.summary import block, plain, summary
from jupyter_rtc_locust.reporting.report.told_run import read_run
from jupyter_rtc_locust.verdict.neutralising import neutralised, neutralised_lines
from reporting.results_folders import HOSTILE, RESULTS, copied, hostile, large, with_thresholds

LARGEST = 1_000_000
"""GitHub takes 1 MiB for each step."""

# Everything that GitHub's Markdown has and that a text could set off, HTML included.
render = mistune.create_markdown(
    escape=False, plugins=["table", "url", "strikethrough", "footnotes", "task_lists", "def_list", "math"]
)


class Read(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self.blocks = [], [], []
        self.feed(render(text))

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attributes)

    def handle_data(self, text):
        self.texts.append(text)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.texts))


EXPECTED = {"h2", "h3", "p", "ul", "li", "strong", "code", "pre", "details", "summary"}
EXPECTED |= {"table", "thead", "tbody", "tr", "th", "td"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pass", ["✅ PASS: The documents can be trusted", "update echo 124 1.22 ms 2.68 ms", "Do it again"]),
        ("fail", ["❌ FAIL: The documents cannot be trusted", "Doubled content 6 users 0, 1, 2 and 3", "Not known"]),
        ("fail", ["What differs between the oracle (-) and a newcomer (+)", "Warnings"]),
        ("nothing", ["⚠️ INCONCLUSIVE: It is not known", "This run measured nothing", "Connection refused."]),
    ],
)
def test_a_summary_says_verdict_figures_and_findings(name, words):
    read = Read(summary(read_run(RESULTS / name)))
    for one in words:
        assert one in read.text
    assert set(read.tags) <= EXPECTED


def test_a_summary_says_which_thresholds_were_missed(tmp_path):
    folder = with_thresholds(tmp_path / "results", "update echo p95 < 1ms", "failures < 1", "run cell p95 < 1s")
    read = Read(summary(read_run(folder)))
    assert "1 threshold missed, 1 threshold not established and 1 threshold met." in read.text
    for row in ("update echo p95 < 1ms ❌ missed It was 2.6", "failures < 1 ✅ met It was 0.", "⚠️ not established It"):
        assert row in read.text
    assert set(read.tags) <= EXPECTED


def test_a_summary_says_why_a_pass_has_an_exit_code_of_its_own_and_what_users_met(tmp_path):
    def change(result):
        result["exit"] = {"code": 1, "reason": "2 users stumbled: a mistake"}
        result["stumbles"] = [{"what": "a mistake", "times": 20}]

    told = html.unescape(summary(read_run(copied("pass", tmp_path / "stumbled", change))))
    assert "Exit code 1, because 2 users stumbled: a mistake." in told
    assert "### Errors that users met\n\n- a mistake (20 times)" in told


def test_no_text_of_servers_and_documents_is_markup(tmp_path):
    text = summary(read_run(hostile(tmp_path / "results")))
    read = Read(text)
    assert set(read.tags) <= EXPECTED
    assert read.text.count("<script>alert(1)</script>") > 10, "it is shown, as text"
    assert not re.search("[\x00-\x09\x0b-\x1f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)


def test_a_summary_stays_small_enough_for_a_jobs_page(tmp_path):
    text = summary(read_run(large(tmp_path / "results")))
    assert len(text.encode()) < LARGEST / 4
    assert "385 findings more" in text and "281 more in" in text


@settings(max_examples=300)
@given(st.text(max_size=60) | st.text("<>&[]()`*_~|!#-+=.:@/\\$^ \nab1", max_size=40) | st.just(HOSTILE))
def test_any_text_is_shown_as_it_is(text):
    read = Read(f"x{plain(text)}x")
    assert set(read.tags) <= {"p"}
    assert "".join(read.texts).strip("\n") == f"x{neutralised(text)}x"
    assert html.unescape(plain(text)) == neutralised(text)


@settings(max_examples=200)
@given(st.text(max_size=40) | st.text("`~\n ab", max_size=30))
def test_any_lines_stay_in_their_block(text):
    told = block(text.split("\n"), "diff") + "\n\nbehind it"
    assert Read(told).tags == ["pre", "code", "p"]
    (inside,) = re.findall("<code[^>]*>(.*)</code>", render(told), re.DOTALL)
    assert html.unescape(inside) == neutralised_lines(text) + "\n"
