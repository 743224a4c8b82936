"""A real JupyterHub for the tests: the hub, its proxy of npm, and servers as local processes, all on 127.0.0.1.

It is installed in an environment of its own (`constraints/jupyterhub.txt`), where the servers of its people are, too.
Passwords and tokens are in the environment only.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from servers.processes import AT_FIRST, HERE, REPOSITORY, environment_without_jupyter, folders, free_port
from servers.server_process import ServerProcess

PYTHON_OF_JUPYTERHUB = REPOSITORY / ".venv-jupyterhub" / "bin" / "python"
PROXY = HERE / "node_modules" / "configurable-http-proxy" / "bin" / "configurable-http-proxy"
CONFIGURATION = HERE / "hub_config.py"


@dataclass
class HubProcess(ServerProcess):
    """A hub. `token` manages it; `password` is everybody's (dummy authenticator)."""

    password: str = field(default="", repr=False)

    def names(self) -> set[str]:
        """Whom the hub knows."""
        return {str(one["name"]) for one in self._users()}

    def servers(self) -> set[str]:
        """Whose server runs, starts or ends."""
        return {str(one["name"]) for one in self._users() if one.get("servers") or one.get("pending")}

    def tokens(self, name: str) -> list[str]:
        """The notes of this person's tokens that were made through the API."""
        status, told = self.request("GET", f"hub/api/users/{name}/tokens")
        assert status == 200 and isinstance(told, dict), told
        return [str(one["note"]) for one in told["api_tokens"] if "jupyter-rtc-locust" in str(one["note"])]

    def shares(self, owner: str) -> list[str]:
        """With whom this person shares a server."""
        status, told = self.request("GET", f"hub/api/shares/{owner}/")
        if status == 404:
            return []
        assert status == 200 and isinstance(told, dict), told
        return [str(one["user"]["name"]) for one in told["items"]]

    def _users(self) -> list[dict[str, object]]:
        status, told = self.request("GET", "hub/api/users?include_stopped_servers=false")
        assert status == 200 and isinstance(told, list), told
        return told


def reason_without_hub() -> str | None:
    """Why no hub can be started, or None."""
    if not PYTHON_OF_JUPYTERHUB.exists():
        return "the environment of JupyterHub was not made (constraints/jupyterhub.txt)"
    if shutil.which("node") is None or not PROXY.exists():
        return "the proxy of JupyterHub was not installed (npm ci in tests/servers)"
    return None


def jupyterhub(
    *,
    folder: Path | None = None,
    base_url: str = "/",
    authenticator: str = "dummy",
    shares: bool = True,
    start_timeout: int = 60,
) -> HubProcess:
    """A hub that answers. With `shares`, people may share their servers; `base_url` ends with a slash."""
    home, root, remove_home = folders(folder, "hub-for-tests-")
    password, token, port = secrets.token_hex(8), secrets.token_hex(16), free_port()
    told = {
        "port": port,
        "hub_port": free_port(),
        "proxy_port": free_port(),
        "proxy": str(PROXY),
        "base_url": base_url,
        "authenticator": authenticator,
        "homes": str(root),
        "shares": shares,
        "start_timeout": start_timeout,
    }
    environment = environment_without_jupyter(
        HOME=str(home),
        HUB_OF_THE_TESTS=json.dumps(told),
        HUB_PASSWORD=password,
        SERVICE_TOKEN=token,
        CONFIGPROXY_AUTH_TOKEN=secrets.token_hex(16),
        PATH=f"{PYTHON_OF_JUPYTERHUB.parent}{os.pathsep}{AT_FIRST.get('PATH', '')}",
    )
    hub = HubProcess(
        name="JupyterHub",
        command=[str(PYTHON_OF_JUPYTERHUB), "-m", "jupyterhub", "-f", str(CONFIGURATION)],
        environment=environment,
        port=port,
        home=home,
        root=root,
        base_url=base_url,
        token=token,
        answers_at="hub/api",
        remove_home=remove_home,
        password=password,
    )
    hub.start()
    return hub
