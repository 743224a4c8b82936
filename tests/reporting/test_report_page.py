"""`report.html`, read as a browser reads it: what asks for something elsewhere, what is markup, what is said."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.reporting.report import page as page_module
from jupyter_rtc_locust.reporting.report import plots
from jupyter_rtc_locust.reporting.report.drawing import NARROW, SIZES, WIDE
from jupyter_rtc_locust.reporting.report.kinds import KINDS
from jupyter_rtc_locust.reporting.report.page import difference_line, page, shown
from jupyter_rtc_locust.reporting.report.told_run import read_run
from jupyter_rtc_locust.verdict.findings import Kind
from reporting.results_folders import HOSTILE, RESULTS, between_workers, clock, copied, hostile, large, with_thresholds

VOID = {"meta", "link", "img", "br", "hr", "input", "image", "path", "use", "rect", "line", "circle"}
WITHOUT_A_NAME_FOR_IT = {"script", "link", "iframe", "object", "embed", "form", "base", "audio", "video", "img"}
"""Elements that a page has no use for that neither asks for anything nor runs anything."""


class Page(HTMLParser):
    """The elements, attributes and texts of a page; fails where elements do not close as they opened."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.elements, self.texts, self.open, self.ids = [], [], [], []
        self.feed(html)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self.ids += [value for name, value in attributes if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self.ids += [value for name, value in attributes if name == "id"]

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, text):
        if "style" not in self.open:
            self.texts.append(text)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.texts))

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


PLACES = {
    "pass": lambda folder: copied("pass", folder),
    "fail": lambda folder: copied("fail", folder),
    "nothing": lambda folder: copied("nothing", folder),
    "hostile": hostile,
    "large": large,
}


ONE_WIDTH = ("pass", "hostile")
"""Drawn once only, because drawing takes most of the time."""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    made = {}

    def of(name):
        if name not in made:
            folder = PLACES[name](tmp_path_factory.mktemp("pages") / name)
            with pytest.MonkeyPatch.context() as patch:
                if name in ONE_WIDTH:
                    patch.setattr(page_module, "SIZES", (WIDE,))
                made[name] = page(read_run(folder), "results")
        return made[name]

    return of


EVERY_PAGE = pytest.mark.parametrize("name", PLACES)


@EVERY_PAGE
def test_a_page_asks_for_nothing_and_runs_nothing(pages, name):
    html = pages(name)
    parsed = Page(html)
    for tag, attributes in parsed.elements:
        assert tag not in WITHOUT_A_NAME_FOR_IT
        for attribute, value in attributes.items():
            assert not attribute.startswith("on")
            if attribute in ("src", "href", "xlink:href", "action", "srcset", "data", "poster"):
                assert value.startswith(("#", "data:image/png;base64,")), f"{tag} {attribute}={value[:80]}"
            if attribute == "style":
                assert all(place.startswith("#") for place in re.findall(r"url\(([^)]*)\)", value))
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert "url(" not in style and "@import" not in style
    policy = next(one["content"] for one in parsed.all("meta") if "http-equiv" in one)
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@EVERY_PAGE
def test_a_page_can_be_found_ones_way_in(pages, name):
    parsed = Page(pages(name))
    assert parsed.all("html") == [{"lang": "en"}]
    levels = [int(tag[1]) for tag, _ in parsed.elements if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels)), "a level was left out"
    assert len(parsed.all("table")) == len(parsed.all("caption"))
    drawings = [one for one in parsed.all("div") if one.get("class", "").startswith("drawing")]
    assert all(len(one["aria-label"]) > 60 for one in drawings)
    assert len(parsed.all("svg")) == len(drawings) and all(one["aria-hidden"] == "true" for one in parsed.all("svg"))
    assert len(parsed.ids) == len(set(parsed.ids))
    anchors = [one["href"][1:] for one in parsed.all("a")]
    assert anchors and set(anchors) <= set(parsed.ids)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pass", ["PASS The documents can be trusted", "6 simulated users made 124 edits in 2 documents"]),
        (
            "pass",
            ["Not tested, so nothing is said about it edits that crossed each other", "The load generator kept up"],
        ),
        ("pass", ["checkpoint 1: editing paused, everything compared: pass", "95 % of edits were back within"]),
        ("fail", ["FAIL The documents cannot be trusted 10 findings. In 1 of 1 document: doubled content (6)"]),
        ("fail", ["What a person would have seen", "The same words or the same cell stand there more than once"]),
        (
            "fail",
            ["Concerned: users 0, 1, 2 and 3, of 4. In a load test, 4 simulated users made 17 edits in 1 document"],
        ),
        (
            "fail",
            ["What was done on purpose The scenario asked for it", "After the server was killed and started again"],
        ),
        (
            "fail",
            ["A code cell with the source 'meadow 42 margin' stands there 2 times", "was written once, by edit 0"],
        ),
        (
            "fail",
            [
                "jupyter-rtc-locust 0.1.0, with its extra demo: the run starts a Jupyter server of its own.",
                "The locustfile locustfiles/canary_store_lost.py: jupyter-rtc-locust brings its own",
                "to decide again: the folder results in which this page was made, with its evidence.",
            ],
        ),
        (
            "nothing",
            [
                "goes in the place of ADDRESS. Its token goes into the environment variable JUPYTER_TOKEN",
                "--host ADDRESS",
            ],
        ),
        ("fail", ["What differs between the oracle (-) and a newcomer (+)", "by edit 0 of user 1"]),
        ("fail", ["From 15.0 s to 16.8 s : the server was killed and started again", "users 0, 1, 2 and 3 lost the"]),
        ("fail", ["locust -f locustfiles/canary_store_lost.py --headless -u 4 -r 4 -t 35s \\ --rtc-template"]),
        (
            "fail",
            [
                "--rtc-plan results/evidence/plan.jsonl.gz \\ --rtc-results results-again",
                "jupyter rtc-locust check results",
            ],
        ),
        ("nothing", ["INCONCLUSIVE It is not known whether the documents can be trusted GET http://127.0.0.1:9/api"]),
        ("nothing", ["This run measured nothing.", "Nobody played a user, so there was no load to keep up with."]),
        ("large", ["10,000 of 12,000 echoes are drawn as points", "more of this kind in result.json"]),
    ],
)
def test_a_page_says_what_happened(pages, name, words):
    text = re.sub(r"\s+([.:])", r"\1", Page(pages(name)).text)
    for one in words:
        assert one.replace(" :", ":") in text


def test_what_was_found_comes_before_the_way_to_do_it_again_and_both_before_the_figures(pages):
    ids = Page(pages("fail")).ids
    places = [ids.index(one) for one in ("seen", "findings", "again", "trust", "timings", "run")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("asked", "pauses", "said"),
    [
        (0, [], ["with what was done on purpose at the same seconds. Whether"]),
        (5, [], ["with the checkpoints and what was done on purpose at the same seconds. Whether"]),
        (
            0,
            [{"began_s": 3.0, "ended_s": 5.0}],
            ["What a person paused or had compared by a button does not come again."],
        ),
    ],
)
def test_a_page_says_what_a_repetition_repeats(tmp_path, monkeypatch, asked, pauses, said):
    monkeypatch.setattr(page_module, "_plot", lambda *_: None)

    def change(result):
        result["run"]["options"]["checkpoint_every"] = asked
        result["run"]["pauses"] = pauses

    text = Page(page(read_run(copied("fail", tmp_path / "fail", change)), "results")).text
    assert all(one in text for one in said), re.findall("The same users.*?It needs", text)


def test_a_page_says_which_edits_its_times_leave_out(tmp_path, monkeypatch):
    monkeypatch.setattr(page_module, "_plot", lambda *_: page_module.Plot("words", ()))

    def change(result):
        result["findings"] = [{**result["findings"][0], "kind": "pending-updates"}]
        result["unknown"] = []

    said = "Edits that never came, or came without what they build on, have no time"
    text = Page(page(read_run(copied("fail", tmp_path / "changed", change)), "results")).text
    assert said in text
    assert "and found to be so: nothing that was written is lost; nothing is there more often" in text
    assert said not in Page(page(read_run(copied("pass", tmp_path / "pass")), "results")).text


@pytest.mark.parametrize("content", ['{"outcome": "found"}', "no JSON"])
def test_a_page_says_what_a_search_for_a_capacity_came_to(tmp_path, monkeypatch, content):
    monkeypatch.setattr(page_module, "_plot", lambda *_: None)
    folder = copied("pass", tmp_path / "pass")
    told = {"outcome": "found", "sentence": "It holds <9>.", "capacity": 9, "promise": "p", "steps": [], "run": {}}
    (folder / "capacity.json").write_text(json.dumps(told))
    assert "How many people the server holds. It holds <9>." in Page(page(read_run(folder), "results")).text
    (folder / "capacity.json").write_text(content)
    assert "How many people" not in Page(page(read_run(folder), "results")).text


def test_a_page_says_which_times_are_too_few_to_be_drawn(pages):
    assert (
        "measured less than 20 times, so that a percentile is one of the few: open document (4)"
        in Page(pages("fail")).text
    )


def test_a_run_that_measured_nothing_has_no_empty_plots(pages):
    parsed = Page(pages("nothing"))
    assert not parsed.all("svg") and "Timings" not in parsed.text


def test_a_page_says_why_a_pass_has_an_exit_code_of_its_own_and_what_users_met(tmp_path):
    def change(result):
        result["exit"] = {"code": 1, "reason": "2 users stumbled: a mistake"}
        result["stumbles"] = [{"what": "a mistake", "times": 20}]

    told = page(read_run(copied("pass", tmp_path / "stumbled", change)), "results")
    assert "Exit code 1, because 2 users stumbled: a mistake." in told.partition("</header>")[0]
    assert "a mistake (20 times)" in told and '<a href="#stumbles">' in told


def test_text_of_servers_and_documents_stays_text(pages):
    html = pages("hostile")
    parsed = Page(html)
    assert HOSTILE.startswith("</script><script>alert(1)</script><img src=x onerror=alert(2)>")
    assert parsed.text.count("</script><script>alert(1)</script><img src=x onerror=alert(2)>") > 15
    assert "\\x1b[31mred\\x07" in parsed.text and "\\u202eturned\\u2066" in parsed.text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", html)
    for tag, text in _with_their_elements(html):
        if "onerror" in text:
            assert tag in ("bdi", "title"), f"{text[:60]!r} stands in <{tag}>, where it can turn what is around it"


def _with_their_elements(html):
    class Texts(HTMLParser):
        def __init__(self):
            super().__init__()
            self.open, self.found = [], []

        def handle_starttag(self, tag, _attributes):
            if tag not in VOID:
                self.open.append(tag)

        def handle_endtag(self, tag):
            if tag not in VOID:
                self.open.pop()

        def handle_data(self, text):
            self.found.append((self.open[-1] if self.open else "", text))

    parser = Texts()
    parser.feed(html)
    return parser.found


def test_no_text_of_servers_and_documents_is_in_a_drawing(pages):
    drawings = re.findall(r"<svg.*?</svg>", pages("hostile"), re.DOTALL)
    assert drawings and not [one for one in drawings if "alert" in one or "javascript" in one]


def test_a_page_of_ten_thousand_points_stays_small_and_smooth(pages):
    html = pages("large")
    assert len(html.encode()) < 3_000_000
    parsed = Page(html)
    pictures = [one for one in parsed.all("image") if one["xlink:href"].startswith("data:image/png")]
    assert len(pictures) == 2, "the cloud of points is a picture in each of two widths"
    assert len(parsed.elements) < 12_000
    assert max(len(drawing) for drawing in re.findall(r"<svg.*?</svg>", html, re.DOTALL)) < 400_000


@pytest.mark.parametrize("draw", [plots.fan_out, plots.save_age])
def test_the_same_figures_make_the_same_drawing(draw):
    told = read_run(RESULTS / "fail")
    assert draw(told, WIDE) == draw(told, WIDE) != draw(told, NARROW)


def test_colours_of_drawings_are_those_of_the_page(pages):
    html = pages("fail")
    drawings = "".join(re.findall(r"<svg.*?</svg>", html, re.DOTALL))
    named = set(re.findall(r"var\((--[a-z]+)\)", drawings))
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert named and all(style.count(f"{name}:") == 3 for name in named), "light, dark and print have each of them"
    assert set(re.findall(r"(?:fill|stroke): (#\w+)", drawings)) <= {"#000000", "#ffffff"}


def test_what_was_done_before_all_findings_is_said_once_and_before_some_with_each(pages, tmp_path, monkeypatch):
    monkeypatch.setattr(page_module, "_plot", lambda *_: None)
    done = "After the server was killed and started again, and its store of updates was lost (from 15 to 17 s)"
    assert Page(pages("fail")).text.replace(" :", ":").count(done) == 1

    def change(result):
        result["findings"][3]["detail"] = "Gone."

    folder = copied("fail", tmp_path / "fail", change)
    assert Page(page(read_run(folder), "results")).text.replace(" :", ":").count(done) == 9


def test_every_kind_of_finding_has_words():
    assert set(KINDS) == {value for name, value in vars(Kind).items() if name.isupper()}


def test_a_kind_of_finding_that_a_later_version_has_brought_is_shown_by_its_name(tmp_path, monkeypatch):
    monkeypatch.setattr(page_module, "_plot", lambda *_: None)

    def change(result):
        result["findings"] = [{**result["findings"][0], "kind": "brand-new"}]

    parsed = Page(page(read_run(copied("fail", tmp_path / "fail", change)), "results"))
    assert "brand-new (1)" in parsed.text


def test_of_many_findings_some_of_each_kind_are_shown_and_the_others_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(page_module, "_plot", lambda *_: None)

    def change(result):
        one = result["findings"][0]
        result["findings"] = [{**one, "kind": "diverged", "document": "first", "detail": f"{n}"} for n in range(90)]
        result["findings"] += [{**one, "kind": "lost-edit", "document": "first", "detail": f"{n}"} for n in range(3)]
        result["findings"] += [{**one, "document": f"document {n}", "detail": "x"} for n in range(200)]

    parsed = Page(page(read_run(copied("fail", tmp_path / "fail", change)), "results"))
    assert "82 findings more of this kind in" in parsed.text
    assert "Lost work 3 findings" in parsed.text
    assert "151 findings more, in other documents, in" in parsed.text, re.findall("[^.]* more[^.]*", parsed.text)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ((), []),
        (("failures < 1",), ["The threshold was met.", "failures < 1 met It was 0."]),
        (("failures < 1", "reconnects < 1"), ["All 2 thresholds were met."]),
        (
            ("update echo p95 < 1ms", "run cell p95 < 1s"),
            ["trusted", "1 threshold missed and 1 threshold not established.", "p95 < 1ms missed It was 2.6"],
        ),
    ],
)
def test_what_became_of_thresholds_stands_beside_the_verdict_and_in_a_table(tmp_path, monkeypatch, written, said):
    monkeypatch.setattr(page_module, "_plot", lambda *_: None)
    parsed = Page(page(read_run(with_thresholds(tmp_path / "pass", *written)), "results"))
    places = [parsed.text.index(one) for one in said]
    assert places == sorted(places)
    assert ("What became of each threshold" in parsed.text) == bool(written)


@settings(max_examples=200)
@given(st.text() | st.just(HOSTILE))
def test_any_text_is_shown_as_text(text):
    parsed = Page(str(shown(text)))
    assert [tag for tag, _ in parsed.elements] == ["bdi"]
    assert not re.search("[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", "".join(parsed.texts))


@settings(max_examples=100)
@given(st.text())
def test_a_line_of_a_difference_keeps_its_mark_outside_its_text(text):
    parsed = Page(str(difference_line(f"+   {text}")))
    assert parsed.texts[0].startswith("+   ")
    assert [tag for tag, _ in parsed.elements] == ["bdi"]


# -- between workers --------------------------------------------------------------------------------------------------


def page_with(folder, **between):
    def change(result):
        result["between_workers"] = between_workers(**between)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page_module, "SIZES", (WIDE,))
        return Page(page(read_run(copied("pass", folder, change)), "results")).text


def test_deliveries_between_workers_are_told_with_their_bounds_and_clocks(tmp_path):
    clocks = [clock("worker a"), clock("worker b", problem="a clock was set")]
    text = page_with(tmp_path / "results", loose=2, clocks=clocks)
    assert "From one process to another" in text
    assert "1,204 arrivals of edits at the first user of another process" in text
    assert "2 of them were quicker than the clocks can tell." in text
    assert re.search(r"p50 5\.25 ms 0\.5\d* ms p95 17\.5 ms 1\.25 ms p99 not known", text), text
    assert "A figure that may be off by more than itself is not known." in text
    assert re.search(r"worker a 31 0\.4\d* ms 0\.21\d* ms -3\.5", text), text
    assert re.search(r"worker b 0 – – a clock was set", text), text


def test_where_nothing_was_timed_between_workers_no_figure_is_shown(tmp_path):
    text = page_with(tmp_path / "results", count=0, clocks=[clock("worker a")])
    assert "No edit was timed on its way from one process to another." in text
    assert "17.5 ms" not in text


def test_one_process_has_nothing_between_workers(pages):
    assert "From one process to another" not in Page(pages("pass")).text


@pytest.mark.parametrize("size", SIZES, ids=[one.name for one in SIZES])
@pytest.mark.parametrize("made", ["pass", "large"])
def test_no_legend_over_time_lies_on_a_line(tmp_path, monkeypatch, size, made):
    drawn = []
    monkeypatch.setattr(plots, "svg_of", lambda figure, _name: drawn.append(figure) or "")
    plots.course(read_run(RESULTS / "pass" if made == "pass" else large(tmp_path / "large")), size)
    (figure,) = drawn
    figure.draw_without_rendering()
    for field in figure.axes:
        if (legend := field.get_legend()) is None:
            continue
        place = legend.get_window_extent()
        highest = [bar.get_window_extent().y1 for bars in field.containers for bar in bars]
        for cloud in field.collections:
            highest += [y for _, y in field.transData.transform(cloud.get_offsets())]
        for line in field.lines:
            if line.get_transform() == field.transData:
                at = field.transData.transform(line.get_xydata())
                highest += [y for _, y in at if y == y]
        assert max(highest) <= place.y0 + 1, field.get_title(loc="left")


def test_points_are_told_of_where_there_are_any(pages):
    assert "Each point is one echo" not in Page(pages("pass")).text + Page(pages("nothing")).text
    assert "Each point is one echo." in Page(pages("large")).text
