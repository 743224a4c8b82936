"""What can be wrong before a run begins on one machine, as data: options, and what the web UI's form may be given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

RIGHT = "the right token"
"""In place of a token: the one of the servers here."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One thing that is wrong.

    `options` come after those of a small run; names in braces stand for addresses and paths of `Surroundings`.
    `says` is what the sentence must hold, `exit_code` 2 or 4.
    """

    name: str
    done: str
    options: tuple[str, ...]
    exit_code: int
    says: tuple[str, ...]
    token: str | None = RIGHT
    command: str = "locust"
    """locust; worker: one of a master that waits; anything else: a command of `jupyter rtc-locust`."""
    secret: str = ""
    """What the process has in LOCUST_RTC_SECRET."""
    masters_secret: str = ""
    """What a worker's master has there."""
    locustfile: str = "notebook_editing.py"
    """One of the product's, or a name in braces."""
    with_another_pycrdt: bool = False
    """As where another version of it is installed."""
    headless: bool = True
    without_demo: bool = False
    """As where the packages of the extra `demo` are not installed."""


def make_case(name: str, done: str, *options: str, exits: int, says: tuple[str, ...] | str, **more: object) -> Case:
    says = (says,) if isinstance(says, str) else says
    return Case(name=name, done=done, options=options, exit_code=exits, says=says, **more)  # type: ignore[arg-type]


def host(name: str) -> tuple[str, str]:
    return "--host", "{" + name + "}"


IS_IT_RUNNING = ("no answer within 10 s", "Is the server running")

ON_ONE_MACHINE = (
    # An address that is none.
    make_case("ftp", "an address of another kind", "--host", "ftp://127.0.0.1:8888", exits=2, says="http or https"),
    make_case("no scheme", "an address without http://", "--host", "127.0.0.1:8888", exits=2, says="http or https"),
    make_case("garbage", "an address that is none", "--host", "http://[::1", exits=2, says="http or https"),
    make_case("large port", "a port that cannot be", "--host", "http://127.0.0.1:99999", exits=2, says="http or https"),
    make_case(
        "token in the address",
        "a token in the address",
        *("--host", "http://127.0.0.1:8888/lab?token=abc"),
        exits=2,
        says=("JUPYTER_TOKEN", "--rtc-token-file"),
    ),
    # A server that cannot be used.
    make_case(
        "nothing listening",
        "nothing listens there",
        *host("nothing"),
        exits=4,
        says=("Connection refused", "Is the server running"),
    ),
    make_case(
        "unknown name",
        "a host name that does not exist",
        *("--host", "http://no-such-host.invalid"),
        exits=4,
        says="Is the server running",
    ),
    make_case("silent", "a server that accepts and never answers", *host("silent"), exits=4, says=IS_IT_RUNNING),
    make_case(
        "silent, named",
        "the same, its kind named",
        *host("silent"),
        *("--rtc-server", "jupyter-collaboration"),
        exits=4,
        says=IS_IT_RUNNING,
    ),
    make_case(
        "trickling",
        "a server that sends a byte now and then and never ends",
        *host("trickling"),
        exits=4,
        says=("had not finished", "20 s"),
    ),
    make_case(
        "another protocol",
        "a server that does not speak HTTP",
        *host("another_protocol"),
        exits=4,
        says="does not speak HTTP",
    ),
    make_case(
        "web server",
        "`python -m http.server`",
        *host("web_server"),
        exits=4,
        says=("404", "no Jupyter server", "--host"),
    ),
    make_case(
        "web server, named",
        "the same, its kind named",
        *host("web_server"),
        *("--rtc-server", "jupyter-collaboration"),
        exits=4,
        says=("404", "no Jupyter server"),
    ),
    make_case(
        "page of a browser",
        "the address of a page, out of a browser",
        *host("jupyter_in_a_browser"),
        exits=4,
        says=("showed no Jupyter server", "leave /lab out"),
    ),
    make_case(
        "hub for a server",
        "a JupyterHub in place of a server",
        *host("hub"),
        exits=4,
        says=("is the address of a JupyterHub", "--rtc-hub", "/user/NAME"),
    ),
    make_case(
        "https for http",
        "https, where the server speaks http",
        *host("web_server_as_https"),
        exits=4,
        says="GET https://",
    ),
    make_case(
        "without collaboration",
        "Jupyter without jupyter-collaboration",
        *host("without_collaboration"),
        exits=4,
        says=("without real-time collaboration", "Install jupyter-collaboration"),
    ),
    make_case("no token", "no token", *host("jupyter"), token=None, exits=4, says=("403", "no token was given")),
    make_case(
        "wrong token",
        "a wrong token",
        *host("jupyter"),
        token="not-this-one",
        exits=4,
        says=("403", "the token was refused", "JUPYTER_TOKEN"),
    ),
    make_case(
        "torn token",
        "a token with a line break inside",
        *host("jupyter"),
        token="torn\ntoken",
        exits=2,
        says=("JUPYTER_TOKEN", "line break"),
    ),
    make_case(
        "no token file",
        "a token file that does not exist",
        *host("jupyter"),
        *("--rtc-token-file", "{files}/missing"),
        exits=2,
        says=("--rtc-token-file", "no such file"),
    ),
    make_case(
        "empty token file",
        "a token file without a token",
        *host("jupyter"),
        *("--rtc-token-file", "{files}/empty.txt"),
        exits=2,
        says=("--rtc-token-file", "holds no token"),
    ),
    make_case(
        "no certificates",
        "a certificate authority that does not exist",
        *host("jupyter"),
        *("--rtc-ca-file", "{files}/missing.pem"),
        exits=2,
        says=("--rtc-ca-file", "no such file"),
    ),
    make_case(
        "refused writes",
        "a contents manager that refuses writes (403)",
        *host("refuses_writes"),
        exits=4,
        says=("403", "refuses to write"),
    ),
    make_case(
        "failing writes",
        "a contents manager that fails to write (500)",
        *host("fails_writes"),
        exits=4,
        says=("500", "refuses to write"),
    ),
    # A document that cannot be used.
    make_case(
        "no such notebook",
        "a notebook that does not exist",
        *host("jupyter"),
        *("--rtc-notebook", "missing.ipynb"),
        exits=4,
        says=("missing.ipynb", "no such document"),
    ),
    make_case(
        "text for a notebook",
        "a text file in place of a notebook",
        *host("jupyter"),
        *("--rtc-notebook", "text.txt"),
        exits=4,
        says=("text.txt", "is no notebook"),
    ),
    make_case(
        "broken notebook",
        "a notebook that cannot be read",
        *host("jupyter"),
        *("--rtc-notebook", "broken.ipynb"),
        exits=4,
        says=("broken.ipynb", "no readable notebook"),
    ),
    make_case(
        "folder for a notebook",
        "a folder in place of a notebook",
        *host("jupyter"),
        *("--rtc-notebook", "folder"),
        exits=4,
        says=("is a folder", "name one document in it"),
    ),
    make_case(
        "notebook outside",
        "a path that leaves the server's root",
        *host("jupyter"),
        *("--rtc-notebook", "../secret.ipynb"),
        exits=2,
        says=("--rtc-notebook", "root folder"),
    ),
    make_case(
        "notebook and documents",
        "a notebook, and a number of documents",
        *host("jupyter"),
        *("--rtc-notebook", "good.ipynb", "--rtc-documents", "2"),
        exits=2,
        says=("--rtc-notebook", "--rtc-documents"),
    ),
    make_case(
        "notebook without a host",
        "a notebook, and no server",
        *("--rtc-notebook", "good.ipynb"),
        exits=2,
        says=("--rtc-notebook", "--host"),
    ),
    make_case(
        "no such template",
        "a template that does not exist",
        *host("jupyter"),
        *("--rtc-template", "{files}/missing.ipynb"),
        exits=2,
        says="does not exist",
    ),
    make_case(
        "broken template",
        "a template of broken JSON",
        *host("jupyter"),
        *("--rtc-template", "{files}/broken.ipynb"),
        exits=2,
        says="JSON is broken",
    ),
    make_case(
        "new template",
        "a template of a format of the future",
        *host("jupyter"),
        *("--rtc-template", "{files}/new.ipynb"),
        exits=2,
        says=("too new", "9.0"),
    ),
    make_case(
        "template of another kind",
        "a text file for users who open notebooks",
        *host("jupyter"),
        *("--rtc-template", "{files}/text.txt"),
        exits=2,
        says=("is a text", "open notebooks"),
    ),
    make_case(
        "folder without templates",
        "a folder without a notebook as the template",
        *host("jupyter"),
        *("--rtc-template", "{files}/nothing"),
        exits=2,
        says="holds no notebook",
    ),
    make_case(
        "no such trace",
        "a trace that does not exist",
        *host("jupyter"),
        *("--rtc-trace", "{files}/missing.json"),
        exits=2,
        says="there is no such file",
    ),
    make_case(
        "trace for others",
        "a trace for users who choose their own edits",
        *host("jupyter"),
        *("--rtc-trace", "{files}/text.txt"),
        exits=2,
        says="locustfiles/replay_trace.py",
    ),
    make_case(
        "no such plan",
        "a plan that does not exist",
        *host("jupyter"),
        *("--rtc-plan", "{files}/missing.jsonl"),
        exits=2,
        says="there is no such file",
    ),
    make_case(
        "no plan",
        "a plan that is none",
        *host("jupyter"),
        *("--rtc-plan", "{files}/text.txt"),
        exits=2,
        says="its first line is not that of a plan",
    ),
    make_case(
        "plan nowhere",
        "a plan to be saved in a folder that does not exist",
        *host("jupyter"),
        *("--rtc-plan-out", "{files}/missing/plan.jsonl"),
        exits=2,
        says="no file can be written there",
    ),
    # Options.
    make_case(
        "unknown kind",
        "a kind of server that is not known",
        *host("jupyter"),
        *("--rtc-server", "hocuspocus"),
        exits=2,
        says=("--rtc-server", "auto, jupyter-collaboration, y-websocket"),
    ),
    make_case(
        "a Python and a host",
        "a Python for a server that is not ours",
        *host("jupyter"),
        *("--rtc-server-python", "{files}/text.txt"),
        exits=2,
        says=("--rtc-server-python", "--host"),
    ),
    make_case(
        "no documents",
        "no documents",
        *host("jupyter"),
        *("--rtc-documents", "0"),
        exits=2,
        says=("--rtc-documents 0", "1 or more"),
    ),
    make_case(
        "no threshold",
        "a threshold without a limit",
        *host("jupyter"),
        "--rtc-require=failures",
        exits=2,
        says=("--rtc-require 'failures'", "update echo p95 < 200ms"),
    ),
    make_case(
        "no shape",
        "a promise without the load shape that looks how far it is kept",
        *host("jupyter"),
        "--rtc-promise=failures<1",
        exits=2,
        says=("--rtc-promise", "locustfiles/capacity_shape.py"),
    ),
    make_case(
        "more documents than users",
        "more documents than users",
        *host("jupyter"),
        *("--rtc-documents", "3"),
        exits=2,
        says=("--rtc-documents 3 with 2 users", "-u"),
    ),
    make_case(
        "documents in words",
        "a number in words",
        *host("jupyter"),
        *("--rtc-documents", "two"),
        exits=2,
        says="not a whole number",
    ),
    make_case(
        "no users",
        "no users",
        *host("jupyter"),
        *("-u", "0"),
        exits=2,
        says=("-u 0", "1 or more"),
    ),
    make_case(
        "negative rate",
        "a negative rate",
        *host("jupyter"),
        "--rtc-edit-rate=-1",
        exits=2,
        says=("--rtc-edit-rate", "negative"),
    ),
    make_case(
        "rate of no number",
        "a rate that is no number",
        *host("jupyter"),
        *("--rtc-edit-rate", "nan"),
        exits=2,
        says=("--rtc-edit-rate", "finite"),
    ),
    make_case(
        "negative drain",
        "a negative time to drain",
        *host("jupyter"),
        "--rtc-drain-timeout=-1",
        exits=2,
        says=("--rtc-drain-timeout", "negative"),
    ),
    make_case(
        "negative save",
        "a negative time to save",
        *host("jupyter"),
        "--rtc-save-timeout=-0.5",
        exits=2,
        says=("--rtc-save-timeout", "negative"),
    ),
    make_case(
        "long drain",
        "a time to drain beyond what a run may take",
        *host("jupyter"),
        *("--rtc-drain-timeout", "600"),
        exits=2,
        says=("--rtc-drain-timeout", "at most 60"),
    ),
    make_case(
        "results in a file",
        "results into a file",
        *host("jupyter"),
        *("--rtc-results", "{files}/text.txt"),
        exits=2,
        says=("--rtc-results", "could not be written"),
    ),
    make_case(
        "results below a file",
        "results into a folder below a file",
        *host("jupyter"),
        *("--rtc-results", "{files}/text.txt/results"),
        exits=2,
        says=("--rtc-results", "could not be written"),
    ),
    make_case(
        "unknown keeping",
        "evidence to be kept at a time that is none",
        *host("jupyter"),
        *("--rtc-evidence", "never"),
        exits=2,
        says=("--rtc-evidence", "Choose one of: on-failure, always"),
    ),
    make_case(
        "evidence below nought",
        "a negative limit of evidence",
        *host("jupyter"),
        "--rtc-evidence-limit=-1",
        exits=2,
        says=("--rtc-evidence-limit", "negative"),
    ),
    make_case(
        "unknown kernels",
        "kernels of a kind that does not exist",
        *host("jupyter"),
        *("--rtc-kernels", "virtual"),
        exits=2,
        says=("--rtc-kernels", "Choose one of: simulated, real"),
    ),
    make_case(
        "kernels of a person",
        "real kernels for a notebook that exists",
        *host("jupyter"),
        *("--rtc-kernels", "real", "--rtc-notebook", "notebook.ipynb"),
        exits=2,
        says=("--rtc-kernels", "--rtc-notebook"),
    ),
    make_case(
        "no kernels",
        "real kernels on a server that has no Python kernel",
        *host("without_kernels"),
        *("--rtc-kernels", "real"),
        exits=4,
        says=("--rtc-kernels real", "ipykernel"),
    ),
    # What stands in a class of the locustfile.
    make_case(
        "unknown rhythm of a class",
        "a user class with a rhythm that does not exist",
        *host("jupyter"),
        locustfile="{hasty}",
        exits=2,
        says=("Collaborator.rhythm is 'fast'", "person, steady, poisson"),
    ),
    make_case(
        "no deck of a class",
        "a user class with weights that are no deck",
        *host("jupyter"),
        locustfile="{undealt}",
        exits=2,
        says=("Collaborator.weights is {'insert_letters': 3}", "Weights.of"),
    ),
    # This machine.
    make_case(
        "web port in use",
        "the web UI's port in use",
        *host("jupyter"),
        *("--web-host", "127.0.0.1", "--web-port", "{port_in_use}"),
        headless=False,
        exits=2,
        says=("Address already in use", "--web-port"),
    ),
    make_case(
        "web port in use, embedded",
        "the web UI's port in use, and a server of our own to be started",
        *("--web-host", "127.0.0.1", "--web-port", "{port_in_use}"),
        headless=False,
        exits=2,
        says=("Address already in use", "--web-port"),
    ),
    make_case(
        "web port in use, in a word",
        "the web UI's port in use",
        *("--web-port", "{port_in_use}"),
        command="web",
        exits=2,
        says=("another process listens", "--web-port"),
    ),
    make_case(
        "without the extra",
        "no server named, and the extra `demo` not installed",
        without_demo=True,
        exits=2,
        says=("jupyter-rtc-locust[demo]", "--host"),
    ),
    make_case(
        "without the extra, in a word",
        "the demo, and the extra `demo` not installed",
        command="demo",
        without_demo=True,
        exits=2,
        says=("jupyter-rtc-locust[demo]", "--host"),
    ),
)

FORMS: Mapping[str, tuple[dict[str, str], str]] = {
    "an address of another kind": ({"host": "ftp://127.0.0.1"}, "http or https"),
    "an address that is none": ({"host": "http://[::1"}, "http or https"),
    "nothing listens there": ({"host": "{nothing}"}, "Connection refused"),
    "a server that never answers": ({"host": "{silent}"}, "no answer within 10 s"),
    "a web server": ({"host": "{web_server}"}, "showed no Jupyter server"),
    "Jupyter without collaboration": ({"host": "{without_collaboration}"}, "without real-time collaboration"),
    "a wrong token": ({"host": "{another_token}"}, "the token was refused"),
    "refused writes": ({"host": "{refuses_writes}"}, "refuses to write"),
    "failing writes": ({"host": "{fails_writes}"}, "refuses to write"),
    "no such notebook": ({"rtc_notebook": "missing.ipynb"}, "no such document"),
    "a text file": ({"rtc_notebook": "text.txt"}, "is no notebook"),
    "a broken notebook": ({"rtc_notebook": "broken.ipynb"}, "no readable notebook"),
    "a folder": ({"rtc_notebook": "folder"}, "is a folder"),
    "an unknown kind": ({"rtc_server": "hocuspocus"}, "--rtc-server 'hocuspocus' is not known"),
    "no documents": ({"rtc_documents": "0"}, "--rtc-documents 0 is too small"),
    "documents in words": ({"rtc_documents": "two"}, "not a whole number"),
    "more documents than users": ({"rtc_documents": "3"}, "--rtc-documents 3 with 2 users"),
    "a threshold that is none": ({"rtc_require": "failures > 1"}, "'failures' stands '>'"),
    "a promise without its shape": ({"rtc_promise": "failures < 1"}, "--rtc-promise is for a search for a capacity"),
    "a negative rate": ({"rtc_edit_rate": "-1"}, "--rtc-edit-rate -1 is negative"),
    "a rate in words": ({"rtc_edit_rate": "fast"}, "--rtc-edit-rate 'fast' is not a number"),
    "a negative time to drain": ({"rtc_drain_timeout": "-1"}, "--rtc-drain-timeout -1 is negative"),
    "a long time to save": ({"rtc_save_timeout": "600"}, "at most 60 s"),
    "a seed in words": ({"rtc_seed": "mine"}, "--rtc-seed 'mine' is not a whole number"),
    "an unknown spread": ({"rtc_spread": "hosts"}, "--rtc-spread 'hosts' is not known"),
    "an unknown presence": ({"rtc_awareness": "all"}, "--rtc-awareness 'all' is not known"),
    "no users": ({"user_count": "0"}, "number of users"),
    "users in words": ({"user_count": "many"}, "number of users"),
}
"""What is typed into the web UI's form, and what the answer must hold. The server of the command line is a good one."""
