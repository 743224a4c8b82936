"""A Locust worker builds the parser of the command line anew for each option that its master sends, before it spawns.

All of that is one turn of the event loop. On a machine at its limits it takes longer than the three seconds after which
the master takes the worker for lost, and with the last worker the test is stopped.
"""

import logging
import socket
import sys
import time

import gevent
import locust.argument_parser
from locust import User
from locust.env import Environment
from small_tab import verdict


class Nobody(User):
    """A user who does nothing."""

    tasks = [lambda _: gevent.sleep(1)]


def main() -> int:
    """Have a worker spawn one user, and count how often it asks for the defaults of all options, and how long."""
    logging.disable(logging.CRITICAL)
    real, calls = locust.argument_parser.default_args_dict, []

    def counted() -> dict[str, object]:
        began = time.monotonic()
        defaults: dict[str, object] = real()
        calls.append(time.monotonic() - began)
        return defaults

    locust.argument_parser.default_args_dict = counted
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = locust.argument_parser.get_parser().parse_args(["--headless"])
    master = Environment(user_classes=[Nobody], parsed_options=options).create_master_runner("127.0.0.1", port)
    worker = Environment(user_classes=[Nobody]).create_worker_runner("127.0.0.1", port)
    while not master.clients.ready:
        gevent.sleep(0.1)
    master.start(1, 1)
    with gevent.Timeout(60):
        while not worker.user_count:
            gevent.sleep(0.1)
    master.quit()
    seen = f"{len(calls)} parsers for one spawning, {sum(calls):.2f} s in one turn of the loop"
    return verdict(len(calls) > 1, seen)


if __name__ == "__main__":
    sys.exit(main())
