"""A Python that makes environments without a network: what `venv` and `pip` would do is written down, or fails."""

from pathlib import Path

_SCRIPT = """\
#!/bin/sh
here={folder}
shift
case "$1 $2" in
    "venv "*) mkdir -p "$2/bin" && cp "$0" "$2/bin/python" ;;
    "pip install") echo "$@" >> "$here/installed"
        if [ -e "$here/fails" ]; then cat "$here/fails" >&2; exit 1; fi
        env > "$here/environment" ;;
    "pip list") echo '[{{"name": "py_crdt", "version": "0.14"}}]' ;;
esac
"""


def fake_python(folder: Path) -> str:
    """The path of the program; it writes into `folder`, and fails with the content of `folder/fails`."""
    program = folder / "python"
    program.write_text(_SCRIPT.format(folder=folder))
    program.chmod(0o755)
    return str(program)
