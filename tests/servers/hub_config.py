"""The configuration of a JupyterHub for the tests, which the hub executes: local processes, names with passwords.

What differs from test to test stands in the environment, so that no secret is in an argument. The time in which a
server may end is short: jupyter-server-ydoc leaves its process waiting where a room is open.
"""

# mypy: ignore-errors
# ruff: noqa: F821 (the hub brings `c` along)

import asyncio
import json
import os
import sys

told = json.loads(os.environ["HUB_OF_THE_TESTS"])
c.JupyterHub.bind_url = f"http://127.0.0.1:{told['port']}{told['base_url']}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{told['hub_port']}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{told['proxy_port']}"
c.ConfigurableHTTPProxy.command = ["node", told["proxy"]]
c.JupyterHub.authenticator_class = told["authenticator"]
c.DummyAuthenticator.password = os.environ["HUB_PASSWORD"]
c.NativeAuthenticator.open_signup = True
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = told["homes"] + "/{username}"
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root", "--KernelManager.transport=ipc"]
c.Spawner.environment = {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}
c.LocalProcessSpawner.interrupt_timeout = 2
c.LocalProcessSpawner.term_timeout = 1
c.Spawner.start_timeout = told["start_timeout"]
c.JupyterHub.services = [{"name": "load", "api_token": os.environ["SERVICE_TOKEN"]}]
c.JupyterHub.load_roles = [
    {
        "name": "load",
        "services": ["load"],
        "scopes": ["admin:users", "admin:servers", "tokens", "shares"],
    },
]
if told["shares"]:
    c.JupyterHub.load_roles.append({"name": "user", "scopes": ["self", "shares!user", "read:users:name"]})


def before_a_start(spawner):
    """Servers of people called broken do not start; those of people called slow never answer."""
    if spawner.user.name.startswith("broken"):
        raise RuntimeError("this server is broken on purpose")
    if spawner.user.name.startswith("slow"):
        spawner.cmd = [sys.executable, "-c", "import time; time.sleep(600)"]


async def after_an_end(spawner):
    """Those of people called lingering take their time to end."""
    if spawner.user.name.startswith("lingering"):
        await asyncio.sleep(3)


c.Spawner.pre_spawn_hook = before_a_start
c.Spawner.post_stop_hook = after_an_end

if told["authenticator"] == "native":
    # The native authenticator 1.3.0 asks for statistics that JupyterHub 6 has no more, at each login.
    from types import SimpleNamespace

    from jupyterhub.handlers.base import BaseHandler

    timer = SimpleNamespace(stop=lambda send: send)
    BaseHandler.statsd = SimpleNamespace(timer=lambda _: SimpleNamespace(start=lambda: timer))
