"""Some updates end the process that gives them to pycrdt; others take memory for what they do not hold.

The first is a value of a hundred thousand lists within each other, in 200 KB: the stack of the Rust core overflows. The
second says, in eight bytes, that it has structs of 2**28 clients, and is refused, but only after memory for all of them
was taken. Each is given to a document in a process of its own.
"""

import subprocess
import sys

from small_tab import verdict

GIVE = """
import resource, sys
from pycrdt import Doc
update = sys.stdin.buffer.read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    Doc().apply_update(update)
except BaseException as error:
    print(f"refused, {type(error).__name__};", end=" ")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before >> 10, "MB taken")
"""

HEAD = b"\x01\x01\x07\x00\x28\x01\x05state\x01a\x01"
UPDATES = {
    "100,000 lists within each other": HEAD + b"\x75\x01" * 100_000 + b"\x7e\x00",
    "structs of 2**28 clients": b"\x80\x80\x80\x80\x01\x01\x07\x00",
}


def main() -> int:
    """Give each update to a process, and say what became of it."""
    told = {}
    for name, update in UPDATES.items():
        done = subprocess.run([sys.executable, "-c", GIVE], input=update, capture_output=True, timeout=60, check=False)
        told[name] = f"ended by signal {-done.returncode}" if done.returncode < 0 else done.stdout.decode().strip()
    return verdict("signal" in told["100,000 lists within each other"], f"given to a document: {told}")


if __name__ == "__main__":
    sys.exit(main())
