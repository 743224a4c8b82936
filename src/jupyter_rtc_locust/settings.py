"""What a run was asked to do: options checked once, at the door, into one frozen value.

Knows nothing of Locust: it reads attributes of any namespace, so the command line, the web UI's form and tests all
come through the same checks with the same sentences.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jupyter_rtc_locust.errors import OptionsError
from jupyter_rtc_locust.timing.figures import BETWEEN_WORKERS
from jupyter_rtc_locust.timing.recorder import SAVE, UPDATE_DELIVERY
from jupyter_rtc_locust.timing.thresholds import Threshold, ThresholdError, read_thresholds

SERVER_KINDS = ("auto", "jupyter-collaboration", "y-websocket")
"""What `--rtc-server` takes: `auto`, and the names in `servers/detection.py`; a test compares them."""
EVIDENCE_KINDS = ("on-failure", "always")
"""When everything a verdict was made from is kept; of a pass otherwise only digests are."""
REPORT_KINDS = ("always", "never")
"""Whether reports are made of a run when it has ended."""
AWARENESS_KINDS = ("none", "own", "faithful")
GLOBAL_AWARENESS_KINDS = ("none", "faithful")
REST_KINDS = ("none", "faithful")
SPREAD_KINDS = ("workers", "documents")
"""What `--rtc-spread` takes: the people of a document over all workers, or whole documents to each."""
KERNEL_KINDS = ("simulated", "real")
RHYTHM_KINDS = ("person", "steady", "poisson")
"""What `--rtc-rhythm` takes: the rhythms of `editing/rhythm.py`; a test compares them."""
TRACE_TARGETS = ("text", "cell")
"""What a trace is replayed into: a text file, or the one cell of a notebook."""

SYNC_DEADLINE_S = 15.0
"""A sync, or an echo while those of others come, that takes longer is `stalled` (docs/verdict.md)."""
JOINER_DEADLINE_S = 15.0
WORKER_ANSWER_DEADLINE_S = 15.0
HTTP_TRY_DEADLINE_S = 10.0
SAVE_ANSWER_DEADLINE_S = 10.0
"""A save asked for by hand that is not answered by then counts as not answered."""
SECRET_OF_THE_WORKERS = "LOCUST_RTC_SECRET"
"""The environment variable with which master and workers seal their messages (`coordination/sealing.py`)."""
HUB_PASSWORD = "JUPYTERHUB_PASSWORD"
"""The environment variable with the one password of everybody, where a JupyterHub takes one."""
LONGEST_THROUGH_A_HUB_S = 23 * 3600
"""Tokens that a run makes on a hub end by themselves after a day (`servers/hub.py`), and with them its requests."""
SECRETS_OF_THE_ENVIRONMENT = ("JUPYTER_TOKEN", SECRET_OF_THE_WORKERS, HUB_PASSWORD)
"""What no process that a run starts is given, unless it needs it."""
QUIET_S = 3.0
"""No document message for this long, with every edit acknowledged, is called quiet."""
SHORTEST_CHECKPOINTS_S = 10.0
SAVE_EVERY_WHERE_PROMISED_S = 30.0
"""People save by hand so often where `save` is promised and nothing else is said."""
END_BUDGET_S = 115.0
"""From the end of editing to the verdict at most, where no server is silent. To the exit: `ending.longest_end`."""
DRAIN_IN_THE_BUDGET_S = 30.0
"""So long outstanding messages may be waited for in that time."""
JUDGE_S = 15.0
"""So much of that is kept for the judge. Long runs: `time_to_judge`."""
SILENT_SERVER_S = HTTP_TRY_DEADLINE_S + SYNC_DEADLINE_S + 10.0
"""So much longer the end may take where a server is silent then: to ask it, and its users once more."""
LATE_EVIDENCE_S = 600.0
"""So much longer the end may take while evidence of a worker is still coming over a slow line."""
EDITS_IN_THE_BUDGET = 20_000
EDITS_A_SECOND_BEYOND = 1_000
"""Gathering, judging and writing an edit takes a quarter of a millisecond of the processor (measured: `make bench
ARGS='--only final_check deciding'`), nearly all of that the judge; what is four times as slow hangs."""
LEAVE_DEADLINE_S = 6.0
"""Closing all documents, when the verdict is known."""


def end_budget(edits: int, drain_timeout: float = DRAIN_IN_THE_BUDGET_S) -> float:
    """Seconds from the end of editing to the verdict at most, for a run of so many edits.

    Who waits longer than usual for outstanding messages has as much time for the rest as ever.
    """
    for_edits = max(0, edits - EDITS_IN_THE_BUDGET) / EDITS_A_SECOND_BEYOND
    return END_BUDGET_S + max(0.0, drain_timeout - DRAIN_IN_THE_BUDGET_S) + for_edits


def time_to_judge(edits: int) -> float:
    """Seconds of the budget that are kept for the judge: half of what is added for edits, which others gather."""
    return JUDGE_S + (end_budget(edits) - END_BUDGET_S) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A run's options, checked. Times in seconds, rates in edits per second and user."""

    host: str | None = None
    """Base address of the server without a trailing slash; None: an embedded server is started."""
    server: str = "auto"
    server_python: Path | None = None
    """The Python of the environment in which an embedded server is started; None: that of the run."""
    documents: int = 1
    spread: str = "workers"
    """Whether the people of a document are played by different workers, or by one, as far as that goes evenly."""
    template: Path | None = None
    notebook: str | None = None
    seed: int = 0
    """0: drawn at random when the run starts, and printed."""
    edit_rate: float = 1.0
    rhythm: str = "person"
    awareness: str = "faithful"
    global_awareness: str = "none"
    """Whether tabs enter the room in which all tabs of a server show what they have open."""
    rest: str = "none"
    """Whether tabs make the requests beside their documents that JupyterLab's make."""
    kernels: str = "simulated"
    """Whether cells that people in tabs run are run in kernels of the server, or only look as if they were."""
    hub: str | None = None
    """Base address of the JupyterHub through which servers are reached, which is `host`, too; None: there is none."""
    hub_server: str = ""
    """The person in whose server all documents lie; empty: each lies in the server of the first who opens it."""
    hub_logins: Path | None = None
    hub_spawn_timeout: float = 120.0
    """Seconds until a server that the hub was asked for must be ready."""
    results: Path = Path("results")
    evidence: str = "on-failure"
    evidence_limit: float = 200.0
    """Megabytes (1,000,000 bytes) of evidence that are kept at most."""
    report: str = "always"
    drain_timeout: float = DRAIN_IN_THE_BUDGET_S
    save_timeout: float = 30.0
    max_save_age: float = 0.0
    """Seconds that an acknowledged edit may wait for the disk; 0: as long as it takes."""
    checkpoint_every: float = 0.0
    """Seconds from one checkpoint to the next; 0: none."""
    evict_after: float = 0.0
    """Seconds after which the server drops a room that everybody left; 0: not known. An embedded one is told so."""
    server_log: Path | None = None
    server_memory_limit: float = 0.0
    """Megabytes (1,000,000 bytes) of resident memory; 0: any."""
    history: bool = False
    plan_out: Path | None = None
    """Receives what the users did; None: nobody does, unless the run fails."""
    plan: Path | None = None
    """What the users do, whatever they would have chosen; None: what they choose."""
    keep: bool = False
    ca_file: Path | None = None
    token_file: Path | None = None
    request_events: bool = False
    warmup: float | None = None
    """Seconds at the beginning that the percentiles leave out; None: by the rule in `timing/recorder.py`."""
    trace: Path | None = None
    """The editing trace to replay; None: users choose their edits."""
    trace_speed: float = 0.0
    """How much faster than recorded; 0: as fast as causality allows."""
    trace_into: str = "text"
    require: tuple[Threshold, ...] = ()
    """Upper limits that figures of the run have to stay below."""
    promise: tuple[Threshold, ...] = ()
    """What the server is to keep to as many people as it can; none: the run looks for no capacity."""
    step: int = 0
    """By how many people the capacity is narrowed down; 0: by a part of the most."""
    step_window: int = 5
    """Seconds of a window in which a step is looked at."""
    save_every: float = 0.0
    """Seconds between two saves by hand of a person, on average; 0: nobody saves by hand, but who does by itself."""
    server_pid: int | None = None
    """The server's process on this machine; None: an embedded server's own, else not known."""
    together: int = 0
    """How many users fill a document before the next one is opened; 0: users are dealt out to all documents."""
    users: int = 1
    """How many users the run was asked for (`-u`): how the documents' seats are counted."""

    @classmethod
    def from_options(cls, options: Any, host: str | None = None) -> Settings:
        """Check a namespace of options (argparse's, or the web UI's after its form was read).

        Raises:
            OptionsError: with a sentence that says which option, what was given, and what is possible.
        """
        users = getattr(options, "num_users", None)
        users = 1 if users is None else _whole("-u", users, least=1)
        host = host or getattr(options, "host", None) or None
        promise = _promises(options.rtc_promise)
        hub = _hub(options.rtc_hub)
        settings = cls(
            host=hub or (checked_host(host) if host else None),
            server=_one_of("--rtc-server", options.rtc_server, SERVER_KINDS),
            server_python=_program("--rtc-server-python", options.rtc_server_python),
            documents=_whole("--rtc-documents", options.rtc_documents, least=1),
            spread=_one_of("--rtc-spread", options.rtc_spread, SPREAD_KINDS),
            template=Path(options.rtc_template) if options.rtc_template else None,
            notebook=_notebook(options.rtc_notebook),
            seed=_whole("--rtc-seed", options.rtc_seed, least=0, most=2**63 - 1),
            edit_rate=_number("--rtc-edit-rate", options.rtc_edit_rate),
            rhythm=_one_of("--rtc-rhythm", options.rtc_rhythm, RHYTHM_KINDS),
            awareness=_one_of("--rtc-awareness", options.rtc_awareness, AWARENESS_KINDS),
            global_awareness=_one_of("--rtc-global-awareness", options.rtc_global_awareness, GLOBAL_AWARENESS_KINDS),
            rest=_one_of("--rtc-rest", options.rtc_rest, REST_KINDS),
            kernels=_one_of("--rtc-kernels", options.rtc_kernels, KERNEL_KINDS),
            hub=hub,
            hub_server=str(options.rtc_hub_server or "").strip(),
            hub_logins=_file("--rtc-hub-logins", options.rtc_hub_logins),
            hub_spawn_timeout=_number("--rtc-hub-spawn-timeout", options.rtc_hub_spawn_timeout),
            results=Path(options.rtc_results or "results"),
            evidence=_one_of("--rtc-evidence", options.rtc_evidence, EVIDENCE_KINDS),
            evidence_limit=_number("--rtc-evidence-limit", options.rtc_evidence_limit),
            report=_one_of("--rtc-report", options.rtc_report, REPORT_KINDS),
            drain_timeout=_number("--rtc-drain-timeout", options.rtc_drain_timeout, most=60.0),
            save_timeout=_number("--rtc-save-timeout", options.rtc_save_timeout, most=60.0),
            max_save_age=_number("--rtc-max-save-age", options.rtc_max_save_age),
            checkpoint_every=_duration("--rtc-checkpoint-every", options.rtc_checkpoint_every),
            evict_after=_number("--rtc-evict-after", options.rtc_evict_after, most=5.0),
            server_log=_file("--rtc-server-log", options.rtc_server_log),
            server_memory_limit=_number("--rtc-server-memory-limit", options.rtc_server_memory_limit),
            history=_truth(options.rtc_history),
            plan_out=Path(options.rtc_plan_out) if options.rtc_plan_out else None,
            plan=_file("--rtc-plan", options.rtc_plan),
            keep=_truth(options.rtc_keep),
            ca_file=_file("--rtc-ca-file", options.rtc_ca_file),
            token_file=_file("--rtc-token-file", options.rtc_token_file),
            # Locust's --otel records request events, and would show nothing without them.
            request_events=_truth(options.rtc_request_events) or _truth(getattr(options, "otel", False)),
            warmup=_warmup(options.rtc_warmup),
            trace=_file("--rtc-trace", options.rtc_trace),
            trace_speed=_number("--rtc-trace-speed", options.rtc_trace_speed),
            trace_into=_one_of("--rtc-trace-into", options.rtc_trace_into, TRACE_TARGETS),
            require=_thresholds("--rtc-require", options.rtc_require),
            promise=promise,
            step=_whole("--rtc-step", options.rtc_step, least=0, most=users),
            step_window=_whole("--rtc-step-window", options.rtc_step_window, least=2, most=600),
            # Nobody in a tab saves by hand unless told so, and what nobody does cannot be promised.
            save_every=_number("--rtc-save-every", options.rtc_save_every)
            or (SAVE_EVERY_WHERE_PROMISED_S if any(one.figure.timing == SAVE for one in promise) else 0.0),
            server_pid=_whole("--rtc-server-pid", options.rtc_server_pid, least=0) or None,
            users=users,
        )
        if settings.documents > users:
            raise OptionsError(
                f"--rtc-documents {settings.documents} with {users} user{'s' if users != 1 else ''}: a document "
                f"without a user tests nothing. Ask for at least as many users (-u) as documents."
            )
        if settings.notebook and settings.documents != 1:
            raise OptionsError(
                f"--rtc-notebook names one document, but --rtc-documents asks for {settings.documents}: leave one out."
            )
        if settings.notebook and settings.template:
            raise OptionsError(
                "--rtc-notebook works on a document that exists, --rtc-template makes new ones: leave one out."
            )
        if settings.notebook and settings.kernels == "real":
            raise OptionsError(
                "--rtc-kernels real would run code in the kernel that people have for the notebook of --rtc-notebook, "
                "and end it: leave one out."
            )
        if settings.notebook and not settings.host:
            raise OptionsError("--rtc-notebook names a document on a server: say which server with --host.")
        if settings.trace is not None:
            _check_replay(settings)
        if settings.promise:
            _check_capacity(settings)
        _check_hub(settings, checked_host(host) if host else None, getattr(options, "run_time", None))
        return settings


def _check_capacity(settings: Settings) -> None:
    """Who comes and goes is the search's to say, and so is when everything is compared."""
    for option, given in (
        ("--rtc-trace", settings.trace),
        ("--rtc-plan", settings.plan),
        ("--rtc-checkpoint-every", settings.checkpoint_every),
    ):
        if given:
            raise OptionsError(
                f"--rtc-promise has people come and go in steps, and holds a checkpoint at each: leave {option} out."
            )


def _check_hub(settings: Settings, host: str | None, run_time: object) -> None:
    """What is for a hub only, and what a hub leaves no room for."""
    if settings.hub is None:
        for option, given in (("--rtc-hub-server", settings.hub_server), ("--rtc-hub-logins", settings.hub_logins)):
            if given:
                raise OptionsError(f"{option} is for a JupyterHub: say which with --rtc-hub, or leave it out.")
        return
    if host is not None and host != settings.hub:
        raise OptionsError(
            f"--rtc-hub {settings.hub} finds the servers of its people by itself, and --host names another: leave "
            f"--host out."
        )
    if settings.hub_spawn_timeout < 1:
        raise OptionsError(
            f"--rtc-hub-spawn-timeout {settings.hub_spawn_timeout:g}: no hub starts a server so soon. Give 1 second or "
            f"more."
        )
    if isinstance(run_time, int | float) and run_time > LONGEST_THROUGH_A_HUB_S:
        raise OptionsError(
            f"-t {run_time:.0f}s: a run through a JupyterHub lasts 23 hours at most, since tokens that it makes there "
            f"end by themselves after a day. Give less."
        )
    not_behind_it: tuple[tuple[str, object], ...] = (
        ("--rtc-server y-websocket", settings.server == "y-websocket"),
        ("--rtc-server-python", settings.server_python),
        ("--rtc-notebook", settings.notebook),
        ("--rtc-kernels real", settings.kernels == "real"),
        ("--rtc-rest faithful", settings.rest == "faithful"),
        ("--rtc-global-awareness faithful", settings.global_awareness == "faithful"),
        ("--rtc-promise", settings.promise),
    )
    for option, in_the_way in not_behind_it:
        if in_the_way:
            raise OptionsError(f"{option} is for one server, and --rtc-hub has one for each person: leave it out.")


def _check_replay(settings: Settings) -> None:
    """A trace brings its document along, and has only the one."""
    if settings.documents != 1:
        raise OptionsError(
            f"--rtc-trace replays into one document, but --rtc-documents asks for {settings.documents}: leave one out."
        )
    for option, given in (("--rtc-template", settings.template), ("--rtc-notebook", settings.notebook)):
        if given:
            raise OptionsError(
                f"--rtc-trace begins with the trace's own text, and {option} names another: leave one out."
            )


def checked_host(host: str) -> str:
    """The base address of a server, without a trailing slash; a path (a `base_url`, a hub's `/user/NAME`) is kept.

    Raises:
        OptionsError: when it is no http(s) address, or carries a user name, password, token or fragment.
    """
    host = host.strip()
    may_hold_a_secret = re.search("[?#&;@]", host) is not None
    try:
        parts = urlsplit(host)
        usable = parts.port is None or parts.port > 0
    except ValueError:
        # The error's own words repeat what stands where the port should.
        usable = False
    if (
        not usable
        or parts.scheme not in ("http", "https")
        or not parts.hostname
        or re.search(r"[\s\x00-\x1f\x7f]", host)
    ):
        shown = "(not repeated here: there may be a secret in it)" if may_hold_a_secret else _shown(host)
        raise OptionsError(
            f"--host {shown} is not an http or https address. Write http://NAME:PORT or https://NAME/PATH."
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise OptionsError(
            "--host carries more than an address and a path. A token is read from the environment variable "
            "JUPYTER_TOKEN or from --rtc-token-file, never from an address, because addresses are printed and logged."
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _hub(value: object) -> str | None:
    """The base address of a hub; its own pages lie below `/hub`, which whoever copies an address has in it."""
    if not value:
        return None
    try:
        return checked_host(str(value)).removesuffix("/hub")
    except OptionsError as error:
        raise OptionsError(str(error).replace("--host", "--rtc-hub")) from None


def read_tokens(token_file: Path | None, environment: dict[str, str] | None = None) -> tuple[str, ...]:
    """The tokens this process may use: one per line of the file (one identity each), else `JUPYTER_TOKEN`, else none.

    Raises:
        OptionsError: when the file cannot be read or holds no token, or a token could not be sent to a server.
    """
    if token_file is not None:
        try:
            tokens = tuple(line.strip() for line in token_file.read_text().splitlines() if line.strip())
        except (OSError, UnicodeDecodeError) as error:
            raise OptionsError(f"--rtc-token-file {token_file} could not be read: {error}.") from error
        if not tokens:
            raise OptionsError(f"--rtc-token-file {token_file} holds no token: write one per line.")
        return _sendable(tokens, f"--rtc-token-file {token_file}")
    token = (os.environ if environment is None else environment).get("JUPYTER_TOKEN", "").strip()
    return _sendable((token,), "the environment variable JUPYTER_TOKEN") if token else ()


def _sendable(tokens: tuple[str, ...], where: str) -> tuple[str, ...]:
    """The tokens, of which each can stand in a header. The sentence does not repeat what may be a secret."""
    if any(re.search(r"[^\x21-\x7e]", token) for token in tokens):
        raise OptionsError(
            f"{where} holds a token with a blank, a line break or a letter outside ASCII, which no HTTP header can "
            f"carry: write the token as the server shows it, and nothing else."
        )
    return tokens


def _shown(value: object) -> str:
    """A value as an error message shows it."""
    return repr(str(value)[:100])


def _number(option: str, value: object, *, most: float | None = None) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise OptionsError(f"{option} {_shown(value)} is not a number.") from None
    if number != number or number in (float("inf"), float("-inf")):
        raise OptionsError(f"{option} {_shown(value)} is not a finite number.")
    if number < 0:
        raise OptionsError(f"{option} {value} is negative: give 0 or more.")
    if most is not None and number > most:
        raise OptionsError(f"{option} {value}: at most {most:.0f} s, because the verdict waits for it.")
    return number


def seconds_of(text: str) -> float | None:
    """Seconds of `90`, `90s`, `1m30s` or `2h`, as Locust writes times; None where it is no time."""
    found = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?", text)
    if found is None or not text:
        return None
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def _duration(option: str, value: object) -> float:
    """Seconds of `90`, `90s`, `1m30s` or `2h`, as Locust writes times; 0 for none, else at least the shortest."""
    duration = seconds_of(str(value if value is not None else "").strip() or "0")
    if duration is None:
        raise OptionsError(f"{option} {_shown(value)} is no time: write seconds, or a time such as 90s, 2m or 1h30m.")
    if 0 < duration < SHORTEST_CHECKPOINTS_S:
        raise OptionsError(
            f"{option} {_shown(value)} is too short: give {SHORTEST_CHECKPOINTS_S:.0f}s or more, because a comparison "
            f"itself takes seconds, or 0 for none."
        )
    return duration


def _warmup(value: object) -> float | None:
    """Seconds, None for `auto`."""
    text = str(value if value is not None else "").strip() or "auto"
    if text == "auto":
        return None
    seconds = seconds_of(text)
    if seconds is None:
        raise OptionsError(
            f"--rtc-warmup {_shown(value)} is no time: write seconds, or a time such as 90s or 2m, 0 to leave nothing "
            f"out, or auto."
        )
    return seconds


def _thresholds(option: str, value: object) -> tuple[Threshold, ...]:
    try:
        return read_thresholds(str(value or ""))
    except ThresholdError as error:
        raise OptionsError(f"{option} {error}") from None


def _promises(value: object) -> tuple[Threshold, ...]:
    promises = _thresholds("--rtc-promise", value)
    for one in promises:
        if one.figure.timing == BETWEEN_WORKERS:
            raise OptionsError(
                f"--rtc-promise {_shown(one.written)}: deliveries between workers are known only when the run has "
                f"ended, and steps are judged before. Promise {UPDATE_DELIVERY!r}, or use --rtc-require."
            )
    return promises


def _whole(option: str, value: object, *, least: int, most: int | None = None) -> int:
    try:
        number = int(str(value))
    except ValueError:
        raise OptionsError(f"{option} {_shown(value)} is not a whole number.") from None
    if number < least:
        raise OptionsError(f"{option} {number} is too small: give {least} or more.")
    if most is not None and number > most:
        raise OptionsError(f"{option} {_shown(number)} is too large: give {most} or less.")
    return number


def _notebook(value: object) -> str | None:
    """A path below the server's root, without slashes at its ends."""
    path = str(value or "")
    if path and not path.strip("/"):
        raise OptionsError(f"--rtc-notebook {_shown(path)} is the server's root folder: name one document in it.")
    if {".", ".."} & set(path.split("/")):
        raise OptionsError(
            f"--rtc-notebook {_shown(path)}: write the path from the server's root folder, without dots."
        )
    return path.strip("/") or None


def _one_of(option: str, value: object, known: tuple[str, ...]) -> str:
    if value not in known:
        raise OptionsError(f"{option} {_shown(value)} is not known. Choose one of: {', '.join(known)}.")
    return str(value)


def _file(option: str, value: object) -> Path | None:
    if not value:
        return None
    path = Path(str(value))
    if not path.is_file():
        raise OptionsError(f"{option} {path}: there is no such file.")
    return path


def _program(option: str, value: object) -> Path | None:
    """By its whole path, because it starts in another folder; a link stays one, by which an environment is known."""
    path = _file(option, value)
    return None if path is None else path.absolute()


def _truth(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.lower() in ("1", "true", "yes", "on"))
