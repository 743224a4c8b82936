"""The profiles of the compose file: what each starts, and with which rights. test_containers.py runs the one for CI.

test_hub_containers.py runs the one with a JupyterHub.
"""

from __future__ import annotations

import re

import pytest

from deploy.built_image import TMPFS
from deploy.commands import run_of_locust
from deploy.compose import services
from deploy.kubernetes_need import grace_of

PROFILES = {
    "demo": {"demo"},
    "web": {"server", "worker", "master"},
    "ci": {"server", "worker", "ci"},
    "workers": {"worker"},
    "jupyterhub": {"jupyterhub", "course"},
}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_starts_these_services(profile: str) -> None:
    assert services(profile).keys() == PROFILES[profile]


@pytest.mark.parametrize("profile", PROFILES)
def test_every_container_is_read_only_without_privileges_and_writes_where_the_image_expects(profile: str) -> None:
    for service in services(profile).values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["tmpfs"] == TMPFS


def test_the_number_of_workers_is_said_once() -> None:
    ci = services("ci", WORKERS="7")
    assert ci["worker"]["scale"] == 7
    assert "--expect-workers=7" in ci["ci"]["command"]


@pytest.mark.parametrize(("profile", "master"), [("web", "master"), ("ci", "ci")])
def test_the_load_goes_to_the_server_that_is_named(profile: str, master: str) -> None:
    assert "--host=http://server:8888" in services(profile)[master]["command"]
    assert "--host=https://other" in services(profile, SERVER="https://other")[master]["command"]


def test_workers_go_to_the_master_that_is_named() -> None:
    assert "--master-host=10.0.0.5" in services("workers", MASTER_HOST="10.0.0.5")["worker"]["command"]
    aliases = services("ci")["ci"]["networks"]["default"]["aliases"]
    assert aliases == ["master"], "workers look for the headless master under the name of the other one"


def seconds(duration: str) -> int:
    """Of a duration as compose writes it: 2m30s."""
    found = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", duration)
    assert found is not None, duration
    hours, minutes, rest = (int(one or 0) for one in found.groups())
    return 3600 * hours + 60 * minutes + rest


@pytest.mark.parametrize("profile", PROFILES)
def test_whoever_is_stopped_has_time_for_its_verdict(profile: str) -> None:
    needed = grace_of(run_of_locust(["--headless", "--rtc-hub=http://hub.example.org", "--rtc-drain-timeout=60"], {}))
    for name, service in services(profile).items():
        assert seconds(service["stop_grace_period"]) >= needed, name
        if service["command"][0] == "locust" and "--headless" in service["command"]:
            assert seconds(service["stop_grace_period"]) >= grace_of(run_of_locust(service["command"][1:], {})), name


def test_runs_of_many_edits_can_be_given_longer() -> None:
    assert seconds(services("ci", STOP_WITHIN="420s")["ci"]["stop_grace_period"]) == 420
