"""The compose file as compose reads it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from deploy.built_image import REPOSITORY

TOKEN = "a-token-of-the-tests"
PASSWORD = "a-password-of-the-tests"
SECRETS = (TOKEN, PASSWORD)


def services(profile: str, **variables: str) -> dict[str, dict[str, Any]]:
    """What compose makes of the file for a profile, with these variables in its environment."""
    found: dict[str, dict[str, Any]] = json.loads(_told(profile, tuple(variables.items())))["services"]
    return found


@cache
def _told(profile: str, variables: tuple[tuple[str, str], ...]) -> str:
    program = Path(sys.executable).parent / "docker-compose"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COMPOSE", "DOCKER"))}
    answer = subprocess.run(
        [program, "-f", REPOSITORY / "docker-compose.yml", "--profile", profile, "config", "--format", "json"],
        env=kept | {"JUPYTER_TOKEN": TOKEN} | dict(variables),
        capture_output=True,
        text=True,
        check=True,
    )
    return answer.stdout
