"""The table of options, in a parser of the kind that Locust uses, and as the web UI's form needs it."""

import configargparse
import pytest

from jupyter_rtc_locust.options import OPTIONS, add_options
from jupyter_rtc_locust.settings import AWARENESS_KINDS, RHYTHM_KINDS, SERVER_KINDS, Settings


@pytest.fixture
def parser():
    made = configargparse.ArgumentParser(add_config_file_help=False, add_env_var_help=False)
    add_options(made)
    return made


def attribute(option):
    return option.name.removeprefix("--").replace("-", "_")


def test_every_option_of_the_design_is_there_and_none_takes_a_token():
    assert {option.name for option in OPTIONS} >= {
        "--rtc-server",
        "--rtc-documents",
        "--rtc-template",
        "--rtc-notebook",
        "--rtc-seed",
        "--rtc-edit-rate",
        "--rtc-rhythm",
        "--rtc-awareness",
        "--rtc-results",
        "--rtc-drain-timeout",
        "--rtc-save-timeout",
        "--rtc-keep",
        "--rtc-ca-file",
        "--rtc-token-file",
    }
    assert all(option.name.startswith("--rtc-") for option in OPTIONS)
    assert not any(option.name.endswith("-token") for option in OPTIONS)


def test_no_default_is_none_because_the_web_ui_casts_to_the_type_of_the_present_value(parser):
    parsed = vars(parser.parse_args([]))
    for option in OPTIONS:
        assert parsed[attribute(option)] is not None
        assert parsed[attribute(option)] == option.default
        assert type(parsed[attribute(option)]) is type(option.default)


def test_the_defaults_make_a_run(parser):
    assert Settings.from_options(parser.parse_args([])) == Settings()


def test_names_and_environment_variables_are_distinct():
    assert len({option.name for option in OPTIONS}) == len(OPTIONS)
    assert len({option.environment_variable for option in OPTIONS}) == len(OPTIONS)


def test_the_environment_variable_follows_the_convention_of_locust():
    by_name = {option.name: option.environment_variable for option in OPTIONS}
    assert by_name["--rtc-edit-rate"] == "LOCUST_RTC_EDIT_RATE"


VALUES = {
    "--rtc-server": ("y-websocket", "y-websocket"),
    "--rtc-documents": ("1", 1),
    "--rtc-template": ("some.ipynb", "some.ipynb"),
    "--rtc-notebook": ("some.ipynb", "some.ipynb"),
    "--rtc-seed": ("9", 9),
    "--rtc-edit-rate": ("0.5", 0.5),
    "--rtc-rhythm": ("poisson", "poisson"),
    "--rtc-awareness": ("none", "none"),
    "--rtc-results": ("elsewhere", "elsewhere"),
    "--rtc-evidence": ("always", "always"),
    "--rtc-evidence-limit": ("5", 5.0),
    "--rtc-drain-timeout": ("7", 7.0),
    "--rtc-save-timeout": ("8.5", 8.5),
}


@pytest.mark.parametrize("name", VALUES)
def test_an_option_is_taken_from_the_command_line_and_from_the_environment_alike(parser, monkeypatch, name):
    option = next(option for option in OPTIONS if option.name == name)
    text, value = VALUES[name]
    setting = attribute(option).removeprefix("rtc_")
    host = "http://h" if name == "--rtc-notebook" else None
    from_command_line = Settings.from_options(parser.parse_args([name, text]), host)
    monkeypatch.setenv(option.environment_variable, text)
    from_environment = Settings.from_options(parser.parse_args([]), host)
    assert from_command_line == from_environment
    assert str(getattr(from_environment, setting)) == str(value)


def test_thresholds_of_several_options_are_those_of_one_text(parser, monkeypatch):
    given = ["--rtc-require", "update echo p95 < 200ms", "--rtc-require=failures < 1; save p99 < 2s"]
    apart = parser.parse_args(given)
    assert apart.rtc_require == "update echo p95 < 200ms; failures < 1; save p99 < 2s"
    monkeypatch.setenv("LOCUST_RTC_REQUIRE", apart.rtc_require)
    assert parser.parse_args([]).rtc_require == apart.rtc_require
    assert len(Settings.from_options(parser.parse_args([])).require) == 3
    assert parser.parse_args(["--rtc-require", "failures < 9"]).rtc_require == "failures < 9"


@pytest.mark.parametrize("option", [option for option in OPTIONS if option.default is False], ids=lambda one: one.name)
def test_a_switch_is_off_unless_it_is_given(parser, monkeypatch, option):
    setting = attribute(option).removeprefix("rtc_")
    assert getattr(Settings.from_options(parser.parse_args([])), setting) is False
    assert getattr(Settings.from_options(parser.parse_args([option.name])), setting) is True
    monkeypatch.setenv(option.environment_variable, "true")
    assert getattr(Settings.from_options(parser.parse_args([])), setting) is True


def test_a_value_that_is_none_reaches_the_check_that_words_the_refusal(parser):
    """argparse would end the process with its own words, which a form of the web UI never shows."""
    parsed = parser.parse_args(["--rtc-server", "nonsense", "--rtc-documents", "many", "--rtc-edit-rate", "fast"])
    assert (parsed.rtc_server, parsed.rtc_documents, parsed.rtc_edit_rate) == ("nonsense", "many", "fast")


def test_every_option_tells_the_web_ui_whether_it_belongs_there(parser):
    actions = {action.option_strings[0]: action for action in parser._actions if action.option_strings}
    for option in OPTIONS:
        action = actions[option.name]
        assert action.include_in_web_ui is option.in_web_ui
        assert action.is_secret is False


def test_files_of_this_machine_cannot_be_named_in_the_web_ui():
    inside = {option.name for option in OPTIONS if option.in_web_ui}
    assert not inside & {"--rtc-template", "--rtc-results", "--rtc-ca-file", "--rtc-token-file"}


def test_help_names_every_option_and_the_choices_there_are(parser):
    text = parser.format_help()
    assert all(option.name in text for option in OPTIONS)
    assert "|".join(SERVER_KINDS) in text
    assert "|".join(AWARENESS_KINDS) in text
    assert "|".join(RHYTHM_KINDS) in text
    assert all(option.help for option in OPTIONS)
