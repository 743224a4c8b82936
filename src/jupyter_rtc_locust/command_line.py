"""The command `jupyter rtc-locust`: the demo in one word, a locustfile to start from, and what became of a run.

A convenience around Locust's own command line, and no second one: `demo` and `web` become `locust` with the packaged
locustfile and a few options set. They do so by `exec`, so that Ctrl-C, SIGTERM and SIGKILL meet the run itself, and
the exit code is the run's own. Locust is not imported here: its patches of the standard library take a second and
belong to a run.
"""

from __future__ import annotations

import argparse
import errno
import os
import socket
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_rtc_locust.capacity import command as capacity
from jupyter_rtc_locust.comparison import command as comparing
from jupyter_rtc_locust.demo.embedded_server import EXTRA_MISSING, missing_packages
from jupyter_rtc_locust.errors import OptionsError
from jupyter_rtc_locust.exit_codes import OPTIONS_REFUSED, PASSED
from jupyter_rtc_locust.options import OPTIONS
from jupyter_rtc_locust.scale import command as scale
from jupyter_rtc_locust.versions import command as versions

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM = "jupyter rtc-locust"
WEB_HOST = "127.0.0.1"
WEB_PORT = 8089
TAKE_OPTIONS_OF_LOCUST = ("demo", "web", "ab", "capacity")
"""Commands that run Locust; the others refuse what they do not know."""
PEOPLE = ["--users", "10", "--spawn-rate", "5", "--rtc-documents", "2"]
LOCAL = ["--master-bind-host", WEB_HOST]
"""With `--processes` Locust opens a port for its own workers, by default on every address of the machine."""
DEMO_OPTIONS = ["--headless", "--run-time", "30s", *PEOPLE, *LOCAL]
WEB_OPTIONS = ["--web-host", WEB_HOST, "--web-port", str(WEB_PORT), *PEOPLE, *LOCAL]

_DESCRIPTION = """\
Put a swarm of collaborators on Jupyter notebooks, time every round trip, and
learn whether the documents can be trusted afterwards.
"""

_EXIT_CODES = """\
exit codes of a run:
  0  pass: every document is equal and complete, and no request failed
  1  requests failed or a threshold was missed, though the documents can be trusted
  2  an option was refused before anything was opened
  3  fail: somebody's work was lost, doubled or changed
  4  inconclusive: it could not be established, or the server could not be used
"""

_DEMO = f"""\
Ten people edit two notebooks for 30 s on a Jupyter server that is started for
the occasion on 127.0.0.1 and removed afterwards. The verdict is printed and
stands in results/result.json.

Everything after "demo" goes to Locust after the demo's own options
({" ".join(DEMO_OPTIONS[:9])}), and wins:

  {PROGRAM} demo -u 20 -t 2m
  {PROGRAM} demo --host http://127.0.0.1:8888       (token: JUPYTER_TOKEN)
"""

_WEB = f"""\
The demo with Locust's web UI, at http://{WEB_HOST}:{WEB_PORT}: start a run there, watch
it, stop it, and read its verdict. Ctrl-C ends it.

Everything after "web" goes to Locust after these options, and wins:

  {PROGRAM} web --web-port 8090
  {PROGRAM} web -f my_locustfile.py --host http://127.0.0.1:8888
"""

_CHECK = """\
Repeat all checks of a run on the evidence in its results folder, without the
run: no server, no Locust, on any machine. Says whether the same comes out as
stands in result.json. Of a pass only digests are kept, unless it ran with
--rtc-evidence always; then they are compared with each other.
"""

_CHECK_EXIT_CODES = """\
exit codes:
  0  pass
  2  the folder holds no evidence that could be checked
  3  fail
  4  inconclusive, or a pass that does not agree with result.json
"""

_SHOW = """\
Print what a run found, from its results folder: the verdict, every finding
and where its evidence lies, what is not known, and what was not tested.
"""

_REPORT = """\
Make the reports of a run anew from its results folder: report.html for people,
summary.md for the page of a job on GitHub, junit.xml for programs that show
test results. The summary is added to the file that GITHUB_STEP_SUMMARY names,
where it is set.
"""

_REPORT_EXIT_CODES = """\
exit codes:
  0  all were made
  1  one of them could not be made
  2  the folder holds no result of a run
"""

_NOT_ALL_MADE = 1

_INIT = "Write a commented locustfile to start from. An existing file is not overwritten without --force."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Return its exit code; `demo` and `web` become Locust and return only when they are refused."""
    parser = _parser()
    options, passed_on = parser.parse_known_args(sys.argv[1:] if arguments is None else arguments)
    if passed_on and options.command not in TAKE_OPTIONS_OF_LOCUST:
        parser.error(f"{options.command} does not know: {' '.join(passed_on)}")
    match options.command:
        case "init":
            return write_locustfile(options.file, force=options.force)
        case "check" | "show":
            return look_into_results(options.command, options.folder)
        case "report":
            return report_results(options.folder)
        case "compare":
            return compare_runs(options)
        case "plan-capacity":
            return plan_capacity(options)
        case "ab":
            return run_in_turn(options, passed_on)
        case "capacity":
            return search_capacity(options, passed_on)
        case _:
            return become_locust(options.command, passed_on)


def search_capacity(options: argparse.Namespace, passed_on: Sequence[str]) -> int:
    """`capacity`: become the run that looks for it, or return the exit code of a refusal."""
    try:
        return become_locust("capacity", capacity.options_of_the_run(options, passed_on, locustfiles_folder()))
    except (FileNotFoundError, OptionsError) as error:
        return _refuse(str(error))


def become_locust(command: str, passed_on: Sequence[str]) -> int:
    """`demo`, `web` or `capacity`. Returns only a refusal's exit code: else this process is the run from here on."""
    try:
        program = locust_command(command, passed_on)
        refusal = _reason_not_to_start(command, passed_on)
    except FileNotFoundError as error:
        refusal = str(error)
    if refusal:
        return _refuse(refusal)
    sys.stdout.flush()
    sys.stderr.flush()
    return os.execv(program[0], program)


def look_into_results(command: str, results: Path) -> int:
    """`check` or `show` a results folder, and return an exit code."""
    from jupyter_rtc_locust.reporting.stored_results import checked, shown
    from jupyter_rtc_locust.verdict.folder.stored import StoredError
    from jupyter_rtc_locust.verdict.judge import compile_no_grammars

    compile_no_grammars()
    try:
        lines, code = checked(results) if command == "check" else (shown(results), PASSED)
    except StoredError as error:
        return _refuse(str(error))
    _print(lines)
    return code


def compare_runs(options: argparse.Namespace) -> int:
    """`compare` two folders of runs, and return an exit code."""
    try:
        lines, code = comparing.compare_folders(options.before, options.after, options)
    except OptionsError as error:
        return _refuse(str(error))
    _print(lines)
    return code


def run_in_turn(options: argparse.Namespace, passed_on: Sequence[str]) -> int:
    """`ab`: install two versions, run them in turn, compare, and return an exit code."""
    try:
        command = locust_command("ab", passed_on)
        if missing := missing_packages(Path(sys.executable)):
            return _refuse(f"{EXTRA_MISSING} Missing: {', '.join(missing)}.")
        return versions.ab(options, passed_on, command, lambda line: _print([line]))
    except (FileNotFoundError, OptionsError) as error:
        return _refuse(str(error))


def plan_capacity(options: argparse.Namespace) -> int:
    """`plan-capacity`: print what runs take, and return an exit code."""
    try:
        lines = scale.planned(options)
    except OptionsError as error:
        return _refuse(str(error))
    _print(lines)
    return PASSED


def _print(lines: Sequence[str]) -> None:
    # A terminal may know fewer letters than documents have.
    letters = sys.stdout.encoding or "utf-8"
    print("\n".join(lines).encode(letters, "backslashreplace").decode(letters), flush=True)


def report_results(results: Path) -> int:
    """Make the reports of a results folder, and return an exit code."""
    from jupyter_rtc_locust.reporting.report.making import job_summary, make_reports
    from jupyter_rtc_locust.verdict.folder.stored import StoredError

    try:
        made = make_reports(results, add_summary_to=job_summary(os.environ))
    except StoredError as error:
        return _refuse(str(error))
    for path in made.files:
        print(f"Made {path}.")
    for problem in made.problems:
        print(f"{PROGRAM}: {problem}", file=sys.stderr)
    return _NOT_ALL_MADE if made.problems else PASSED


def locust_command(command: str, passed_on: Sequence[str]) -> list[str]:
    """Return the program and arguments of a run: ours first, so that a person's own win.

    Raises `FileNotFoundError` when the packaged locustfile is not there.
    """
    # -P: a file in the current folder that is called like a module of Locust's must not be imported in its place.
    locust = [sys.executable, "-P", "-m", "locust"]
    if command == "capacity":
        return [*locust, *LOCAL, *passed_on]
    ours = WEB_OPTIONS if command == "web" else DEMO_OPTIONS
    return [*locust, "--locustfile", str(locustfiles_folder() / "notebook_editing.py"), *ours, *passed_on]


def locustfiles_folder() -> Path:
    """Return where the packaged locustfiles are: inside an installed package, beside `src` in a checkout.

    Raises `FileNotFoundError` when they are in neither place.
    """
    package = Path(__file__).resolve().parent
    candidates = (package / "locustfiles", package.parent.parent / "locustfiles")
    for folder in candidates:
        if (folder / "notebook_editing.py").is_file():
            return folder
    raise FileNotFoundError(
        "The packaged locustfile notebook_editing.py was looked for in "
        f"{' and '.join(str(folder) for folder in candidates)} and is in neither. Reinstall jupyter-rtc-locust."
    )


def write_locustfile(destination: Path, *, force: bool) -> int:
    """Write the locustfile to start from, and say how to run it. Return an exit code."""
    content = Path(__file__).with_name("demo").joinpath("starting_locustfile.py").read_text(encoding="utf-8")
    try:
        with destination.open("w" if force else "x", encoding="utf-8") as file:
            file.write(content)
    except FileExistsError:
        return _refuse(f"{destination} exists already. Name another file, or add --force to overwrite it.")
    except OSError as error:
        return _refuse(f"{destination} could not be written: {error.strerror}. Name another file.")
    print(
        f"Wrote {destination}. Run it with\n\n"
        f"    locust -f {destination} --headless -u 10 -r 5 -t 30s\n\n"
        "It starts a Jupyter server of its own; to load yours, add --host http://NAME:PORT\n"
        "and put the token into the environment variable JUPYTER_TOKEN."
    )
    return PASSED


def port_in_use(host: str, port: int) -> bool:
    """Whether another process listens on this address and port, so that Locust's web UI could not."""
    with socket.socket() as probe:
        # As web servers do, so that connections which linger after the last run are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
        return False


def _options_of_a_run() -> str:
    """Our options, for help: Locust answers --help before it has read the locustfile that brings them."""
    rows = [f"  {option.name:<22} {option.help}" for option in OPTIONS]
    return "\n".join(["options of a run, besides Locust's own (locust --help):", *rows])


def _parser() -> argparse.ArgumentParser:
    def subcommand(name: str, summary: str, description: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name,
            help=summary,
            description=description,
            allow_abbrev=False,
            epilog=None if name == "init" else _options_of_a_run(),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description=_DESCRIPTION,
        epilog=_EXIT_CODES,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=version("jupyter-rtc-locust"))
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    subcommand("demo", "ten people, two notebooks, 30 s, a verdict", _DEMO)
    subcommand("web", f"the same with Locust's web UI at http://{WEB_HOST}:{WEB_PORT}", _WEB)
    init = subcommand("init", "write a locustfile to start from", _INIT)
    init.add_argument("file", metavar="FILE", nargs="?", type=Path, default=Path("locustfile.py"), help="locustfile.py")
    init.add_argument("--force", action="store_true", help="overwrite FILE if it exists")
    for name, summary, description in (
        ("show", "print what a run found, from its results folder", _SHOW),
        ("check", "repeat all checks on the evidence in a results folder", _CHECK),
        ("report", "make report.html, summary.md and junit.xml of a results folder", _REPORT),
    ):
        later = subcommand(name, summary, description)
        later.epilog = {"check": _CHECK_EXIT_CODES, "report": _REPORT_EXIT_CODES}.get(name)
        later.add_argument("folder", metavar="DIR", nargs="?", type=Path, default=Path("results"), help="results")
    compare = subcommand("compare", comparing.SUMMARY, comparing.DESCRIPTION)
    compare.epilog = comparing.EXIT_CODES
    compare.add_argument("before", metavar="A", type=Path, help="folder of runs of A")
    compare.add_argument("after", metavar="B", type=Path, help="folder of runs of B")
    comparing.add_arguments(compare)
    on_paper = subcommand("plan-capacity", scale.SUMMARY, scale.DESCRIPTION)
    on_paper.epilog = None
    scale.add_arguments(on_paper)
    ab = subcommand("ab", versions.SUMMARY, versions.DESCRIPTION)
    ab.epilog = f"{comparing.EXIT_CODES}\n{_options_of_a_run()}"
    versions.add_arguments(ab)
    people = subcommand("capacity", capacity.SUMMARY, capacity.DESCRIPTION)
    people.epilog = f"{capacity.EXIT_CODES}\n{_options_of_a_run()}"
    capacity.add_arguments(people)
    return parser


def _reason_not_to_start(command: str, passed_on: Sequence[str]) -> str | None:
    """What would stop the run from starting, in a sentence; None when nothing would."""
    # Locust's own parser decides what these options mean; here it is only asked what a person would be told too late.
    locust_options = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    locust_options.add_argument("--host", "-H", default=os.environ.get("LOCUST_HOST"))
    locust_options.add_argument("--web-host", default=WEB_HOST)
    locust_options.add_argument("--web-port", "-P", default=str(WEB_PORT))
    chosen, _ = locust_options.parse_known_args(passed_on)
    missing = missing_packages()
    if missing and not chosen.host:
        return f"{EXTRA_MISSING} Missing: {', '.join(missing)}."
    if command == "web" and chosen.web_port.isdecimal() and port_in_use(chosen.web_host, int(chosen.web_port)):
        return (
            f"The web UI cannot be served at http://{chosen.web_host}:{chosen.web_port}, because another process "
            f"listens on that port. End it, or choose another: "
            f"{PROGRAM} web --web-port {_next_free(int(chosen.web_port))}"
        )
    return None


def _next_free(port: int) -> int:
    return next(other for other in range(port + 1, port + 1000) if not port_in_use(WEB_HOST, other))


def _refuse(reason: str) -> int:
    print(f"{PROGRAM}: {reason}", file=sys.stderr)
    return OPTIONS_REFUSED
