"""Options at the door: what is refused, with a sentence that names the option, and what comes through unchanged."""

import os
import sys
from argparse import Namespace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.errors import OptionsError
from jupyter_rtc_locust.options import OPTIONS
from jupyter_rtc_locust.servers.hub import TOKENS_LAST_S
from jupyter_rtc_locust.settings import (
    AWARENESS_KINDS,
    EVIDENCE_KINDS,
    KERNEL_KINDS,
    LONGEST_THROUGH_A_HUB_S,
    REPORT_KINDS,
    RHYTHM_KINDS,
    SAVE_EVERY_WHERE_PROMISED_S,
    SERVER_KINDS,
    Settings,
    checked_host,
    end_budget,
    read_tokens,
)
from jupyter_rtc_locust.timing.thresholds import read_thresholds

quick = settings(deadline=None, max_examples=100)


def attribute(option_name):
    return option_name.removeprefix("--").replace("-", "_")


def options(num_users=10, host="http://127.0.0.1:8888", run_time=None, **given_values):
    defaults = {attribute(option.name): option.default for option in OPTIONS}
    unknown = given_values.keys() - defaults.keys()
    assert not unknown, unknown
    return Namespace(**{"num_users": num_users, "host": host, "run_time": run_time, **defaults, **given_values})


def refusal(**given_values):
    with pytest.raises(OptionsError) as refused:
        Settings.from_options(options(**given_values))
    sentence = str(refused.value)
    assert sentence[0] != " "
    assert sentence.endswith(".")
    assert "Traceback" not in sentence
    assert "\n" not in sentence
    return sentence


# -- what comes through -----------------------------------------------------------------------------------------------


def test_the_defaults_of_the_options_are_the_defaults_of_the_settings():
    assert Settings.from_options(options(num_users=None, host=None)) == Settings()


def test_every_option_arrives_in_the_setting_of_its_name(tmp_path):
    authority, tokens = tmp_path / "ca.pem", tmp_path / "tokens"
    authority.write_text("pem")
    tokens.write_text("secret")
    made = Settings.from_options(
        options(
            num_users=40,
            host="https://hub.example/user/ada/",
            rtc_server="y-websocket",
            rtc_documents=7,
            rtc_template="folder/of/notebooks",
            rtc_seed=5,
            rtc_edit_rate=0.25,
            rtc_rhythm="steady",
            rtc_awareness="none",
            rtc_kernels="real",
            rtc_results="elsewhere",
            rtc_evidence="always",
            rtc_evidence_limit=12.5,
            rtc_report="never",
            rtc_drain_timeout=12.0,
            rtc_save_timeout=13.0,
            rtc_max_save_age=14.0,
            rtc_checkpoint_every="1m30s",
            rtc_evict_after=2.0,
            rtc_server_log=str(tokens),
            rtc_server_memory_limit=900.0,
            rtc_history=True,
            rtc_plan_out="folder/plan.jsonl",
            rtc_plan=str(tokens),
            rtc_keep=True,
            rtc_ca_file=str(authority),
            rtc_token_file=str(tokens),
            rtc_request_events=True,
            rtc_warmup="1m",
            rtc_require="failures < 1",
            rtc_save_every=20.0,
            rtc_server_pid=4711,
            rtc_step=3,
            rtc_step_window=7,
        )
    )
    assert made == Settings(
        host="https://hub.example/user/ada",
        server="y-websocket",
        documents=7,
        template=Path("folder/of/notebooks"),
        seed=5,
        edit_rate=0.25,
        rhythm="steady",
        awareness="none",
        kernels="real",
        results=Path("elsewhere"),
        evidence="always",
        evidence_limit=12.5,
        report="never",
        drain_timeout=12.0,
        save_timeout=13.0,
        max_save_age=14.0,
        checkpoint_every=90.0,
        evict_after=2.0,
        server_log=tokens,
        server_memory_limit=900.0,
        history=True,
        plan_out=Path("folder/plan.jsonl"),
        plan=tokens,
        keep=True,
        ca_file=authority,
        token_file=tokens,
        request_events=True,
        warmup=60.0,
        require=read_thresholds("failures < 1"),
        save_every=20.0,
        server_pid=4711,
        step=3,
        step_window=7,
        users=40,
    )


def test_the_texts_of_a_form_mean_what_the_values_of_the_command_line_mean():
    typed = {
        "rtc_documents": "3",
        "rtc_seed": "17",
        "rtc_edit_rate": "2.5",
        "rtc_drain_timeout": "20",
        "rtc_save_timeout": "0",
        "rtc_keep": "true",
        "rtc_request_events": "false",
    }
    valued = {
        "rtc_documents": 3,
        "rtc_seed": 17,
        "rtc_edit_rate": 2.5,
        "rtc_drain_timeout": 20.0,
        "rtc_save_timeout": 0.0,
        "rtc_keep": True,
        "rtc_request_events": False,
    }
    assert Settings.from_options(options(**typed)) == Settings.from_options(options(**valued))


def test_a_threshold_that_makes_no_sense_is_refused_with_where_and_what_is_known():
    sentence = refusal(rtc_require="failures < 1; update echo p95 > 200ms")
    assert sentence.startswith("--rtc-require 'update echo p95 > 200ms': after 'update echo p95' stands '>'")


def test_a_host_handed_over_wins_over_that_of_the_options():
    assert Settings.from_options(options(host="http://one"), "http://two/").host == "http://two"


def test_a_notebook_is_named_from_the_root_with_or_without_its_slash():
    for given_path in ("folder/a b.ipynb", "/folder/a b.ipynb"):
        assert Settings.from_options(options(rtc_notebook=given_path)).notebook == "folder/a b.ipynb"


def test_an_edit_rate_of_nought_only_watches_and_is_allowed():
    assert Settings.from_options(options(rtc_edit_rate=0)).edit_rate == 0.0


@pytest.mark.parametrize("kind", SERVER_KINDS)
def test_every_known_kind_of_server_is_taken(kind):
    assert Settings.from_options(options(rtc_server=kind)).server == kind


@pytest.mark.parametrize("kind", EVIDENCE_KINDS)
def test_evidence_is_kept_on_failure_or_always(kind):
    assert Settings.from_options(options(rtc_evidence=kind)).evidence == kind


@pytest.mark.parametrize("kind", REPORT_KINDS)
def test_reports_are_made_or_not(kind):
    assert Settings.from_options(options(rtc_report=kind)).report == kind


@pytest.mark.parametrize("kind", RHYTHM_KINDS)
def test_every_known_rhythm_is_taken(kind):
    assert Settings.from_options(options(rtc_rhythm=kind)).rhythm == kind


@pytest.mark.parametrize("kind", AWARENESS_KINDS)
def test_every_known_kind_of_awareness_is_taken(kind):
    assert Settings.from_options(options(rtc_awareness=kind)).awareness == kind


# -- what is refused --------------------------------------------------------------------------------------------------

NUMBERS = [
    "--rtc-edit-rate",
    "--rtc-drain-timeout",
    "--rtc-save-timeout",
    "--rtc-max-save-age",
    "--rtc-evict-after",
    "--rtc-server-memory-limit",
    "--rtc-evidence-limit",
]
WHOLE_NUMBERS = ["--rtc-documents", "--rtc-seed"]


@pytest.mark.parametrize("option", NUMBERS + WHOLE_NUMBERS)
@pytest.mark.parametrize(
    "value", ["-1", -1, "-0.5", -1e300, "", "ten", "1,5", None, "nan", "inf", "-inf", float("nan")]
)
def test_a_number_that_is_negative_or_none_is_refused_by_the_name_of_its_option(option, value):
    assert option in refusal(**{attribute(option): value})


@pytest.mark.parametrize("option", WHOLE_NUMBERS)
@pytest.mark.parametrize("value", ["1.5", 1.5, "1e3", "9" * 5000])
def test_a_number_that_is_not_whole_is_refused_by_the_name_of_its_option(option, value):
    sentence = refusal(**{attribute(option): value})
    assert option in sentence
    assert len(sentence) < 300


@pytest.mark.parametrize("option", ["--rtc-drain-timeout", "--rtc-save-timeout"])
def test_a_timeout_that_would_let_a_run_hang_is_refused_with_the_longest_there_may_be(option):
    assert Settings.from_options(options(**{attribute(option): 60})) is not None
    sentence = refusal(**{attribute(option): 60.5})
    assert option in sentence
    assert "60 s" in sentence


@pytest.mark.parametrize(
    ("value", "seconds"), [("0", 0), ("", 0), ("90", 90), ("90s", 90), ("2m", 120), ("1h30m", 5400)]
)
def test_the_time_between_checkpoints_is_written_as_locust_writes_times(value, seconds):
    assert Settings.from_options(options(rtc_checkpoint_every=value)).checkpoint_every == seconds


@pytest.mark.parametrize(("value", "seconds"), [("auto", None), ("", None), ("0", 0.0), ("2.5", 2.5), ("1m30s", 90.0)])
def test_the_warm_up_is_a_time_or_left_to_the_rule(value, seconds):
    assert Settings.from_options(options(rtc_warmup=value)).warmup == seconds


@pytest.mark.parametrize("value", ["-1", "often", "1d", "5 s", "nan", "m"])
def test_a_time_that_is_none_is_refused(value):
    assert "--rtc-checkpoint-every" in refusal(rtc_checkpoint_every=value)
    assert "--rtc-warmup" in refusal(rtc_warmup=value)


def test_checkpoints_that_would_leave_no_time_for_editing_are_refused():
    assert "too short" in refusal(rtc_checkpoint_every="9s")


def test_a_room_that_is_kept_for_longer_than_a_run_can_wait_is_refused():
    assert "--rtc-evict-after" in refusal(rtc_evict_after=6)


@pytest.mark.parametrize("value", [0, "0", -3])
def test_no_documents_are_refused(value):
    assert "--rtc-documents" in refusal(rtc_documents=value)


@pytest.mark.parametrize(("users", "words"), [(1, "1 user:"), (2, "2 users:"), (None, "1 user:")])
def test_more_documents_than_users_are_refused_with_both_numbers(users, words):
    sentence = refusal(num_users=users, rtc_documents=3)
    assert "--rtc-documents 3" in sentence
    assert words in sentence


def test_as_many_documents_as_users_are_allowed():
    assert Settings.from_options(options(num_users=3, rtc_documents=3)).documents == 3


@pytest.mark.parametrize("seed", [2**64, "99999999999999999999999"])
def test_a_seed_that_no_message_between_processes_can_carry_is_refused(seed):
    assert "--rtc-seed" in refusal(rtc_seed=seed)


@pytest.mark.parametrize("value", ["", "jupyter", "Auto", "http", None, 3])
def test_an_unknown_kind_of_server_is_refused_with_the_known_ones(value):
    sentence = refusal(rtc_server=value)
    assert "--rtc-server" in sentence
    assert all(kind in sentence for kind in SERVER_KINDS)


def test_an_unknown_rhythm_is_refused_with_the_known_ones():
    sentence = refusal(rtc_rhythm="waltz")
    assert "--rtc-rhythm" in sentence
    assert all(kind in sentence for kind in RHYTHM_KINDS)


def test_an_unknown_kind_of_awareness_is_refused_with_the_known_ones():
    sentence = refusal(rtc_awareness="all")
    assert "--rtc-awareness" in sentence
    assert all(kind in sentence for kind in AWARENESS_KINDS)


@pytest.mark.parametrize("option", ["--rtc-ca-file", "--rtc-token-file"])
def test_a_file_that_does_not_exist_or_is_a_folder_is_refused(option, tmp_path):
    for path in (tmp_path / "missing", tmp_path):
        sentence = refusal(**{attribute(option): str(path)})
        assert option in sentence
        assert str(path) in sentence


def test_a_notebook_and_several_documents_exclude_each_other():
    sentence = refusal(rtc_notebook="a.ipynb", rtc_documents=2)
    assert "--rtc-notebook" in sentence
    assert "--rtc-documents" in sentence


def test_real_kernels_and_a_notebook_that_exists_exclude_each_other():
    sentence = refusal(rtc_notebook="a.ipynb", rtc_kernels="real")
    assert "--rtc-notebook" in sentence
    assert "--rtc-kernels" in sentence


def test_kernels_of_another_kind_are_refused_with_the_kinds_there_are():
    assert all(kind in refusal(rtc_kernels="virtual") for kind in KERNEL_KINDS)


def test_a_notebook_and_a_template_exclude_each_other():
    sentence = refusal(rtc_notebook="a.ipynb", rtc_template="b.ipynb")
    assert "--rtc-notebook" in sentence
    assert "--rtc-template" in sentence


def test_a_notebook_needs_a_server_of_the_users():
    sentence = refusal(host=None, rtc_notebook="a.ipynb")
    assert "--rtc-notebook" in sentence
    assert "--host" in sentence


@pytest.mark.parametrize("path", ["/", "//"])
def test_the_root_folder_is_not_taken_for_no_notebook_at_all(path):
    assert "--rtc-notebook" in refusal(rtc_notebook=path)


# -- the host ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_host", "base"),
    [
        ("http://127.0.0.1:8888", "http://127.0.0.1:8888"),
        ("http://127.0.0.1:8888/", "http://127.0.0.1:8888"),
        ("  https://hub.example/user/ada/ ", "https://hub.example/user/ada"),
        ("HTTP://Example.org", "http://Example.org"),
        ("http://[::1]:8888/base/", "http://[::1]:8888/base"),
    ],
)
def test_a_host_keeps_its_path_and_loses_its_trailing_slash(given_host, base):
    assert checked_host(given_host) == base


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8888",
        "localhost",
        "ftp://h",
        "ws://h:1",
        "file:///etc",
        "http://",
        "http:///path",
        "//h",
        "   ",
        "https:",
    ],
)
def test_a_host_that_is_no_http_address_is_refused_by_name(host):
    sentence = refusal(host=host)
    assert "--host" in sentence
    assert "http://" in sentence


@pytest.mark.parametrize("host", ["http://h:99999", "http://h:port", "http://[::1", "http://h:-1"])
def test_a_host_with_a_port_or_address_that_is_none_is_refused_by_name(host):
    assert "--host" in refusal(host=host)


@given(host=st.text(max_size=40) | st.text(max_size=30).map(lambda rest: "http://" + rest))
@quick
def test_whatever_is_given_as_host_ends_in_an_address_or_in_a_sentence(host):
    try:
        base = checked_host(host)
    except OptionsError as error:
        assert "--host" in str(error)
    else:
        assert base.startswith(("http://", "https://"))
        assert not base.endswith("/")


@given(option=st.sampled_from(OPTIONS), data=st.data())
@quick
def test_whatever_is_given_for_an_option_ends_in_settings_or_in_a_sentence_with_its_name(option, data):
    texts = st.text(max_size=30)
    anything = st.none() | st.booleans() | st.integers() | st.floats() | texts
    value = data.draw(texts if isinstance(option.default, str) else anything)
    try:
        Settings.from_options(options(**{attribute(option.name): value}))
    except OptionsError as error:
        assert option.name in str(error)


# -- secrets ----------------------------------------------------------------------------------------------------------

SECRET = "hunter22secret"

ADDRESSES_WITH_A_SECRET = [
    "http://ada:{}@h:8888",
    "http://{}@h:8888",
    "http://h:8888/?token={}",
    "http://h:8888/lab?token={}",
    "http://h:8888/#token={}",
    "http://ada:{}@h:99999",
    "http://h:99999/?token={}",
    "http://h:99999/#token={}",
    "http://[::1?token={}",
    "h:8888/?token={}",
    "h:8888/#token={}",
    "ftp://ada:{}@h/",
    "ftp://h/#token={}",
    "ftp://h/;token={}",
    "http://ada:{}/@h:8888",
    "http://ada:{}?@h:8888",
    "http://ada:x?{}@h:8888",
    "?token={}",
    "#token={}",
]


@pytest.mark.parametrize("address", ADDRESSES_WITH_A_SECRET)
def test_a_secret_in_an_address_is_refused_and_never_repeated(address):
    sentence = refusal(host=address.format(SECRET))
    assert "--host" in sentence
    assert SECRET not in sentence


def test_an_address_with_a_token_is_answered_with_where_tokens_belong():
    sentence = refusal(host=f"http://h:8888/?token={SECRET}")
    assert "JUPYTER_TOKEN" in sentence
    assert "--rtc-token-file" in sentence


@given(
    before=st.text("abh:/.?#&=[]", max_size=12),
    marked=st.sampled_from(["?token={}", "&token={}", "#token={}", ";token={}", "ada:{}@", ":{}@", "{}@"]),
    after=st.sampled_from(["", "h", "h:1", "h/lab", "h?a", "#a", "&x=1"]),
)
@settings(deadline=None, max_examples=200)
def test_no_address_that_carries_a_password_or_token_has_it_repeated_in_its_refusal(before, marked, after):
    try:
        checked_host(f"http://{before}{marked.format(SECRET)}{after}")
    except OptionsError as error:
        assert SECRET not in str(error)


def test_the_token_of_the_environment_is_used_where_no_file_is_named():
    assert read_tokens(None, {"JUPYTER_TOKEN": SECRET}) == (SECRET,)
    assert read_tokens(None, {"JUPYTER_TOKEN": ""}) == ()
    assert read_tokens(None, {}) == ()


def test_the_environment_read_is_that_of_the_process(monkeypatch):
    monkeypatch.setenv("JUPYTER_TOKEN", SECRET)
    assert read_tokens(None) == (SECRET,)


@pytest.mark.parametrize("value", [f"{SECRET}\n", f" {SECRET} ", f"{SECRET}\r\n"])
def test_blanks_and_newlines_around_the_token_of_the_environment_are_no_part_of_it(value):
    """A secret mounted from a file often ends in a newline, which no header can carry."""
    assert read_tokens(None, {"JUPYTER_TOKEN": value}) == (SECRET,)


def test_a_token_file_gives_one_identity_a_line_and_wins_over_the_environment(tmp_path):
    file = tmp_path / "tokens"
    file.write_text("one\n\n  two  \r\nthree")
    assert read_tokens(file, {"JUPYTER_TOKEN": SECRET}) == ("one", "two", "three")


@pytest.mark.parametrize("content", [b"", b"\n \n\t\n"])
def test_a_token_file_without_a_token_is_refused_by_the_name_of_its_option(tmp_path, content):
    file = tmp_path / "tokens"
    file.write_bytes(content)
    with pytest.raises(OptionsError, match=r"--rtc-token-file.*holds no token"):
        read_tokens(file, {"JUPYTER_TOKEN": SECRET})


def test_a_token_file_that_cannot_be_read_is_refused_without_its_content(tmp_path):
    file = tmp_path / "tokens"
    file.write_bytes(SECRET.encode() + b"\xff\xfe")
    for path in (file, tmp_path, tmp_path / "missing"):
        with pytest.raises(OptionsError, match="--rtc-token-file") as refused:
            read_tokens(path, {})
        assert SECRET not in str(refused.value)


@pytest.mark.parametrize(("edits", "seconds"), [(0, 115), (20_000, 115), (21_000, 116), (720_000, 815)])
def test_the_end_of_a_run_has_a_second_more_for_every_thousand_edits_beyond_twenty_thousand(
    edits: int, seconds: float
) -> None:
    assert end_budget(edits) == seconds


@pytest.mark.parametrize(("drain_timeout", "seconds"), [(0, 115), (30, 115), (31, 116), (60, 145)])
def test_whoever_waits_longer_for_outstanding_messages_has_as_much_time_for_the_rest(
    drain_timeout: float, seconds: float
) -> None:
    assert end_budget(0, drain_timeout) == seconds
    assert end_budget(21_000, drain_timeout) == seconds + 1


def test_the_python_of_the_server_may_be_named_from_here_and_a_link_to_it_stays_one(tmp_path):
    link = tmp_path / "python"
    link.symlink_to(sys.executable)
    settings = Settings.from_options(options(host="", rtc_server_python=os.path.relpath(link)))
    assert settings.server_python is not None and settings.server_python.is_absolute()
    assert settings.server_python.name == "python" and settings.server_python.is_symlink()
    assert "--rtc-server-python" in refusal(rtc_server_python=str(tmp_path / "nowhere"))


# -- a capacity ------------------------------------------------------------------------------------------------------


def test_a_promise_is_read_as_a_threshold_is_and_a_promised_save_has_people_save():
    made = Settings.from_options(options(num_users=4, rtc_promise="update echo p95 < 1s, save p99 < 10s"))
    assert made.promise == read_thresholds("update echo p95 < 1s; save p99 < 10s")
    assert made.save_every == SAVE_EVERY_WHERE_PROMISED_S
    assert Settings.from_options(options(rtc_promise="update echo p95 < 1s")).save_every == 0.0
    assert Settings.from_options(options(rtc_promise="save p99 < 1s", rtc_save_every=5.0)).save_every == 5.0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"rtc_promise": "update echo p95 > 1s"}, "--rtc-promise"),
        ({"rtc_promise": "failures < 1", "rtc_checkpoint_every": "60s"}, "leave --rtc-checkpoint-every out"),
        ({"rtc_step": 5, "num_users": 4}, "--rtc-step '5' is too large"),
        ({"rtc_step_window": 1}, "--rtc-step-window 1 is too small"),
        ({"rtc_server_pid": -1}, "--rtc-server-pid"),
    ],
)
def test_what_a_search_for_a_capacity_cannot_do_is_refused(given, words):
    assert words in refusal(**given)


def test_deliveries_between_workers_are_a_limit_and_no_promise():
    written = "delivery between workers p95 < 1s"
    assert [one.written for one in Settings.from_options(options(rtc_require=written)).require] == [written]
    with pytest.raises(OptionsError, match=r"--rtc-promise.*known only when the run has ended"):
        Settings.from_options(options(rtc_promise=written))


# -- a hub -----------------------------------------------------------------------------------------------------------


def test_a_hub_is_the_host_whether_or_not_its_own_pages_were_named(tmp_path):
    logins = tmp_path / "logins"
    logins.write_text("ada:secret\n")
    made = Settings.from_options(
        options(
            host=None,
            rtc_hub="https://hub.example/base/hub/",
            rtc_hub_server=" ada ",
            rtc_hub_logins=str(logins),
            rtc_hub_spawn_timeout="90",
        )
    )
    assert (made.hub, made.host) == ("https://hub.example/base",) * 2
    assert (made.hub_server, made.hub_logins, made.hub_spawn_timeout) == ("ada", logins, 90.0)
    # A worker is told the address that the master has found.
    assert Settings.from_options(options(host="https://hub.example/base", rtc_hub="https://hub.example/base")).hub


def test_a_run_ends_well_before_the_tokens_that_it_makes_on_a_hub():
    assert LONGEST_THROUGH_A_HUB_S + 3600 <= TOKENS_LAST_S
    assert Settings.from_options(options(host=None, rtc_hub="http://hub", run_time=23 * 3600)).hub
    assert Settings.from_options(options(run_time=48 * 3600)).hub is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"rtc_hub": "http://hub"}, "leave --host out"),
        ({"rtc_hub": "hub:8000"}, "--rtc-hub 'hub:8000' is not an http"),
        ({"rtc_hub": "http://ada:secret@hub"}, "--rtc-hub carries more than an address"),
        ({"rtc_hub_server": "ada"}, "--rtc-hub-server is for a JupyterHub"),
        ({"host": None, "rtc_hub": "http://hub", "rtc_hub_logins": "nowhere"}, "--rtc-hub-logins nowhere"),
        ({"host": None, "rtc_hub": "http://hub", "rtc_hub_spawn_timeout": 0}, "--rtc-hub-spawn-timeout"),
        ({"host": None, "rtc_hub": "http://hub", "rtc_kernels": "real"}, "--rtc-kernels real is for one server"),
        ({"host": None, "rtc_hub": "http://hub", "rtc_rest": "faithful"}, "--rtc-rest faithful"),
        ({"host": None, "rtc_hub": "http://hub", "rtc_notebook": "a.ipynb"}, "--rtc-notebook is for one server"),
        ({"host": None, "rtc_hub": "http://hub", "rtc_promise": "save p99 < 1s"}, "--rtc-promise"),
        ({"host": None, "rtc_hub": "http://hub", "rtc_server": "y-websocket"}, "--rtc-server y-websocket"),
        (
            {"host": None, "rtc_hub": "http://hub", "run_time": 24 * 3600},
            "-t 86400s: a run through a JupyterHub lasts 23 hours",
        ),
    ],
)
def test_what_goes_with_no_hub_or_only_with_one_is_refused(given, words):
    assert words in refusal(**given)
