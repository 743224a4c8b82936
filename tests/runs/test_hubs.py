"""Runs through a real JupyterHub. One of them stands in the queue of every test; the others are `make hubs`.

Whatever a run ends with, nothing of it is left on the hub: no server that it started, no token, no account, no share.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from runs import asking
from runs.locust_run import FAILED, INCONCLUSIVE, LOCUSTFILES, LOCUSTFILES_OF_THE_TESTS, PASSED, LocustProcess, Run
from runs.together import Runs
from servers.hub import HubProcess, jupyterhub, reason_without_hub

pytestmark = pytest.mark.run


def longer(test: Callable[..., None]) -> Callable[..., None]:
    """One of `make hubs`. Runs go one at a time, and the first test waits for those that began before its own."""
    return pytest.mark.hub(pytest.mark.timeout(1800)(test))


IN_PAIRS = LOCUSTFILES_OF_THE_TESTS / "in_pairs.py"
LOAD = ("-u", "3", "-r", "3", "-t", "25s", "--rtc-edit-rate", "3")
DEADLINE_S = 240.0
A_MOMENT_S = 60.0
"""For the hub to end what it has accepted to end."""


@dataclass(frozen=True)
class Through:
    """One run: how people log in, with which options, on which hub, and what happens to it meanwhile."""

    options: tuple[str, ...] = LOAD
    logins: tuple[str, ...] = ()
    """Names in the file of logins; one with a star has a wrong password."""
    password: bool = False
    """Everybody has the password in the environment."""
    hub: str = "shares"
    locustfile: Path = IN_PAIRS
    meanwhile: Callable[[LocustProcess, HubProcess], None] = field(default=lambda _locust, _hub: None)


def _end_a_server(locust: LocustProcess, hub: HubProcess) -> None:
    locust.wait_for("was ready after", times=2, deadline=120)
    locust.wait_for(" 3 users, ")
    locust.wait_for("echo p95 ")
    (first,) = (name for name in hub.servers() if name.endswith("-0"))
    assert hub.request("DELETE", f"hub/api/users/{first}/server", timeout=60)[0] in (202, 204)


def _terminate_while_it_starts(locust: LocustProcess, hub: HubProcess) -> None:
    until = time.monotonic() + 60
    while not hub.servers():
        assert time.monotonic() < until, "no server was asked for"
        time.sleep(0.05)
    locust.terminate()


RUNS = {
    "one token for all": Through(),
    "one server for all, logins": Through((*LOAD, "--rtc-hub-server", "Anna"), ("Anna", "ben", "cleo")),
    "one password, two processes": Through((*LOAD, "--processes", "2"), password=True),
    "native logins": Through(logins=("dora", "emil", "fay"), hub="native"),
    "a wrong password": Through(logins=("*gus", "hana", "ivo")),
    "a wrong password in a group": Through(logins=("jan", "kim", "*leo")),
    "a server that does not start": Through(logins=("broken-mia", "ned", "ole")),
    "a server that is never ready": Through(
        (*LOAD, "--rtc-hub-spawn-timeout", "12"), logins=("slow-pia", "quin", "rob")
    ),
    "a server that the hub ends": Through((*LOAD, "-t", "60s"), meanwhile=_end_a_server),
    "ended while servers start": Through(meanwhile=_terminate_while_it_starts),
    "nobody may share": Through(logins=("sam", "tom", "uli"), hub="no shares"),
    "a day of a course": Through((), locustfile=LOCUSTFILES / "course_day.py"),
}


class Hubs:
    """Hubs by name, started when the first run asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stack = contextlib.ExitStack()
        self._started: dict[str, HubProcess] = {}

    def __getitem__(self, name: str) -> HubProcess:
        with self._lock:
            if name not in self._started:
                if reason := reason_without_hub():
                    pytest.skip(reason)
                kind = "native" if name == "native" else "dummy"
                hub = self._stack.enter_context(jupyterhub(authenticator=kind, shares=name != "no shares"))
                assert isinstance(hub, HubProcess)
                self._started[name] = hub
            return self._started[name]

    def __enter__(self) -> Hubs:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


@dataclass(frozen=True)
class Ended:
    """A run that has ended, and what it left on the hub."""

    run: Run
    servers_left: frozenset[str]
    tokens_left: tuple[str, ...]
    names_left: frozenset[str]
    shares_left: tuple[str, ...]
    secrets: tuple[str, ...]

    def __str__(self) -> str:
        return str(self.run)


def play(name: str, hubs: Hubs, folder: Path) -> Ended:
    """One run, on a hub that other runs of the same kind use as well."""
    through, hub = RUNS[name], hubs[RUNS[name].hub]
    folder.mkdir(parents=True)
    there_before = hub.names()
    options = ["--headless", "--rtc-hub", hub.url, *through.options]
    environment = {} if through.logins or through.password else {"JUPYTER_TOKEN": hub.token}
    if through.password:
        environment["JUPYTERHUB_PASSWORD"] = hub.password
    if through.logins:
        file = folder / "logins.txt"
        lines = [f"{one.strip('*')}:{'wrong' if '*' in one else hub.password}" for one in through.logins]
        file.write_text("\n".join(lines) + "\n")
        options += ["--rtc-hub-logins", str(file)]
    if through.hub == "native":
        for one in through.logins:
            sign_up(hub, one)
    with LocustProcess(through.locustfile, *options, folder=folder / "run", environment=environment) as locust:
        through.meanwhile(locust, hub)
        run = locust.ended(DEADLINE_S)
    until = time.monotonic() + A_MOMENT_S
    while hub.servers() - there_before and time.monotonic() < until:
        time.sleep(0.2)
    known = hub.names() - there_before
    return Ended(
        run,
        frozenset(hub.servers() - there_before),
        tuple(note for one in known for note in hub.tokens(one)),
        frozenset(known),
        tuple(with_whom for one in known for with_whom in hub.shares(one)),
        (hub.token, hub.password),
    )


def sign_up(hub: HubProcess, name: str) -> None:
    """As the page of the native authenticator does."""
    with asking.session() as session:
        session.get(f"{hub.url}/hub/signup", timeout=10)
        fields = {
            "username": name,
            "signup_password": hub.password,
            "signup_password_confirmation": hub.password,
            "_xsrf": session.cookies.get("_xsrf", path=f"{hub.base_url}hub/"),
        }
        answer = session.post(f"{hub.url}/hub/signup", data=fields, timeout=10)
        assert answer.status_code == 200, answer.text


@contextlib.contextmanager
def make_runs(folder: Path) -> Iterator[dict[str, Callable[[], Ended]]]:
    one_at_a_time = threading.Lock()

    def played(name: str, number: int) -> Ended:
        # Servers of people are processes that take a core each while they start, and what is new is of one run.
        with one_at_a_time:
            return play(name, hubs, folder / str(number))

    with Hubs() as hubs:
        yield {name: partial(played, name, number) for number, name in enumerate(RUNS)}


def nothing_is_left(ended: Ended, *, accounts: bool = False) -> None:
    assert not ended.servers_left, str(ended)
    assert not ended.tokens_left, str(ended)
    assert not ended.shares_left, str(ended)
    assert accounts or not ended.names_left, str(ended)
    told = ended.run.output + str(ended.run.result)
    assert not [secret for secret in ended.secrets if secret in told]


@longer
@pytest.mark.parametrize("run", ["one token for all"])
def test_people_arrive_through_a_hub_and_nothing_is_left_there(run: str, runs: Runs) -> None:
    ended: Ended = runs[run]
    assert ended.run.exit_code == PASSED, str(ended)
    assert ended.run.count("hub spawn") == 2, "one server for each pair"
    assert ended.run.told["run"]["server"].startswith("jupyterhub 6")
    assert ended.run.told["counts"]["edits"] > 5
    nothing_is_left(ended)


@longer
@pytest.mark.parametrize("run", ["one server for all, logins", "one password, two processes", "native logins"])
def test_people_log_in_with_passwords_and_what_was_made_for_them_is_gone(run: str, runs: Runs) -> None:
    ended: Ended = runs[run]
    assert ended.run.exit_code == PASSED, str(ended)
    assert ended.run.count("hub spawn") == (1 if "one server" in run else 2)
    nothing_is_left(ended, accounts=True)


@longer
@pytest.mark.parametrize("run", ["a wrong password"])
def test_a_hub_that_refuses_the_first_person_ends_the_run_before_anybody_works(run: str, runs: Runs) -> None:
    ended: Ended = runs[run]
    assert ended.run.exit_code == INCONCLUSIVE, str(ended)
    assert "refused the login of gus" in ended.run.told["reason"]
    nothing_is_left(ended, accounts=True)


@longer
@pytest.mark.parametrize("run", ["a wrong password in a group"])
def test_somebody_who_is_not_let_in_leaves_the_run_inconclusive(run: str, runs: Runs) -> None:
    ended: Ended = runs[run]
    assert ended.run.exit_code == INCONCLUSIVE, str(ended)
    assert "user 2 was not let in" in ended.run.told["reason"]
    assert "refused the login of leo" in ended.run.told["reason"]
    nothing_is_left(ended, accounts=True)


@longer
@pytest.mark.parametrize("run", ["a server that does not start", "a server that is never ready"])
def test_a_server_that_does_not_come_up_is_a_failure_and_leaves_the_run_inconclusive(run: str, runs: Runs) -> None:
    ended: Ended = runs[run]
    assert ended.run.exit_code == INCONCLUSIVE, str(ended)
    assert ended.run.told["timings"]["hub spawn"]["failures"] >= 1
    whose = "broken-mia" if "not start" in run else "slow-pia"
    assert f"{whose}/" in ended.run.told["reason"]
    nothing_is_left(ended, accounts=True)


@longer
@pytest.mark.parametrize("run", ["a server that the hub ends"])
def test_a_server_that_the_hub_ends_in_the_middle_is_a_finding(run: str, runs: Runs) -> None:
    ended: Ended = runs[run]
    assert ended.run.exit_code == FAILED, str(ended)
    assert "server-lost" in ended.run.kinds
    nothing_is_left(ended)


@longer
@pytest.mark.parametrize("run", ["ended while servers start"])
def test_a_run_that_is_ended_while_servers_start_leaves_none_of_them(run: str, runs: Runs) -> None:
    ended: Ended = runs[run]
    assert ended.run.exit_code == INCONCLUSIVE, str(ended)
    nothing_is_left(ended)


@longer
@pytest.mark.parametrize("run", ["nobody may share"])
def test_a_hub_in_which_nobody_may_share_says_what_is_missing(run: str, runs: Runs) -> None:
    ended: Ended = runs[run]
    assert ended.run.exit_code == INCONCLUSIVE, str(ended)
    assert "shares!user" in ended.run.told["reason"]
    nothing_is_left(ended, accounts=True)


@longer
@pytest.mark.parametrize("run", ["a day of a course"])
def test_thirty_people_of_a_course_arrive_work_in_groups_and_leave(run: str, runs: Runs) -> None:
    ended: Ended = runs[run]
    assert ended.run.exit_code == PASSED, str(ended)
    assert ended.run.told["counts"]["users"] == 30
    assert ended.run.count("hub spawn") == 10
    nothing_is_left(ended)
