"""Coroutines side by side, of which none outlives the others' failure."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any

logger = logging.getLogger(__name__)

LOOP_LOST = 71


async def all_done(coroutines: Iterable[Coroutine[Any, Any, Any]]) -> None:
    """Await all; the first failure cancels the rest and is raised."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def alongside(coroutine: Coroutine[Any, Any, Any], name: str | None = None) -> AsyncIterator[asyncio.Task[Any]]:
    """Runs beside the block and is cancelled at its end."""
    task = asyncio.create_task(coroutine, name=name)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def forever(coroutine: Coroutine[Any, Any, Any], name: str) -> AsyncIterator[None]:
    """A loop that runs beside the block and must not end before it: without it the process would only look alive.

    Should it end all the same, the process exits with 71, as after a kill; nothing is lost by that.
    """
    async with alongside(coroutine, name) as task:
        task.add_done_callback(_exit_if_ended)
        yield


def _exit_if_ended(task: asyncio.Task[Any]) -> None:
    if task.cancelled():
        return
    logger.critical("background.ended", extra={"loop": task.get_name()}, exc_info=task.exception())
    for handler in logging.getLogger().handlers:
        handler.flush()
    os._exit(LOOP_LOST)
