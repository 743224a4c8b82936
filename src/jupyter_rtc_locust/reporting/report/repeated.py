"""A run done again by somebody else, on another machine: the command, and what has to be there before it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

ADDRESS: Final = "ADDRESS"
"""Stands in a command for a server that was on the machine of the run."""
_THIS_MACHINE: Final = ("localhost", "127.", "::1")


def command(run: Mapping[str, Any]) -> list[str]:
    """Program and arguments, with `ADDRESS` for a server that nobody else can reach; empty where none was kept."""
    arguments = [str(one) for one in run.get("command") or ()]
    host = _host(arguments)
    return [ADDRESS if one == host and _of_this_machine(host) else one for one in arguments]


def needed(run: Mapping[str, Any], folder: str) -> list[str]:
    """What has to be there to do a run again, each in a sentence; `folder` is where the results are."""
    arguments = [str(one) for one in run.get("command") or ()]
    if not arguments:
        return []
    version = (run.get("versions") or {}).get("jupyter-rtc-locust")
    ours = f"jupyter-rtc-locust {version}" if version else "jupyter-rtc-locust"
    host = _host(arguments)
    if host is None:
        server = f"{ours}, with its extra demo: the run starts a Jupyter server of its own."
        told = [server]
    else:
        told = [f"{ours}: the commands are typed where it is installed.", _server(run, host)]
    if "-f" in arguments:
        told.append(_locustfile(arguments[arguments.index("-f") + 1]))
    plan = run.get("plan") or {}
    if plan.get("evidence"):
        edits = "the same edits" if plan.get("complete", True) else "the edits that were told"
        purpose = f"For {edits}, and to decide" if plan.get("edits", 1) else "To decide"
        told.append(
            f"{purpose} again: the folder {folder} in which this page was made, with its "
            f"evidence. The page alone is not enough."
        )
    return told


def _server(run: Mapping[str, Any], host: str) -> str:
    kind = str(run.get("server") or "")
    like = f"A server like that of the run ({kind}, then at {host})" if kind else f"The server that was at {host}"
    place = f", whose address goes in the place of {ADDRESS}" if _of_this_machine(host) else ""
    said = f"{like}{place}. Its token goes into the environment variable JUPYTER_TOKEN, before the command is typed."
    if _of_this_machine(host) and kind.startswith("jupyter-collaboration"):
        said += (
            " Where jupyterlab and jupyter-collaboration are installed, `jupyter lab --no-browser` starts one at "
            "http://127.0.0.1:8888; its token is what JUPYTER_TOKEN holds there. The run works in a folder of its own, "
            "which it removes."
        )
    return said


def _locustfile(path: str) -> str:
    if path.startswith("locustfiles/"):
        return f"The locustfile {path}: jupyter-rtc-locust brings its own, in a folder of that name."
    return f"The locustfile {path}, from whoever led the run, in the folder in which the command is typed."


def _host(arguments: list[str]) -> str | None:
    place = arguments.index("--host") + 1 if "--host" in arguments else len(arguments)
    return arguments[place] if place < len(arguments) else None


def _of_this_machine(host: str | None) -> bool:
    name = urlsplit(host or "").hostname or ""
    return name.startswith(_THIS_MACHINE)
