"""An image for the tests of this folder, built once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.built_image import BuiltImage
from deploy.copied_machine import CopiedMachine

TMPFS = ["/tmp", "/home/locust/notebooks:uid=10001,gid=10001,mode=0700"]
"""As in the compose file; test_compose_profiles.py compares."""


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BuiltImage]:
    """The image, on a root that is read-only, where other containers have the names of the compose file's services."""
    machine = CopiedMachine(tmp_path_factory.mktemp("image") / "machine", hosts=("server", "master"))
    try:
        built = BuiltImage(machine)
        built.build()
        built.seal(TMPFS)
        yield built
    finally:
        machine.end()
