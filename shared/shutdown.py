"""The two departures an answer must survive: the reader goes away, or this process does."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from fastapi import Request

from shared.errors import BackendUnavailable, ScriptToFrameError

T = TypeVar("T")


class ReaderLeft(Exception):
    """Nobody reads the answer any more."""


class Departure:
    """Set when this process has been asked to leave."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._then: list[Callable[[], None]] = []

    def then(self, act: Callable[[], None]) -> None:
        """Call `act()` as soon as the departure is announced."""
        self._then.append(act)

    def announce(self) -> None:
        self._event.set()
        for act in self._then:
            act()

    @property
    def announced(self) -> bool:
        return self._event.is_set()

    async def wait(self) -> None:
        await self._event.wait()


def restarting() -> ScriptToFrameError:
    """503: this process goes before the answer is there."""
    return BackendUnavailable("服务正在重启，请稍后重试").retry_after(2)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def while_read(request: Request, departure: Departure, answer: Coroutine[Any, Any, T]) -> T:
    """Await the answer. Raises ReaderLeft when the reader goes, BackendUnavailable (503) when this process goes."""
    work = asyncio.create_task(answer)
    left = asyncio.create_task(_disconnected(request))
    going = asyncio.create_task(departure.wait())
    try:
        await asyncio.wait({work, left, going}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return work.result()
        if left.done():
            raise ReaderLeft
        raise restarting()
    finally:
        for task in (work, left, going):
            task.cancel()
        await asyncio.gather(work, left, going, return_exceptions=True)
