"""A comparison told: on a terminal, as Markdown and as a page, with nothing in it that acts on any of them."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from comparison.simulated_runs import QUIET, simulated_runs
from jupyter_rtc_locust.comparison.comparing import compare
from jupyter_rtc_locust.comparison.page import as_page
from jupyter_rtc_locust.comparison.words import headline, in_markdown, in_terminal, percent

HOSTILE = "<script>alert(1)</script>|[x](javascript:y)`\x1b[31m\u202e\n# head"


@pytest.fixture(scope="module")
def slower():
    return compare(simulated_runs("A", 5, QUIET), simulated_runs("C", 5, QUIET, 1.5))


@pytest.fixture(scope="module")
def hostile(slower):
    after = [replace(run, server=HOSTILE, folder=HOSTILE, versions={HOSTILE: HOSTILE}) for run in slower.after]
    after[0] = replace(after[0], verdict="fail", kinds=frozenset([HOSTILE]), reason=HOSTILE, unsound=HOSTILE)
    return compare(slower.before, after)


def test_the_first_line_says_what_came_of_it(slower):
    assert in_terminal(slower)[0].startswith("B is WORSE (5 runs of A, 5 of B): ")
    assert re.search(r"update echo p50 \+[45]\d %", headline(slower))


def test_the_terminal_has_a_table_with_every_figure(slower):
    lines = in_terminal(slower)
    for one in slower.figures:
        (line,) = (line for line in lines[1:] if line.startswith(str(one.figure)))
        assert line.endswith(one.outcome)


@pytest.mark.parametrize(
    ("ratio", "told"),
    [
        (1.2, "+20 %"),
        (1.0, "0.0 %"),
        (0.9, "−10 %"),
        (1.034, "+3.4 %"),
        (2.1, "×2.1"),
        (1500.0, "×1,500"),
        (0.01, "−99 %"),
    ],
)
def test_a_change_is_told_in_per_cent_or_as_a_multiple(ratio, told):
    assert percent(ratio) == told


def test_other_servers_and_versions_are_told(slower):
    after = [replace(run, server="server 2", versions={"python": "3.12"}) for run in slower.after]
    text = "\n".join(in_terminal(compare(slower.before, after)))
    assert "Servers: A server 1; B server 2." in text
    assert "python 3.11 and 3.12" in text


def test_refused_runs_are_named_with_the_reason(slower):
    after = [replace(slower.after[0], unsound="Edits left late."), *slower.after[1:]]
    lines = in_terminal(compare(slower.before, after))
    assert lines[0].startswith(
        "TOO FEW RUNS (5 runs of A, 5 of B): 5 of A and 4 of B have times that count, and 5 of each"
    )
    assert "  Refused: the times of 1. Edits left late." in lines


def test_nothing_of_a_server_acts_on_a_terminal(hostile):
    text = "\n".join(in_terminal(hostile))
    assert "\x1b" not in text and "\u202e" not in text
    assert "\n# head" not in text


def test_nothing_of_a_server_is_markdown(hostile):
    text = in_markdown(hostile)
    assert "<script" not in text and "[x](" not in text and "\n# head" not in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in rows}) == 1


class Page(HTMLParser):
    """The elements and texts of a page."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.references, self.texts = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.references += [value for name, value in attrs if name in ("src", "href", "action", "data")]

    def handle_data(self, data):
        self.texts.append(data)


def test_a_page_needs_nothing_from_elsewhere_and_nothing_of_a_server_acts_on_it(hostile, slower):
    for comparison in (hostile, slower):
        page = Page(as_page(comparison))
        assert not page.references
        assert not {"script", "link", "img", "iframe"} & set(page.elements)
        assert not re.search(r"url\(|@import", as_page(comparison))
    assert "<script>alert(1)</script>" in "".join(Page(as_page(hostile)).texts)


def test_a_page_has_a_dot_for_each_run_and_says_the_same_in_words(slower):
    page = as_page(slower)
    assert page.count("<circle") == 10 * len(slower.figures)
    assert page.count('role="img"') == page.count("aria-label=") == len(slower.figures)


def test_a_page_of_too_few_runs_is_a_page(slower):
    assert "TOO FEW RUNS" in as_page(compare(slower.before[:1], slower.after[:1]))
    refused = [replace(run, unsound="Late.") for run in slower.before]
    assert "TOO FEW RUNS" in as_page(compare(refused, refused))
