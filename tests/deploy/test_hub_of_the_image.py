"""What the JupyterHub of the compose file is told: read without a hub. test_hub_containers.py starts it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from deploy.built_image import REPOSITORY, TMPFS
from deploy.compose import PASSWORD, TOKEN, services
from deploy.hub_of_the_image import configuration


def told(monkeypatch: pytest.MonkeyPatch, *, password: str = "") -> Any:
    """The configuration as the hub reads it, in such an environment."""
    monkeypatch.setenv("JUPYTER_TOKEN", TOKEN)
    monkeypatch.setenv("JUPYTERHUB_PASSWORD", password)
    return configuration()


def test_only_the_proxy_is_reached_from_other_containers(monkeypatch: pytest.MonkeyPatch) -> None:
    c = told(monkeypatch)
    assert c.JupyterHub.bind_url == "http://0.0.0.0:8000"
    for inner in (c.JupyterHub.hub_bind_url, c.ConfigurableHTTPProxy.api_url):
        assert inner.startswith("http://127.0.0.1:")
    (published,) = services("jupyterhub")["jupyterhub"]["ports"]
    assert (published["host_ip"], published["target"]) == ("127.0.0.1", 8000)


def test_it_writes_where_the_container_may(monkeypatch: pytest.MonkeyPatch) -> None:
    c = told(monkeypatch)
    places = [place.split(":")[0] for place in TMPFS]
    written = (
        c.JupyterHub.db_url.removeprefix("sqlite:///"),
        c.ConfigurableHTTPProxy.pid_file,
        c.SimpleLocalProcessSpawner.home_dir_template,
    )
    assert all(any(path.startswith(place + "/") for place in places) for path in written)


def test_the_token_has_the_rights_that_the_document_names_and_people_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    c = told(monkeypatch)
    assert c.JupyterHub.services == [{"name": "load", "api_token": TOKEN}]
    roles = {role["name"]: role["scopes"] for role in c.JupyterHub.load_roles}
    document = (REPOSITORY / "docs" / "hubs.md").read_text("utf-8")
    (for_one_token,) = re.findall(r"\| for one token for all \| (.*) \|", document)
    assert re.findall(r"`([a-z:]+)`", for_one_token) == roles["load"]
    (for_shares,) = re.findall(r"\| for shares \| .*\"scopes\": \[(.*?)\]", document)
    assert re.findall(r'"(.*?)"', for_shares) == roles["user"]


def test_nobody_logs_in_without_a_password_and_with_one_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch).JupyterHub.authenticator_class == "null"
    c = told(monkeypatch, password=PASSWORD)
    assert c.JupyterHub.authenticator_class == "shared-password"
    assert c.SharedPasswordAuthenticator.user_password == PASSWORD
    assert c.Authenticator.allow_all is True


def test_no_server_of_people_is_given_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    c = told(monkeypatch, password=PASSWORD)
    assert not {"environment", "env_keep"} & c.Spawner.keys()
    assert not [word for word in c.Spawner.args if TOKEN in word or PASSWORD in word]


def test_a_course_is_as_large_as_its_locustfile_says() -> None:
    command = services("jupyterhub")["course"]["command"]
    text = (REPOSITORY / "locustfiles" / "course_day.py").read_text("utf-8")
    default = dict(re.findall(r'(\w+) = "?([\d.]+m?)"?$', text, re.MULTILINE))
    assert f"--users={default['default_users']}" in command
    assert f"--spawn-rate={default['default_spawn_rate']}" in command
    assert f"--run-time={default['default_run_time']}" in command
    documents = int(default["default_users"]) // int(default["users_per_document"])
    assert f"--rtc-documents={documents}" in command


def test_the_password_reaches_hub_and_people_from_the_same_variable() -> None:
    for service in services("jupyterhub", JUPYTERHUB_PASSWORD=PASSWORD).values():
        assert service["environment"]["JUPYTERHUB_PASSWORD"] == PASSWORD
        assert service["environment"]["JUPYTER_TOKEN"] == TOKEN


def test_another_hub_and_another_locustfile_can_be_named() -> None:
    named = services("jupyterhub", HUB="https://hub.example.org", LOCUSTFILE="locustfiles/lab_class.py")
    assert "--rtc-hub=https://hub.example.org" in named["course"]["command"]
    assert "--locustfile=locustfiles/lab_class.py" in named["course"]["command"]
