"""The command that does a run again, from what it was asked to do by whatever way: command line, environment, form.

Pure: it reads attributes of any namespace. Where the results go is left out, because the next run into the same folder
removes what this one left there. The command is read on other machines, so no folder of this one stands in it.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from jupyter_rtc_locust.options import OPTIONS

_LEFT_OUT = frozenset({"--rtc-results", "--rtc-seed"})


def command_to_repeat(
    options: Any, *, host: str | None, seed: int, users: int, run_s: float | None, workers: int | None, here: str
) -> list[str]:
    """Program and arguments.

    `options` are Locust's, with ours in them; `host` is None where a server of our own was started; `run_s` how long
    people were at work, for runs that were given no time (None: the run ends by itself); `workers` how many processes
    a master waited for, None without one; `here` the folder that the run was started in.
    """
    locustfiles = str(getattr(options, "locustfile", "") or "locustfile.py").split(",")
    command = ["locust", "-f", ",".join(path_elsewhere(one.strip(), here) for one in locustfiles)]
    command += [str(name) for name in getattr(options, "user_classes", None) or ()]
    processes = getattr(options, "processes", None)
    if processes:
        command += ["--processes", str(processes)]
    elif workers is not None:
        command += ["--master", "--expect-workers", str(workers)]
    command += ["--headless", "-u", str(users)]
    if (rate := getattr(options, "spawn_rate", None)) is not None:
        command += ["-r", f"{float(rate):g}"]
    asked = getattr(options, "run_time", None)
    if (seconds := asked or run_s) is not None:
        command += ["-t", f"{max(1, round(float(seconds)))}s"]
    for flag in ("tags", "exclude_tags"):
        if names := getattr(options, flag, None):
            command += [f"--{flag.replace('_', '-')}", *map(str, names)]
    if host is not None:
        command += ["--host", host]
    return [*command, *_ours(options), "--rtc-seed", str(seed)]


def path_elsewhere(path: str, here: str) -> str:
    """A path as another machine may have it: from the folder `here`, or without what leads to it.

    Of what lies outside, the last folder is kept where it is `locustfiles`, as those of this package have it.
    """
    whole = PurePath(path)
    if not whole.is_absolute():
        return path
    if whole.is_relative_to(here):
        return str(whole.relative_to(here))
    return f"locustfiles/{whole.name}" if whole.parent.name == "locustfiles" else whole.name


def _ours(options: Any) -> list[str]:
    """Our options that are not as they are by default."""
    told = []
    for option in OPTIONS:
        value = getattr(options, option.name.removeprefix("--").replace("-", "_"), option.default)
        if option.name in _LEFT_OUT or str(value) == str(option.default):
            continue
        if isinstance(option.default, bool):
            told += [option.name] if value is True or str(value).lower() in ("1", "true", "yes", "on") else []
        else:
            told += [option.name, str(value)]
    return told
