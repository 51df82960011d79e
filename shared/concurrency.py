"""Coroutines side by side, of which none outlives the others' failure."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any


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
