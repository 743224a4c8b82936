"""The Dockerfile's steps, run as they are written on a copy of this machine, and containers of it.

*Quick* takes the packages from the environment of the tests, which holds the locked versions: pip is told to look
nowhere else, and finds every requirement fulfilled, or fails. What it would have made beside them, programs above all,
is copied.
*Whole* downloads and installs them, as an engine would; `make image` does that.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from deploy.copied_machine import CopiedMachine
from deploy.dockerfile import Step, stages_of

REPOSITORY = Path(__file__).resolve().parents[2]
DOCKERFILE = REPOSITORY / "Dockerfile"
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
ONLY_TO_BUILD = ("/build", "/opt/wheels")
"""What the build stage makes and the image does not take over."""
PREFIX = "/opt/jupyter-rtc-locust"
PACKAGES_OF_THE_TESTS = "/opt/packages-of-the-tests"
TMPFS = ["/tmp", "/home/locust/notebooks:uid=10001,gid=10001,mode=0700"]
"""What is written to beside the results, as the compose file has it; test_compose_profiles.py compares."""
STEP_S = 60.0
WHOLE_STEP_S = 900.0


class BuiltImage:
    """An image on a copy of this machine, from the first step of its Dockerfile to its containers."""

    def __init__(self, machine: CopiedMachine, *, whole: bool = False) -> None:
        self.machine = machine
        self.whole = whole
        self.stages = stages_of(DOCKERFILE)
        self.environment: dict[str, str] = {}
        self.folder = "/"
        self.user = 0
        self.path = SYSTEM_PATH

    def build(self) -> None:
        """Run every step of every stage. What only the build stage needs is removed before the second one begins."""
        self._take_this_python_for_the_base_image()
        for number, stage in enumerate(self.stages):
            self.environment = {"PATH": self.path, "HOME": "/", **self._where_packages_come_from()}
            self.folder = "/"
            if number:
                for path in ONLY_TO_BUILD:
                    shutil.rmtree(self.at(path))
            for step in stage[1:]:
                self._do(step)
        if not self.whole:
            self._copy_what_stands_beside()

    def seal(self, tmpfs: Sequence[str]) -> None:
        """Make the root read-only, and give these folders to the user, empty and in memory."""
        mounts = []
        for place in tmpfs:
            path, _, options = place.partition(":")
            mounts.append(f'mount -t tmpfs -o "{options or "mode=1777"}" tmpfs "$root{path}"')
        results = 'mount -t tmpfs -o uid=10001,gid=10001 tmpfs "$root/home/locust/results"'
        self.machine.on_mounts("\n".join([*mounts, results, 'mount -o remount,ro "$root"']))

    def container(
        self, command: Sequence[str], folder: str = "", environment: dict[str, str] | None = None, *, entry: bool = True
    ) -> tuple[list[str], dict[str, str]]:
        """What to start here for a container of this image with a command, and in which environment.

        `entry`: through the image's entry point, as an engine starts a container; a health check goes without.
        """
        entrypoint = self.step("ENTRYPOINT").command if entry else []
        whole = [*entrypoint, *command]
        started = self.machine.command(whole, folder or self.folder, self.user)
        # chroot and setpriv are found with the path of the copy, which begins with that of the image.
        return started, self.environment | {"HOME": "/home/locust"} | (environment or {})

    def step(self, keyword: str) -> Step:
        """The last instruction of a kind in the image's own stage."""
        return next(step for step in reversed(self.stages[-1]) if step.keyword == keyword)

    def at(self, path: str) -> Path:
        """A path of the copy, as this process sees it."""
        return self.machine.files / path.lstrip("/")

    def _do(self, step: Step) -> None:
        match step.keyword:
            case "ENV":
                for name, value in step.values.items():
                    self.environment[name] = value.replace("$PATH", self.environment["PATH"])
            case "WORKDIR":
                self.folder = step.text
                self.at(step.text).mkdir(parents=True, exist_ok=True)
            case "USER":
                self.user = int(step.text.split(":")[0])
            case "COPY":
                self._copy(step)
            case "RUN":
                timeout_s = WHOLE_STEP_S if self.whole else STEP_S
                done = self.machine.run(["sh", "-ec", step.text], self.folder, self.environment, timeout_s)
                assert done.returncode == 0, f"RUN {step.text}\n{done.stdout}\n{done.stderr}"

    def _copy(self, step: Step) -> None:
        sources, place = step.copied
        if any(word.startswith("--from=") for word in step.words):
            assert sources == [place], "both stages are one copy, so what is taken over has to keep its place"
            return
        target = self.at(place if place.startswith("/") else f"{self.folder}/{place}")
        mode = next((word for word in step.words if word.startswith("--chmod=")), "")
        for source in sources:
            path = REPOSITORY / source
            if path.is_dir():
                shutil.copytree(path, target, ignore=shutil.ignore_patterns("__pycache__", ".jupyter_ystore.db"))
                continue
            copied = target / path.name if place.endswith("/") else target
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copied)
            if mode:
                copied.chmod(int(mode.removeprefix("--chmod="), 8))

    def _take_this_python_for_the_base_image(self) -> None:
        """The base image's Python is `python` on the path; here, this one, and an ordinary user may run it."""
        base = Path(os.path.realpath(sys.executable))
        self.path = f"{base.parent}:{SYSTEM_PATH}"
        link = self.at(str(base.parent / "python"))
        if not link.is_symlink():
            link.symlink_to(base.name)
        for folder in base.parents:
            inside = self.at(str(folder))
            inside.chmod(inside.stat().st_mode | 0o055)
        if self.whole:
            return
        packages = Path(sysconfig.get_path("purelib"))
        for ours in [*packages.glob("jupyter_rtc_locust*"), *packages.glob("*jupyter_rtc_locust*.pth")]:
            inside = self.at(str(ours))
            shutil.rmtree(inside) if inside.is_dir() else inside.unlink()
        self.at(PACKAGES_OF_THE_TESTS).mkdir()
        self.machine.on_mounts(f'mount --bind "$root{packages}" "$root{PACKAGES_OF_THE_TESTS}"')

    def _where_packages_come_from(self) -> dict[str, str]:
        if self.whole:
            return {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        return {"PYTHONPATH": PACKAGES_OF_THE_TESTS, "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}

    def _copy_what_stands_beside(self) -> None:
        """What pip would have made beside the packages it found: programs for the image's Python, and configuration."""
        shutil.copytree(Path(sys.prefix) / "etc", self.at(f"{PREFIX}/etc"), dirs_exist_ok=True)
        ours = self.at(f"{PREFIX}/bin")
        for program in Path(sys.executable).parent.iterdir():
            if (ours / program.name).exists() or not program.is_file() or program.is_symlink():
                continue
            text = program.read_bytes()
            first, line, rest = text.partition(b"\n")
            if first.startswith(b"#!") and b"python" in first:
                text = f"#!{PREFIX}/bin/python".encode() + line + rest
            (ours / program.name).write_bytes(text)
            (ours / program.name).chmod(0o755)


def output_of(started: tuple[list[str], dict[str, str]], timeout_s: float = 60.0) -> subprocess.CompletedProcess[str]:
    """Run a container to its end."""
    command, environment = started
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=timeout_s)
