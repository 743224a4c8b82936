"""A cell that is run right after its kernel was started again never ends, for a tab that was open before.

JupyterLab opens a new line for the tab that asked for the restart. The tabs of the others keep theirs, on which the
server may not listen to the new kernel yet: the answer comes, its outputs and its end do not.
"""

import contextlib
import sys
import time

import requests
import websocket
from small_tab import EmbeddedServer, verdict

from jupyter_rtc_locust.protocol.kernel_messages import decode_message, encode_execute_request

TABS = 10
RESTARTS = 20
PATIENCE_S = 10.0


def run_cell(line: websocket.WebSocket, number: int) -> None:
    """Ask the kernel to run a cell."""
    line.send_binary(
        encode_execute_request(
            "6 * 7", "cell", message_id=f"request-{number}", session="tab", date="2026-11-27T00:00:00Z"
        )
    )


def ends(line: websocket.WebSocket, number: int) -> bool:
    """Whether the answer to a cell and its end are heard."""
    heard: set[str] = set()
    until = time.monotonic() + PATIENCE_S
    with contextlib.suppress(websocket.WebSocketTimeoutException):
        while not {"execute_reply", "idle"} <= heard and time.monotonic() < until:
            message = decode_message(bytes(line.recv()))
            if message.envelope.parent_id == f"request-{number}":
                heard.add(message.content.get("execution_state", message.envelope.kind))
    return {"execute_reply", "idle"} <= heard


def main() -> int:
    """Start a kernel again, and run cells on the lines that were open before, until one does not end."""
    with EmbeddedServer.start() as server, contextlib.ExitStack() as lines:
        headers = {"Authorization": f"token {server.token}"}
        kernels = f"{server.url}/api/kernels"
        kernel = requests.post(kernels, headers=headers, json={}, timeout=60).json()["id"]
        tabs = [
            lines.enter_context(
                contextlib.closing(
                    websocket.create_connection(
                        f"{kernels.replace('http', 'ws', 1)}/{kernel}/channels?session_id={tab}",
                        header=headers,
                        timeout=PATIENCE_S,
                        subprotocols=["v1.kernel.websocket.jupyter.org"],
                    )
                )
            )
            for tab in range(TABS)
        ]
        for restart in range(RESTARTS):
            if restart:
                requests.post(f"{kernels}/{kernel}/restart", headers=headers, timeout=60).raise_for_status()
            for tab, line in enumerate(tabs):
                run_cell(line, restart * TABS + tab)
            ended = [ends(line, restart * TABS + tab) for tab, line in enumerate(tabs)]
            if not all(ended):
                lost = ended.count(False)
                return verdict(restart > 0, f"after restart {restart} the end of {lost} of {TABS} cells was not heard")
    return verdict(False, f"all cells ended, after {RESTARTS - 1} restarts")


if __name__ == "__main__":
    sys.exit(main())
