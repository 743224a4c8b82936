"""pycrdt-websocket with nothing around it, under hypercorn on 127.0.0.1.

hypercorn, because this server was seen to work under it, and not under uvicorn (pycrdt-websocket 0.16.5).
"""

import argparse
import asyncio
import signal
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config
from pycrdt.websocket import ASGIServer, WebsocketServer


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--keep-rooms", action="store_true", help="keep a room after its last client left")
    options = parser.parse_args()

    config = Config()
    config.bind = [f"127.0.0.1:{options.port}"]
    config.graceful_timeout = 0.5  # seconds; connections of a test that ended are nobody's loss
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    rooms = WebsocketServer(auto_clean_rooms=not options.keep_rooms)
    # Not as a context manager: leaving it cancels the task that it was entered in.
    running = asyncio.create_task(rooms.start())
    await rooms.started.wait()
    application: Any = ASGIServer(rooms)
    await serve(application, config, shutdown_trigger=stopping.wait)
    await rooms.stop()
    await running


if __name__ == "__main__":
    asyncio.run(main())
