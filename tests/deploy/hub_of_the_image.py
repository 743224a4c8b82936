"""The configuration of the JupyterHub of the compose file, read as the hub reads it, without a hub."""

from __future__ import annotations

from typing import Any

import pytest
from traitlets.config import Config

from deploy.built_image import HUB
from deploy.compose import TOKEN

CONFIGURATION = HUB.dockerfile.parent / "jupyterhub_config.py"


def configuration() -> Any:
    """What the hub would be told in this process's environment."""
    c = Config()
    exec(compile(CONFIGURATION.read_text("utf-8"), CONFIGURATION, "exec"), {"c": c})
    return c


def roles_of_the_compose_file() -> list[dict[str, Any]]:
    """The roles of the token and of people."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_TOKEN", TOKEN)
        roles: list[dict[str, Any]] = configuration().JupyterHub.load_roles
    return roles
