"""HTTP requests of tests that are under way beside others, which may name a proxy in the environment meanwhile."""

from __future__ import annotations

from typing import Any

import requests


def session() -> requests.Session:
    """One that the environment has no say in."""
    made = requests.Session()
    made.trust_env = False
    return made


def get(url: str, **options: Any) -> requests.Response:
    with session() as made:
        return made.get(url, **options)


def post(url: str, **options: Any) -> requests.Response:
    with session() as made:
        return made.post(url, **options)
