"""Answers that end when their reader disconnects or this process stops."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from fastapi import Request

from shared.shutdown import Shutdown, server_restarting

T = TypeVar("T")


class ClientDisconnected(Exception):
    """Nobody reads the answer any more."""


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def run_until_disconnect(request: Request, shutdown: Shutdown, answer: Coroutine[Any, Any, T]) -> T:
    """Await the answer. Raises ClientDisconnected, or BackendUnavailable (503) when this process stops."""
    work = asyncio.create_task(answer)
    left = asyncio.create_task(_disconnected(request))
    going = asyncio.create_task(shutdown.wait())
    try:
        await asyncio.wait({work, left, going}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return work.result()
        if left.done():
            raise ClientDisconnected
        raise server_restarting()
    finally:
        for task in (work, left, going):
            task.cancel()
        await asyncio.gather(work, left, going, return_exceptions=True)
