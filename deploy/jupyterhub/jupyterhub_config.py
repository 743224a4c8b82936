"""The JupyterHub of the compose file, for simulated people: a server each as a local process, nothing kept.

The hub reads this file, and brings `c` along. Both secrets come with the environment: JUPYTER_TOKEN manages the hub,
and is what a run is given; JUPYTERHUB_PASSWORD, where it is set, is everybody's at the login page, and without it
nobody logs in there. Servers of people are given neither.

All processes have one user, so people who can run code here can read what belongs to others, the token too. That is
why only simulated people belong on it.
"""

# mypy: ignore-errors
# ruff: noqa: F821 (the hub brings `c` along)

import os
import secrets

c.JupyterHub.bind_url = "http://0.0.0.0:8000"
# What only the processes of this container ask.
c.JupyterHub.hub_bind_url = "http://127.0.0.1:8081"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:8001"

# The root is read-only, and whom the hub knew ends with it.
c.JupyterHub.db_url = "sqlite:////tmp/jupyterhub.sqlite"
c.JupyterHub.cookie_secret = secrets.token_bytes(32)
c.ConfigurableHTTPProxy.pid_file = "/tmp/jupyterhub-proxy.pid"

c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "/home/locust/notebooks/{username}"
c.Spawner.args = ["--ServerApp.terminals_enabled=False"]
# Ten servers that start at once on few cores take longer than one.
c.Spawner.start_timeout = 120
c.Spawner.http_timeout = 120
# A server with an open room does not end when it is asked to: jupyter-server-ydoc leaves its process waiting.
c.LocalProcessSpawner.interrupt_timeout = 2
c.LocalProcessSpawner.term_timeout = 1

# What a run needs, and no more (docs/hubs.md).
c.JupyterHub.services = [{"name": "load", "api_token": os.environ["JUPYTER_TOKEN"]}]
c.JupyterHub.load_roles = [
    {"name": "load", "services": ["load"], "scopes": ["admin:users", "admin:servers", "tokens", "shares"]},
    {"name": "user", "scopes": ["self", "shares!user", "read:users:name"]},
]

if password := os.environ.get("JUPYTERHUB_PASSWORD"):
    c.JupyterHub.authenticator_class = "shared-password"
    c.SharedPasswordAuthenticator.user_password = password
    c.Authenticator.allow_all = True
else:
    c.JupyterHub.authenticator_class = "null"
