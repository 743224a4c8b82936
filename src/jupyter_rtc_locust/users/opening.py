"""The upgrade to a WebSocket where it is plain: on the line on which the room was asked for, or on one of its own.

websocket-client reads an answer byte by byte; this reads it at once. Where anything is unusual, it is left to that
library, and to its errors.
"""

from __future__ import annotations

import socket
import time

from jupyter_rtc_locust.servers.base import RoomAddress
from jupyter_rtc_locust.servers.lines import Line, Unusual, place_and_target


def open_quickly(address: RoomAddress, timeout: float, ca_file: str | None) -> socket.socket | int | None:
    """The upgraded socket, or the status of another answer; None: it takes websocket-client to say.

    Raises:
        OSError: no answer, within `timeout` seconds or because the line broke.
    """
    until = time.monotonic() + timeout
    try:
        place, target = place_and_target(address.url)
        headers = [_divided(header) for header in address.headers]
        if address.line is not None and address.line.usable and address.line.place == place:
            try:
                return address.line.upgrade(target, headers, until)
            except TimeoutError:
                raise
            except OSError:
                pass  # the server closed it after its answer, as it may
        return Line.open(place, until, ca_file).upgrade(target, headers, until)
    except (Unusual, UnicodeError):
        return None


def _divided(header: str) -> tuple[str, str]:
    name, _, value = header.partition(": ")
    return name, value
