"""Environments are made once and kept; what fails ends in its last words, and no secret is in them."""

import pytest

from jupyter_rtc_locust.errors import OptionsError
from jupyter_rtc_locust.versions.environments import LINES_SHOWN, installed_here, last_lines, made
from jupyter_rtc_locust.versions.requirements import Wanted
from versions.fake_python import fake_python

ONE = Wanted(("pycrdt==0.14",), "tornado==6.5\n")


def test_an_environment_is_made_once_and_kept(tmp_path):
    program = fake_python(tmp_path)
    first = made("A", ONE, tmp_path / "cache", program=program)
    again = made("A", ONE, tmp_path / "cache", program=program)
    assert (first.kept, again.kept) == (False, True)
    assert first.packages == again.packages == {"py-crdt": "0.14"}
    (line,) = (tmp_path / "installed").read_text().splitlines()
    assert line.endswith("jupyter-server jupyter-collaboration ipykernel pycrdt==0.14")
    assert (first.python.parents[1] / "constraints.txt").read_text() == "tornado==6.5\n"


def test_a_fresh_one_is_made_anew_and_another_version_has_another(tmp_path):
    program, cache = fake_python(tmp_path), tmp_path / "cache"
    first = made("A", ONE, cache, program=program)
    assert not made("A", ONE, cache, program=program, fresh=True).kept
    assert made("B", Wanted((), ""), cache, program=program).python != first.python


def test_a_failed_installation_is_told_by_its_last_lines_without_secrets_and_not_kept(tmp_path):
    program = fake_python(tmp_path)
    (tmp_path / "fails").write_text(
        "early\n" * 30 + "ERROR: https://ada:s3cret@example.org/x?token=s3cret \x1b[31mnot found\n"
    )
    for _ in range(2):
        with pytest.raises(OptionsError) as refused:
            made("B", ONE, tmp_path / "cache", program=program)
        text = str(refused.value)
        assert text.startswith("The environment of B could not be made: pip ended with 1.")
        assert "s3cret" not in text and "\x1b" not in text
        assert "not found" in text
        assert text.count("early") == LINES_SHOWN - 1
    assert len((tmp_path / "installed").read_text().splitlines()) == 2


def test_an_installation_is_given_no_secret_of_a_run(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_TOKEN", "s3cret")
    monkeypatch.setenv("GITHUB_TOKEN", "s3cret")
    monkeypatch.setenv("PIP_INDEX_URL", "https://example.org/simple")
    made("A", ONE, tmp_path / "cache", program=fake_python(tmp_path))
    given = (tmp_path / "environment").read_text()
    assert "s3cret" not in given
    assert "PIP_INDEX_URL" in given


def test_a_cache_that_cannot_be_is_refused(tmp_path):
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(OptionsError, match="--cache"):
        made("A", ONE, tmp_path / "cache", program=fake_python(tmp_path))


def test_what_is_installed_here_is_known_by_normal_names():
    assert "jupyter-rtc-locust" in installed_here()


def test_nothing_said_is_told_to_be_nothing():
    assert last_lines("\n \n").strip() == "(nothing)"
