import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.reporting.report import words


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (0.0, "0 ms"),
        (0.0123, "0.0123 ms"),
        (4.3456, "4.35 ms"),
        (9.998, "10.0 ms"),
        (43.21, "43.2 ms"),
        (120.4, "120 ms"),
        (999.6, "1,000 ms"),
        (1234.0, "1.23 s"),
        (9998.0, "10.0 s"),
        (123_456.0, "123 s"),
    ],
)
def test_milliseconds_have_three_digits_and_a_unit(value, shown):
    assert words.milliseconds(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (1.284, "1.3 s"), (38.6, "39 s"), (119.4, "119 s"), (200, "3 min 20 s"), (240, "4 min"),
     (3900, "1 h 5 min")],
)  # fmt: skip
def test_seconds_become_minutes_and_hours(value, shown):
    assert words.seconds(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (0, "0 bytes"), (812, "812 bytes"), (20_179, "20.2 kB"), (103_247_872, "103 MB"), (2e9, "2.00 GB")],
)
def test_bytes_have_a_unit_that_fits(value, shown):
    assert words.size(value) == shown


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [([], ""), ([3], "user 3"), ([1, 2], "users 1 and 2"), ([0, 1, 1, 2], "users 0, 1 and 2"),
     (range(20), "users 0, 1, 2, 3, 4, 5, 6, 7 and 12 more")],
)  # fmt: skip
def test_users_are_named_and_many_are_counted(numbers, shown):
    assert words.users(numbers) == shown


@settings(max_examples=100)
@given(st.lists(st.text(max_size=8) | st.sampled_from(["--rtc-seed", "--host", "-u"]), min_size=1, max_size=8))
def test_a_command_of_several_lines_is_the_same_to_a_shell(arguments):
    assert shlex.split(words.command(arguments).replace(" \\\n", " ")) == arguments
