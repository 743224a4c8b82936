"""The page that a Jupyter server shows for an address that does not exist contains the token.

Also when the token came in a header, and for addresses below /api: a program that logs the body of an unexpected
answer logs the secret.
"""

import sys

from small_tab import EmbeddedServer, http, verdict


def main() -> int:
    """Ask for something that is not there, and look for the token in what comes back."""
    with EmbeddedServer.start() as server:
        answer = http(server, "GET", "/api/there-is-no-such-thing")
        there = server.token in answer.text
    return verdict(there, f"status {answer.status_code}, {answer.headers['Content-Type']}; the token is in it: {there}")


if __name__ == "__main__":
    sys.exit(main())
