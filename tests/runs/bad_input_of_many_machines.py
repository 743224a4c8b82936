"""What can be wrong before a run over many machines, as data: hubs, workers unlike their master, capacity on paper."""

from __future__ import annotations

import secrets

from runs.bad_input_cases import Case, host, make_case

SECRET, OTHER_SECRET = secrets.token_hex(16), secrets.token_hex(16)


def _worker(name: str, done: str, *options: str, says: tuple[str, ...] | str, **more: object) -> Case:
    """A worker that its master refuses."""
    says = ("Worker ", " is refused", *((says,) if isinstance(says, str) else says))
    return make_case(name, done, *options, command="worker", exits=2, says=says, **more)


OVER_MANY_MACHINES = (
    # A hub.
    make_case(
        "hub without http", "a hub's address without http://", "--rtc-hub", "hub:8000", exits=2, says="--rtc-hub"
    ),
    make_case(
        "nothing listening, hub",
        "nothing listens where the hub should be",
        *("--rtc-hub", "{nothing}"),
        exits=4,
        says=("Connection refused", "--rtc-hub"),
    ),
    make_case(
        "no hub",
        "a web server in place of a hub",
        *("--rtc-hub", "{web_server}"),
        exits=4,
        says=("/hub/api answered 404", "no JupyterHub", "--rtc-hub"),
    ),
    make_case(
        "wrong token of a hub",
        "a wrong token of a hub",
        *("--rtc-hub", "{hub}"),
        token="not-this-one",
        exits=4,
        says=("refused the token", "403", "JUPYTER_TOKEN", "--rtc-token-file", "/hub/token"),
    ),
    make_case(
        "hub and host",
        "a hub, and a server beside it",
        *(*host("jupyter"), "--rtc-hub", "{web_server}"),
        exits=2,
        says=("--rtc-hub", "leave --host out"),
    ),
    make_case(
        "hub without access",
        "a hub, and nothing to log in with",
        *("--rtc-hub", "{web_server}"),
        token=None,
        exits=2,
        says=("nobody can log in", "JUPYTER_TOKEN", "--rtc-hub-logins", "JUPYTERHUB_PASSWORD"),
    ),
    make_case(
        "hub of one kind",
        "a hub, and what only one server has",
        *("--rtc-hub", "{web_server}", "--rtc-kernels", "real"),
        exits=2,
        says=("--rtc-kernels real", "--rtc-hub"),
    ),
    make_case(
        "hub's server without it",
        "a person's server, and no hub",
        *(*host("jupyter"), "--rtc-hub-server", "ada"),
        exits=2,
        says=("--rtc-hub-server", "say which with --rtc-hub"),
    ),
    make_case(
        "no logins",
        "logins that do not exist",
        *("--rtc-hub", "{web_server}", "--rtc-hub-logins", "{files}/missing"),
        exits=2,
        says=("--rtc-hub-logins", "there is no such file"),
    ),
    make_case(
        "torn logins",
        "logins without passwords",
        *("--rtc-hub", "{web_server}", "--rtc-hub-logins", "{files}/text.txt"),
        exits=2,
        says=("--rtc-hub-logins", "line 1", "NAME:PASSWORD"),
    ),
    make_case(
        "no login for the server",
        "a server of somebody who has no login",
        *("--rtc-hub", "{web_server}", "--rtc-hub-logins", "{files}/logins.txt", "--rtc-hub-server", "cleo"),
        exits=2,
        says=("--rtc-hub-server 'cleo'", "no line for that person"),
    ),
    make_case(
        "no time to spawn",
        "no time for a server to start",
        *("--rtc-hub", "{web_server}", "--rtc-hub-spawn-timeout", "0"),
        exits=2,
        says=("--rtc-hub-spawn-timeout 0", "1 second or more"),
    ),
    # Master and workers.
    make_case(
        "unknown spread",
        "people spread over what is not known",
        *(*host("jupyter"), "--rtc-spread", "hosts"),
        exits=2,
        says=("--rtc-spread", "Choose one of: workers, documents"),
    ),
    make_case(
        "short secret",
        "a secret that can be guessed in LOCUST_RTC_SECRET",
        *host("jupyter"),
        secret="tiger",
        exits=2,
        says=("LOCUST_RTC_SECRET", "holds 5 characters"),
    ),
    _worker("no secret", "a worker without its master's LOCUST_RTC_SECRET", masters_secret=SECRET, says="it has no"),
    _worker("one secret", "a worker with a LOCUST_RTC_SECRET, its master without", secret=SECRET, says="it has a"),
    _worker(
        "another secret",
        "a worker with another LOCUST_RTC_SECRET than its master's",
        secret=OTHER_SECRET,
        masters_secret=SECRET,
        says="is another than its master's",
    ),
    _worker(
        "another locustfile",
        "a worker whose locustfile was edited",
        locustfile="{edited}",
        says="its file with Collaborator is another than the master's",
    ),
    _worker(
        "other users",
        "a worker with another locustfile",
        locustfile="text_files.py",
        says="its locustfile has no user class",
    ),
    _worker(
        "another option",
        "a worker with an option of its own",
        *("--rtc-edit-rate", "7"),
        says=("it was given --rtc-edit-rate '7', the master '1.0'", "Leave it out on the worker"),
    ),
    _worker(
        "another version",
        "a worker with another version of pycrdt",
        with_another_pycrdt=True,
        says=("it has pycrdt 0.1 (master: ", "Install the same versions"),
    ),
    # Capacity on paper.
    make_case(
        "users in words",
        "people in words",
        *("--users", "many"),
        command="plan-capacity",
        exits=2,
        says=("--users 'many'", "whole numbers from 1"),
    ),
    make_case(
        "too many users",
        "more people than any run has",
        *("--users", "1000000000"),
        command="plan-capacity",
        exits=2,
        says=("--users '1000000000'", "less than 1,000,000,000"),
    ),
    make_case(
        "nobody in a room",
        "rooms of nobody",
        *("--room", "0"),
        command="plan-capacity",
        exits=2,
        says=("--room '0'", "whole numbers from 1"),
    ),
    make_case(
        "no run time",
        "a run of no time",
        *("--run-time", "0"),
        command="plan-capacity",
        exits=2,
        says=("--run-time '0'", "more than 0"),
    ),
    make_case(
        "run time in words",
        "a run of a time in words",
        *("--run-time", "long"),
        command="plan-capacity",
        exits=2,
        says=("--run-time 'long'", "give seconds"),
    ),
    make_case(
        "negative cost",
        "a server that edits cost less than nothing",
        "--server-edit-ms=-1",
        command="plan-capacity",
        exits=2,
        says=("--server-edit-ms '-1'", "0 or more"),
    ),
    make_case(
        "unknown presence",
        "presence of a kind that does not exist",
        *("--awareness", "all"),
        command="plan-capacity",
        exits=2,
        says=("--awareness 'all'", "Choose one of: faithful, own, none"),
    ),
)
