"""The compose file without an engine: what it promises, and each service's command as a plain process on 127.0.0.1."""

from __future__ import annotations

import http.client
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import tomllib
import urllib.parse
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import yaml

from deploy.waiting import wait_until
from runs.together import Runs
from servers.processes import AT_FIRST, environment_without_jupyter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REPOSITORY = Path(__file__).resolve().parent.parent
PROGRAMS = Path(sys.executable).parent
IMAGE = REPOSITORY / "deploy" / "image"
COMPOSE_FILE = REPOSITORY / "docker-compose.yml"
COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_FILE.read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
EVERY_SERVICE = pytest.mark.parametrize("service", SERVICES.values(), ids=list(SERVICES))


def seconds(duration: str) -> int:
    number, unit = re.fullmatch(r"(\d+)(s|m)", duration).groups()  # type: ignore[union-attr]
    return int(number) * {"s": 1, "m": 60}[unit]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Stack:
    """The services as processes of this machine: hosts become 127.0.0.1, ports free ones, the home a folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.token = secrets.token_hex(16)
        self.ports = {port: free_port() for port in (8888, 8089, 5557)}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        (home / "locustfiles").symlink_to(REPOSITORY / "locustfiles")
        (home / "notebooks").mkdir()
        (home / "results").mkdir()
        jupyter = {f"JUPYTER_{kind}_DIR": str(home / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
        # The health check of the image, and the ports that it would find in a container.
        path = os.pathsep.join([str(PROGRAMS), str(IMAGE), AT_FIRST["PATH"]])
        health = {
            "HEALTH_SERVER_PORT": str(self.ports[8888]),
            "HEALTH_MASTER_PORT": str(self.ports[5557]),
            "HEALTH_WEB_PORT": str(self.ports[8089]),
        }
        self.environment = environment_without_jupyter(JUPYTER_TOKEN=self.token, PATH=path, **health, **jupyter)

    def here(self, argument: str) -> str:
        """Translate one argument of a container's command for this machine."""
        for inside, outside in (
            ("${SERVER:-http://server:8888}", "http://127.0.0.1:8888"),
            ("//server:", "//127.0.0.1:"),
            ("--master-host=${MASTER_HOST:-master}", "--master-host=127.0.0.1"),
            ("${USERS:-10}", "10"),
            ("${DOCUMENTS:-2}", "2"),
            ("0.0.0.0", "127.0.0.1"),
            ("/home/locust", str(self.home)),
            *((str(port), str(free)) for port, free in self.ports.items()),
        ):
            argument = argument.replace(inside, outside)
        return argument

    @contextmanager
    def running(self, name: str, number: int = 1) -> Iterator[subprocess.Popen[bytes]]:
        service = SERVICES[name]
        command = [self.here(argument) for argument in service["command"]]
        if command[0] == "jupyter":
            command.append("--allow-root")  # in the container an ordinary user runs it; here it may be root
        log_path = self.home / f"{name}-{number}.log"
        with log_path.open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=self.here(service.get("working_dir", "/home/locust")),
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_until(
                lambda: process.poll() is not None or self.is_healthy(name), f"{name} is healthy; see {log_path}"
            )
            assert process.poll() is None, log_path.read_text()
            assert self.token not in " ".join(psutil.Process(process.pid).cmdline())
            yield process
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def is_healthy(self, name: str) -> bool:
        kind, *command = SERVICES[name]["healthcheck"]["test"]
        assert kind == "CMD"
        check = [self.here(argument) for argument in command]
        return subprocess.run(check, env=self.environment, check=False, capture_output=True).returncode == 0

    def ask(self, port: int, path: str, *, form: dict[str, str] | None = None, token: str = "") -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[port], timeout=90)
        headers = {"Authorization": f"token {token}"} if token else {}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            body = urllib.parse.urlencode(form) if form is not None else None
            connection.request("POST" if form is not None else "GET", path, body=body, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


@EVERY_SERVICE
def test_ports_are_published_on_the_loopback_address_only(service: dict[str, Any]) -> None:
    # The workers' port can be opened for other machines, by whoever asks for it.
    own = ("127.0.0.1:", "${MASTER_ADDRESS:-127.0.0.1}:5557:")
    assert all(port.startswith(own) for port in service.get("ports", []))


@EVERY_SERVICE
def test_the_token_comes_from_the_environment_and_stands_in_no_command(service: dict[str, Any]) -> None:
    assert service["environment"]["JUPYTER_TOKEN"].startswith("${JUPYTER_TOKEN:?")
    everything_run = json.dumps([service["command"], service["healthcheck"]["test"]])
    assert "token" not in everything_run.lower()
    assert "password" not in everything_run.lower()


@EVERY_SERVICE
def test_each_reaps_its_children_and_tells_its_health(service: dict[str, Any]) -> None:
    # The image's entry point is the first process and reaps.
    of_a_hub = {"context": ".", "dockerfile": "deploy/jupyterhub/Dockerfile"}
    assert service["build"] == (of_a_hub if service is SERVICES["jupyterhub"] else {"context": "."})
    assert "entrypoint" not in service
    assert service["healthcheck"]["test"][0] == "CMD"
    assert seconds(service["healthcheck"]["timeout"]) <= seconds(service["healthcheck"]["interval"])


def test_the_master_is_stopped_before_the_workers_and_the_server() -> None:
    # Compose stops what depends on others before those.
    for master in ("master", "ci"):
        assert SERVICES[master]["depends_on"].keys() == {"server", "worker"}
    assert "depends_on" not in SERVICES["worker"]
    assert "depends_on" not in SERVICES["server"]
    assert SERVICES["course"]["depends_on"].keys() == {"jupyterhub"}


def test_results_are_kept_in_a_volume() -> None:
    for name in ("demo", "master", "ci", "course"):
        assert SERVICES[name]["volumes"] == ["results:/home/locust/results"]
        assert "--rtc-results=/home/locust/results" in SERVICES[name]["command"]
    assert "results" in COMPOSE["volumes"]


def test_only_one_of_each_port_is_published_so_that_workers_can_be_scaled() -> None:
    assert "ports" not in SERVICES["worker"]
    assert "container_name" not in SERVICES["worker"]


def test_every_container_is_of_the_image_in_the_version_of_the_project() -> None:
    version = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    images = {name: service["image"] for name, service in SERVICES.items()}
    assert images.pop("jupyterhub") == f"jupyter-rtc-locust-hub:{version}"
    assert set(images.values()) == {f"jupyter-rtc-locust:{version}"}


def test_without_a_token_compose_says_what_to_set() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "JUPYTER_TOKEN"}
    command = [str(PROGRAMS / "docker-compose"), "-f", str(COMPOSE_FILE), "config", "-q"]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode != 0
    assert "set it to a secret of your choice" in answer.stderr
    assert subprocess.run(command, env=environment | {"JUPYTER_TOKEN": "example"}, check=False).returncode == 0


def the_server_alone(stack: Stack) -> None:
    assert not stack.is_healthy("server"), "a health check that cannot fail tells nothing"
    with stack.running("server"):
        assert stack.ask(8888, "/api/contents")[0] == 403
        assert stack.ask(8888, "/api/contents", token=stack.token)[0] == 200
        connection = http.client.HTTPConnection("127.0.0.1", stack.ports[8888], timeout=20)
        (stack.home / "notebooks" / "a.txt").touch()
        connection.request(
            "PUT",
            "/api/collaboration/session/a.txt",
            body=json.dumps({"format": "text", "type": "file"}),
            headers={"Authorization": f"token {stack.token}"},
        )
        assert connection.getresponse().status == 201
        connection.close()
    assert stack.token not in (stack.home / "server-1.log").read_text()


def everything_together(stack: Stack) -> None:
    assert not stack.is_healthy("master")
    assert not stack.is_healthy("worker")
    with ExitStack() as services:
        services.enter_context(stack.running("server"))
        master = services.enter_context(stack.running("master"))
        workers = [services.enter_context(stack.running("worker", number)) for number in (1, 2)]

        def statistics() -> dict[str, Any]:
            answer: dict[str, Any] = json.loads(stack.ask(8089, "/stats/requests")[1])
            return answer

        wait_until(lambda: len(statistics()["workers"]) == 2, "both workers are known to the master")
        form = {"user_count": "4", "spawn_rate": "4", "host": stack.here("http://server:8888")}
        status, answer = stack.ask(8089, "/swarm", form=form)
        assert status == 200
        assert json.loads(answer)["success"], answer
        wait_until(
            lambda: any(
                entry["name"] == "update echo" and entry["num_requests"] >= 8 for entry in statistics()["stats"]
            ),
            "edits come back",
        )
        assert stack.ask(8089, "/stop", form={})[0] == 200
        wait_until((stack.home / "results" / "result.json").is_file, "there is a result", deadline_s=120.0)
        result = json.loads((stack.home / "results" / "result.json").read_text())
        assert result["verdict"] == "pass", result["reason"]
        assert result["counts"]["users"] == 4
        assert result["run"]["workers"] == 2
        master.terminate()
        assert master.wait(130) in (0, 1)
        for worker in workers:
            worker.wait(30)
    for log in stack.home.glob("*.log"):
        assert stack.token not in log.read_text(), f"the token stands in {log.name}"


SERVER_ALONE, TOGETHER = "the server alone", "everything together"
LONGEST = (TOGETHER,)


@contextmanager
def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], None]]]:
    """Each raises what is wrong with it."""
    calls = {SERVER_ALONE: the_server_alone, TOGETHER: everything_together}
    yield {name: partial(played, call, folder / name.replace(" ", "-")) for name, call in calls.items()}


def played(call: Callable[[Stack], None], folder: Path) -> None:
    folder.mkdir(parents=True)
    call(Stack(folder))


@pytest.mark.run
@pytest.mark.parametrize("run", [SERVER_ALONE])
def test_the_servers_command_serves_collaboration_to_who_has_the_token(run: str, runs: Runs) -> None:
    assert runs[run] is None


@pytest.mark.run
@pytest.mark.parametrize("run", [TOGETHER])
def test_the_master_and_two_workers_reach_a_verdict_on_the_server(run: str, runs: Runs) -> None:
    assert runs[run] is None
