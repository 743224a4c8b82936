"""A Dockerfile's steps, run as they are written on a copy of this machine, and containers of it.

*Quick* takes the packages from an environment of the tests, which holds the locked versions: pip is told to look
nowhere else, and finds every requirement fulfilled, or fails. What it would have made beside them, programs above all,
is copied; and `npm ci` is a program that copies what npm installed for the tests.
*Whole* downloads and installs them, as an engine would; `make image` does that.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.copied_machine import CopiedMachine
from deploy.dockerfile import Step, stages_of

REPOSITORY = Path(__file__).resolve().parents[2]
DOCKERFILE = REPOSITORY / "Dockerfile"
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
ONLY_TO_BUILD = ("/build", "/opt/wheels")
"""What the build stages make and no image takes over."""
PREFIX = "/opt/jupyter-rtc-locust"
PROGRAMS_OF_NODES_IMAGE = "/usr/local/bin"
PACKAGES_OF_THE_TESTS = "/opt/packages-of-the-tests"
TMPFS = ["/tmp", "/home/locust/notebooks:uid=10001,gid=10001,mode=0700"]
"""What is written to beside the results, as the compose file has it; test_compose_profiles.py compares."""
RESULTS = "/home/locust/results"
"""Where a volume is, in an image that has the folder."""
STEP_S = 60.0
WHOLE_STEP_S = 900.0


@dataclass(frozen=True)
class Recipe:
    """An image that can be built."""

    dockerfile: Path
    prefix: str
    """Where in the image its packages are."""
    environment: Path
    """Of the tests, with the same packages."""
    node_modules: Path | None = None
    """What npm installed for the tests, where the image takes it from a stage of Node's."""


LOAD = Recipe(DOCKERFILE, PREFIX, Path(sys.prefix))
HUB = Recipe(
    REPOSITORY / "deploy" / "jupyterhub" / "Dockerfile",
    "/opt/jupyterhub",
    REPOSITORY / ".venv-jupyterhub",
    REPOSITORY / "tests" / "servers" / "node_modules",
)
RECIPES = {"load": LOAD, "hub": HUB}


class BuiltImage:
    """An image on a copy of this machine, from the first step of its Dockerfile to its containers."""

    def __init__(self, machine: CopiedMachine, recipe: Recipe = LOAD, *, whole: bool = False) -> None:
        self.machine = machine
        self.recipe = recipe
        self.whole = whole
        self.stages = stages_of(recipe.dockerfile)
        self.environment: dict[str, str] = {}
        self.folder = "/"
        self.user = 0
        self.path = SYSTEM_PATH

    def build(self) -> None:
        """Run every step of every stage. What only those before need is removed before the last one begins."""
        self._take_this_python_for_the_base_image()
        if self.recipe.node_modules is not None:
            self._take_this_node_for_the_base_image(self.recipe.node_modules)
        for stage in self.stages:
            self.environment = {"PATH": self.path, "HOME": "/", **self._where_packages_come_from()}
            self.folder = "/"
            if stage is self.stages[-1]:
                for path in ONLY_TO_BUILD:
                    shutil.rmtree(self.at(path), ignore_errors=True)
            for step in stage[1:]:
                self._do(step)
        if not self.whole:
            self._copy_what_stands_beside()

    def seal(self, tmpfs: Sequence[str]) -> None:
        """Make the root read-only, and give these folders to the user, empty and in memory.

        As Docker mounts what is in memory: nothing there is a program or a device, or gives rights.
        """
        mounts = []
        for place in tmpfs:
            path, _, options = place.partition(":")
            mounts.append(f'mount -t tmpfs -o "noexec,nosuid,nodev,{options or "mode=1777"}" tmpfs "$root{path}"')
        if self.at(RESULTS).is_dir():
            mounts.append(f'mount -t tmpfs -o uid=10001,gid=10001 tmpfs "$root{RESULTS}"')
        self.machine.on_mounts("\n".join([*mounts, 'mount -o remount,ro "$root"']))

    def container(
        self,
        command: Sequence[str],
        folder: str = "",
        environment: dict[str, str] | None = None,
        *,
        entry: bool = True,
        user: int | None = None,
    ) -> tuple[list[str], dict[str, str]]:
        """What to start here for a container of this image with a command, and in which environment.

        `entry`: through the image's entry point, as an engine starts a container; a health check goes without.
        `user`: another than the image's.
        """
        entrypoint = self.step("ENTRYPOINT").command if entry else []
        whole = [*entrypoint, *command]
        started = self.machine.command(whole, folder or self.folder, self.user if user is None else user)
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
            assert sources == [place], "all stages are one copy, so what is taken over has to keep its place"
            assert os.path.lexists(self.at(place)), f"no stage before has made {place}"
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
        packages = Path(sysconfig.get_path("purelib", vars={"base": str(self.recipe.environment)}))
        for ours in [*packages.glob("jupyter_rtc_locust*"), *packages.glob("*jupyter_rtc_locust*.pth")]:
            inside = self.at(str(ours))
            shutil.rmtree(inside) if inside.is_dir() else inside.unlink()
        self.at(PACKAGES_OF_THE_TESTS).mkdir()
        self.machine.on_mounts(f'mount --bind "$root{packages}" "$root{PACKAGES_OF_THE_TESTS}"')

    def _take_this_node_for_the_base_image(self, node_modules: Path) -> None:
        """Node's image has its programs in /usr/local/bin. Quick, npm is one that takes what the tests have."""
        for program in ("node",) if not self.whole else ("node", "npm"):
            found, link = shutil.which(program), self.at(f"{PROGRAMS_OF_NODES_IMAGE}/{program}")
            assert found is not None, f"{program} was not found"
            if not os.path.lexists(link):
                link.symlink_to(found)
        if not self.whole:
            npm = self.at(f"{PROGRAMS_OF_NODES_IMAGE}/npm")
            npm.unlink(missing_ok=True)
            npm.write_text(f'#!/bin/sh -e\ntest "$1" = ci\ncp -R "{node_modules}" node_modules\n')
            npm.chmod(0o755)

    def _where_packages_come_from(self) -> dict[str, str]:
        if self.whole:
            known = ("PIP_", "NPM_CONFIG_", "npm_config_", "NODE_EXTRA_CA_CERTS")
            return {name: value for name, value in os.environ.items() if name.startswith(known)}
        return {"PYTHONPATH": PACKAGES_OF_THE_TESTS, "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}

    def _copy_what_stands_beside(self) -> None:
        """What pip would have made beside the packages it found: programs of the image, configuration, pages."""
        prefix, environment = self.recipe.prefix, self.recipe.environment
        shutil.copytree(environment / "etc", self.at(f"{prefix}/etc"), dirs_exist_ok=True)
        self.at(f"{prefix}/share").mkdir(exist_ok=True)
        self.machine.on_mounts(f'mount --bind "$root{environment}/share" "$root{prefix}/share"')
        ours = self.at(f"{prefix}/bin")
        for program in (environment / "bin").iterdir():
            if (ours / program.name).exists() or not program.is_file() or program.is_symlink():
                continue
            text = program.read_bytes()
            first, line, rest = text.partition(b"\n")
            if first.startswith(b"#!") and b"python" in first:
                text = f"#!{prefix}/bin/python".encode() + line + rest
            (ours / program.name).write_bytes(text)
            (ours / program.name).chmod(0o755)


def output_of(started: tuple[list[str], dict[str, str]], timeout_s: float = 60.0) -> subprocess.CompletedProcess[str]:
    """Run a container to its end."""
    command, environment = started
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=timeout_s)
