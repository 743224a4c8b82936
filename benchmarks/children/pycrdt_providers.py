"""Watchers made of what pycrdt offers itself: its provider, over httpx-ws, on asyncio.

Run as `python -m benchmarks.children.pycrdt_providers PORT GROUP WATCHERS`. Commands: `mark`, `synced`. What a provider
applies it also sends, so that messages are counted where they come in.
"""

from __future__ import annotations

import sys
import time
from contextlib import AsyncExitStack
from typing import Any

import anyio
import httpx
from httpx_ws import aconnect_ws
from pycrdt import Array, Doc, Map, Provider
from pycrdt.websocket.websocket import HttpxWebsocket

from benchmarks.children.commands import Lines, reply

_UPDATE = b"\x00\x02"


class CountingWebsocket(HttpxWebsocket):
    """Counts the updates that come in."""

    received = 0

    async def recv(self) -> bytes:
        message: bytes = await super().recv()
        CountingWebsocket.received += message[:2] == _UPDATE
        return message


async def watch(port: int, group: str, watchers: int) -> None:
    """Watch until the parent is gone."""
    lines = Lines()
    documents: list[Doc[Any]] = []
    limits = httpx.Limits(max_connections=None)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx.AsyncClient(limits=limits))
        for number in range(watchers):
            document: Doc[Any] = Doc()
            document.get("cells", type=Array)
            document.get("meta", type=Map)
            document.get("state", type=Map)
            path = f"{group}/{number}"
            websocket = await stack.enter_async_context(aconnect_ws(f"ws://127.0.0.1:{port}/{path}", client))
            await stack.enter_async_context(Provider(document, CountingWebsocket(websocket, path)))
            documents.append(document)
        while not lines.ended:
            await anyio.wait_readable(sys.stdin.fileno())
            for command in lines.read():
                if command["do"] == "mark":
                    reply(cpu=time.process_time(), received=CountingWebsocket.received)
                else:
                    reply(synced=sum(len(each.get("cells", type=Array)) > 0 for each in documents))


if __name__ == "__main__":
    anyio.run(watch, int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
