"""A copy of this machine to build an image on: its files copied on write, its own processes, its own network.

There is no engine where the tests run, but what an engine rests on is there: a mount namespace with an overlay of
this machine's root, so that a Dockerfile's steps can be run as they are written, accounts and folders included, and
nothing of it reaches the machine; a network namespace, so that ports are those of the files; and a root that is then
made read-only. It ends with the process that holds it, and leaves nothing.

What it is not: the base image. The Python, the libraries and the accounts are those of the machine of the tests.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

READY = "ready"
_MADE_IN_S = 20.0

_HELD = f"""
set -eu
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
mkdir "$1/changed" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/changed,workdir=$1/work" "$1/root"
mount -t proc proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
ip link set lo up
echo {READY}
exec sleep infinity
"""


def reason_not_to() -> str:
    """Why no copy can be made here, in a sentence; empty where it can."""
    if os.geteuid() != 0:
        return (
            "Copies of this machine need root: the steps of the Dockerfile make accounts and give files to them. "
            "As root, `make image` runs them all; in CI the job `machines` does."
        )
    if missing := [tool for tool in ("unshare", "nsenter", "setpriv", "ip") if shutil.which(tool) is None]:
        return f"Copies of this machine need {', '.join(missing)}."
    tried = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--net", "true"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else "Namespaces are not allowed here."


class CopiedMachine:
    """One copy, until `end`."""

    def __init__(
        self,
        folder: Path,
        *,
        network: bool = False,
        hosts: Sequence[str] = (),
        beside: CopiedMachine | None = None,
    ) -> None:
        """`folder` is made, and receives nothing that outlives the copy. `network`: that of this machine, for pip.

        `hosts`: the names of other containers, which are all at this copy's address. `beside`: a copy whose network
        this one shares.
        """
        folder.mkdir()
        namespaces = ["--mount", "--pid", "--fork", "--kill-child", *([] if network or beside else ["--net"])]
        joined = ["nsenter", "--target", str(beside._inside), "--net"] if beside else []
        self._holder = subprocess.Popen(
            [*joined, "unshare", *namespaces, "sh", "-c", _HELD, "sh", str(folder)], stdout=subprocess.PIPE, text=True
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline().strip() == READY, "no copy of this machine could be made"
        children = Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children").read_text().split()
        self._inside = int(children[0])
        self._enter = ["nsenter", "--target", str(self._inside), "--mount", "--pid"]
        if not network:
            self._enter.append("--net")
        self._root = f"{folder}/root"
        self.files = Path(f"/proc/{self._inside}/root{folder}/root")
        """The root of the copy, as this process sees it."""
        if not network:
            # Without a name server, or every question for a name would wait for one.
            (self.files / "etc/resolv.conf").unlink(missing_ok=True)
            (self.files / "etc/resolv.conf").touch()
            names = " ".join(["localhost", socket.gethostname(), *hosts])
            (self.files / "etc/hosts").write_text(f"127.0.0.1 {names}\n")
        else:
            # Often a link to what is in memory on the machine, and not in the copy.
            servers = Path("/etc/resolv.conf").read_bytes()
            (self.files / "etc/resolv.conf").unlink(missing_ok=True)
            (self.files / "etc/resolv.conf").write_bytes(servers)

    def on_mounts(self, script: str) -> None:
        """Run a script of the shell on the mounts of the copy, where `$root` is its root."""
        subprocess.run([*self._enter, "sh", "-euc", f"root={self._root}\n{script}"], check=True, timeout=_MADE_IN_S)

    def command(self, command: Sequence[str], folder: str, user: int = 0) -> list[str]:
        """What to start here so that a command runs there, as a user, in a folder."""
        inner = ["sh", "-c", 'cd "$0" && exec "$@"', folder, *command]
        who = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--no-new-privs"] if user else []
        return [*self._enter, "chroot", self._root, *who, *inner]

    def run(
        self, command: Sequence[str], folder: str, environment: Mapping[str, str], timeout_s: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a command there as root, and wait for it."""
        return subprocess.run(
            self.command(command, folder),
            env=dict(environment),
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
        )

    def processes(self) -> Iterator[tuple[Path, list[str]]]:
        """Every process of the copy: its folder below /proc of this machine, and its command."""
        own = Path(f"/proc/{self._inside}/ns/pid").readlink()
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if (process / "ns/pid").readlink() == own:
                    yield process, (process / "cmdline").read_bytes().decode().split("\0")
            except OSError:
                continue

    def end(self) -> None:
        """End every process of the copy, and with the last one the copy."""
        self._holder.kill()
        self._holder.wait()
        if self._holder.stdout is not None:
            self._holder.stdout.close()
