"""What make does on a machine that lacks something: the recipes as they stand, with a Python that is a shell script."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).resolve().parents[1] / "Makefile"
ENVIRONMENTS = {
    ".venv/.demo": ("pyproject.toml", "constraints/locked.txt"),
    ".venv-jupyter-collaboration-4/.installed": ("constraints/jupyter-collaboration-4.txt",),
    ".venv-jupyterhub/.installed": ("constraints/jupyterhub.txt",),
}
"""What make makes, and of what."""
WITH_PIP = '#!/bin/sh\necho "$@" >> "$0.asked"\n'
WITHOUT_PIP = "#!/bin/sh\necho 'No module named pip' >&2\nexit 1\n"
PYTHON = f"""#!/bin/sh
test "$2" != venv && exit
mkdir -p "$3/bin"
test -e venv-is-missing && {{ cp without-pip "$3/bin/python"; echo 'ensurepip is not available' >&2; exit 1; }}
printf '%s' '{WITH_PIP}' > "$3/bin/python"
chmod +x "$3/bin/python"
"""
"""Makes an environment as `venv` does: its Python first, and then pip, where there is one to be had."""


def program(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_whose_making_broke_off_is_made_anew_once_it_can_be(environment: str, tmp_path: Path) -> None:
    for name in ENVIRONMENTS[environment]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    program(tmp_path / "without-pip", WITHOUT_PIP)
    python = program(tmp_path / "python", PYTHON)
    missing = tmp_path / "venv-is-missing"
    missing.touch()

    def made() -> subprocess.CompletedProcess[str]:
        command = ["make", "-f", str(MAKEFILE), f"PYTHON={python}", environment]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    broken = made()
    assert broken.returncode != 0 and "ensurepip is not available" in broken.stderr
    assert (tmp_path / environment).parent.joinpath("bin", "python").exists()
    assert "ensurepip is not available" in made().stderr, "it is told each time why"
    missing.unlink()
    assert made().returncode == 0
    asked = (tmp_path / environment).parent.joinpath("bin", "python.asked").read_text("utf-8").splitlines()
    assert [line.split(" -")[0] for line in asked] == ["-m pip install"]
