"""Runs a command that the kernel kills when whoever started it is gone, however it went.

A test run that is ended by SIGKILL gets no chance to stop its servers. This small step between the two asks the
kernel for a SIGKILL at the parent's death and then becomes the server: the request survives `exec`.

Use: python dies_with_parent.py PARENT_PID COMMAND [ARGUMENT ...]
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    parent = int(sys.argv[1])
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before the request was made, so no signal will come
        sys.exit(1)
    os.execvp(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
