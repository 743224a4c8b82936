"""One change of presence among N people costs N messages to the server, and N times N to be sent by it.

JupyterLab's tabs use y-websocket, which tells the server of every presence that changed, whoever it is of; the server
passes each of these on to everybody, whether or not it says anything new. So it is with every heartbeat and every move
of a caret.
"""

import select
import sys
import tempfile
import time
from pathlib import Path

from bare_tab import BareServer, BareTab, verdict
from pycrdt import Decoder, Encoder, YMessageType, read_message, write_message

PEOPLE = 12
QUIET_S = 2.0


def presence(client: int, clock: int, state: str) -> bytes:
    """A message that tells of one client."""
    encoder = Encoder()
    for number in (1, client, clock):
        encoder.write_var_uint(number)
    encoder.write_var_string(state)
    return bytes([YMessageType.AWARENESS]) + write_message(encoder.to_bytes())


class TabWithPresence(BareTab):
    """Tells on what it hears, once, as y-websocket does."""

    known: dict[int, int]

    def hear(self, message: bytes) -> int:
        """Take a message; how many were sent for it."""
        if message[0] != YMessageType.AWARENESS:
            return 0
        decoder = Decoder(read_message(message[1:]))
        assert decoder.read_var_uint() == 1
        client, clock = decoder.read_var_uint(), decoder.read_var_uint()
        if clock <= self.known.get(client, 0):
            return 0
        self.known[client] = clock
        self._line.send_binary(message)
        return 1

    def tell(self, clock: int) -> None:
        """Tell of this tab."""
        self.known[self.doc.client_id] = clock
        self._line.send_binary(presence(self.doc.client_id, clock, '{"user":{"name":"Ada"}}'))

    def wait(self) -> "list[bytes]":
        """What has come."""
        ready = select.select([self._line.sock], [], [], 0)[0]
        message = self._line.recv() if ready else b""
        return [message] if isinstance(message, bytes) and message else []


def main() -> int:
    """Open a notebook in some tabs, change one presence, and count."""
    with tempfile.TemporaryDirectory() as folder:
        server = BareServer(Path(folder))
        try:
            server.start()
            server.write_notebook("shared.ipynb")
            sent, received = counted(
                [TabWithPresence(server, "shared.ipynb", 1000 + number) for number in range(PEOPLE)]
            )
        finally:
            server.kill()
    seen = f"one change of presence among {PEOPLE} people: {sent} messages to the server, {received} from it"
    return verdict(sent == PEOPLE and received == PEOPLE**2, seen)


def counted(tabs: "list[TabWithPresence]") -> tuple[int, int]:
    """How many messages were sent and received for one change of the first tab's presence."""
    for tab in tabs:
        tab.known = {}
        tab.read_for(0.2)  # the server's own presence is none of ours
    tabs[0].tell(1)
    sent, received, latest = 1, 0, time.monotonic()
    while time.monotonic() - latest < QUIET_S:
        for tab in tabs:
            for message in tab.wait():
                if message[0] == YMessageType.AWARENESS and b"Ada" in message:
                    received += 1
                    latest = time.monotonic()
                    sent += tab.hear(message)
        time.sleep(0.001)
    return sent, received


if __name__ == "__main__":
    sys.exit(main())
