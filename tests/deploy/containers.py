"""Containers of a built image for services of the compose file: started, asked for their health, and stopped."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from deploy.built_image import BuiltImage, output_of
from deploy.compose import SECRETS
from deploy.waiting import wait_until

STARTS_WITHIN_S = 60.0
ENDS_WITHIN_S = 30.0


@contextmanager
def container(image: BuiltImage, name: str, service: dict[str, Any], logs: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A service's container, healthy, until the block ends: then SIGTERM, as an engine stops it."""
    command, environment = image.container(
        service["command"],
        service.get("working_dir", ""),
        environment={name: value for name, value in service["environment"].items() if value is not None},
    )
    assert not [secret for secret in SECRETS if secret in " ".join(command)]
    with (logs / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        if not name.startswith("worker"):  # which is well when its master is
            wait_until(
                lambda: process.poll() is not None or is_healthy(image, service), f"{name} is well", STARTS_WITHIN_S
            )
            assert process.poll() is None, (logs / f"{name}.log").read_text()
        yield process
    finally:
        if process.poll() is None:
            _end_as_an_engine_does(process)
        try:
            process.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _end_as_an_engine_does(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM to the container's first process; `process` itself waits for it, outside."""
    for first in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
        with suppress(ProcessLookupError):
            os.kill(int(first), signal.SIGTERM)


def is_healthy(image: BuiltImage, service: dict[str, Any]) -> bool:
    """What the service's health check says, run as an engine runs it: in the container, without the entry point."""
    kind, *check = service["healthcheck"]["test"]
    assert kind == "CMD"
    return output_of(image.container(check, entry=False)).returncode == 0
