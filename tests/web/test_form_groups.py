"""The form's options stand in groups, each explained, and nothing is lost on the way."""

from __future__ import annotations

from typing import Any

from jupyter_rtc_locust.options import OPTIONS
from jupyter_rtc_locust.web.form_groups import GROUPS, grouped, groups_for_script


def fields(*names: str) -> dict[str, dict[str, Any]]:
    return {name: {"default_value": "", "help_text": f"of {name}", "choices": None} for name in names}


def test_every_option_of_the_form_stands_in_one_group() -> None:
    in_the_form = [one.name.removeprefix("--").replace("-", "_") for one in OPTIONS if one.in_web_ui]
    in_groups = [name for group in GROUPS for name in group.names]
    assert sorted(in_groups) == sorted(in_the_form)


def test_options_come_in_the_order_of_the_groups_and_those_of_a_locustfile_last() -> None:
    told = grouped(fields("a_choice_of_mine", "rtc_warmup", "rtc_server", "rtc_edit_rate"))
    assert list(told) == ["rtc_server", "rtc_edit_rate", "rtc_warmup", "a_choice_of_mine"]
    assert all(told[name]["help_text"] == f"of {name}" for name in told)


def test_where_there_are_choices_the_form_offers_them() -> None:
    told = grouped({"rtc_server": {"default_value": "auto", "choices": None}, **fields("rtc_seed")})
    assert told["rtc_server"]["choices"][0] == "auto"
    assert "y-websocket" in told["rtc_server"]["choices"]
    assert told["rtc_seed"]["choices"] is None


def test_a_value_that_is_no_choice_stays_to_be_seen() -> None:
    """A list would show its first choice instead, and the form would send what nobody wrote."""
    told = grouped({"rtc_server": {"default_value": "etherpad", "choices": None}})
    assert told["rtc_server"] == {"default_value": "etherpad", "choices": None}


def test_the_script_is_told_of_groups_that_the_form_has() -> None:
    told = groups_for_script(fields("rtc_server", "rtc_documents", "mine"))
    assert [group["names"] for group in told] == [["rtc_server", "rtc_documents"], ["mine"]]
    assert [group["helps"] for group in told] == [["of rtc_server", "of rtc_documents"], ["of mine"]]
    assert all(group["title"] and group["explanation"].endswith(".") for group in told)
